"""Commands: what each leaves in the database, checked against a model of dicts."""

from __future__ import annotations

import atexit
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftd.errors import UsageError
from driftd.rows.advanced import MigrationProjectRow
from driftd.rows.call_graph import CallEdgeRow, DataAccessRow
from driftd.rows.declare import row_values
from driftd.rows.enforcement import FeedbackRow, ViolationRow
from driftd.rows.facts import FileMetadataRow, FunctionRow, ParseCacheRow, ScanHistoryRow
from driftd.rows.graph import ImpactScoreRow
from driftd.rows.ids import function_id
from driftd.rows.patterns import ConventionRow
from driftd.rows.structural import ConstantRow, ContractRow, DnaMutationRow
from driftd.store import migrate
from driftd.store.apply import change
from driftd.store.commands import (
    Append,
    Call,
    Delete,
    DropFiles,
    RenameFile,
    Replace,
    ReplaceAll,
    Track,
    Update,
    Upsert,
)
from tests.store.rows import a_constant, a_feedback, a_file, a_function, a_violation, an_edge


def ask(connection: sqlite3.Connection, statement: str) -> list[tuple[object, ...]]:
    return connection.execute(statement).fetchall()


@cache
def shared() -> sqlite3.Connection:
    """A migrated database in memory, made once for all examples of all properties."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    atexit.register(connection.close)
    migrate.upgrade(connection, Path("memory"))
    return connection


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """The shared database, empty, for one example of a property."""
    connection = shared()
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("ROLLBACK")


def test_replace_touches_only_its_files(connection: sqlite3.Connection) -> None:
    """Replacing the rows of one file leaves the other files' rows alone."""
    change(connection, Replace(FunctionRow, {"a", "b"}, [a_function("a", "f"), a_function("b", "g")]), 1)
    change(connection, Replace(FunctionRow, {"a"}, [a_function("a", "h")]), 1)
    assert ask(connection, "SELECT file, name FROM functions ORDER BY file") == [("a", "h"), ("b", "g")]


def test_replace_writes_only_what_differs(connection: sqlite3.Connection) -> None:
    """Equal rows are not written again, and keep the id and the time they were handed out."""
    first = change(connection, Replace(ConstantRow, {"a"}, [a_constant("a", "X"), a_constant("a", "Y")]), 10)
    again = change(connection, Replace(ConstantRow, {"a"}, [a_constant("a", "Y"), a_constant("a", "Z")]), 20)
    same = change(connection, Replace(ConstantRow, {"a"}, [a_constant("a", "Z"), a_constant("a", "Y")]), 30)
    assert [(result.written, result.deleted) for result in (first, again, same)] == [(2, 0), (1, 1), (0, 0)]
    assert ask(connection, "SELECT id, name, created_at FROM constants") == [(2, "Y", 10), (3, "Z", 20)]


def test_replace_accepts_values_in_column_order(connection: sqlite3.Connection) -> None:
    """Rows can be sequences of values; what is stored is the same."""
    row = a_function("a", "f", parameters='["x"]', is_async=True)
    change(connection, Replace(FunctionRow, {"a"}, [list(row_values(row))]), 1)
    assert change(connection, Replace(FunctionRow, {"a"}, [row]), 1).written == 0


def test_replace_refuses_rows_about_other_files(connection: sqlite3.Connection) -> None:
    """A row about a file that the command does not name would never be replaced again."""
    with pytest.raises(UsageError, match="which the command does not name"):
        change(connection, Replace(FunctionRow, {"a"}, [a_function("b", "f")]), 1)
    with pytest.raises(UsageError, match="no file column"):
        change(connection, Replace(ImpactScoreRow, {"a"}, []), 1)
    with pytest.raises(UsageError, match="track them"):
        change(connection, ReplaceAll(ViolationRow, []), 1)


def test_replace_keeps_when_a_contract_was_first_seen(connection: sqlite3.Connection) -> None:
    """A row of a table with a first sight keeps it while its content changes."""
    old = ContractRow(id="c", paradigm="rest", source_file="a", framework="flask", confidence=0.9, endpoints="[]")
    new = ContractRow(id="c", paradigm="rest", source_file="a", framework="flask", confidence=0.9, endpoints="[1]")
    change(connection, Replace(ContractRow, {"a"}, [old]), 10)
    change(connection, Replace(ContractRow, {"a"}, [new]), 20)
    assert ask(connection, "SELECT endpoints, created_at, updated_at FROM contracts") == [("[1]", 10, 20)]


