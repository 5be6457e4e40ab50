"""Which rows may go: conditions in SQL that follow from the declarations of the tables.

A rule is a condition over a row `t`.  It looks at what the database holds and never at what the same sweep is about to
delete, so that the order of tables and slices changes nothing, and what a dry run counts is what a sweep deletes.
A time-based tier deletes what is older than the tier **and** no longer current:

* a finding is current until it is resolved, or until its file is not tracked any more;
* a row of a series is current until a newer one follows: the newest of each series always stays;
* what is about a function or a file is current as long as that is there.

Who has rows that do not fit says so in `_SPECIAL`.
"""
# ruff: noqa: S608 - identifiers come from declarations, values are bound

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from driftd.retention import verdicts
from driftd.retention.policy import DAY, HOUR
from driftd.rows.declare import Table, Tier, Write, table_of
from driftd.rows.registry import BY_NAME, TABLES
from driftd.store.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Reason = Literal["untracked", "orphan", "age", "thinned", "size", "unused", "pressure"]

MEANING: Final[Mapping[Reason, str]] = {
    "untracked": "its file is not tracked any more",
    "orphan": "the function it is about is gone",
    "age": "older than its tier and no longer current",
    "thinned": "of a series, within an hour or a day that a newer row stands for",
    "size": "over the size that its table may have, least recently used first",
    "unused": "nothing refers to it, and nothing was learnt from people",
    "pressure": "the file is larger than retention.max_db_mb",
}


class Rule(msgspec.Struct, frozen=True):
    """Rows `t` of the table for which `where` holds may go.

    `check` is what is looked at again when they are deleted: cheaper than `where` where that ranks the whole table.
    `needs_files` rules say nothing as long as no file is known: that is a failed first scan, not an empty workspace.
    """

    table: Table
    reason: Reason
    where: str
    check: str = ""
    needs_files: bool = False

    @property
    def still(self) -> str:
        """What must hold when a row is deleted that was found before."""
        return self.check or self.where


def tracked(file: str) -> str:
    """Return the condition that a file is tracked."""
    return f"EXISTS (SELECT 1 FROM file_metadata AS m WHERE m.path = {file})"


def alive(function: str) -> str:
    """Return the condition that a function is there, in a file that is tracked."""
    return f"EXISTS (SELECT 1 FROM functions AS f JOIN file_metadata AS m ON m.path = f.file WHERE f.id = {function})"


def rules() -> tuple[Rule, ...]:
    """Return every rule, table by table."""
    return tuple(rule for row in TABLES for rule in rules_of(table_of(row)))


def rules_of(table: Table) -> tuple[Rule, ...]:
    """Return the rules of a table, in the order in which they claim rows; none for what is never deleted."""
    if table.name in _SPECIAL:
        return tuple(_SPECIAL[table.name](table))
    if table.tier is Tier.PERMANENT:
        return ()
    if table.write is Write.FINDING:
        return tuple(_finding(table))
    if table.series is not None:
        return tuple(_series(table))
    if table.tier is Tier.CURRENT:
        return tuple(_referential(table))
    return (Rule(table, "age", older(table)),)


def older(table: Table) -> str:
    """Return the condition that a row is older than its table's tier."""
    return f"t.{quoted(str(table.age))} < :{table.tier.value}"


def superseded(table: Table) -> str:
    """Return the condition that a newer row of the same series follows."""
    return f"EXISTS (SELECT 1 {_newer(table)})"


def thinned(table: Table, unit: str, before: str = ":day") -> str:
    """Return the condition that the next row of the series is in the same `unit` of seconds."""
    age = quoted(str(table.age))
    following = f"(SELECT n.{age} {_newer(table)} ORDER BY n.{age}, n.{quoted(table.key[0])} LIMIT 1)"
    return f"t.{age} < {before} AND {following} / {unit} = t.{age} / {unit}"


