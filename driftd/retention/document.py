"""The rules as a page for people: `python -m driftd.retention.document > docs/retention.md`."""

from __future__ import annotations

import sys
from typing import Final

from driftd.retention.janitor import LIGHT_S
from driftd.retention.policy import CONTEXT_ROWS, Policy
from driftd.retention.rules import MEANING, pressure, rules_of
from driftd.retention.sweep import SLICE_ROWS, SLICE_S, VACUUM_PAGES
from driftd.rows.declare import Table, Tier, Write, table_of
from driftd.rows.registry import TABLES

_INTRODUCTION: Final = """\
The database does not grow with the number of analyses, and nothing that is still true and nothing that a person typed is lost by cleaning up.
A row goes when it is older than its tier **and** no longer current; the newest row of a series always stays.

```sh
driftd gc --dry-run              # what would go, table by table, and why
driftd gc                        # delete it, give the space back
driftd gc --retention-days 14    # other days for all timed tiers, for this once
driftd doctor                    # what takes how much, and how it grows
```

## Tiers

| tier | goes when | setting |
|---|---|---|
| current | what it describes is gone: its file is not tracked any more, or its function is gone | |
| short | older than {short} days and no longer current | `retention.short_days` |
| medium | older than {medium} days and no longer current | `retention.medium_days` |
| long | older than {long} days and no longer current | `retention.long_days` |
| permanent | never by time | |

## Tables"""

_SPECIAL: Final = {
    "violations": "resolved, and without a verdict of the medium tier's time",
    "degradation_alerts": "resolved, or a newer one of its type has taken its place",
    "feedback": "its effect is in its pattern's stored prior, and it does not decide over an open violation",
    "parse_cache": "no tracked file has this content, or a newer extractor has read it",
    "context_cache": "delivered",
    "pattern_confidence": "without a place, a verdict and a decision for a long tier's time",
    "test_quality": "its test function is gone",
    "test_coverage": "one of its functions is gone, or the test's file is not tracked",
    "file_metadata": "the scan takes it out",
    "decomposition_decisions": "a later analysis has not proposed it again",
    "taint_flows": "resolved, or one of its files is not tracked",
}

_SWEEP: Final = """\
## What else a sweep does

**Feedback** that ages out leaves its effect behind.
In the transaction that deletes it, it is added to `pattern_confidence.feedback_alpha` and `feedback_beta`, so that no score moves.
Feedback that takes earlier feedback back goes together with it, or neither goes; feedback on a pattern without a stored confidence stays.
The verdict that stands on an open violation stays however old it is.

**Trends and histories** are thinned: everything of a day, then the last of each hour for a week, then the last of each day to the end of the tier.
This holds for {thinned}.

**Cached facts** of contents that no file has any more may take half of what those in use take, for a branch to come back to; all of them together `store.cache_max_mb`.
The least recently used go first.
`context_cache` keeps its newest {context} rows.

**Space**: free pages are given back to the file system {vacuum} at a time, between other writes, and the log is cut.

## What takes the space

Django's 2,818 source files (34,000 functions, 85,000 calls) take 50 MiB, 18 KiB each:

| what | MiB | |
|---|---|---|
| `parse_cache` | 12.5 | facts of every file, compressed: a start parses nothing |
| `functions` and its indexes | 16.1 | a third of it parameters and documentation, another file and name, for look-ups |
| `call_edges` and its index of callees | 10.0 | two ids, a line, a strategy and a file each |
| `external_calls`, `data_access`, `boundaries` | 7.3 | |
| everything else | 4.3 | 1 MiB of it the first pages of tables and indexes that are still empty |

## If the file is still too large

With `retention.max_db_mb` set, a sweep that leaves a larger file takes more, in this order, and stops as soon as the file fits:

{pressure}

What people typed, open findings and the newest row of each series never go.
The result names the steps that were taken (`gave_way`) and what is still too much (`over_bytes`); the same goes into `workspace_events` and out as a `degraded` event, which also comes when the bound is near or will be met within two weeks.
A dry run counts what the tiers let go; what a bound would take besides depends on what that leaves, and is not counted.

## When

- every `retention.interval` (24 hours), give or take a tenth, when no analysis is under way; a machine that slept longer sweeps when it wakes;
- after an analysis that removed many files;
- on `driftd gc`;
- when the daemon stops and has not swept within the hour, for {light:g} seconds at most (`retention.on_shutdown`).

What may go is found by a reader, as of one moment.
Up to {slice_rows:,} rows are deleted in one transaction; more of them in slices of about {slice_ms} ms, between which saves, feedback and everything else are written.
Every slice looks at its rows again and leaves a consistent database, so a sweep that is broken off has merely done less.

## Clocks that cannot be right

Nothing is deleted while the time of day is in doubt:

- it differs by more than a day from what the machine's boot clock says has passed since the last noted moment;
- across a restart of the machine, it is more than a day before the last noted moment, or more than thirty days after it;
- it is more than a day before the newest time in the database.

After such a jump the clock has to run evenly for a day; for a week, if the database holds later times.
`driftd gc` then says why it deleted nothing, and exits with 3."""


def document() -> str:
    """Return the page."""
    policy = Policy()
    tables = [table_of(row) for row in TABLES]
    parts = [
        "# Retention",
        "<!-- Generated by `python -m driftd.retention.document`; do not edit. -->",
        _INTRODUCTION.format(short=policy.short_days, medium=policy.medium_days, long=policy.long_days),
        "\n".join(
            [
                "| table | tier | age | no longer current when | thinned |",
                "|---|---|---|---|---|",
                *(_row(table) for table in sorted(tables, key=lambda table: list(Tier).index(table.tier))),
            ]
        ),
        "Why a row went is one word in the answer of `gc`:",
        "\n".join(["| reason | meaning |", "|---|---|", *(f"| `{word}` | {text} |" for word, text in MEANING.items())]),
        _SWEEP.format(
            thinned=", ".join(f"`{table.name}`" for table in tables if table.thinned),
            context=f"{CONTEXT_ROWS:,}",
            vacuum=VACUUM_PAGES,
            pressure="\n".join(f"{number}. {step.name}" for number, step in enumerate(pressure(), start=1)),
            light=LIGHT_S,
            slice_rows=SLICE_ROWS,
            slice_ms=round(SLICE_S * 1000),
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _row(table: Table) -> str:
    age = f"`{table.age}`" if table.tier.timed and table.age else ""
    thinned = "yes" if table.thinned else ""
    return f"| `{table.name}` | {table.tier.value} | {age} | {_ending(table)} | {thinned} |"


def _ending(table: Table) -> str:
    """Return in words what the rules of a table look for."""
    if table.name in _SPECIAL:
        return _SPECIAL[table.name]
    if not rules_of(table):
        return f"never: {table.kept_because}" if table.kept_because else "never"
    if table.write is Write.FINDING:
        return "resolved" + (f", or the file in `{table.file}` is not tracked" if table.file else "")
    if table.series is not None:
        series = ", ".join(f"`{name}`" for name in table.series)
        return f"a newer row of the same {series} follows" if series else "a newer row follows"
    reasons = [f"the file in `{table.file}` is not tracked"] if table.file else []
    reasons += [f"the function in `{name}` is gone" for name in table.function_ids if table.name != "functions"]
    return ", or ".join(reasons)


if __name__ == "__main__":
    sys.stdout.write(document())