def test_two_rows_of_one_key_are_refused(connection: sqlite3.Connection) -> None:
    """A key given twice is an error, in an empty table and in a filled one."""
    twice = [a_function("a", "f"), a_function("a", "f")]
    for _ in range(2):
        connection.execute("SAVEPOINT s")
        with pytest.raises(sqlite3.IntegrityError):
            change(connection, Replace(FunctionRow, {"a"}, twice), 1)
        connection.execute("ROLLBACK TO s")
        change(connection, Replace(FunctionRow, {"a"}, twice[:1]), 1)


@pytest.mark.parametrize("count", [19, 20, 21, 40, 47])
def test_many_rows_are_what_as_many_single_ones_are(connection: sqlite3.Connection, count: int) -> None:
    """Rows go into the table several at a time; each keeps its own values, NULL, bytes and time stamp among them."""
    rows = [
        a_function("a", f"f{n}", doc=None if n % 2 else f"doc {n}", body_hash=n.to_bytes(8, "big"))
        for n in range(count)
    ]
    assert change(connection, Replace(FunctionRow, {"a"}, rows), 1).written == count
    stored = ask(connection, "SELECT name, doc, body_hash FROM functions ORDER BY body_hash")
    assert stored == [(f"f{n}", None if n % 2 else f"doc {n}", n.to_bytes(8, "big")) for n in range(count)]
    constants = [a_constant("a", f"X{n}") for n in range(count)]
    change(connection, Replace(ConstantRow, {"a"}, constants), 10)
    assert ask(connection, "SELECT count(*), min(created_at), max(created_at) FROM constants") == [(count, 10, 10)]


def test_of_many_rows_one_that_is_refused_refuses_all(connection: sqlite3.Connection) -> None:
    """Also those before it: nothing of the command is left once its savepoint is rolled back."""
    rows = [*(a_function("a", f"f{n}") for n in range(30)), a_function("a", "f3")]
    connection.execute("SAVEPOINT s")
    with pytest.raises(sqlite3.IntegrityError):
        change(connection, Replace(FunctionRow, {"a"}, rows), 1)
    connection.execute("ROLLBACK TO s")
    assert ask(connection, "SELECT count(*) FROM functions") == [(0,)]


def test_many_rows_meet_the_ones_that_are_there(connection: sqlite3.Connection) -> None:
    """An upsert of many updates each row that it meets, and one that it brings twice is as it brings it last."""
    change(connection, Upsert(FileMetadataRow, [a_file(f"f{n}", function_count=1) for n in range(45)]), 1)
    again = [a_file(f"f{n}", function_count=n) for n in range(45)]
    change(connection, Upsert(FileMetadataRow, [*again, a_file("f2", function_count=99)]), 2)
    counts = dict(connection.execute("SELECT path, function_count FROM file_metadata").fetchall())
    assert counts == {f"f{n}": n for n in range(45)} | {"f2": 99}


file_names = st.sampled_from(["a", "b", "c"])
contents = st.dictionaries(st.tuples(file_names, st.sampled_from("fgh")), st.integers(1, 3), max_size=6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.one_of(st.none(), st.sets(file_names)), contents), max_size=6))
def test_replace_agrees_with_a_dict(steps: list[tuple[set[str] | None, dict[tuple[str, str], int]]]) -> None:
    """After any replacements the tables hold what a dict would: keyed rows, and rows whose ids are handed out."""
    model: dict[tuple[str, str], int] = {}
    with database() as connection:
        for files, content in steps:
            scope = {"a", "b", "c"} if files is None else files
            rows = {key: line for key, line in content.items() if key[0] in scope}
            model = {key: line for key, line in model.items() if key[0] not in scope} | rows
            functions = [a_function(file, name, line=line) for (file, name), line in rows.items()]
            constants = [
                a_constant(file, name) for (file, name), line in rows.items() for _ in range(line)
            ]  # `line` equal ones
            if files is None:
                change(connection, ReplaceAll(FunctionRow, functions), 1)
                change(connection, ReplaceAll(ConstantRow, constants), 1)
            else:
                change(connection, Replace(FunctionRow, files, functions), 1)
                change(connection, Replace(ConstantRow, files, constants), 1)
            stored = {
                (file, name): line for file, name, line in ask(connection, "SELECT file, name, line FROM functions")
            }
            assert stored == model
            counted = ask(connection, "SELECT file, name, count(*) FROM constants GROUP BY file, name")
            assert {(file, name): count for file, name, count in counted} == model


def a_cache_row(key: bytes, facts: bytes) -> ParseCacheRow:
    return ParseCacheRow(
        cache_key=key, content_hash=key, language="python", extractor="1", facts=facts, size=len(facts)
    )