def _newer(table: Table) -> str:
    age = quoted(str(table.age))
    if not table.series:  # what was written at the same time belongs together
        return f"FROM {quoted(table.name)} AS n WHERE n.{age} > t.{age}"
    same = " AND ".join(
        f"n.{quoted(name)} {'IS' if table.column(name).nullable else '='} t.{quoted(name)}" for name in table.series
    )
    key = quoted(table.key[0])
    return f"FROM {quoted(table.name)} AS n WHERE {same} AND (n.{age}, n.{key}) > (t.{age}, t.{key})"


def _referential(table: Table) -> Iterator[Rule]:
    if table.name == "file_metadata":  # it says what is tracked; the scan keeps it
        return
    if table.file is not None:
        yield Rule(table, "untracked", f"NOT {tracked(f't.{quoted(table.file)}')}", needs_files=True)
    if table.function_ids and table.name != "functions":
        gone = " OR ".join(f"NOT {alive(f't.{quoted(column)}')}" for column in table.function_ids)
        yield Rule(table, "orphan", f"({gone})", needs_files=True)


def _coverage(table: Table) -> Iterator[Rule]:
    """What covers what follows from the functions on both sides, whenever it was found out."""
    yield from _referential(table)


def _test_quality(table: Table) -> Iterator[Rule]:
    yield Rule(table, "age", f"{older(table)} AND NOT {alive('t.function_id')}", needs_files=True)


def _finding(table: Table) -> Iterator[Rule]:
    ended = f"t.{quoted(str(table.age))} < :{table.tier.value}"
    yield Rule(table, "age", ended)
    files = [table.file] if table.file else []
    if table.name == "taint_flows":
        files.append("source_file")
    if files:
        # By file, so that a large table is looked at once a file and not once a row.
        strange = " OR ".join(f"t.{quoted(file)} IN ({_strange(table, file)})" for file in files)
        yield Rule(
            table,
            "untracked",
            f"({strange}) AND t.resolved_at IS NULL AND t.{quoted(str(table.first_seen))} < :{table.tier.value}",
            needs_files=True,
        )


def _strange(table: Table, file: str) -> str:
    """Return the query for the files that a table tells of and that are not tracked; "" is the whole project."""
    name = quoted(file)
    return (
        f"SELECT d.{name} FROM (SELECT DISTINCT {name} FROM {quoted(table.name)}) AS d "
        f"WHERE d.{name} <> '' AND NOT {tracked(f'd.{name}')}"
    )


def _violations(table: Table) -> Iterator[Rule]:
    """A violation that somebody gave a verdict on stays as long as the verdict: it may come back."""
    age, untracked = _finding(table)
    judged = "EXISTS (SELECT 1 FROM feedback AS f WHERE f.violation_id = t.id AND f.created_at >= :medium)"
    yield Rule(table, "age", f"{age.where} AND NOT {judged}")
    yield untracked


def _series(table: Table) -> Iterator[Rule]:
    yield Rule(table, "age", f"{older(table)} AND {superseded(table)}")
    if table.thinned:
        unit = f"CASE WHEN t.{quoted(str(table.age))} < :week THEN {DAY} ELSE {HOUR} END"
        yield Rule(table, "thinned", thinned(table, unit))


def _alerts(table: Table) -> Iterator[Rule]:
    """An alert lasts until it is resolved, or until a newer one of its type takes its place."""
    over = f"(t.resolved_at < :{table.tier.value} OR (t.resolved_at IS NULL AND {superseded(table)}))"
    yield Rule(table, "age", f"{older(table)} AND {over}")


def _feedback(table: Table) -> Iterator[Rule]:
    yield Rule(table, "age", verdicts.folds("t"))


def in_use(alias: str) -> str:
    """Return the condition that cached facts are those of a tracked file, and no newer ones of the same content."""
    return (
        f"(EXISTS (SELECT 1 FROM file_metadata AS m WHERE m.content_hash = {alias}.content_hash "
        f"AND m.language = {alias}.language) AND NOT EXISTS (SELECT 1 FROM parse_cache AS n "
        f"WHERE n.content_hash = {alias}.content_hash AND n.language = {alias}.language AND n.rowid <> {alias}.rowid "
        f"AND n.created_at > {alias}.created_at))"
    )


