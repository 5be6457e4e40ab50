"""Where log records go: standard error, as JSON lines for a journal or a file, as text for a terminal.

One pipeline for driftd's own records and those of its libraries.  Tracebacks never contain local variables: they
would hold source text and secrets.  Importing this module is dear (structlog); commands that only ask do not.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import Literal, TextIO

import msgspec
import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

MAX_FRAMES = 20
# They log each event or each statement, and aiosqlite formats its records before it looks at the level.
NOISY = ("aiosqlite", "watchfiles", "jsonrpcserver")
# What a person who reads the lines looks for first.
FIRST_KEYS = ("timestamp", "level", "logger", "event")
# Levels of syslog(3), which journald reads from `<N>` at the start of a line.
SYSLOG_LEVEL = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}


def configure(
    level: str = "info", layout: Literal["auto", "json", "console"] = "auto", *, stream: TextIO | None = None
) -> None:
    """Send every record of `level` and above to `stream`, standard error if none is given.

    `auto` is text on a terminal and JSON elsewhere.  Calling it again replaces the earlier configuration.
    """
    out = stream or sys.stderr
    for_people = layout == "console" or (layout == "auto" and out.isatty())
    to_journal = not for_people and "JOURNAL_STREAM" in os.environ
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
    ]
    if not to_journal:  # journald stamps each line itself
        shared.append(structlog.processors.TimeStamper(fmt="iso", utc=True))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a logger made before this call must follow it
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_for_people(out) if for_people else _for_machines(to_journal=to_journal)),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _for_people(out: TextIO) -> list[Processor]:
    coloured = out.isatty() and not os.environ.get("NO_COLOR")
    return [structlog.dev.ConsoleRenderer(colors=coloured, exception_formatter=structlog.dev.plain_traceback)]


def _for_machines(*, to_journal: bool) -> list[Processor]:
    without_locals = ExceptionDictTransformer(show_locals=False, max_frames=MAX_FRAMES)
    return [
        structlog.processors.ExceptionRenderer(without_locals),
        _with_priority(_json) if to_journal else _json,
    ]


def _json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Render one record; what JSON does not know (a path, an enum of a library) becomes its text."""
    first = {key: event[key] for key in FIRST_KEYS if key in event}
    return msgspec.json.encode({**first, **event}, enc_hook=str).decode()


def _with_priority(render: Callable[[WrappedLogger, str, EventDict], str]) -> Processor:
    def rendered(logger: WrappedLogger, method: str, event: EventDict) -> str:
        return f"<{SYSLOG_LEVEL.get(str(event.get('level')), 6)}>{render(logger, method, event)}"

    return rendered
