"""The field names of log records, so that one thing has one name in every line."""

from __future__ import annotations

from typing import Final

CONNECTION: Final = "connection"
COUNT: Final = "count"
ERROR: Final = "error"
METHOD: Final = "method"
REASON: Final = "reason"
