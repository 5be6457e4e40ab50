"""`backup`, `restore`, `export` and `import`: copies of the database, and of what people typed into it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from driftd.rpc.method import Method, Params, Session
from driftd.rpc.results import BackupResult, ExportResult, ImportResult, RestoreResult

File = Annotated[str, Meta(min_length=1, description="An absolute path.")]


class BackupParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `backup`."""

    file: Annotated[
        str | None,
        Meta(description="An absolute path; in the folder of backups, which is rotated, where absent or null."),
    ] = None


class RestoreParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `restore`."""

    file: File
    confirm: Annotated[Literal["DELETE"], Meta(description="Says that the database as it is may go.")]


class FileParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `export` and `import`."""

    file: File


async def backup(session: Session, params: BackupParams) -> object:
    """Make a backup."""
    return await session.service.backups.make(params.file)


async def restore(session: Session, params: RestoreParams) -> object:
    """Restore a backup."""
    return await session.service.backups.restore(params.file)


async def export(session: Session, params: FileParams) -> object:
    """Write what people typed."""
    return await session.service.backups.export(params.file)


async def merge(session: Session, params: FileParams) -> object:
    """Merge what people typed elsewhere."""
    return await session.service.backups.merge(params.file)


BACKUP = Method("backup", "Copies the database as it is and checks the copy.", BackupParams, BackupResult, backup)
RESTORE = Method(
    "restore",
    "Checks a backup, makes one of the database as it is, and starts over with the former.  The answer comes before that.",
    RestoreParams,
    RestoreResult,
    restore,
)
EXPORT = Method(
    "export",
    "Writes what people typed (feedback, approvals, constraints, migrations) as lines of JSON.",
    FileParams,
    ExportResult,
    export,
)
IMPORT = Method(
    "import",
    "Merges such a file: what is there stays unless the other is newer, and doing it again changes nothing.",
    FileParams,
    ImportResult,
    merge,
)
