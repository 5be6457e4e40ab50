"""The baseline: a file with the ids of the violations that were there when it was written; all others are new."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from driftd.errors import ConfigError, RefusedError

VERSION: Final = 1


class _File(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    created_at: int
    violations: tuple[str, ...]


class Baseline:
    """Reads the file again when it has changed."""

    def __init__(self, root: Path, path: str) -> None:
        """Take the workspace and the path within it."""
        self.path = root / path
        self._stamp: tuple[int, ...] | None = None
        self._ids: frozenset[str] | None = None
        self._read_once = False

    def read(self) -> tuple[frozenset[str] | None, bool]:
        """Return the ids (None without a file), and whether they are others than at the last call.

        Raises ConfigError for a file that is none.
        """
        try:
            status = self.path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp == self._stamp:
                return self._ids, False
            ids: frozenset[str] | None = frozenset(_decode(self.path).violations)
        except (FileNotFoundError, NotADirectoryError):
            stamp, ids = None, None
        except OSError as error:
            raise ConfigError(
                f"{self.path}: cannot be read: {error.strerror}", hint="correct its permissions"
            ) from error
        is_other = not self._read_once or ids != self._ids
        self._stamp, self._ids, self._read_once = stamp, ids, True
        return ids, is_other

    def write(self, ids: Iterable[str], now: int) -> int:
        """Make these ids the baseline, whole or not at all, and return how many there are."""
        listed = tuple(sorted(set(ids)))
        text = msgspec.json.format(
            msgspec.json.encode(_File(version=VERSION, created_at=now, violations=listed)), indent=1
        )
        unfinished = self.path.with_name(self.path.name + ".tmp")
        try:
            with unfinished.open("wb") as file:
                file.write(text + b"\n")
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.path)
        except OSError as error:
            raise RefusedError(
                f"{self.path}: cannot be written: {error.strerror}", hint="see enforcement.baseline"
            ) from error
        return len(listed)


def _decode(path: Path) -> _File:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_File)
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path}: no baseline: {error}", hint="write it again: driftd baseline") from error
    if found.version != VERSION:
        raise ConfigError(f"{path}: a baseline of version {found.version}", hint="write it again: driftd baseline")
    return found
