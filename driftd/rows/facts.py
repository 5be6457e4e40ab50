"""Tables of v001: what is known about files and functions, the cache of facts, and the log of runs."""

from typing import Literal

from driftd.rows.declare import AutoId, Json, OptionalJson, Row, Stamp, Tier, Write, table

FunctionKind = Literal[
    "module", "function", "method", "constructor", "static_method", "class_method", "getter", "setter", "lambda"
]
Visibility = Literal["public", "protected", "private", "internal"]
RunStatus = Literal["running", "completed", "partial", "cancelled", "failed"]


@table(
    "file_metadata",
    key=("path",),
    write=Write.UPSERT,
    tier=Tier.CURRENT,
    file="path",
    migration=1,
    indexes=(("language",), ("last_scanned_at",), ("content_hash",)),
    volatile=(
        "mtime_secs",
        "mtime_nanos",
        "ctime_secs",
        "ctime_nanos",
        "inode",
        "last_scanned_at",
        "scan_duration_us",
    ),
)
class FileMetadataRow(Row, frozen=True, kw_only=True):
    """One tracked file: what it was when it was last looked at, and how far its analysis got.

    path: relative to the workspace, with forward slashes
    language: NULL where it is unknown
    file_size: bytes
    content_hash: sha256 of the content, 32 bytes; empty where the file was not read
    mtime_secs, mtime_nanos: time of the last change of the content
    ctime_secs, ctime_nanos: time of the last change of the content or the inode
    inode: inode number; with size and times it says that a file did not change without reading it
    last_scanned_at: when it was last examined
    scan_duration_us: microseconds that took
    pattern_count: detections in it
    function_count: functions in it
    error_count: syntax errors in it
    error: why reading or parsing it failed
    skip_reason: why it was not analysed: too_large, binary, minified, unsupported_language …
    analyzer: version of the analysis that its rows come from; NULL = never analysed
    """

    path: str
    language: str | None = None
    file_size: int
    content_hash: bytes = b""
    mtime_secs: int
    mtime_nanos: int
    ctime_secs: int = 0
    ctime_nanos: int = 0
    inode: int = 0
    last_scanned_at: int
    scan_duration_us: int | None = None
    pattern_count: int = 0
    function_count: int = 0
    error_count: int = 0
    error: str | None = None
    skip_reason: str | None = None
    analyzer: str | None = None


@table(
    "parse_cache",
    key=("cache_key",),
    write=Write.UPSERT,
    tier=Tier.LONG,
    age="last_used_at",
    migration=1,
    indexes=(("content_hash",), ("last_used_at", "size")),
    volatile=("last_used_at",),
    first_seen="created_at",
)
class ParseCacheRow(Row, frozen=True, kw_only=True):
    """The facts of one content in one language: what a start restores without parsing anything.

    cache_key: digest of content hash, language and the versions of grammar and extractor
    content_hash: sha256 of the content
    extractor: version of grammar and extractor
    facts: FileFacts as msgpack, compressed with Zstandard
    size: bytes of `facts`
    last_used_at: when it was last read; the least recently used go first
    """

    cache_key: bytes
    content_hash: bytes
    language: str
    extractor: str
    facts: bytes
    size: int
    created_at: Stamp = 0
    last_used_at: Stamp = 0


@table(
    "functions",
    key=("id",),
    write=Write.REPLACE,
    tier=Tier.CURRENT,
    file="file",
    migration=1,
    indexes=(("file",), ("name",), ("qualified_name",)),
    function_ids=("id",),
)
class FunctionRow(Row, frozen=True, kw_only=True):
    """A function, method or lambda, or the top-level code of a file (`<module>`).

    id: hash of file, qualified name and ordinal among equals; survives editing
    name: simple name
    qualified_name: names of the enclosing classes and functions joined with dots
    kind: what sort of function it is
    line: line of its own keyword or name, from 1
    parameter_count: how many parameters it declares
    parameters: array of {name, annotation, default, kind}
    return_type: as written
    decorators: array of dotted names
    doc: first paragraph of its documentation
    visibility: as the language or its naming convention says
    is_exported: whether other files can import it
    is_async: whether it is declared async
    is_generator: whether it yields
    is_abstract: whether it has no body of its own
    body_hash: digest of the body's text
    signature_hash: digest of name, parameters and return type
    """

    id: int
    file: str
    name: str
    qualified_name: str
    kind: FunctionKind
    language: str
    line: int
    column_num: int
    end_line: int
    parameter_count: int = 0
    parameters: Json = "[]"
    return_type: str | None = None
    decorators: Json = "[]"
    doc: str | None = None
    visibility: Visibility = "public"
    is_exported: bool = False
    is_async: bool = False
    is_generator: bool = False
    is_abstract: bool = False
    body_hash: bytes = b""
    signature_hash: bytes = b""


@table(
    "scan_history",
    key=("id",),
    write=Write.APPEND,
    tier=Tier.MEDIUM,
    age="started_at",
    migration=1,
    indexes=(("started_at",), ("root_path", "status", "started_at")),
    series=("root_path", "status"),
    thinned=True,
)
class ScanHistoryRow(Row, frozen=True, kw_only=True):
    """One run: appended when it starts, updated once when it ends.

    id: the run's id
    started_at: when it started
    completed_at: when it ended
    root_path: what was examined
    trigger: why it ran: startup, save, request, reconcile …
    total_files: files in the workspace
    added_files, modified_files, removed_files, unchanged_files: how the files compared with the run before
    failed_files: files whose analysis failed
    skipped_files: files that were not analysed on purpose
    duration_ms: how long it took
    status: how it ended
    error: why it failed
    stages: array of {name, duration_ms, rows, error}
    """

    id: AutoId = None
    started_at: int
    completed_at: int | None = None
    root_path: str
    trigger: str
    total_files: int | None = None
    added_files: int | None = None
    modified_files: int | None = None
    removed_files: int | None = None
    unchanged_files: int | None = None
    failed_files: int | None = None
    skipped_files: int | None = None
    duration_ms: int | None = None
    status: RunStatus = "running"
    error: str | None = None
    stages: OptionalJson = None
