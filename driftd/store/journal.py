"""The journal: what people typed, in a small file of its own beside the database.

A record is a mark, its length, a checksum and its content.  The first one is a header; after it come the rows that were
there when the journal was begun, then every later change, each of them on the disk before the transaction that it
belongs to is committed.  So the journal alone gives back what was acknowledged, whatever became of the database.

A record that was being written when the power went is cut off; a damaged one in the middle is skipped, and the reader is
told.  When the file has grown well beyond what it began with, it is begun anew and takes the old one's place.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final
from zlib import crc32

import msgspec

from driftd.errors import StoreError
from driftd.store.failures import store_error
from driftd.store.typed import Change, State, fold

FILE_NAME: Final = "journal"
FORMAT: Final = 1
GROWTH: Final = 1024 * 1024  # bytes of changes that may come before the journal is begun anew, at least

_MARK: Final = b"drJ\x01"
_HEAD: Final = struct.Struct("<4sII")
_LONGEST: Final = 256 * 1024 * 1024  # a length beyond it is damage


class Header(msgspec.Struct, array_like=True, frozen=True):
    """The first record: of which database this is the journal."""

    format: int
    lineage: int
    created_at: int


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """What one transaction changed, and when."""

    at: int
    changes: list[Change]


class Contents(msgspec.Struct):
    """What a journal holds.

    `damaged` counts the stretches that could not be read; `end` is where the last good record ends, and what comes
    after it, if anything does, was never completed.
    """

    header: Header | None = None
    state: State = {}
    entries: int = 0
    damaged: int = 0
    end: int = 0
    size: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it says all that was ever typed."""
        return self.header is not None and not self.damaged


_encode: Final = msgspec.msgpack.Encoder().encode
_header: Final = msgspec.msgpack.Decoder(Header)
_entry: Final = msgspec.msgpack.Decoder(Entry)


def read(path: Path) -> Contents | None:
    """Return what the journal at `path` holds, None where there is none; StoreError if it cannot be read."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise store_error(error, "reading the journal", path) from error
    contents = Contents(size=len(data))
    for start, end, payload in _records(data):
        if start != contents.end:
            contents.damaged += 1
        contents.end = end
        try:
            if contents.header is None and start == 0:
                contents.header = _header.decode(payload)
            else:
                fold(_entry.decode(payload).changes, contents.state)
                contents.entries += 1
        except (msgspec.DecodeError, ValueError):
            contents.damaged += 1
    if contents.header is None and contents.size:
        contents.damaged += 1
    return contents


def _records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield where each sound record starts and ends, and its content; what is damaged is passed over."""
    place = 0
    while (place := data.find(_MARK, place)) >= 0:
        if place + _HEAD.size <= len(data):
            _, length, checksum = _HEAD.unpack_from(data, place)
            start = place + _HEAD.size
            payload = data[start : start + length] if length <= _LONGEST else b""
            if len(payload) == length and crc32(payload) == checksum:
                yield place, start + length, payload
                place = start + length
                continue
        place += 1


def _record(payload: bytes) -> bytes:
    return _HEAD.pack(_MARK, len(payload), crc32(payload)) + payload


class Draft:
    """A journal that is being begun: nothing of it counts until it is adopted."""

    def __init__(self, path: Path, lineage: int, now: int) -> None:
        self.path = path.with_name(path.name + ".new")
        self._now = now
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            self.file: BinaryIO = os.fdopen(descriptor, "r+b")
            self.file.write(_record(_encode(Header(FORMAT, lineage, now))))
        except OSError as error:
            raise store_error(error, "beginning the journal", path) from error

    def add(self, changes: Iterable[Change]) -> None:
        """Write rows that are there already."""
        try:
            for change in changes:
                self.file.write(_record(_encode(Entry(self._now, [change]))))
        except OSError as error:
            raise store_error(error, "beginning the journal", self.path) from error

    def discard(self) -> None:
        """Remove it."""
        with suppress(OSError):
            self.file.close()
        self.path.unlink(missing_ok=True)


class Journal:
    """The journal that is written to; on the writer's thread."""

    def __init__(self, path: Path, descriptor: int, lineage: int, size: int) -> None:
        self.path = path
        self.lineage = lineage
        self.size = size  # where the next record goes
        self.began_with = size  # bytes
        self._descriptor = descriptor

    @classmethod
    def begin(cls, path: Path, lineage: int, now: int, changes: Iterable[Change]) -> Journal:
        """Put a new journal that starts with these rows in the place of whatever there is."""
        draft = Draft(path, lineage, now)
        journal = cls(path, -1, lineage, 0)
        try:
            draft.add(changes)
            journal.adopt(draft, since=0)
        except BaseException:
            draft.discard()
            raise
        return journal

    @classmethod
    def go_on(cls, path: Path, contents: Contents) -> Journal:
        """Continue a journal that was read whole; a record that was never completed is cut off."""
        assert contents.header is not None  # noqa: S101 - it is whole
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            if contents.size > contents.end:
                os.ftruncate(descriptor, contents.end)
                os.fsync(descriptor)
        except OSError as error:
            raise store_error(error, "opening the journal", path) from error
        journal = cls(path, descriptor, contents.header.lineage, contents.end)
        journal.began_with = min(contents.end, GROWTH)
        return journal

    @property
    def has_grown(self) -> bool:
        """Whether it should be begun anew."""
        return self.size > max(2 * self.began_with, self.began_with + GROWTH)

    def append(self, changes: list[Change], at: int) -> int:
        """Write what a transaction changed and wait until the disk has it; return the size before.

        StoreError, and nothing was written, if that fails.
        """
        before = self.size
        record = _record(_encode(Entry(at, changes)))
        try:
            self._refuse_if_gone()
            _write_all(self._descriptor, record, before)
            os.fdatasync(self._descriptor)
        except OSError as error:
            self.retract(before)
            raise store_error(error, "writing the journal", self.path) from error
        self.size = before + len(record)
        return before

    def retract(self, size: int) -> None:
        """Take back what was appended since the journal had this size: its transaction was not committed."""
        self.size = size
        with suppress(OSError):  # the next record is written over it
            os.ftruncate(self._descriptor, size)
            os.fsync(self._descriptor)

    def adopt(self, draft: Draft, since: int) -> None:
        """Let a draft take the place of this journal, with everything appended `since` behind it."""
        try:
            if self._descriptor >= 0 and self.size > since:
                draft.file.write(os.pread(self._descriptor, self.size - since, since))
            draft.file.flush()
            os.fsync(draft.file.fileno())
            size = draft.file.tell()
            draft.path.replace(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise store_error(error, "beginning the journal anew", self.path) from error
        old, self._descriptor = self._descriptor, os.dup(draft.file.fileno())
        draft.file.close()
        if old >= 0:
            os.close(old)
        self.size = self.began_with = size

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def is_there(self) -> bool:
        """Return whether the file on the disk is still the one that is written to."""
        try:
            return os.path.samestat(self.path.lstat(), os.fstat(self._descriptor))
        except OSError:
            return False

    def _refuse_if_gone(self) -> None:
        if not self.is_there():
            raise StoreError(
                f"{self.path}: the journal was deleted or replaced", hint="the daemon starts over by itself: try again"
            )


def _write_all(descriptor: int, data: bytes, place: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, place)
        view, place = view[written:], place + written


def sync_folder(folder: Path) -> None:
    """Wait until the disk knows which files a folder has."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
