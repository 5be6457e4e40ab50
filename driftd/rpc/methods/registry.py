"""All methods, in the order of the reference.  A new method is one file beside this one and one line here."""

from __future__ import annotations

from typing import Any

from driftd.rpc.method import Method
from driftd.rpc.methods import (
    backups,
    call_graph,
    cancel,
    discover,
    entry_points,
    feedback,
    gc,
    lists,
    ping,
    runs,
    shutdown,
    status,
    subscriptions,
    sync,
    violations,
)

_METHODS: tuple[Method[Any], ...] = (
    ping.METHOD,
    sync.METHOD,
    status.METHOD,
    runs.ANALYZE,
    runs.SCAN,
    cancel.METHOD,
    *lists.METHODS,
    call_graph.CALL_GRAPH,
    call_graph.CALLERS,
    call_graph.CALLEES,
    entry_points.METHOD,
    backups.BACKUP,
    backups.RESTORE,
    backups.EXPORT,
    backups.IMPORT,
    gc.METHOD,
    violations.VIOLATIONS,
    violations.EXPLAIN,
    violations.QUICK_FIX,
    violations.BASELINE,
    feedback.FEEDBACK,
    feedback.FEEDBACK_STATS,
    feedback.SET_PATTERN_STATUS,
    subscriptions.SUBSCRIBE,
    subscriptions.UNSUBSCRIBE,
    shutdown.METHOD,
)

METHODS: tuple[Method[Any], ...] = (*_METHODS, discover.method_over(_METHODS))
