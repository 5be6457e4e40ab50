"""How the file grows: one sample a sweep, the growth a day, and when a bound would be met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from driftd.retention.policy import DAY, MIB

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

EVENT: Final = "sweep"  # of workspace_events; its details hold the sample
SAMPLES: Final = 30
HORIZON_DAYS: Final = 30
_NEAR: Final = 0.9  # of the bound
_SOON_DAYS: Final = 14


class Growth(msgspec.Struct, frozen=True):
    """`bytes_per_day` is None until there are samples of two days; `days_left` where no bound is going to be met."""

    bytes_now: int
    bytes_per_day: float | None
    max_bytes: int

    @property
    def forecast(self) -> int | None:
        """Bytes in thirty days, if it goes on like this."""
        if self.bytes_per_day is None:
            return None
        return max(0, round(self.bytes_now + HORIZON_DAYS * self.bytes_per_day))

    @property
    def days_left(self) -> float | None:
        """Days until the file is as large as it may be."""
        if not self.max_bytes or not self.bytes_per_day or self.bytes_per_day <= 0:
            return None
        return max(0.0, (self.max_bytes - self.bytes_now) / self.bytes_per_day)

    @property
    def danger(self) -> str | None:
        """Why the bound is in danger, or None."""
        if not self.max_bytes:
            return None
        limit = f"retention.max_db_mb = {self.max_bytes // MIB}"
        if self.bytes_now > self.max_bytes:
            return f"the database takes {self.bytes_now / MIB:.1f} MiB, more than {limit}"
        if self.bytes_now > _NEAR * self.max_bytes:
            return f"the database takes {self.bytes_now / MIB:.1f} MiB, nearly {limit}"
        if self.days_left is not None and self.days_left < _SOON_DAYS:
            return f"the database will reach {limit} in {self.days_left:.0f} days at this rate"
        return None

    def as_dict(self) -> dict[str, Any]:
        """Return what `status` shows."""
        return {
            "bytes_per_day": None if self.bytes_per_day is None else round(self.bytes_per_day),
            "bytes_in_30_days": self.forecast,
            "max_bytes": self.max_bytes or None,
            "days_to_max": None if self.days_left is None else round(self.days_left, 1),
        }


def growth(samples: Sequence[tuple[int, int]], bytes_now: int, max_bytes: int) -> Growth:
    """Return how the file grows, from (time, bytes) samples in any order: the slope of the line that fits them best."""
    recent = sorted(samples)[-SAMPLES:]
    if not recent or recent[-1][0] - recent[0][0] < DAY:
        return Growth(bytes_now, None, max_bytes)
    middle = sum(at for at, _ in recent) / len(recent)
    mean = sum(size for _, size in recent) / len(recent)
    spread = sum((at - middle) ** 2 for at, _ in recent)
    slope = sum((at - middle) * (size - mean) for at, size in recent) / spread
    return Growth(bytes_now, slope * DAY, max_bytes)


def recorded(connection: sqlite3.Connection, bytes_now: int, max_bytes: int) -> Growth:
    """Return the same from what the sweeps left in the database."""
    statement = (
        "SELECT created_at, details ->> '$.bytes_after' FROM workspace_events WHERE event_type = ? "
        "AND details ->> '$.bytes_after' > 0 AND details ->> '$.refused' IS NULL ORDER BY created_at DESC LIMIT ?"
    )
    return growth(connection.execute(statement, (EVENT, SAMPLES)).fetchall(), bytes_now, max_bytes)
