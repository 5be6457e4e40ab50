"""Reading one file: its content hash, and whether it is worth analysing at all."""

from __future__ import annotations

import os
import stat
from hashlib import sha256

# What git looks at to tell text from binary, too.
_BINARY_PROBE = 8000

# UTF-16 and UTF-32 text is full of NUL bytes, and says so with a byte order mark.
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")

_MINIFIED_NAMES = (".min.js", ".min.mjs", ".min.cjs", ".min.css", "-min.js", "-min.css")
_MINIFIABLE = (".js", ".mjs", ".cjs", ".css")

# Files that hold code in a form that is not read: components that mix languages, and notebooks.  Theirs is said, so
# that nobody takes them for clean; of pictures and texts there is nothing to say.
UNSUPPORTED = frozenset({".vue", ".svelte", ".astro", ".ipynb"})

# How often a file that is being written is read before the last reading is taken.
_READ_ATTEMPTS = 3

_KINDS = {
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


def special_kind(mode: int) -> str | None:
    """Return why what is not a regular file is skipped, None for a regular one."""
    return None if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "special")


def read(path: str, limit: int) -> tuple[bytes | None, os.stat_result]:
    """Return the bytes of a regular file and the stat that belongs to them, None for more than `limit` bytes.

    Follows no link at the end of the path and does not wait for a pipe.  Raises OSError.
    """
    for attempt in range(1, _READ_ATTEMPTS + 1):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise OSError(f"became a {special_kind(before.st_mode) or 'directory'} while it was scanned")
            data = _read_at_most(descriptor, before.st_size, limit)
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        steady = before.st_mtime_ns == after.st_mtime_ns and (data is None or len(data) == after.st_size)
        if steady or attempt == _READ_ATTEMPTS:
            break
    return data, before


def content_hash(data: bytes) -> bytes:
    """Return the key of a content: SHA-256, since a forged collision would hide a finding."""
    return sha256(data).digest()


def stand_in_hash(path: str, status: os.stat_result, reason: str) -> bytes:
    """Return a digest for what is not read; it changes when the thing does, and stays when it is renamed."""
    if reason == "symlink":
        try:
            detail = os.fsencode(os.readlink(path))  # noqa: PTH115  # text, as all paths of a scan
        except OSError:
            detail = b""
    elif reason == "too_large":
        detail = b"%d %d %d" % (status.st_size, status.st_mtime_ns, status.st_ino)
    else:
        detail = b"%d" % status.st_rdev
    return sha256(b"%s\0%s" % (reason.encode(), detail)).digest()


def skip_reason(name: str, data: bytes, minified_line_length: int) -> str | None:
    """Return why a file that was read is not analysed, None if it is."""
    if data.find(b"\0", 0, _BINARY_PROBE) >= 0 and not data.startswith(_WIDE_BOMS):
        return "binary"
    lower = name.lower()
    if lower.endswith(_MINIFIABLE) and (lower.endswith(_MINIFIED_NAMES) or _has_long_lines(data, minified_line_length)):
        return "minified"
    return "unsupported_language" if os.path.splitext(lower)[1] in UNSUPPORTED else None  # noqa: PTH122


def _has_long_lines(data: bytes, limit: int) -> bool:
    """Return whether a text is made of lines that nobody wrote by hand."""
    if len(data) < limit:
        return False
    if len(data) > (data.count(b"\n") + 1) * (limit // 10):
        return True
    long = sum(len(line) for line in data.split(b"\n") if len(line) > limit)
    return long * 2 > len(data)


def _read_at_most(descriptor: int, expected: int, limit: int) -> bytes | None:
    """Return everything up to the end, or None as soon as it is more than `limit` bytes."""
    if expected > limit:
        return None
    data = os.read(descriptor, min(expected, limit) + 1)
    if len(data) <= expected:  # the end, or a signal: then the stat does not fit, and the caller reads again
        return data
    parts, size = [data], len(data)
    while size <= limit and (more := os.read(descriptor, 65_536)):
        parts.append(more)
        size += len(more)
    return None if size > limit else b"".join(parts)