def test_large_rows_of_one_key_are_one(connection: sqlite3.Connection) -> None:
    """Twice two files of the same content, each more than a page, are stored with one command, and others with them."""
    large = [b"\1" * 11_480, b"\2" * 16_710]
    rows = [a_cache_row(facts[:1], facts) for facts in large for _ in range(2)]
    change(connection, Upsert(ParseCacheRow, [*rows, *[a_cache_row(b"%d" % n, b"") for n in range(16)]]), 1)
    assert ask(connection, "SELECT facts, created_at FROM parse_cache WHERE size > 0 ORDER BY size") == [
        (large[0], 1),
        (large[1], 1),
    ]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3)), max_size=25))
@settings(max_examples=60, deadline=None)
def test_upsert_agrees_with_a_dict(written: list[tuple[int, int]]) -> None:
    """However often one command says a row, and however large it is, it is there once."""
    rows = [a_cache_row(b"%d" % key, b"%d" % key * 3_000 * key) for key, times in written for _ in range(times)]
    with database() as connection:
        change(connection, Upsert(ParseCacheRow, rows), 1)
        found = ask(connection, "SELECT cache_key, facts, created_at FROM parse_cache")
    assert {key: (facts, at) for key, facts, at in found} == {row.cache_key: (row.facts, 1) for row in rows}


def test_upsert_keeps_identity_and_first_sight(connection: sqlite3.Connection) -> None:
    """An upsert meets its row by key or by unique columns; id and first sight stay, the rest is new."""
    for now, ratio in ((10, 0.5), (20, 0.75)):
        row = ConventionRow(pattern_id="p", category="universal", dominance_ratio=ratio)
        change(connection, Upsert(ConventionRow, [row]), now)
    assert ask(connection, "SELECT id, dominance_ratio, discovered_at, last_seen FROM conventions") == [
        (1, 0.75, 10, 20)
    ]


def test_upsert_by_a_known_id(connection: sqlite3.Connection) -> None:
    """A row with an id that was handed out is updated under it, also where other columns are unique."""
    (run,) = change(
        connection, Append(ScanHistoryRow, [ScanHistoryRow(started_at=5, root_path=".", trigger="save")]), 1
    ).ids
    done = ScanHistoryRow(id=run, started_at=5, root_path=".", trigger="save", status="completed", completed_at=9)
    change(connection, Upsert(ScanHistoryRow, [done]), 1)
    assert ask(connection, "SELECT id, status, completed_at FROM scan_history") == [(run, "completed", 9)]
    project = MigrationProjectRow(name="old", source_language="a", target_language="b")
    (key,) = change(connection, Append(MigrationProjectRow, [project]), 1).ids
    change(
        connection,
        Upsert(
            MigrationProjectRow,
            [MigrationProjectRow(id=key, name="new", source_language="a", target_language="b")],
        ),
        1,
    )
    assert ask(connection, "SELECT id, name FROM migration_projects") == [(key, "old")]


def test_append_hands_out_ids_once(connection: sqlite3.Connection) -> None:
    """Ids come in order and never again, even after a delete."""
    assert change(connection, Append(FeedbackRow, [a_feedback("v"), a_feedback("w")]), 7).ids == (1, 2)
    assert change(connection, Delete(FeedbackRow, [1, 2]), 7).deleted == 2
    assert change(connection, Append(FeedbackRow, [a_feedback("x")]), 7).ids == (3,)
    assert ask(connection, "SELECT created_at FROM feedback") == [(7,)]


def test_update_and_delete_by_key(connection: sqlite3.Connection) -> None:
    """Update sets the columns it names; a composite key is a tuple; unknown keys change nothing."""
    caller, callee = a_function("a", "f"), a_function("a", "g")
    change(connection, ReplaceAll(CallEdgeRow, [an_edge(caller, callee, 1), an_edge(caller, callee, 2)]), 1)
    result = change(connection, Update(CallEdgeRow, [(caller.id, callee.id, 1), (0, 0, 0)], {"confidence": 0.5}), 1)
    assert result.written == 1
    assert change(connection, Delete(CallEdgeRow, [(caller.id, callee.id, 2)]), 1).deleted == 1
    assert ask(connection, "SELECT call_site_line, confidence FROM call_edges") == [(1, 0.5)]
    with pytest.raises(UsageError, match="no column"):
        change(connection, Update(CallEdgeRow, [], {"nope": 1}), 1)


