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


class TableSize(Result, frozen=True, kw_only=True):
    """The size of one table with its indexes."""

    table: str
    bytes: int


class DbStatus(Result, frozen=True, kw_only=True):
    """The database file; `rows` counts them by table, `tables` are sizes, `bytes_per_file` is the share of a file."""

    path: str
    bytes: int
    wal_bytes: int
    free_pages: int
    schema_version: int
    rows: dict[str, int]
    tables: list[TableSize]
    bytes_per_file: int | None


class RetentionStatus(Result, frozen=True, kw_only=True):
    """The last clean-up, when the next one is due, and how the database grows."""

    last_sweep: dict[str, Any] | None
    next_sweep_at: int
    trouble: str | None
    growth: dict[str, Any]


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


class StatusResult(Result, frozen=True, kw_only=True):
    """What the daemon is and how it fares.

    `languages` has for each one its `files`, the kinds of facts that driftd `reads`, its `functions`, files that `failed` or are `with_syntax_errors`, and where
    calls are resolved `calls`, `unresolved` and `resolution_rate`.
    """

    workspace: str
    version: str
    pid: int
    uptime_s: float
    db: DbStatus
    writer: WriterStatus
    watcher: WatcherStatus
    languages: dict[str, dict[str, Any]]
    retention: RetentionStatus
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


class GcTable(Result, frozen=True, kw_only=True):
    """Rows of one table that went for one reason; `reason` is null for a table that never loses a row."""

    table: str
    tier: str
    deleted: int
    reason: str | None


class GcResult(Result, frozen=True, kw_only=True):
    """What a clean-up deleted, or would delete.

    Every table is listed.  `folded` feedback lives on in its pattern's prior; `cutoffs` are the times before which the
    tiers end; `gave_way` are the steps that were taken because the file was larger than `retention.max_db_mb`, and
    `over_bytes` is what it is still too large; `refused` says why nothing was deleted.
    """

    dry_run: bool
    total_deleted: int
    tables: list[GcTable]
    folded: int
    pages_freed: int
    bytes_before: int
    bytes_after: int
    wal_truncated: bool
    duration_ms: int
    cutoffs: dict[str, int]
    gave_way: list[str]
    over_bytes: int
    refused: str | None
    unfinished: bool
    as_of: AsOf


class CancelResult(Result, frozen=True, kw_only=True):
    """Whether there was something to cancel."""

    cancelled: bool


class EntryPointsResult(Result, frozen=True, kw_only=True):
    """One page of entry points, by file and name.

    An item has `function_id`, `function`, `file`, `line`, the `reason`, the `framework`, and where another place than
    the function itself says so, as a route table does, that place as `said_at`.  A function has one for each reason.
    """

    items: list[dict[str, Any]]
    next: str | None
    total: int
    as_of: AsOf


class NeighboursResult(Result, frozen=True, kw_only=True):
    """One page of callers or callees, nearest first.

    An item has `depth`, the `path` of qualified names from `function` to it, `via_id` (the function before it on that
    path) and the edge between those two: `call_site`, `resolution`, `confidence`.  `truncated`: there are more than were
    looked at, `total` counts only those; `is_recursive`: the function reaches itself.  `external` (of callees) is what
    the function itself calls of other packages: `symbol`, `package`, line of the first call, number of `calls`.
    """

    function: dict[str, Any]
    items: list[dict[str, Any]]
    next: str | None
    total: int
    truncated: bool
    is_recursive: bool
    external: list[dict[str, Any]]
    as_of: AsOf


class CallGraphResult(Result, frozen=True, kw_only=True):
    """The call graph as a whole; or, with `function`, one function with the nearest `callers` and `callees`.

    The latter has the reason for which it is an `entry_point`, if it is one; `truncated` says that a side has more.
    As a whole: `functions`, `edges`, `uncalled` functions, `entry_points` with `entry_points_by_reason`, the
    `edges_by_resolution`, the `resolution_rate` (of the calls that go to code of the workspace), `languages` with the
    same for each, the `unresolved` calls by reason, and the `packages` outside of the workspace with most calls.
    """

    as_of: AsOf


class FeedbackResult(Result, frozen=True, kw_only=True):
    """What a feedback changed: the confidence of the violation's pattern, and whether the violation is silenced.

    `confidence_before` and `confidence_after` are posterior means; `alpha` and `beta` are the posterior's parameters now.
    """

    feedback_id: int
    violation_id: str
    pattern_id: str
    detector_id: str
    action: str
    undoes: int | None
    confidence_before: float
    confidence_after: float
    alpha: float
    beta: float
    suppressed: bool
    suppression_source: str | None
    changed: list[str]


class FeedbackStatsResult(Result, frozen=True, kw_only=True):
    """Patterns and detectors that people acted upon, those with the highest rate of false findings first.

    An item counts the `actions` of the window by kind, the `false_positives` among them, the `rate` (null with fewer than
    10 actions), and says in `state` what follows: healthy, alert, downgraded, disabled; or what a person decided: approved,
    ignored.
    """

    items: list[dict[str, Any]]
    as_of: AsOf


class PatternStatusResult(Result, frozen=True, kw_only=True):
    """What was decided about a pattern; `confidence` is its posterior mean at that time, null where it has none yet."""

    pattern_id: str
    previous_status: str
    status: str
    confidence: float | None


class ExplainResult(Result, frozen=True, kw_only=True):
    """Everything there is to say about a violation.

    `confidence` says how sure it is and what share the prior, the places of the pattern and feedback have in that;
    `silence_with` is the comment that silences it; `quick_fix` has the edits that remove it, or the reason why there are none; `similar` are places that the rule has nothing to say about.
    """

    violation: dict[str, Any]
    what: str
    code: str | None
    where: str
    function: str | None
    why: str
    confidence: dict[str, Any]
    what_to_do: str | None
    silence_with: str
    quick_fix: dict[str, Any]
    similar: list[dict[str, Any]]
    feedback: list[dict[str, Any]]
    as_of: AsOf


class QuickFixResult(Result, frozen=True, kw_only=True):
    """Edits that remove a violation, applied together to a file whose sha256 is `content_hash`.

    An edit has `line`, `column`, `end_line`, `end_column` (from 1, in code points, the end exclusive) and `new_text`.  They
    are proven on that text: the finding is gone, nothing new is found, and it parses as before.  Without any, `reason` says
    why, and `description` what to do.
    """

    violation_id: str
    file: str
    content_hash: str | None
    description: str | None
    edits: list[dict[str, Any]]
    reason: str | None
    as_of: AsOf


class BaselineResult(Result, frozen=True, kw_only=True):
    """The file that was written, relative to the workspace, and how many violations it holds."""

    path: str
    violations: int
    as_of: AsOf


class TopicsResult(Result, frozen=True, kw_only=True):
    """What is subscribed to now, in alphabetical order."""

    topics: list[Topic]


class ShutdownResult(Result, frozen=True, kw_only=True):
    """The daemon is about to stop."""

    stopping: Literal[True]


class BackupResult(Result, frozen=True, kw_only=True):
    """The copy that was made."""

    file: str
    bytes: int


class RestoreResult(Result, frozen=True, kw_only=True):
    """What takes the place of the database, and the backup that was made of it before."""

    file: str
    kept: str


class ExportResult(Result, frozen=True, kw_only=True):
    """The file that was written."""

    file: str
    rows: int


class ImportResult(Result, frozen=True, kw_only=True):
    """How many rows the file has, and how many were added or changed by table."""

    file: str
    read: int
    merged: dict[str, int]
