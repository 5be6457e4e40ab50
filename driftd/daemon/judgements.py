"""What people decide about violations and patterns, as the RPC methods ask for it: stored, heard, and followed up.

A decision is durable before it is answered.  What follows for the violation and its pattern is part of the same write;
what follows for other findings is worked out by a run that starts right after.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import msgspec

from driftd.clock import Clock
from driftd.daemon import feedback as writing
from driftd.daemon import violation_queries
from driftd.daemon.baseline import Baseline
from driftd.daemon.engine import Engine
from driftd.daemon.events import EventHub
from driftd.daemon.loop import RunLoop
from driftd.daemon.tasks import read_stable
from driftd.errors import UsageError
from driftd.pipeline import fixes
from driftd.pipeline.detect.marks import UNUSED_SUPPRESSION
from driftd.pipeline.detect.registry import rules_by_id
from driftd.pipeline.digest import MARKS
from driftd.pipeline.manifests import LANGUAGES as MANIFESTS
from driftd.rpc.service import Filter, Page
from driftd.store.commands import Call
from driftd.store.store import Store

if TYPE_CHECKING:
    from driftd.rows.patterns import ApprovalStatus


class Judgements:
    """Writes what people say, and answers questions about violations."""

    def __init__(self, engine: Engine, store: Store, loop: RunLoop, hub: EventHub, clock: Clock) -> None:
        self._engine = engine
        self._store = store
        self._loop = loop
        self._hub = hub
        self._clock = clock

    async def feedback(self, given: writing.Given) -> dict[str, object]:
        """Store a feedback and return what it changed; NotFoundError for an unknown violation, and nothing is stored."""
        command = Call(partial(_give, given=given, silenced_inline=self._silenced_inline))
        # A client that goes away leaves nothing half heard.
        with self._engine.precedence.taken(), anyio.CancelScope(shield=True):
            (result,) = await self._store.writer.submit(command, durable=True)
            outcome: writing.Outcome = result.value
            await self._engine.learning.heard(outcome)
        self._loop.judged("feedback")
        row = outcome.row
        answer: dict[str, object] = {
            "feedback_id": row.id,
            "violation_id": row.violation_id,
            "pattern_id": row.pattern_id,
            "detector_id": row.detector_id,
            "action": row.action,
            "undoes": row.undoes,
            "confidence_before": outcome.before.mean,
            "confidence_after": outcome.after.mean,
            "alpha": outcome.after.alpha,
            "beta": outcome.after.beta,
            "suppressed": outcome.suppressed,
            "suppression_source": outcome.suppression_source,
            "changed": [
                *(["confidence"] if outcome.before != outcome.after else []),
                *(["suppressed"] if outcome.suppressed != outcome.was_suppressed else []),
            ],
        }
        self._hub.publish("findings.changed", {"cause": "feedback", **answer})
        return answer

    async def set_pattern_status(self, pattern: str, status: ApprovalStatus, reason: str | None) -> dict[str, object]:
        """Store what a person decided about a pattern, which wins over everything that follows from feedback."""
        is_rule = pattern in rules_by_id() or pattern == UNUSED_SUPPRESSION
        command = Call(partial(_set_status, pattern=pattern, status=status, reason=reason, is_rule=is_rule))
        with self._engine.precedence.taken(), anyio.CancelScope(shield=True):
            (result,) = await self._store.writer.submit(command, durable=True)
            await self._engine.learning.decided(pattern, status, result.value["approved_at"])
        self._loop.judged("pattern status")
        answer: dict[str, object] = result.value
        self._hub.publish("findings.changed", {"cause": "pattern_status", **answer})
        return answer

    def feedback_stats(self) -> list[dict[str, object]]:
        """Return the rates of false findings."""
        return self._engine.learning.statistics()

    async def violations(self, filters: Mapping[str, Filter], limit: int, after: str | None) -> Page:
        """Return a page of violations."""
        return await violation_queries.page(self._store.reader, filters, limit, after)

    async def explain(self, violation: str) -> dict[str, Any]:
        """Return everything there is to say about a violation."""
        told = await violation_queries.explain(self._store.reader, violation)
        edit = await self._edit(told["violation"])
        return {**told, "quick_fix": {name: edit[name] for name in ("edits", "reason")}}

    async def quick_fix(self, violation: str) -> dict[str, Any]:
        """Return the edits that remove a violation from its file as it is on disk now."""
        found = await violation_queries.find(self._store.reader, violation)
        edit = await self._edit(found)
        return {"violation_id": found["id"], "description": found["quick_fix_description"], **edit}

    async def _edit(self, violation: Mapping[str, Any]) -> dict[str, Any]:
        path = str(violation["file"])
        file = self._engine.project.file(path)
        answer: dict[str, Any] = {"file": path, "content_hash": None, "edits": []}
        if violation["resolved_at"] is not None:
            return {**answer, "reason": "it is resolved"}
        if file is None or file.language in MANIFESTS:
            return {**answer, "reason": "the file is not analysed"}
        try:
            data, _ = await anyio.to_thread.run_sync(
                read_stable, os.fsencode(self._engine.root / path), self._engine.largest
            )
        except OSError as error:
            return {**answer, "reason": f"the file cannot be read: {error.strerror or error}"}
        asked = msgspec.msgpack.encode(fixes.Question(path, file.language, data, violation["id"]))
        found = msgspec.msgpack.decode(await self._engine.pool.call(fixes.answer, asked), type=fixes.QuickFix)
        return {
            **answer,
            "content_hash": hashlib.sha256(data).hexdigest(),
            "edits": [msgspec.structs.asdict(edit) for edit in found.edits],
            "reason": found.reason or None,
        }

    async def write_baseline(self) -> dict[str, object]:
        """Make what is found now the baseline: whatever comes later is new."""
        rows = await self._store.reader.fetch("SELECT id FROM violations WHERE resolved_at IS NULL")
        path = self._engine.learning.baseline_path
        target = Baseline(self._engine.root, path)
        count = await anyio.to_thread.run_sync(target.write, [number for (number,) in rows], self._clock.now())
        self._loop.judged("baseline")
        return {"path": path, "violations": count}

    def _silenced_inline(self, path: str, violation: str) -> bool:
        """Return whether a comment silences a violation; called on the writer's thread, of a file as it is now."""
        file = self._engine.project.file(path)
        if file is None:
            return False
        return any(fault.suppressed for fault in file.part(MARKS).faults if fault.id == violation)


def _give(connection: Any, now: int, *, given: writing.Given, silenced_inline: Any) -> writing.Outcome:
    return writing.give(connection, now, given, silenced_inline)


def _set_status(connection: Any, now: int, **decision: Any) -> dict[str, Any]:
    return writing.set_status(connection, now, **decision)


def checked(given: writing.Given) -> writing.Given:
    """Return what was said if it makes sense; raises UsageError."""
    if given.undo is not None:
        if given.violation or given.action or given.dismissal_reason:
            raise UsageError("undo stands alone: it is about the feedback that it names", hint="leave the others out")
        return given
    if not (given.violation and given.action):
        raise UsageError(
            "feedback needs violation_id and action, or undo", hint="action: dismiss, fix, suppress, escalate"
        )
    if given.dismissal_reason and given.action != "dismiss":
        raise UsageError(f"{given.action} has no dismissal_reason", hint="say why in `reason`")
    return given
