"""Loggers that cost nothing until something is logged.

structlog brings a console's worth of libraries with it, a tenth of a second of imports; an analysis from the command
line mostly ends without a record.  So it is imported, and set up, when the first record is made.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Logger:
    """Makes records under one name; fields are keywords (see `logkeys`)."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        """Take the name that its records bear."""
        self._name = name

    def info(self, event: str, **fields: Any) -> None:
        """Record what is good to know."""
        self._log("info", logging.INFO, event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Record what somebody should look at."""
        self._log("warning", logging.WARNING, event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """Record a failure."""
        self._log("error", logging.ERROR, event, fields)

    def exception(self, event: str, **fields: Any) -> None:
        """Record a failure with the exception that is being handled."""
        self._log("exception", logging.ERROR, event, fields)

    def _log(self, method: str, level: int, event: str, fields: dict[str, Any]) -> None:
        if logging.getLogger(self._name).isEnabledFor(level):
            _prepare()
            import structlog  # noqa: PLC0415 - see above

            getattr(structlog.get_logger(self._name), method)(event, **fields)


def configure_later(configure: Callable[[], None], level: int) -> None:
    """Have `configure` called before the first record of at least this level, one of a library's or one of driftd's."""
    root = logging.getLogger()
    root.handlers = [_First(configure)]
    root.setLevel(level)


def _prepare() -> None:
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _First):
            handler.configure()


class _First(logging.Handler):
    """Takes the first record and hands it to the handlers that there are then."""

    def __init__(self, configure: Callable[[], None]) -> None:
        super().__init__()
        self.configure = configure

    def emit(self, record: logging.LogRecord) -> None:
        self.configure()
        logging.getLogger(record.name).handle(record)
