"""How long is long: the tiers' days and the bounds on sizes, and the moments that follow from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from driftd.errors import UsageError

if TYPE_CHECKING:
    from driftd.config import Settings

HOUR: Final = 3600
DAY: Final = 24 * HOUR
MIB: Final = 1024 * 1024

# A delivery is some hundred bytes, so that the log of what was delivered stays below ten megabytes.
CONTEXT_ROWS: Final = 40_000


class Policy(msgspec.Struct, frozen=True):
    """The days of the timed tiers, and the most bytes that cached facts and the whole file may take (0: no limit)."""

    short_days: int = 30
    medium_days: int = 90
    long_days: int = 365
    cache_bytes: int = 256 * MIB
    max_bytes: int = 0
    context_rows: int = CONTEXT_ROWS

    def __post_init__(self) -> None:
        """Refuse tiers that are out of order."""
        if not 1 <= self.short_days <= self.medium_days <= self.long_days:
            raise UsageError(
                f"short_days = {self.short_days}, medium_days = {self.medium_days}, long_days = {self.long_days}",
                hint="the tiers must be a day at least, and not get shorter",
            )

    @classmethod
    def of(cls, settings: Settings) -> Policy:
        """Return what the configuration says."""
        retention = settings.retention
        return cls(
            short_days=retention.short_days,
            medium_days=retention.medium_days,
            long_days=retention.long_days,
            cache_bytes=settings.store.cache_max_mb * MIB,
            max_bytes=retention.max_db_mb * MIB,
        )

    def overridden(
        self,
        retention_days: int | None = None,
        short_days: int | None = None,
        medium_days: int | None = None,
        long_days: int | None = None,
    ) -> Policy:
        """Return the policy with other days: `retention_days` is for all timed tiers, one that is named wins."""
        named = {"short_days": short_days, "medium_days": medium_days, "long_days": long_days}
        days = {tier: retention_days if value is None else value for tier, value in named.items()}
        return msgspec.structs.replace(self, **{tier: value for tier, value in days.items() if value is not None})

    def binds(self, now: int) -> dict[str, int]:
        """Return the values that the rules' conditions name."""
        return {
            "now": now,
            "short": now - self.short_days * DAY,
            "medium": now - self.medium_days * DAY,
            "long": now - self.long_days * DAY,
            "day": now - DAY,
            "week": now - 7 * DAY,
            "cache_bytes": self.cache_bytes,
            "context_rows": self.context_rows,
        }
