"""What the RPC methods may ask of the daemon.

The daemon implements `Service`; the methods know nothing else of it.  It speaks in structs and JSON-ready values, not
in protocol terms: an error is one of `driftd.errors`, a cancelled call is a cancelled task, progress is a callable.
A value that is returned as `dict` must be encodable by `msgspec.json` and is sent as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from driftd.rows.patterns import ApprovalStatus

Filter = str | int | float | bool | None
Direction = Literal["callers", "callees"]
Topic = Literal[
    "analysis.started", "analysis.progress", "analysis.finished", "findings.changed", "gc.finished", "degraded"
]
TOPICS: tuple[Topic, ...] = (
    "analysis.started",
    "analysis.progress",
    "analysis.finished",
    "findings.changed",
    "gc.finished",
    "degraded",
)


class AsOf(msgspec.Struct, frozen=True, kw_only=True):
    """Which analysis an answer comes from, and what that analysis does not cover."""

    run_id: int | None = None  # id of the last finished run in scan_history; None: there was none yet
    finished_at: int | None = None  # UTC unix seconds
    pending: int = 0  # saved changes that are not in the model yet
    degraded: str | None = None  # why the daemon is degraded; None: it is not
    unexamined: int = 0  # files that could not be examined


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a table: items by column name with JSON columns decoded; `next` is None on the last page."""

    items: list[dict[str, object]]
    next: str | None
    total: int


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """Other days for the tiers of a clean-up: `retention_days` for all that are timed, unless one is named."""

    retention_days: int | None = None
    short_days: int | None = None
    medium_days: int | None = None
    long_days: int | None = None


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """How far a search of the call graph goes, and which edges it may use.

    An edge that rests on a name alone (`fuzzy`) or that is not sure enough is not followed unless that is wanted.
    """

    depth: int = 1
    min_confidence: float = 0.5
    fuzzy: bool = False


