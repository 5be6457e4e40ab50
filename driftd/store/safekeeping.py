"""Opening the database of a workspace so that nothing a person typed is lost, whatever became of the file.

A file beside the database says that it was closed in order, and what it looked like then.  Where that is missing or
does not fit, the database is checked: a damaged one is put aside, one of another workspace too, and what can be had of
backup and journal takes its place.  Whatever an analysis can make is left to the analysis.

Everything here runs before anybody else uses the database, on the writer's thread.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from driftd.errors import SchemaTooNewError, StoreError
from driftd.store import backup, exchange, journal, migrate, typed
from driftd.store.connect import SIDE_FILES, connect_writer, quarantine
from driftd.store.failures import is_corrupt, store_error
from driftd.store.journal import Contents, Journal

KEPT_ASIDE: Final = 3  # databases put aside, of each kind
_LINEAGE: Final = 0x44 << 24  # application_id: a `D`, then what tells one history of a database from another
_SAMPLE: Final = 200  # files that are looked for to tell a moved workspace from a foreign database
_ORIGIN: Final = "SELECT root_path FROM scan_history ORDER BY id DESC LIMIT 1"


class Recovery(msgspec.Struct):
    """What was found and done at an opening.

    `aside` is the file that was put aside; `why` what was the matter with the database; `base` the backup that took its
    place; `restored` the rows that were put back, by table; `came_from` the workspace that the database was analysed
    in before; `journal` what was wrong with the journal.
    """

    aside: str | None = None
    why: str | None = None
    base: str | None = None
    restored: dict[str, int] = {}
    came_from: str | None = None
    journal: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return what there is to tell; empty where all was in order."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}


class Carried(msgspec.Struct, frozen=True):
    """What people typed in a database that was taken away from under a running daemon."""

    lineage: int
    changes: tuple[typed.Change, ...]


class Opened(msgspec.Struct, frozen=True):
    """A database that can be worked with, its journal, and the schema version it had."""

    connection: sqlite3.Connection
    journal: Journal
    schema_before: int
    recovery: Recovery


def open_kept(path: Path, root: Path, now: int, carried: Carried | None = None) -> Opened:
    """Open the database of the workspace `root`, put back what is missing, and watch what people type from now on.

    Raises SchemaTooNewError for a newer database, StoreError if it cannot be used.
    """
    recovery = Recovery()
    contents = _read_journal(path.with_name(journal.FILE_NAME), recovery)
    is_trusted = take_mark(path)
    connection, contents, salvaged = _sound(path, root, now, contents, recovery, is_trusted=is_trusted)
    is_rebuilt = connection is None
    if connection is None:
        connection = _rebuilt(path, root, contents, recovery)
    try:
        before = migrate.upgrade(connection, path)
        lineage = _lineage(connection, contents, carried)
        if is_rebuilt or not is_trusted:
            _put_back(connection, path, contents, salvaged, recovery, is_rebuilt=is_rebuilt, lineage=lineage)
        if carried is not None:
            _take_over(connection, path, carried, recovery, lineage)
        kept = _keep_journal(connection, path, now, None if is_rebuilt else contents, lineage)
        typed.install(connection)
    except BaseException:
        connection.close()
        raise
    return Opened(connection, kept, before, recovery)


def leave_mark(path: Path, identity: tuple[int, int] | None) -> None:
    """Say that the database was closed in order; nothing is said where it is not the file that was opened."""
    with suppress(OSError):
        status = path.stat()
        if (status.st_dev, status.st_ino) != identity or path.with_name(path.name + "-wal").exists():
            return
        unfinished = _mark(path).with_name(_mark(path).name + ".new")
        unfinished.write_text(json.dumps(_look(status)), encoding="ascii")
        unfinished.replace(_mark(path))


def take_mark(path: Path) -> bool:
    """Return whether the database was closed in order and is as it was then; from now on it is open."""
    try:
        text = _mark(path).read_text(encoding="ascii")
        _mark(path).unlink()
        wal = path.with_name(path.name + "-wal")
        return bool(json.loads(text) == _look(path.stat())) and not wal.exists()
    except (OSError, ValueError):
        return False


def restore(path: Path, file: Path, now: int) -> Path | None:
    """Let a copy of `file` take the place of the database, which is put aside; return where that is.

    No connection may be open.  What people typed is then what `file` says: it begins a history of its own, and so does
    the journal.  StoreError, and all is as it was, if `file` is not sound.
    """
    unfinished = path.with_name(path.name + ".restore")
    backup.copy(file, unfinished)
    with closing(sqlite3.connect(unfinished)) as connection:
        connection.execute(f"PRAGMA application_id = {_LINEAGE | secrets.randbits(24)}")
    aside = put_aside(path, now, "replaced") if path.exists() else None
    if aside is not None:
        with suppress(FileNotFoundError):
            path.with_name(journal.FILE_NAME).replace(aside.with_name(f"{aside.name}.{journal.FILE_NAME}"))
    unfinished.replace(path)
    return aside


def put_aside(path: Path, now: int, kind: str) -> Path:
    """Move the database away as `NAME.KIND-NOW`, keep few such files, and return its new path."""
    aside = quarantine(path, now, kind)
    others = sorted(
        (file for file in set_aside(path) if f".{kind}-" in file.name and file != aside),
        key=lambda file: (file.stat().st_mtime_ns, file.name),
        reverse=True,
    )
    for old in others[KEPT_ASIDE - 1 :]:
        for suffix in ("", *SIDE_FILES, f".{journal.FILE_NAME}"):
            old.with_name(old.name + suffix).unlink(missing_ok=True)
    return aside


def set_aside(path: Path) -> list[Path]:
    """Return the databases that were put aside."""
    return [
        file
        for kind in ("damaged", "foreign", "replaced")
        for file in sorted(path.parent.glob(f"{path.name}.{kind}-*"))
        if not file.name.endswith((*SIDE_FILES, f".{journal.FILE_NAME}"))
    ]


def _mark(path: Path) -> Path:
    return path.with_name(path.name + ".closed")


def _look(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino]


def _read_journal(path: Path, recovery: Recovery) -> Contents | None:
    try:
        contents = journal.read(path)
    except StoreError as error:
        recovery.journal = error.detail
        return None
    if contents is not None and not contents.is_whole:
        recovery.journal = f"{contents.damaged} part(s) of it cannot be read"
    return contents


def _sound(
    path: Path, root: Path, now: int, contents: Contents | None, recovery: Recovery, *, is_trusted: bool
) -> tuple[sqlite3.Connection | None, Contents | None, list[typed.Change]]:
    """Return a connection to the database if it is there, whole and of this workspace; else it is put aside.

    With it comes the journal, unless that is foreign too, and what can be read of a damaged database where the journal
    does not say it all.
    """
    if not (path.exists() and path.stat().st_size):
        if contents is not None:
            recovery.why = "the database was gone"
        return None, contents, []
    connection: sqlite3.Connection | None = None
    try:
        migrate.refuse_newer(path)
        connection = connect_writer(path)
        if not is_trusted:
            _quick_check(connection, path)
            if _is_foreign(connection, root, recovery):
                lineage = backup.lineage_of(connection)
                connection.close()
                return None, _without_foreign(path, root, now, contents, recovery, lineage), []
    except BaseException as error:
        if connection is not None:
            connection.close()
        if not is_corrupt(error):
            raise
        aside = put_aside(path, now, "damaged")
        recovery.aside, recovery.why = aside.name, f"the database was damaged: {error.__cause__ or error}"
        return None, contents, [] if contents is not None and contents.is_whole else _salvage(aside)
    return connection, contents, []


def _quick_check(connection: sqlite3.Connection, path: Path) -> None:
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise store_error(error, "checking", path) from error
    if verdict != "ok":
        damage = sqlite3.DatabaseError(verdict)
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise store_error(damage, "checking", path) from damage


def _is_foreign(connection: sqlite3.Connection, root: Path, recovery: Recovery) -> bool:
    """Tell whether the database describes other files than the workspace has; a moved workspace has the same."""
    try:
        found = connection.execute(_ORIGIN).fetchone()
        if found is None or found[0] == str(root):
            return False
        paths = [path for (path,) in connection.execute("SELECT path FROM file_metadata LIMIT ?", (_SAMPLE,))]
    except sqlite3.OperationalError:  # of a time before these tables
        return False
    recovery.came_from = str(found[0])
    here = sum(os.path.lexists(root / path) for path in paths)
    return here * 2 < len(paths)


def _without_foreign(
    path: Path, root: Path, now: int, contents: Contents | None, recovery: Recovery, lineage: int
) -> Contents | None:
    """Put a foreign database aside, and the journal too if it came along with it; return the journal if it stays."""
    aside = put_aside(path, now, "foreign")
    recovery.aside = aside.name
    recovery.why = f"the database was made for {recovery.came_from}, of whose files {root} has few"
    if contents is None or contents.header is None or contents.header.lineage == lineage:
        with suppress(FileNotFoundError):
            path.with_name(journal.FILE_NAME).replace(aside.with_name(f"{aside.name}.{journal.FILE_NAME}"))
        return None
    return contents


def _salvage(damaged: Path) -> list[typed.Change]:
    try:
        with closing(sqlite3.connect(f"{damaged.as_uri()}?mode=ro", uri=True)) as connection:
            return list(typed.salvage(connection))
    except sqlite3.Error:
        return []


def _rebuilt(path: Path, root: Path, contents: Contents | None, recovery: Recovery) -> sqlite3.Connection:
    """Make the database from the newest backup that is sound and fits, or from nothing."""
    for suffix in SIDE_FILES:  # a log without its database would be played into the new one
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    wanted = contents.header.lineage if contents is not None and contents.header is not None else None
    for candidate in backup.backups(path):
        if _fits(candidate.path, root, wanted):
            unfinished = path.with_name(path.name + ".new")
            try:
                shutil.copyfile(candidate.path, unfinished)
                unfinished.chmod(0o600)
                unfinished.replace(path)
            except OSError as error:
                raise store_error(error, "restoring a backup", path) from error
            recovery.base = candidate.path.name
            recovery.why = recovery.why or "the database was gone"
            break
    return connect_writer(path)


def _fits(candidate: Path, root: Path, wanted: int | None) -> bool:
    """Tell whether a backup is sound, no newer than this driftd, and of the database that was lost."""
    if backup.check(candidate):
        return False
    try:
        migrate.refuse_newer(candidate)
        with closing(sqlite3.connect(f"{candidate.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            if wanted is not None:
                return backup.lineage_of(connection) == wanted
            origin = connection.execute(_ORIGIN).fetchone()
    except (SchemaTooNewError, StoreError, sqlite3.Error):
        return False
    return origin is None or origin[0] == str(root)


def _lineage(connection: sqlite3.Connection, contents: Contents | None, carried: Carried | None) -> int:
    """Return the number that tells the history of this database from that of others, given now if it has none."""
    lineage = backup.lineage_of(connection)
    if not lineage:
        lineage = _LINEAGE | secrets.randbits(24)
        if contents is not None and contents.header is not None:
            lineage = contents.header.lineage
        elif carried is not None:
            lineage = carried.lineage
        connection.execute(f"PRAGMA application_id = {lineage}")
    return lineage


def _put_back(
    connection: sqlite3.Connection,
    path: Path,
    contents: Contents | None,
    salvaged: list[typed.Change],
    recovery: Recovery,
    *,
    is_rebuilt: bool,
    lineage: int,
) -> None:
    """Put into the database what it lacks of what people typed."""
    state = typed.fold(salvaged)
    if contents is not None:
        for table, rows in contents.state.items():
            state.setdefault(table, {}).update(rows)
    whole = contents is not None and contents.is_whole
    if not state and not whole:
        return
    is_other = contents is not None and contents.header is not None and contents.header.lineage != lineage
    with _transaction(connection, path):
        if is_other:
            recovery.why = recovery.why or "the database is not the one that its journal belongs to"
            recovery.restored = exchange.merge(connection, typed.records(state))
        else:
            recovery.restored = typed.put_back(connection, state, exact=is_rebuilt and whole)
    if recovery.restored:
        recovery.why = recovery.why or "the database was behind its journal"


def _take_over(connection: sqlite3.Connection, path: Path, carried: Carried, recovery: Recovery, lineage: int) -> None:
    """Put in what people typed into a database that is gone from the disk."""
    state = typed.fold(carried.changes)
    with _transaction(connection, path):
        if carried.lineage == lineage:
            taken = typed.put_back(connection, state)
        else:
            taken = exchange.merge(connection, typed.records(state))
    if taken:
        recovery.why = recovery.why or "the database was taken away from under the daemon"
        recovery.restored = {
            table: taken.get(table, 0) + recovery.restored.get(table, 0) for table in {**taken, **recovery.restored}
        }


def _keep_journal(
    connection: sqlite3.Connection, path: Path, now: int, contents: Contents | None, lineage: int
) -> Journal:
    """Go on with the journal where it is whole and of this database, else begin one with what the database has."""
    where = path.with_name(journal.FILE_NAME)
    if contents is not None and contents.is_whole and contents.header and contents.header.lineage == lineage:
        kept = Journal.go_on(where, contents)
        if not kept.has_grown:
            return kept
        kept.close()
    return Journal.begin(where, lineage, now, typed.everything(connection))


@contextmanager
def _transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise store_error(error, "putting back what was typed", path) from error
        raise
