"""Logging that is set up when there is something to log."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from driftd.logs import Logger, configure_later


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)


class Kept(logging.Handler):
    """Keeps the names and the levels of the records that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append((record.name, record.levelname))


def test_a_library_s_first_record_of_the_level_sets_logging_up_and_is_logged() -> None:
    """What is less is dropped and sets nothing up; after the first record there is no further one."""
    kept = Kept()
    calls: list[str] = []

    def configure() -> None:
        calls.append("configured")
        logging.getLogger().handlers = [kept]

    configure_later(configure, logging.ERROR)
    logging.getLogger("library").warning("not of interest")
    assert calls == []
    logging.getLogger("library").error("the first")
    logging.getLogger("library").error("the second")
    assert calls == ["configured"]
    assert kept.records == [("library", "ERROR"), ("library", "ERROR")]


PROGRAM = """
import sys
from driftd.cli.output import log_errors_only
from driftd.logs import Logger
log_errors_only()
log = Logger("driftd.engine")
log.info("started", files=3)
log.warning("odd")
print("structlog" in sys.modules)
try:
    raise ValueError("what")
except ValueError:
    log.exception("failed", file="a.py")
print("structlog" in sys.modules)
"""


def test_structlog_is_imported_with_the_first_error_and_not_before() -> None:
    """The record has its level, its logger, its fields and the exception, as a daemon's records have."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == "False\nTrue\n"
    (line,) = done.stderr.splitlines()
    for part in ('"level":"error"', '"logger":"driftd.engine"', '"event":"failed"', '"file":"a.py"', "ValueError"):
        assert part in line
    assert "started" not in line


def test_a_logger_below_the_level_of_the_process_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where nothing was set up, as in a program that uses a part of driftd."""
    logging.getLogger().setLevel(logging.WARNING)
    Logger("driftd").info("nothing")
    assert capsys.readouterr() == ("", "")