class Neighbours(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what reaches a function or is reached by it.

    `function` is the one that was meant; `is_recursive`: the search came back to it; `truncated`: there are more than
    the search has looked at, so that `total` counts only those; `external`: what the function itself calls of other
    packages, where callees are asked for.
    """

    function: dict[str, object]
    items: list[dict[str, object]]
    next: str | None
    total: int
    truncated: bool
    is_recursive: bool
    external: list[dict[str, object]] = []


class Progress(Protocol):
    """Hears how far a run is; call it from the event loop as often as you like, it never waits and never raises."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


class Subscriber(Protocol):
    """Hears events; never waits and never raises.  One that reads too slowly loses events and is told how many."""

    def __call__(self, topic: Topic, payload: Mapping[str, object]) -> None: ...


class Subscription(Protocol):
    """What `Service.subscribe` returns."""

    def close(self) -> None:
        """Stop the events at once; closing twice does no harm."""
        ...


class Backups(Protocol):
    """Copies of the database and of what people typed.  Paths are absolute; UsageError where one is not."""

    async def make(self, file: str | None) -> dict[str, object]:
        """Write a checked copy to `file`, or to the folder of backups; return file and bytes."""
        ...

    async def restore(self, file: str) -> dict[str, object]:
        """Let a checked copy of `file` take the place of the database, soon after this returns; return file and kept."""
        ...

    async def export(self, file: str) -> dict[str, object]:
        """Write what people typed to `file`; return file and rows."""
        ...

    async def merge(self, file: str) -> dict[str, object]:
        """Merge an export; return file, the rows read, and those merged by table."""
        ...


class Service(Protocol):
    """The daemon, as the RPC methods see it.

    Every coroutine may be cancelled at any await; it then gives up this call's interest only: a run that others wait
    for goes on.  `function` is an id, a qualified name, or `file:line`; NotFoundError where nothing is meant by it,
    UsageError where several functions are.
    """

    @property
    def backups(self) -> Backups: ...

    def message_arrived(self) -> None:
        """Hear that a client sent something, before it is looked at: what computes meanwhile can give way."""
        ...

    async def as_of(self) -> AsOf: ...

    async def status(self) -> dict[str, object]:
        """Return workspace, version, pid, uptime_s, db, writer, watcher, last_run and health."""
        ...

    async def page(self, table: str, filters: Mapping[str, Filter], limit: int, after: str | None) -> Page:
        """Return rows of `table` whose columns equal `filters`, by file and line where they have any, else in key order.

        None stands for NULL, and a `*` in a text for anything.  Beside each column that refers to a function an item
        has its qualified name: `caller` beside `caller_id`.  `after` is a `next` of an earlier page; UsageError where
        it is not one.
        """
        ...

    async def function_id(self, function: str | int) -> int:
        """Return the id of the one function that is meant."""
        ...

    async def analyze(self, paths: tuple[str, ...] | None, full: bool, progress: Progress) -> dict[str, object]:
        """Make the analysis current and return run_id, files, rows, stages and duration_ms.

        `paths` are relative to the workspace (None: all of it); `full` ignores the cache.
        """
        ...

    async def scan(self, paths: tuple[str, ...] | None, progress: Progress) -> dict[str, object]:
        """Compare the disk with the model without analysing: files {total, added, …} and the paths that changed."""
        ...

    async def gc(self, days: Days, dry_run: bool, progress: Progress) -> dict[str, object]:
        """Delete what is older than its tier and no longer current, give the pages back, and return what that was."""
        ...

    async def cancel_run(self, run_id: int) -> bool:
        """Cancel the run with this id for everyone; False where no such run is going on."""
        ...

    async def sync(self, timeout_s: float) -> AsOf:
        """Return when everything saved before the call is in the model; BusyError after `timeout_s` seconds."""
        ...

    async def call_graph(self, function: str | int | None, search: Search) -> dict[str, object]:
        """Return totals, entry points and resolution rate by strategy; or the neighbourhood of one function."""
        ...

    async def entry_points(self, filters: Mapping[str, str], limit: int, after: str | None) -> Page:
        """Return the functions that are called from outside, by file and name; filters as for `page`.

        BusyError while the workspace is analysed for the first time.
        """
        ...

    async def neighbours(
        self, function: str | int, direction: Direction, search: Search, limit: int, after: str | None
    ) -> Neighbours:
        """Return the functions that reach `function`, or that it reaches, nearest first, with paths."""
        ...

    async def feedback(
        self,
        *,
        violation: str,
        action: str,
        dismissal_reason: str | None,
        reason: str | None,
        author: str | None,
        undo: int | None,
    ) -> dict[str, object]:
        """Store what a person says about a violation, or take it back, and return what that changed.

        `violation` is an id or the beginning of one.  NotFoundError where there is none, UsageError where several are
        meant or the parameters contradict each other; then nothing is stored.
        """
        ...

    def feedback_stats(self) -> list[dict[str, object]]:
        """Return how often findings of each pattern and detector were false."""
        ...

    async def set_pattern_status(self, pattern: str, status: ApprovalStatus, reason: str | None) -> dict[str, object]:
        """Store what a person decided about a pattern; NotFoundError for one that nothing is known of."""
        ...

    async def violations(self, filters: Mapping[str, Filter], limit: int, after: str | None) -> Page:
        """Return violations that match all filters, worst first."""
        ...

    async def explain(self, violation: str) -> dict[str, object]:
        """Return everything there is to say about a violation, named as for `feedback`."""
        ...

    async def quick_fix(self, violation: str) -> dict[str, object]:
        """Return the edits that remove a violation from its file as it is now, or the reason why there are none."""
        ...

    async def write_baseline(self) -> dict[str, object]:
        """Write the ids of all violations into the baseline's file."""
        ...

    def subscribe(self, topics: frozenset[Topic], subscriber: Subscriber) -> Subscription:
        """Call `subscriber` on the event loop for each later event of `topics`, until the subscription is closed."""
        ...

    async def shutdown(self) -> None:
        """Ask the daemon to stop and return at once; the server is then stopped from outside."""
        ...
