"""Backups and exports at the wish of a client: what the RPC methods of these names ask for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.to_thread

from driftd.clock import SystemClock
from driftd.errors import StoreError, UsageError
from driftd.store import backup, exchange, migrate, safekeeping
from driftd.store.store import Store
from driftd.watch.workspace import Layout, acquire_lock


class Backups:
    """Makes and takes copies of one open store.  Paths are absolute: the daemon's own folder means nothing to others."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.on_restore: Callable[[Path], None] = lambda _: None

    async def make(self, file: str | None) -> dict[str, object]:
        """Make a backup, in the folder or as a file of its own."""
        if file is None:
            made = await self._store.back_up("user_requested", slim=False)
            return {"file": str(made.path), "bytes": made.size}
        target = _absolute(file)
        await self._store.back_up_to(target)
        return {"file": str(target), "bytes": target.stat().st_size}

    async def restore(self, file: str) -> dict[str, object]:
        """Check a backup and let it take the place of the database, for which the daemon starts over."""
        source = _absolute(file)
        await anyio.to_thread.run_sync(backup.require_sound, source)
        migrate.refuse_newer(source)
        kept = await self._store.back_up("pre_destructive", slim=False)
        self.on_restore(source)
        return {"file": str(source), "kept": str(kept.path)}

    async def export(self, file: str) -> dict[str, object]:
        """Write what people typed to a file."""
        target = _absolute(file)
        return {"file": str(target), "rows": await self._store.export(target)}

    async def merge(self, file: str) -> dict[str, object]:
        """Merge an export into the database."""
        source = _absolute(file)
        records = await anyio.to_thread.run_sync(exchange.read_file, source)
        await self._store.back_up("pre_destructive")
        return {"file": str(source), "read": len(records), "merged": await self._store.merge(records)}

    async def status(self) -> dict[str, object]:
        """Return how well what people typed is kept."""
        return await anyio.to_thread.run_sync(self._status)

    def _status(self) -> dict[str, object]:
        journal = self._store.journal
        made = backup.backups(self._store.path)
        return {
            "journal_bytes": journal.size if journal is not None else None,
            "backups": len(made),
            "backup_bytes": sum(one.size for one in made),
            "last_backup": made[0].path.name if made else None,
            "last_backup_at": made[0].made_at if made else None,
            "put_aside": [file.name for file in safekeeping.set_aside(self._store.path)],
            "recovery": self._store.recovery.as_dict() or None,
        }


def _absolute(file: str) -> Path:
    path = Path(file)
    if not path.is_absolute():
        raise UsageError(f"{file} is not an absolute path", hint="begin it with a slash")
    return path


def restore_without_daemon(root: Path, file: Path) -> dict[str, object]:
    """Restore a backup while nobody else uses the workspace; BusyError where somebody does."""
    layout = Layout(root)
    layout.ensure()
    now = SystemClock().now()
    with acquire_lock(layout):
        backup.require_sound(file)
        migrate.refuse_newer(file)
        # A damaged database is not backed up: it is put aside as it is, by `restore`.
        kept: Path | None = None
        if layout.database.exists():
            with suppress(StoreError):
                kept = backup.make(layout.database, "pre_destructive", now, slim=False).path
        aside = safekeeping.restore(layout.database, file, now)
    return {"file": str(file), "kept": str(kept or aside or "there was none")}


def merge_without_daemon(root: Path, file: Path) -> dict[str, object]:
    """Merge an export while nobody else uses the workspace; BusyError where somebody does."""
    layout = Layout(root)
    layout.ensure()

    async def merge() -> dict[str, object]:
        async with Store.open(layout.database, workspace=layout.root) as store:
            return await Backups(store).merge(str(file))

    with acquire_lock(layout):
        return anyio.run(merge)
