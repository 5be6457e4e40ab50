"""What the daemon watches over besides the files of the workspace: its own database, its log, its backups, the clock.

The guard looks every few seconds and does what is due.  What it cannot mend itself it says: in the log, in `status`, as
an event `degraded`, and in `workspace_events`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import anyio

from driftd.clock import Clock
from driftd.errors import DriftdError
from driftd.logs import Logger
from driftd.rows.ids import json_text
from driftd.rows.workspace import WorkspaceEventRow
from driftd.store import backup
from driftd.store.commands import Append
from driftd.store.store import Store

log = Logger("driftd.guard")

LOOK_S = 2.0
BACKUP_S = 24 * 3600
RETRY_S = 3600  # after a backup that failed
FIRST_BACKUP_S = 60.0  # of running: what is short-lived makes none

# A reader may keep the log from being moved this long, or until the log is half as large as it may become.
STARVED_S = 600
# Seconds by which the wall clock may drift from the machine's own while nobody should hear of it.
CLOCK_JUMP_S = 120

_WAL_READ_LOCKS = range(123, 128)  # bytes of the `-shm` file that readers lock: SQLite's wal.c


class Guard:
    """Watches over one open store."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        tell: Callable[[Mapping[str, object]], None],
        *,
        wal_limit: int,
    ) -> None:
        """`tell` hears `{reason}` whenever that changes, None when all is well again; `wal_limit` is in bytes."""
        self._store = store
        self._clock = clock
        self._tell = tell
        self._wal_limit = wal_limit
        self._started = clock.monotonic()
        self._offset = clock.now() - clock.boot()[1]
        self._reasons: dict[str, str] = {}
        self._retry_at = 0.0
        self._wake = anyio.Event()
        store.writer.on_starved = self.look_soon

    @property
    def reason(self) -> str | None:
        """Why the daemon is degraded, as far as the guard knows."""
        return "; ".join(self._reasons.values()) or None

    def look_soon(self) -> None:
        """Look at once, not in a few seconds."""
        self._wake.set()

    async def run(self, on_disturbed: Callable[[], None]) -> None:
        """Look until cancelled, or until the files of the database are no longer its own."""
        while True:
            with anyio.move_on_after(LOOK_S):
                await self._wake.wait()
            self._wake = anyio.Event()
            if (what := self._store.disturbed()) is not None:
                log.error("the database was taken away", what=what)
                on_disturbed()
                return
            await self.look()

    async def look(self) -> None:
        """Look at everything once."""
        before = self.reason
        await self._look_at_clock()
        await self._look_at_log()
        await self._look_at_backups()
        if self.reason != before:
            self._tell({"reason": self.reason})
            if self.reason is not None:
                log.warning("degraded", reason=self.reason)
                await self._record("degraded", {"reason": self.reason})

    async def _look_at_clock(self) -> None:
        """Notice that the wall clock was set: the machine's own clock goes on, asleep or not."""
        offset = self._clock.now() - self._clock.boot()[1]
        if abs(jump := round(offset - self._offset)) > CLOCK_JUMP_S:
            log.warning("the clock was set", by_s=jump)
            await self._record("clock_set", {"by_s": jump})
        self._offset = offset

    async def _look_at_log(self) -> None:
        stats = self._store.writer.stats()
        since = stats.wal_starved_since
        if since is None:
            self._reasons.pop("log", None)
            return
        for_s = self._store.writer.starved_s()
        if stats.wal_bytes * 2 >= self._wal_limit or for_s >= STARVED_S:
            names = ", ".join([*readers(self._store.path), *self._store.reader.busy()]) or "a reader"
            self._reasons["log"] = (
                f"the write-ahead log cannot be moved into the database: it has {stats.wal_bytes >> 20} MiB "
                f"of at most {self._wal_limit >> 20}, because {names} keeps an old transaction open"
            )

    async def _look_at_backups(self) -> None:
        journal, now = self._store.journal, self._clock.monotonic()
        if journal is None or now < self._retry_at or now - self._started < FIRST_BACKUP_S:
            return
        try:
            if is_due(self._store.path, self._clock.now()):
                made = await self._store.back_up("scheduled")
                log.info("backed up", file=made.path.name, bytes=made.size)
            elif journal.has_grown:
                await self._store.begin_journal_anew()
            self._reasons.pop("backup", None)
        except DriftdError as error:
            self._retry_at = now + RETRY_S
            self._reasons["backup"] = f"no backup could be made: {error}"

    async def _record(self, what: str, details: Mapping[str, object]) -> None:
        row = WorkspaceEventRow(event_type=what, details=json_text(details))
        try:
            await self._store.writer.submit(Append(WorkspaceEventRow, (row,)))
        except DriftdError as error:  # the disk is full, maybe: that was to be told, and the log has it
            log.warning("an event was not recorded", event_type=what, error=str(error))


def is_due(database: Path, now: int) -> bool:
    """Tell whether the automatic backup is due; one from the future is of a clock that was wrong."""
    newest = next((made for made in backup.backups(database) if made.reason == "scheduled"), None)
    return newest is None or not 0 <= now - newest.made_at < BACKUP_S


def readers(database: Path, locks: Path = Path("/proc/locks")) -> list[str]:
    """Return the other processes that read in a transaction, as `process 123 (sqlite3)`, as far as the system tells."""
    try:
        status = database.with_name(database.name + "-shm").stat()
        lines = locks.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    found: dict[int, None] = {}
    for line in lines:
        # "1: POSIX  ADVISORY  READ 22605 fe:00:2467645 128 128": proc(5); a waiting one has "->" after its number.
        fields = line.replace("->", " ").split()
        if len(fields) < 8 or fields[5] != device or not fields[6].isdigit():
            continue
        last = int(fields[7]) if fields[7].isdigit() else int(fields[6])
        if any(int(fields[6]) <= byte <= last for byte in _WAL_READ_LOCKS) and int(fields[4]) not in {0, os.getpid()}:
            found[int(fields[4])] = None
    return [f"process {pid} ({_name(pid)})" for pid in found]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "not to be seen from here"
