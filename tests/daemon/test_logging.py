"""What a log line looks like, and what never stands in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from driftd.daemon.logging import configure


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def fail_with_secret() -> None:
    secret = "hunter2"  # a local variable of the frame that fails
    raise ValueError(f"of length {len(secret)}")


def test_own_and_foreign_records_are_json_lines_with_the_same_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """One object a line, with time, level, logger, what is bound to the context and what the record adds."""
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    out = io.StringIO()
    configure("info", stream=out)
    structlog.contextvars.bind_contextvars(run_id=7)
    structlog.get_logger("driftd.engine").info("run finished", files=3)
    logging.getLogger("library").warning("slow: %s", "disk", extra={"seconds": 2})
    own, foreign = (json.loads(line) for line in out.getvalue().splitlines())
    assert own.pop("timestamp").endswith("Z")
    assert own == {"event": "run finished", "files": 3, "run_id": 7, "logger": "driftd.engine", "level": "info"}
    assert foreign.pop("timestamp").endswith("Z")
    assert foreign == {"event": "slow: disk", "seconds": 2, "run_id": 7, "logger": "library", "level": "warning"}


def test_the_journal_gets_a_priority_and_stamps_the_line_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """`<N>` is the syslog level that journald strips and uses."""
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    out = io.StringIO()
    configure("debug", stream=out)
    logger = structlog.get_logger("driftd")
    logger.debug("a")
    logger.error("b")
    first, second = out.getvalue().splitlines()
    assert first == '<7>{"level":"debug","logger":"driftd","event":"a"}'
    assert second == '<3>{"level":"error","logger":"driftd","event":"b"}'


@pytest.mark.parametrize("layout", ["json", "console"])
def test_a_traceback_shows_where_but_no_variable(layout: str) -> None:
    """Local variables hold source text and secrets; they are in no layout."""
    out = io.StringIO()
    configure("info", "console" if layout == "console" else "json", stream=out)
    try:
        fail_with_secret()
    except ValueError:
        structlog.get_logger("driftd").exception("failed")
    assert "fail_with_secret" in out.getvalue()
    assert "hunter2" not in out.getvalue().replace('secret = "hunter2"', "")


def test_the_level_and_the_noisy_libraries_are_quiet() -> None:
    """A library that logs every statement is heard from WARNING on, at any level of ours."""
    out = io.StringIO()
    configure("warning", "console", stream=out)
    structlog.get_logger("driftd").info("unimportant")
    assert out.getvalue() == ""
    configure("debug", "console", stream=out)
    logging.getLogger("aiosqlite").debug("executing")
    logging.getLogger("watchfiles.main").info("12 changes")
    assert out.getvalue() == ""
    logging.getLogger("aiosqlite").warning("trouble")
    assert "trouble" in out.getvalue()


def test_what_json_does_not_know_becomes_text() -> None:
    """A log line is written whatever is in it."""
    out = io.StringIO()
    configure("info", "json", stream=out)
    structlog.get_logger("driftd").info("odd", value=object)
    assert json.loads(out.getvalue())["value"] == "<class 'object'>"
