"""Whether the time of day can be believed: nothing is deleted on a clock that cannot be right.

The time is compared with what was recorded: with the newest time in the database, and with the last moment that was
noted down together with the machine's boot clock, which nobody sets.

* Within one boot, both clocks must have moved alike; a difference of more than a day is a jump.
* Across boots, a step back of more than a day is a jump, and so is one forward of more than `UNVOUCHED` seconds: the
  machine may have been off that long, or its clock may have been set wrong.  Nobody can tell, so it is doubted.
* After a jump the clock has to run on evenly for a day before anything is deleted; seven days, if the database holds
  later times than now.

A jump back makes everything look younger and a wait costs nothing: the next sweep deletes what this one left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from driftd.retention.policy import DAY
from driftd.rows.ids import json_text
from driftd.rows.workspace import WorkspaceEventRow
from driftd.store.commands import Append

if TYPE_CHECKING:
    from driftd.clock import Clock
    from driftd.store.store import Store

UNVOUCHED: Final = 30 * DAY
RECORD_S: Final = DAY // 2  # between two moments that are noted down while nothing is odd
EVENT: Final = "clock"

_NEWEST: Final = """
    SELECT max(at) FROM (
        SELECT max(last_scanned_at) AS at FROM file_metadata
        UNION ALL SELECT max(started_at) FROM scan_history
        UNION ALL SELECT max(created_at) FROM feedback
        UNION ALL SELECT max(recorded_at) FROM health_trends
        UNION ALL SELECT max(run_at) FROM gate_results
    )
"""
_LAST: Final = "SELECT created_at, details FROM workspace_events WHERE event_type = ? ORDER BY id DESC LIMIT 1"


class Moment(msgspec.Struct, frozen=True):
    """A time of day beside the boot clock; `steady_since` is when the clock last jumped, 0 if it never did."""

    wall: int
    boot: str
    since_boot: float
    steady_since: int = 0


def judge(previous: Moment | None, newest: int, wall: int, boot: str, since_boot: float) -> Moment:
    """Return the present moment, given the last one that was noted down and the newest time in the database."""
    return Moment(
        wall,
        boot,
        since_boot,
        wall
        if _has_jumped(previous, newest, wall, boot, since_boot)
        else (previous.steady_since if previous is not None else 0),
    )


def _has_jumped(previous: Moment | None, newest: int, wall: int, boot: str, since_boot: float) -> bool:
    if previous is None:
        return wall < newest - DAY
    passed = wall - previous.wall
    if boot and boot == previous.boot and since_boot >= previous.since_boot:
        return abs(passed - (since_boot - previous.since_boot)) > DAY
    return not -DAY <= passed <= UNVOUCHED


def doubt(moment: Moment, newest: int) -> str | None:
    """Return why nothing may be deleted at this moment, or None."""
    steady = moment.wall - moment.steady_since
    if steady < DAY:
        return "the clock was set to another day: nothing is deleted until it has run evenly for a day"
    if moment.wall < newest - DAY and steady < 7 * DAY:
        return "the database holds later times than the clock shows: nothing is deleted until that is so for a week"
    return None


def _is_news(previous: Moment, moment: Moment) -> bool:
    """Tell whether a moment says more than the last one that was noted down."""
    passed = moment.wall - previous.wall
    told = (previous.boot, previous.steady_since) == (moment.boot, moment.steady_since)
    return not (told and 0 <= passed < RECORD_S)


class ClockGuard:
    """Keeps the last moment in `workspace_events`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._last: Moment | None = None

    async def check(self) -> str | None:
        """Note the present moment down and return why nothing may be deleted now, or None."""
        newest = await self._newest()
        previous = self._last = self._last or await self._recorded()
        boot, since_boot = self._clock.boot()
        moment = judge(previous, newest, self._clock.now(), boot, since_boot)
        if previous is None or _is_news(previous, moment):
            await self._record(moment)
            self._last = moment
        return doubt(moment, newest)

    async def _newest(self) -> int:
        ((newest,),) = await self._store.reader.fetch(_NEWEST)
        return int(newest or 0)

    async def _recorded(self) -> Moment | None:
        for wall, details in await self._store.reader.fetch(_LAST, (EVENT,)):
            try:
                known = msgspec.json.decode(details or "{}")
                return Moment(wall, str(known["boot"]), float(known["since_boot"]), int(known["steady_since"]))
            except (msgspec.DecodeError, KeyError, TypeError, ValueError):
                return None  # not of our making
        return None

    async def _record(self, moment: Moment) -> None:
        details = {"boot": moment.boot, "since_boot": round(moment.since_boot), "steady_since": moment.steady_since}
        row = WorkspaceEventRow(event_type=EVENT, details=json_text(details), created_at=moment.wall)
        await self._store.writer.submit(Append(WorkspaceEventRow, (row,)))