def _parse_cache(table: Table) -> Iterator[Rule]:
    """Facts of contents that no file has may take half of what those in use take: a branch to switch back to."""
    used = f"(SELECT coalesce(sum(u.size), 0) FROM parse_cache AS u WHERE {in_use('u')})"
    spare = f"NOT {in_use('t')}"
    yield Rule(table, "age", f"{older(table)} AND {spare}")
    yield Rule(
        table, "size", _beyond(f"NOT {in_use('c')}", f"max(0, min(:cache_bytes - {used}, {used} / 2))"), check=spare
    )
    yield Rule(table, "size", _beyond(in_use("c"), ":cache_bytes"), check="TRUE")


def _beyond(which: str, budget: str) -> str:
    """Return the condition that cached facts do not fit into a budget, the most recently used first."""
    return (
        "t.rowid IN (SELECT r.place FROM (SELECT c.rowid AS place, sum(c.size) OVER (ORDER BY c.last_used_at DESC, "
        f"c.rowid DESC ROWS UNBOUNDED PRECEDING) AS total FROM parse_cache AS c WHERE {which}) AS r "
        f"WHERE r.total > {budget})"
    )


def _context_cache(table: Table) -> Iterator[Rule]:
    yield Rule(table, "age", older(table))
    yield Rule(
        table,
        "size",
        "(t.created_at, t.id) <= (SELECT l.created_at, l.id FROM context_cache AS l "
        "ORDER BY l.created_at DESC, l.id DESC LIMIT 1 OFFSET :context_rows)",
    )


def _pattern_confidence(table: Table) -> Iterator[Rule]:
    """A pattern without a place, a verdict or a decision for a long tier's time knows nothing but where it began."""
    referring = ("detections", "outliers", "violations", "conventions", "feedback", "pattern_status")
    nobody = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {name} AS o WHERE o.pattern_id = t.pattern_id)" for name in referring
    )
    yield Rule(
        table,
        "unused",
        "t.sites = 0 AND t.feedback_alpha = 0 AND t.feedback_beta = 0 AND t.last_updated < :long "
        f"AND coalesce(t.seen_at, 0) < :long AND {nobody}",
    )


_SPECIAL: Final[Mapping[str, Callable[[Table], Iterator[Rule]]]] = {
    "test_coverage": _coverage,
    "test_quality": _test_quality,
    "violations": _violations,
    "degradation_alerts": _alerts,
    "feedback": _feedback,
    "parse_cache": _parse_cache,
    "context_cache": _context_cache,
    "pattern_confidence": _pattern_confidence,
}


class Step(msgspec.Struct, frozen=True):
    """One step of giving way when the file is too large: what goes, and the rules for it."""

    name: str
    rules: tuple[Rule, ...]


def pressure() -> Sequence[Step]:
    """Return what goes when the file is still too large after a sweep, in this order; the first step that helps ends it.

    What people typed, what is still true and the newest of each series never go.
    """
    tables = [table_of(row) for row in TABLES]
    timed = [table for table in tables if table.series and table.name != "workspace_events"]
    findings = [table for table in tables if table.write is Write.FINDING]
    cache, context = table_of(BY_NAME["parse_cache"]), table_of(BY_NAME["context_cache"])
    return (
        Step("cached facts of contents that no file has", (Rule(cache, "pressure", f"NOT {in_use('t')}"),)),
        Step("the log of delivered contexts", (Rule(context, "pressure", "TRUE"),)),
        Step("findings that are resolved", tuple(_ended(table) for table in findings)),
        Step(
            "trends and histories but for one row a day",
            tuple(Rule(table, "pressure", thinned(table, str(DAY), ":now")) for table in timed if table.thinned),
        ),
        Step(
            "trends and histories but for the newest of each series",
            tuple(Rule(table, "pressure", superseded(table)) for table in timed),
        ),
        Step("cached facts: the next start has to parse", (Rule(cache, "pressure", "TRUE"),)),
    )


def _ended(table: Table) -> Rule:
    where = "t.resolved_at IS NOT NULL"
    if table.name == "violations":
        where += " AND NOT EXISTS (SELECT 1 FROM feedback AS f WHERE f.violation_id = t.id AND f.created_at >= :medium)"
    return Rule(table, "pressure", where)
