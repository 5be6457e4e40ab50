"""Short ways to make rows."""

from __future__ import annotations

from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from driftd.rows.call_graph import CallEdgeRow
from driftd.rows.enforcement import FeedbackRow, ViolationRow
from driftd.rows.facts import FileMetadataRow, FunctionRow
from driftd.rows.ids import function_id
from driftd.rows.structural import ConstantRow
from driftd.store import migrate
from driftd.store.connect import connect_writer


@cache
def _template() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "d.db"
        with closing(connect_writer(path)) as connection:
            migrate.upgrade(connection, path)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()


def empty_database(path: Path) -> Path:
    """Make a migrated, empty database, faster than by migrating."""
    path.write_bytes(_template())
    return path


def a_file(path: str, **more: Any) -> FileMetadataRow:
    return FileMetadataRow(path=path, file_size=1, mtime_secs=1, mtime_nanos=0, last_scanned_at=1, **more)


def a_function(file: str, name: str, **more: Any) -> FunctionRow:
    values: dict[str, Any] = {
        "id": function_id(file, name, 0),
        "file": file,
        "name": name,
        "qualified_name": name,
        "kind": "function",
        "language": "python",
        "line": 1,
        "column_num": 1,
        "end_line": 2,
    }
    return FunctionRow(**(values | more))


def an_edge(caller: FunctionRow, callee: FunctionRow, line: int = 1) -> CallEdgeRow:
    return CallEdgeRow(
        caller_id=caller.id,
        callee_id=callee.id,
        call_site_line=line,
        resolution="same_file",
        confidence=0.9,
        file=caller.file,
    )


def a_violation(key: str, file: str = "a.py", **more: Any) -> ViolationRow:
    values: dict[str, Any] = {
        "id": key,
        "file": file,
        "line": 1,
        "severity": "warning",
        "pattern_id": "p",
        "rule_id": "r",
        "message": key,
    }
    return ViolationRow(**(values | more))


def a_constant(file: str, name: str, **more: Any) -> ConstantRow:
    return ConstantRow(name=name, value="1", file=file, line=1, column_num=1, language="python", **more)


def a_feedback(violation: str) -> FeedbackRow:
    return FeedbackRow(violation_id=violation, pattern_id="p", detector_id="r", action="dismiss")
