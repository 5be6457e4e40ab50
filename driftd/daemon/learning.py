"""What driftd has learned from people and earlier runs: read from the tables once, kept current as feedback arrives.

An analysis gets it as `Learned` (`project.learned`).  What people said stands in the tables `feedback`,
`pattern_status` and `conventions`, and in `violations` where the feedback itself has aged out.  What follows from it
by the clock, which patterns have too many false findings, is worked out here, and written down where it has
consequences: alerts, and a status of `ignored` by `auto` for a pattern that is disabled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import anyio
import anyio.to_thread
import msgspec

from driftd.clock import Clock
from driftd.config import Settings
from driftd.daemon import baseline
from driftd.daemon.feedback import ACTION_COLUMNS, SILENCING, Outcome, action_of, catch_up, total_effect
from driftd.errors import ConfigError
from driftd.logs import Logger
from driftd.pipeline.learned import Learned, Seen
from driftd.pipeline.patterns.false_positives import DAY, SUSTAINED, TOO_MANY, Action, Rate, burst, rate_of, standing
from driftd.rows.declare import table_of
from driftd.rows.enforcement import DegradationAlertRow
from driftd.rows.feedback_effect import NEUTRAL, Effect
from driftd.rows.ids import json_text
from driftd.rows.patterns import ConventionRow, PatternConfidenceRow, PatternStatusRow
from driftd.rows.workspace import WorkspaceEventRow
from driftd.store.commands import Append, Call, Command, Update, Upsert
from driftd.store.reader import Reader
from driftd.store.writer import Writer

log = Logger("driftd.learning")

ALERT_TYPE: Final = "false_positive_increase"
Listener = Callable[[Mapping[str, object]], None]


class Briefing(NamedTuple):
    """What an analysis is given, the version of it, and the newest feedback that is in it."""

    learned: Learned
    version: int
    through: int


class Subject(msgspec.Struct, frozen=True):
    """A pattern or a detector of which findings are judged."""

    kind: Literal["pattern", "detector"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class _Said(msgspec.Struct):
    """Everything in the tables that people said, as it is needed here."""

    through: int = 0  # the newest id
    actions: dict[int, Action] = {}  # by id, in order of time
    decided: dict[str, tuple[str, str | None, int]] = {}  # pattern: status, by whom, when


class Learning:
    """Keeps `Learned` current.  One for an engine; its methods are called on the event loop."""

    def __init__(self, root: Path, reader: Reader, writer: Writer | None, settings: Settings, clock: Clock) -> None:
        """Know nothing until `load`; without a writer nothing is written down of what follows."""
        self._root = root
        self._reader = reader
        self._writer = writer
        self._settings = settings
        self._clock = clock
        self._said = _Said()
        self._by_subject: dict[Subject, list[Action]] = {}
        self._rates: dict[Subject, Rate] = {}
        self._rates_hold_until = 0  # from then on time alone may have changed them
        self._alerts: dict[str, int] = {}  # by subject, the ids of those that last
        self._alerted: dict[str, str] = {}  # with the severity that was written
        self._baseline = baseline.Baseline(root, settings.enforcement.baseline)
        self._reading = anyio.Lock()
        self._renamed: dict[str, str] = {}  # violations, by the ids they had before this run
        self._bursts: dict[str | None, int] = {}  # by author, when one was last flagged
        self.current = Learned()
        self.version = 0  # grows when an analysis would find something else for it
        self.on_alert: Listener = lambda _: None

    @property
    def through(self) -> int:
        """Return the id of the newest feedback that is in `current`."""
        return self._said.through

    @property
    def baseline_path(self) -> str:
        """Return where the baseline is, relative to the workspace."""
        return self._settings.enforcement.baseline

    def configure(self, settings: Settings) -> None:
        """Take other settings, from the next run on."""
        self._settings = settings
        self._baseline = baseline.Baseline(self._root, settings.enforcement.baseline)
        self._rates_hold_until = 0
        self._know(disabled_rules=frozenset(settings.detection.disabled))

    async def load(self) -> None:
        """Read everything from the tables."""
        async with self._reading:
            await self._load()

    async def _load(self) -> None:
        fetch = self._reader.fetch
        said = [Action(*row) for row in await fetch(f"SELECT {ACTION_COLUMNS} FROM feedback ORDER BY id")]  # noqa: S608
        violations = await fetch("SELECT id, violation_id, action, undoes FROM feedback ORDER BY id")
        silenced = await fetch("SELECT id FROM violations WHERE suppression_source = 'user'")
        patterns = await fetch(
            "SELECT pattern_id, feedback_alpha, feedback_beta, history, seen_at FROM pattern_confidence"
        )
        status = await fetch("SELECT pattern_id, status, approved_by, updated_at FROM pattern_status")
        alerts = await fetch(
            "SELECT id, severity, message FROM degradation_alerts WHERE alert_type = ? AND resolved_at IS NULL",
            [ALERT_TYPE],
        )
        bursts = await fetch(
            "SELECT details, created_at FROM workspace_events WHERE event_type = 'feedback_burst' AND created_at > ?",
            [self._clock.now() - DAY],
        )
        through = max((one.number for one in said), default=0)
        self._said = _Said(
            through, {one.number: one for one in said}, {pattern: (what, by, at) for pattern, what, by, at in status}
        )
        self._by_subject = {}
        for one in said:
            self._count(one)
        self._alerts = {_subject_in(message): number for number, _, message in alerts}
        self._alerted = {_subject_in(message): severity for _, severity, message in alerts}
        self._bursts = {msgspec.json.decode(details).get("author"): at for details, at in bursts}
        self._rates_hold_until = 0
        self.current = msgspec.structs.replace(
            self.current,
            feedback=_effects(said, {pattern: (alpha, beta) for pattern, alpha, beta, _, _ in patterns}),
            dismissed=_dismissed(violations, {violation for (violation,) in silenced}),
            conventions=await self._conventions(),
            history={pattern: _history(text) for pattern, _, _, text, _ in patterns if text},
            last_seen={pattern: at for pattern, *_, at in patterns if at is not None},
            disabled_rules=frozenset(self._settings.detection.disabled),
            **self._decided(),
        )
        self.version += 1

    async def before_run(self) -> Briefing:
        """Return what an analysis at this moment is to know; alerts and disabled patterns are written by then."""
        now = self._clock.now()
        self._renamed = {}
        await self._read_baseline()
        if now >= self._rates_hold_until:
            await self._judge(now)
        self.current = msgspec.structs.replace(self.current, now=now)
        return Briefing(self.current, self.version, self.through)

    async def heard(self, outcome: Outcome) -> None:
        """Take a feedback that was stored; whoever waits for its answer finds alerts and events written."""
        async with self._reading:  # what is being read now may hold it, or may not
            await self._hear(outcome)

    async def _hear(self, outcome: Outcome) -> None:
        row, action = outcome.row, action_of(outcome.row)
        is_known = action.number in self._said.actions
        self._said.actions[action.number] = action
        self._said.through = max(self._said.through, action.number)
        dismissed = set(self.current.dismissed)
        violation = self._renamed.get(row.violation_id, row.violation_id)
        (dismissed.add if outcome.suppression_source == "user" else dismissed.discard)(violation)
        self._know(feedback={**self.current.feedback, row.pattern_id: outcome.effect}, dismissed=frozenset(dismissed))
        await self._judge(self._clock.now(), () if is_known else self._count(action))
        await self._flag_burst(row.author)

    async def decided(self, pattern: str, status: str, at: int) -> None:
        """Take what a person decided about a pattern."""
        self._said.decided[pattern] = (status, "user", at)
        self._know(**self._decided())
        await self._judge(self._clock.now(), (Subject("pattern", pattern), Subject("detector", pattern)))

    def catching_up(self, since: int) -> Call:
        """Return the command that lets feedback after `since` stand against what an analysis writes."""
        return Call(lambda connection, now: catch_up(connection, now, since))

    def renamed(self, ids: Mapping[str, str]) -> None:
        """Take that findings live on under new ids."""
        self._renamed.update(ids)  # what was said of an old id may still be on its way here
        moved = {old: new for old, new in ids.items() if old in self.current.dismissed}
        if moved:
            self.current = msgspec.structs.replace(
                self.current, dismissed=(self.current.dismissed - moved.keys()) | frozenset(moved.values())
            )

    async def regularised(self) -> None:
        """Take the conventions that an analysis has written."""
        self.current = msgspec.structs.replace(self.current, conventions=await self._conventions())

    async def _conventions(self) -> dict[tuple[str, str], ConventionRow]:
        return {(row.pattern_id, row.scope): row for row in await self._reader.rows(ConventionRow)}

    def scored(self, rows: Iterable[Sequence[object]]) -> None:
        """Take what an analysis saw of patterns: rows of `pattern_confidence`, in column order."""
        names = table_of(PatternConfidenceRow).names
        key, history, seen = names.index("pattern_id"), names.index("history"), names.index("seen_at")
        rows = list(rows)
        if not rows:
            return
        histories, last_seen = dict(self.current.history), dict(self.current.last_seen)
        for row in rows:
            pattern, text, at = str(row[key]), row[history], row[seen]
            if isinstance(text, str):
                histories[pattern] = _history(text)
            if isinstance(at, int):
                last_seen[pattern] = at
        self.current = msgspec.structs.replace(self.current, history=histories, last_seen=last_seen)

    def statistics(self) -> list[dict[str, object]]:
        """Return what became of the findings of each pattern and detector that was acted upon, most false ones first."""
        now = self._clock.now()
        items: list[dict[str, object]] = []
        for subject, rate in sorted(self._rates.items(), key=lambda one: (-(one[1].share or 0), str(one[0]))):
            recent = self._counted(subject, now)
            counts = {
                action: sum(one.action == action for one in recent)
                for action in ("fix", "dismiss", "suppress", "escalate")
            }
            items.append(
                {
                    "kind": subject.kind,
                    "id": subject.name,
                    "actions": rate.actions,
                    **counts,
                    "false_positives": rate.false,
                    "rate": rate.share,
                    "state": self._state(subject, rate),
                    "above_since": rate.above_since,
                    "status": self._said.decided.get(subject.name, ("discovered",))[0],
                }
            )
        return items

    # -- what follows --------------------------------------------------------------------------------------------------

    def _know(self, **changes: Any) -> None:
        self.current = msgspec.structs.replace(self.current, **changes)
        self.version += 1

    def _decided(self) -> dict[str, Any]:
        decided = self._said.decided.items()
        return {
            "ignored": frozenset(p for p, (status, by, _) in decided if status == "ignored" and by != "auto"),
            "approved": frozenset(p for p, (status, _, _) in decided if status == "approved"),
            "disabled": frozenset(p for p, (status, by, _) in decided if status == "ignored" and by == "auto"),
        }

    def _state(self, subject: Subject, rate: Rate) -> str:
        status, by, _ = self._said.decided.get(subject.name, ("discovered", None, 0))
        if status == "ignored":
            return "disabled" if by == "auto" else "ignored"
        if status == "approved":
            return "approved"
        return "downgraded" if rate.downgrades else "alert" if rate.alerts else "healthy"

    def _count(self, action: Action) -> tuple[Subject, Subject]:
        subjects = Subject("pattern", action.pattern), Subject("detector", action.detector)
        for subject in subjects:
            self._by_subject.setdefault(subject, []).append(action)
        return subjects

    def _of(self, subject: Subject) -> list[Action]:
        """Return what was done about a subject since a person last decided about it: that begins the count anew."""
        status = self._said.decided.get(subject.name)
        since = status[2] if status is not None and status[1] == "user" else -1
        return [one for one in standing(self._by_subject.get(subject, ())) if one.at > since]

    def _counted(self, subject: Subject, now: int) -> list[Action]:
        return [one for one in self._of(subject) if one.at > now - self._window]

    @property
    def _window(self) -> int:
        return self._settings.feedback.window_days * DAY

    async def _judge(self, now: int, subjects: Iterable[Subject] | None = None) -> None:
        """Work the rates out, all or some, and let follow what follows: severities, alerts, disabled patterns."""
        hold = self._rates_hold_until if subjects is not None else 2**62
        for subject in self._by_subject if subjects is None else subjects:
            counted = self._of(subject)
            rate = self._rates[subject] = rate_of(counted, self._window, now)
            changes = [one.at + self._window for one in counted]
            if rate.above_since is not None:
                changes.append(rate.above_since + SUSTAINED)
            hold = min([hold, *(at for at in changes if at > now)])
        self._rates_hold_until = hold
        disabled = {s for s, rate in self._rates.items() if rate.disables(now) and self._may_be_disabled(s.name)}
        downgraded = frozenset(
            s.name for s, rate in self._rates.items() if rate.downgrades and s.name not in self.current.approved
        )
        commands = [*self._alert_commands(now), *self._disable_commands(disabled, now)]
        if commands and self._writer is not None:
            await self._write(self._writer, commands, disabled, now)
        if downgraded != self.current.downgraded:
            self._know(downgraded=downgraded)

    def _may_be_disabled(self, name: str) -> bool:
        return self._said.decided.get(name, ("discovered",))[0] == "discovered"

    def _alert_commands(self, now: int) -> list[Command]:
        wanted = {
            str(subject): (subject, rate)
            for subject, rate in self._rates.items()
            if rate.alerts and subject.name not in self.current.approved
        }
        commands: list[Command] = []
        ended = [self._alerts[name] for name in self._alerts if name not in wanted]
        if ended:
            commands.append(Update(DegradationAlertRow, ended, {"resolved_at": now}))
        fresh = [self._alert(*wanted[name]) for name in wanted if name not in self._alerts]
        worse = [
            Update(
                DegradationAlertRow,
                [self._alerts[name]],
                {"severity": "critical", "current_value": rate.share, "message": _message(subject, rate)},
            )
            for name, (subject, rate) in wanted.items()
            if self._alerted.get(name) == "warning" and rate.downgrades
        ]
        return [*commands, *worse, *([Append(DegradationAlertRow, fresh)] if fresh else [])]

    def _alert(self, subject: Subject, rate: Rate) -> DegradationAlertRow:
        share = rate.share or 0.0
        return DegradationAlertRow(
            alert_type=ALERT_TYPE,
            severity="critical" if rate.downgrades else "warning",
            message=_message(subject, rate),
            current_value=share,
            previous_value=0.0,
            delta=share,
        )

    def _disable_commands(self, subjects: Iterable[Subject], now: int) -> list[Command]:
        rows = {
            subject.name: PatternStatusRow(
                pattern_id=subject.name,
                status="ignored",
                approved_by="auto",
                approved_at=now,
                reason=f"over {TOO_MANY:.0%} of its findings were false for 30 days",
                updated_at=now,
            )
            for subject in subjects
        }
        if not rows:
            return []
        events = [
            WorkspaceEventRow(event_type="pattern_disabled", details=json_text({"pattern_id": name}), created_at=now)
            for name in rows
        ]
        return [Upsert(PatternStatusRow, list(rows.values())), Append(WorkspaceEventRow, events)]

    async def _write(self, writer: Writer, commands: Sequence[Command], disabled: Iterable[Subject], now: int) -> None:
        results = await writer.submit(*commands, durable=True)  # whoever gave the feedback waits for this as well
        for command, result in zip(commands, results, strict=True):
            if isinstance(command, Append) and command.table is DegradationAlertRow:
                for row, number in zip(command.rows, result.ids, strict=True):
                    assert isinstance(row, DegradationAlertRow)  # noqa: S101 - see _alert_commands
                    name = _subject_in(row.message)
                    self._alerts[name], self._alerted[name] = number, row.severity
                    self._tell({"alert_type": ALERT_TYPE, "severity": row.severity, "reason": row.message})
            elif isinstance(command, Update) and "message" in command.values:
                name = _subject_in(str(command.values["message"]))
                self._alerted[name] = "critical"
                self._tell({"alert_type": ALERT_TYPE, "severity": "critical", "reason": command.values["message"]})
            elif isinstance(command, Update):
                gone = set(command.keys)
                self._alerts = {name: number for name, number in self._alerts.items() if number not in gone}
                self._alerted = {name: self._alerted[name] for name in self._alerts}
        for subject in disabled:
            self._said.decided[subject.name] = ("ignored", "auto", now)
            self._tell({"alert_type": "pattern_disabled", "severity": "critical", "reason": f"{subject} is disabled"})
        if disabled:
            self._know(**self._decided())

    async def _flag_burst(self, author: str | None) -> None:
        """Note that one author dismissed more than anybody can have looked at; once for each such stretch."""
        found = burst(list(self._said.actions.values()), author)
        if not found or self._bursts.get(author, -1) >= found[0].at:
            return
        self._bursts[author] = found[-1].at
        details = {
            "author": author,
            "dismissals": len(found),
            "patterns": sorted({one.pattern for one in found}),
            "from": found[0].at,
            "to": found[-1].at,
        }
        row = WorkspaceEventRow(event_type="feedback_burst", details=json_text(details), created_at=found[-1].at)
        if self._writer is not None:
            await self._writer.submit(Append(WorkspaceEventRow, (row,)), durable=True)
        self._tell(
            {"alert_type": "feedback_burst", "severity": "warning", "reason": f"{len(found)} dismissals by {author}"}
        )

    def _tell(self, event: Mapping[str, object]) -> None:
        log.warning("feedback", **event)
        self.on_alert(event)

    async def _read_baseline(self) -> None:
        try:
            ids, is_other = await anyio.to_thread.run_sync(self._baseline.read)
        except ConfigError as error:
            log.error("baseline not read", error=str(error))
            ids, is_other = None, self.current.baseline is not None
        if is_other:
            self._know(baseline=ids)


def _message(subject: Subject, rate: Rate) -> str:
    return f"{subject}: {rate.false} of {rate.actions} findings that people acted upon were false ({rate.share:.0%})"


def _subject_in(message: str) -> str:
    """Return the subject of an alert; its row has no column for it."""
    match = re.match(r"(.*): \d+ of \d+ ", message)
    return match[1] if match else message


def _effects(said: Iterable[Action], folded: Mapping[str, tuple[float, float]]) -> dict[str, Effect]:
    by_pattern: dict[str, list[Action]] = {}
    for one in said:
        by_pattern.setdefault(one.pattern, []).append(one)
    effects = {
        pattern: total_effect(folded.get(pattern, NEUTRAL), by_pattern.get(pattern, ()))
        for pattern in by_pattern.keys() | folded.keys()
    }
    return {pattern: effect for pattern, effect in effects.items() if effect != NEUTRAL or pattern in by_pattern}


def _dismissed(said: Iterable[tuple[int, str, str, int | None]], silenced: set[str]) -> frozenset[str]:
    """Return the violations whose last word silences them; of those without any left, what their row says."""
    rows = list(said)
    undone = {undoes for *_, undoes in rows}
    last: dict[str, str | None] = {}
    for number, violation, action, undoes in rows:
        last.setdefault(violation, None)
        if undoes is None and number not in undone:
            last[violation] = action
    return frozenset(
        {violation for violation, action in last.items() if action in SILENCING}
        | {violation for violation in silenced if violation not in last}
    )


def _history(text: object) -> tuple[Seen, ...]:
    try:
        return tuple([Seen(*one) for one in msgspec.json.decode(str(text), type=list[tuple[int, int, int]])])
    except msgspec.DecodeError:
        return ()
