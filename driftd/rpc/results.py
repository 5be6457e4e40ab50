"""The shapes of results, for the generated reference.  A result has at least these members."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from driftd.rpc.service import AsOf, Topic


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Base of a result that is an object."""


class SyncResult(Result, frozen=True, kw_only=True):
    """The model that holds everything saved before the call."""

    as_of: AsOf


class ListResult(Result, frozen=True, kw_only=True):
    """One page of a list; `next` is what to send as `after` for the next one, null on the last."""

    items: list[dict[str, Any]]
    next: str | None
    total: int
    as_of: AsOf


class DbStatus(Result, frozen=True, kw_only=True):
    """The database file; `rows` counts them by table."""

    path: str
    bytes: int
    schema_version: int
    rows: dict[str, int]


class WriterStatus(Result, frozen=True, kw_only=True):
    """The one writer, since the daemon started; `rows` counts those written by table."""

    queued: int
    transactions: int
    rows: dict[str, int]
    errors: int


class WatcherStatus(Result, frozen=True, kw_only=True):
    """How the daemon learns of changes."""

    state: str
    backend: str


class LanguageStatus(Result, frozen=True, kw_only=True):
    """A language of the workspace: how many files are analysed, and which kinds of facts driftd is tested to read."""

    files: int
    reads: list[str]


class StatusResult(Result, frozen=True, kw_only=True):
    """What the daemon is and how it fares."""

    workspace: str
    version: str
    pid: int
    uptime_s: float
    db: DbStatus
    writer: WriterStatus
    watcher: WatcherStatus
    languages: dict[str, LanguageStatus]
    last_run: dict[str, Any] | None
    health: str
    as_of: AsOf


class FileCounts(Result, frozen=True, kw_only=True):
    """Files of the workspace, by how they compare with the run before."""

    total: int
    added: int
    modified: int
    removed: int
    unchanged: int
    failed: int


class StageReport(Result, frozen=True, kw_only=True):
    """One stage of a run; `rows` are those it gave, `error` why it failed."""

    name: str
    duration_ms: float
    rows: int
    error: str | None


class AnalyzeResult(Result, frozen=True, kw_only=True):
    """A finished run; `rows` counts those written by table."""

    run_id: int
    files: FileCounts
    rows: dict[str, int]
    stages: list[StageReport]
    duration_ms: float
    as_of: AsOf


class ScanResult(Result, frozen=True, kw_only=True):
    """What differs between the disk and the model."""

    files: FileCounts
    added: list[str]
    modified: list[str]
    removed: list[str]
    as_of: AsOf


class CancelResult(Result, frozen=True, kw_only=True):
    """Whether there was something to cancel."""

    cancelled: bool


class CallGraphResult(Result, frozen=True, kw_only=True):
    """Totals, entry points and resolution rate by strategy; or the neighbourhood of one function, as the daemon tells."""

    as_of: AsOf


class TopicsResult(Result, frozen=True, kw_only=True):
    """What is subscribed to now, in alphabetical order."""

    topics: list[Topic]


class ShutdownResult(Result, frozen=True, kw_only=True):
    """The daemon is about to stop."""

    stopping: Literal[True]
