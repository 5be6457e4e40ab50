"""From what a scan and a worker say of a file to its rows in `file_metadata` and `parse_cache`."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from driftd.daemon.tasks import Outcome
from driftd.pipeline.facts.languages.registry import extractor_version
from driftd.pipeline.stages.registry import ANALYZER
from driftd.rows.facts import FileMetadataRow, ParseCacheRow
from driftd.watch.scan import ScannedFile, Stat

NANOS: Final = 1_000_000_000


def cache_row(outcome: Outcome) -> ParseCacheRow:
    """Return the row that keeps the facts of a file's content."""
    extractor = extractor_version(outcome.language)
    return ParseCacheRow(
        cache_key=_cache_key(outcome.content_hash, outcome.language, extractor),
        content_hash=outcome.content_hash,
        language=outcome.language,
        extractor=extractor,
        facts=outcome.facts,
        size=len(outcome.facts),
    )


def _cache_key(content_hash: bytes, language: str, extractor: str) -> bytes:
    """Return the key of cached facts: sha256 over content, language and version of grammar and extractor."""
    return hashlib.sha256(b"\0".join((content_hash, language.encode(), extractor.encode()))).digest()


def times(stat: Stat, now: int) -> dict[str, Any]:
    """Return the columns of a stat, looked at now; without an error."""
    mtime, mtime_nanos = divmod(stat.mtime_ns, NANOS)
    ctime, ctime_nanos = divmod(stat.ctime_ns, NANOS)
    return {
        "file_size": stat.size,
        "mtime_secs": mtime,
        "mtime_nanos": mtime_nanos,
        "ctime_secs": ctime,
        "ctime_nanos": ctime_nanos,
        "inode": stat.inode,
        "last_scanned_at": now,
        "error": None,
    }


def plain_row(file: ScannedFile, now: int) -> FileMetadataRow:
    """Return the row of a file that is not analysed."""
    return FileMetadataRow(
        path=file.path,
        language=file.language,
        content_hash=file.content_hash,
        skip_reason=file.skip_reason,
        **{**times(file.stat, now), "error": file.error},
    )


def row_count(outcome: Outcome) -> int:
    """Return how many rows the per-file stages found."""
    return sum(map(len, outcome.rows.values()))


def proven_stat(outcome: Outcome, scanned: ScannedFile) -> Stat:
    """Return what is to be known of an analysed file's stat.

    If it changed after the scan, nobody has looked whether this content is one to skip: without times, the next scan
    does.
    """
    if outcome.content_hash != scanned.content_hash:
        return Stat(outcome.size, 0, 0, outcome.inode)
    return Stat(outcome.size, outcome.mtime_ns, outcome.ctime_ns, outcome.inode)


def analysed_row(outcome: Outcome, stat: Stat, now: int) -> FileMetadataRow:
    """Return the row that vouches for what was made of a file."""
    return FileMetadataRow(
        path=outcome.path,
        language=outcome.language,
        content_hash=outcome.content_hash,
        scan_duration_us=outcome.duration_us,
        function_count=outcome.function_count,
        error_count=outcome.error_count,
        analyzer=ANALYZER,
        **times(stat, now),
    )


def failed_row(file: ScannedFile, error: str, now: int) -> FileMetadataRow:
    """Return the row of a file that could not be analysed."""
    return FileMetadataRow(
        path=file.path,
        language=file.language,
        content_hash=file.content_hash,
        analyzer=ANALYZER,
        **{**times(file.stat, now), "error": error},
    )