def test_call_runs_within_the_submission(connection: sqlite3.Connection) -> None:
    """Call hands the connection and the time to a function and counts what it changed."""

    def work(inner: sqlite3.Connection, now: int) -> str:
        inner.execute("INSERT INTO workspace_events (event_type, created_at) VALUES ('start', ?)", (now,))
        return "done"

    result = change(connection, Call(work), 42)
    assert (result.value, result.written) == ("done", 1)
    assert ask(connection, "SELECT event_type, created_at FROM workspace_events") == [("start", 42)]


def test_drop_files_forgets_everything_but_findings(connection: sqlite3.Connection) -> None:
    """A dropped file loses its rows and those about its functions anywhere; its findings are resolved and stay."""
    mine, other = a_function("a", "f"), a_function("b", "g")
    change(connection, Upsert(FileMetadataRow, [a_file("a"), a_file("b")]), 1)
    change(connection, ReplaceAll(FunctionRow, [mine, other]), 1)
    edges = [an_edge(mine, other), an_edge(other, mine), an_edge(other, other)]
    change(connection, ReplaceAll(CallEdgeRow, edges), 1)
    scores = [ImpactScoreRow(function_id=f.id, blast_radius=0, risk_score=0.0) for f in (mine, other)]
    change(connection, ReplaceAll(ImpactScoreRow, scores), 1)
    access = [DataAccessRow(function_id=mine.id, table_name="t", operation="select", line=1, file="a")]
    change(connection, ReplaceAll(DataAccessRow, access), 1)
    change(connection, Track(ViolationRow, None, [a_violation("v", "a"), a_violation("w", "b")]), 1)

    result = change(connection, DropFiles(["a", "never there"]), 50)

    assert ask(connection, "SELECT path FROM file_metadata") == [("b",)]
    assert ask(connection, "SELECT name FROM functions") == [("g",)]
    assert ask(connection, "SELECT caller_id, callee_id FROM call_edges") == [(other.id, other.id)]
    assert ask(connection, "SELECT function_id FROM impact_scores") == [(other.id,)]
    assert ask(connection, "SELECT count(*) FROM data_access") == [(0,)]
    assert ask(connection, "SELECT id, resolved_at FROM violations ORDER BY id") == [("v", 50), ("w", None)]
    assert result.tables["violations"] == (1, 0)
    assert result.tables["call_edges"] == (0, 2)


def test_renamed_file_keeps_findings_and_feedback(connection: sqlite3.Connection) -> None:
    """After a rename the findings are the same ones under their new ids, with their age and their feedback."""
    change(connection, Track(ViolationRow, {"a"}, [a_violation("v1", "a", message="m")]), 10)
    change(connection, Append(FeedbackRow, [a_feedback("v1")]), 11)
    change(connection, ReplaceAll(FunctionRow, [a_function("a", "f")]), 11)

    change(connection, RenameFile("a", "b"), 20)
    assert ask(connection, "SELECT count(*) FROM functions") == [(0,)]
    result = change(connection, Track(ViolationRow, {"b"}, [a_violation("v2", "b", message="m", line=9)]), 20)

    assert result.renamed == {"v1": "v2"}
    assert (result.opened, result.resolved) == ((), ())
    columns = "id, file, line, created_at, last_seen_at, resolved_at"
    assert ask(connection, f"SELECT {columns} FROM violations") == [("v2", "b", 9, 10, 20, None)]
    assert ask(connection, "SELECT violation_id FROM feedback") == [("v2",)]


def test_a_moved_finding_is_found_among_equals_by_line(connection: sqlite3.Connection) -> None:
    """Of several equal findings with new ids, the first line's becomes the first line's."""
    old = [a_violation(f"o{line}", message="m", line=line) for line in (1, 2)]
    new = [a_violation(f"n{line}", message="m", line=line) for line in (20, 10)]
    change(connection, Track(ViolationRow, {"a.py"}, old), 1)
    result = change(connection, Track(ViolationRow, {"a.py"}, new), 2)
    assert result.renamed == {"o1": "n10", "o2": "n20"}


