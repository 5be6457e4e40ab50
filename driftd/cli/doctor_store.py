"""The checks of `driftd doctor` that are about the database and about what is kept besides it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from driftd.cli.client import ask
from driftd.cli.finding import Finding
from driftd.cli.output import counted, size
from driftd.errors import DriftdError
from driftd.watch.workspace import Layout

if TYPE_CHECKING:
    from driftd.store.backup import Backup

LARGEST = 5  # tables that are named
WASTED = 64 * 1024**2  # bytes of free pages that are worth a word
DAY_S = 24 * 3600
OLD_BACKUP_S = 3 * DAY_S
STATUS_TIMEOUT_S = 5.0
# Database and clock may differ by what another machine's clock is off.
CLOCK_SLACK_S = DAY_S


def database(root: Path) -> Iterator[Finding]:
    """Check the database file, and that the daemon works on the file that is there."""
    from driftd.store.connect import connect_reader, wal_bytes
    from driftd.store.migrate import refuse_newer

    path = Layout(root).database
    if not path.exists():
        if path.with_name("journal").exists():
            hint = "start the daemon: driftd serve"
            yield Finding("database", "warn", "gone; what people typed is in the journal and comes back", hint)
        else:
            yield Finding("database", "ok", "none yet")
        return
    refuse_newer(path)
    with closing(connect_reader(path)) as opened:
        problems = [row[0] for row in opened.execute("PRAGMA integrity_check(5)")]
        version = opened.execute("PRAGMA user_version").fetchone()[0]
    if problems == ["ok"]:
        # What was written last, or since a daemon was killed, lies in the log.
        taken, log = size(path.stat().st_size), wal_bytes(path)
        sizes = f"{taken} and {size(log)} of log" if log else taken
        yield Finding("database", "ok", f"sound, {sizes}, schema version {version}")
    else:
        hint = "restart the daemon: it puts the file aside, rebuilds it and keeps what people typed"
        yield Finding("database", "fail", f"{path}: {'; '.join(problems)}", hint)


def kept(root: Path) -> Iterator[Finding]:
    """Check journal and backups, and name what was put aside."""
    from driftd.store import backup, journal
    from driftd.store.safekeeping import set_aside

    path = Layout(root).database
    contents = journal.read(path.with_name(journal.FILE_NAME))
    if contents is None:
        if path.exists():
            yield Finding("journal", "warn", "there is none", "the daemon begins one: driftd serve")
        else:
            yield Finding("journal", "ok", "none yet")
    elif contents.is_whole:
        rows = sum(row is not None for table in contents.state.values() for row in table.values())
        yield Finding("journal", "ok", f"whole, {size(contents.size)}, {counted(rows, 'row')} that people typed")
    else:
        detail = f"{counted(contents.damaged, 'part')} of it cannot be read"
        yield Finding("journal", "fail", detail, "restart the daemon: it begins a new one from the database")
    yield from _backups(path, backup.backups(path))
    for file in set_aside(path):
        hint = f"if nothing is missing, remove it: rm {file}*"
        yield Finding("put aside", "warn", f"{file.name}, {size(file.stat().st_size)}", hint)
    yield from _daemon(root)


def _backups(path: Path, backups: list[Backup]) -> Iterator[Finding]:
    from driftd.store import backup

    if not backups:
        if path.exists():
            yield Finding("backup", "ok", "none yet: the daemon makes one a day while it runs", "or now: driftd backup")
        return
    newest = backups[0]
    age = time.time() - newest.made_at
    total = size(sum(one.size for one in backups))
    detail = f"{counted(len(backups), 'backup')}, {total}, the newest {newest.path.name}"
    if faults := backup.check(newest.path):
        yield Finding("backup", "fail", f"{detail} is damaged: {faults[0]}", "driftd backup")
    elif age > OLD_BACKUP_S:
        yield Finding(
            "backup", "warn", f"{detail} is {age / DAY_S:.0f} days old", "driftd backup, or let the daemon run"
        )
    else:
        yield Finding("backup", "ok", f"{detail} is sound")


def _daemon(root: Path) -> Iterator[Finding]:
    """Say what the daemon had to put right when it started, and what it cannot put right now."""
    try:
        status = ask(root, "status", timeout_s=STATUS_TIMEOUT_S)
    except DriftdError:  # the check of the daemon has said why
        return
    recovery = (status.get("safekeeping") or {}).get("recovery")
    if recovery:
        restored = sum((recovery.get("restored") or {}).values())
        why = recovery.get("why") or f"it came from {recovery.get('came_from')}"
        detail = f"at the last start: {why}; {counted(restored, 'row')} put back"
        yield Finding("recovery", "warn", detail, "nothing is to be done; the log has the details")
    if degraded := (status.get("as_of") or {}).get("degraded"):
        yield Finding("degraded", "warn", str(degraded), "end what it names, or wait; the log has the details")


def space(root: Path) -> Iterator[Finding]:
    """Say what takes how much of the database, and how it grows; each sweep leaves a sample."""
    from driftd.config import load
    from driftd.retention.growth import recorded
    from driftd.retention.policy import Policy
    from driftd.store.connect import connect_reader, wal_bytes
    from driftd.store.space import table_bytes

    path = Layout(root).database
    if not path.exists():
        yield Finding("space", "ok", "none taken")
        return
    with closing(connect_reader(path)) as database:
        sizes, is_exact = table_bytes(database)
        (files,) = database.execute("SELECT count(*) FROM file_metadata").fetchone()
        ((pages, page_size, free),) = database.execute(
            "SELECT page_count, page_size, freelist_count FROM pragma_page_count, pragma_page_size, "
            "pragma_freelist_count"
        ).fetchall()
        growth = recorded(database, pages * page_size, Policy.of(load(root)).max_bytes)
    largest = ", ".join(f"{name} {size(count)}" for name, count in list(sizes.items())[:LARGEST])
    detail = f"{size(pages * page_size / max(1, files))} a file; {'' if is_exact else 'about '}{largest}"
    detail += f"; {counted(free, 'free page')}, log {size(wal_bytes(path))}"
    if growth.bytes_per_day is not None:
        sign = "+" if growth.bytes_per_day >= 0 else "-"
        detail += f"; {sign}{size(abs(growth.bytes_per_day))} a day"
    if growth.danger is not None:
        yield Finding("space", "warn", f"{detail}; {growth.danger}", "raise retention.max_db_mb, or shorten the tiers")
    elif free * 4 > pages and free * page_size > WASTED:
        yield Finding("space", "warn", detail, "driftd gc gives the free pages back")
    else:
        yield Finding("space", "ok", detail)


def clock(root: Path) -> Iterator[Finding]:
    """Compare the clock with the newest time that was recorded."""
    from driftd.store.connect import connect_reader

    path = Layout(root).database
    if not path.exists():
        yield Finding("clock", "ok", "nothing to compare it with yet")
        return
    with closing(connect_reader(path)) as opened:
        (newest,) = opened.execute("SELECT max(created_at) FROM workspace_events").fetchone()
    behind = (newest or 0) - time.time()
    if behind > CLOCK_SLACK_S:
        detail = f"{behind / DAY_S:.0f} days behind the newest event of the database"
        hint = "set the clock; if the database was written with a wrong one, that mends itself"
        yield Finding("clock", "warn", detail, hint)
    else:
        yield Finding("clock", "ok", "agrees with what was recorded")