keys = st.sampled_from("stuvwxyz")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.sets(file_names, min_size=1)),
            st.dictionaries(keys, st.integers(1, 3), max_size=6),
        ),
        max_size=8,
    )
)
def test_life_of_a_finding(steps: list[tuple[set[str] | None, dict[str, int]]]) -> None:
    """New, still true, changed, vanished and returned findings have the dates that a model of dicts gives them.

    Every id has its own message, so that none is taken for a renamed one, and belongs to one file.
    """
    model: dict[str, list[int | None]] = {}  # id -> line, created_at, last_seen_at, resolved_at
    home = {key: "abc"[number % 3] for number, key in enumerate("stuvwxyz")}
    with database() as connection:
        for now, (files, found) in enumerate(steps, start=1):
            scope = {"a", "b", "c"} if files is None else files
            now_true = {key: line for key, line in found.items() if home[key] in scope}
            rows = [a_violation(key, home[key], line=line) for key, line in now_true.items()]
            result = change(connection, Track(ViolationRow, files, rows), now)
            opened, resolved = set(), set()
            for key, line in now_true.items():
                if key not in model or model[key][3] is not None:
                    opened.add(key)
                first = model[key][1] if key in model else now
                model[key] = [line, first, now, None]
            for key, state in model.items():
                if home[key] in scope and key not in now_true and state[3] is None:
                    state[3] = now
                    resolved.add(key)
            columns = "id, line, created_at, last_seen_at, resolved_at"
            stored = {key: state for key, *state in ask(connection, f"SELECT {columns} FROM violations")}
            assert stored == model
            assert (set(result.opened), set(result.resolved)) == (opened, resolved)


def test_still_true_findings_cost_one_touch(connection: sqlite3.Connection) -> None:
    """Seeing the same findings again writes no row but the time of the last sight."""
    rows = [a_violation("v"), a_violation("w")]
    change(connection, Track(ViolationRow, None, rows), 1)
    assert change(connection, Track(ViolationRow, None, rows), 2).written == 0
    assert ask(connection, "SELECT DISTINCT created_at, last_seen_at FROM violations") == [(1, 2)]


def test_resolved_flag_follows_resolved_at(connection: sqlite3.Connection) -> None:
    """A table with a `resolved` flag has it set exactly while `resolved_at` is."""
    row = DnaMutationRow(
        id="m", file="a", line=1, gene_id="g", expected="x", actual="y", impact="low", code="", suggestion=""
    )
    states = []
    for now, rows in ((1, [row]), (2, []), (3, [row])):
        change(connection, Track(DnaMutationRow, {"a"}, rows), now)
        states += ask(connection, "SELECT detected_at, resolved, resolved_at FROM dna_mutations")
    change(connection, DropFiles(["a"]), 4)
    states += ask(connection, "SELECT detected_at, resolved, resolved_at FROM dna_mutations")
    assert states == [(1, 0, None), (1, 1, 2), (1, 0, None), (1, 1, 4)]


def test_track_refuses_what_it_cannot_follow(connection: sqlite3.Connection) -> None:
    """Two findings of one id, and tables without findings, are errors."""
    with pytest.raises(UsageError, match="two findings have one id: v"):
        change(connection, Track(ViolationRow, None, [a_violation("v"), a_violation("v", line=2)]), 1)
    with pytest.raises(UsageError, match="holds no findings"):
        change(connection, Track(FunctionRow, None, []), 1)


def test_track_takes_the_time_it_is_given(connection: sqlite3.Connection) -> None:
    """`now` of the command goes before the writer's clock."""
    change(connection, Track(ViolationRow, None, [a_violation("v")], now=7), 1)
    assert ask(connection, "SELECT created_at FROM violations") == [(7,)]


def test_function_id_of_rows_is_the_hash(connection: sqlite3.Connection) -> None:
    """Ids of 63 bits survive the way into the database and back."""
    row = a_function("a", "f")
    change(connection, ReplaceAll(FunctionRow, [row]), 1)
    assert ask(connection, "SELECT id FROM functions") == [(function_id("a", "f", 0),)]


def test_edges_of_a_file_are_found_through_its_functions(connection: sqlite3.Connection) -> None:
    """They have no index of files: they are replaced by the callers in the file, and go when their caller does."""
    caller, gone, other = a_function("a.py", "f"), a_function("a.py", "g"), a_function("b.py", "h")
    change(connection, Replace(FunctionRow, ("a.py", "b.py"), (caller, gone, other)), 1)
    edges = (an_edge(caller, other), an_edge(gone, other), an_edge(other, caller))
    change(connection, Replace(CallEdgeRow, ("a.py", "b.py"), edges), 1)

    result = change(connection, Replace(CallEdgeRow, ("a.py",), (an_edge(caller, other, 5), edges[1])), 1)
    assert result.tables["call_edges"] == (1, 1)
    found = "SELECT caller_id, callee_id, call_site_line FROM call_edges"
    assert set(ask(connection, found)) == {
        (caller.id, other.id, 5),
        (gone.id, other.id, 1),
        (other.id, caller.id, 1),
    }
    change(connection, Replace(FunctionRow, ("a.py",), (caller,)), 1)
    assert set(ask(connection, found)) == {(caller.id, other.id, 5), (other.id, caller.id, 1)}
    change(connection, DropFiles(("a.py",)), 1)
    assert ask(connection, found) == []
