"""What worker processes do: read files, parse them, and call functions of the pipeline.

Imported where the workers are forked from, so it imports little; `workers` is the other side.
"""

from __future__ import annotations

import gc
import hashlib
import os
import signal
import stat as stat_module
import threading
import time
from functools import lru_cache
from importlib import import_module
from multiprocessing import parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from driftd.daemon import forkserver

if TYPE_CHECKING:
    from collections.abc import Callable


class Task(msgspec.Struct, frozen=True, array_like=True):
    """One file to read: `absolute` is where it is (bytes of the file system), `path` how driftd calls it."""

    path: str
    absolute: bytes
    language: str
    size: int
    cached: bytes | None = None
    cached_hash: bytes = b""  # `cached` holds for content with this hash only
    to_resolve: bool = False  # its calls will be resolved in this run, in a worker


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """What a worker made of one file.  `error` set: nothing else is; `vanished`: the file is not there any more."""

    path: str
    language: str
    error: str | None = None
    vanished: bool = False
    content_hash: bytes = b""
    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    duration_us: int = 0
    facts: bytes = b""  # encoded FileFacts, compressed as parse_cache stores them
    is_parsed: bool = False  # whether the file was parsed for them: parse_cache has not got them
    digest: bytes = b""  # see `driftd.pipeline.digest`
    rows: dict[str, list[list[Any]]] = {}
    function_count: int = 0
    error_count: int = 0
    problems: list[tuple[str, str, int]] = []
    ticket: int = 0  # under which a process has the file decoded, 0 for none


_tasks = msgspec.msgpack.Decoder(list[Task])
_encode = msgspec.msgpack.Encoder().encode


def run_chunk(payload: bytes, max_file_size: int) -> bytes:
    """Do a chunk of tasks; in a worker process.  Takes and returns msgpack."""
    gc.disable()  # facts have no cycles: between chunks one quick look is enough
    tasks = _tasks.decode(payload)
    outcomes = _encode([run_task(task, max_file_size) for task in tasks])
    # What is kept to be resolved is a lot to look at, and the process is replaced when that is done.
    if not any(task.to_resolve for task in tasks):
        gc.collect(0)
    return outcomes


def call_shared(function: Callable[[bytes, bytes], bytes], path: str, digest: bytes, item: bytes) -> bytes:
    """Call a function with what lies in a file, which is read once, and an item (see `pipeline.stage.Mapper`)."""
    gc.disable()
    return function(_shared(path, digest), item)


@lru_cache(maxsize=1)
def _shared(path: str, _digest: bytes) -> bytes:  # the digest tells two files of the same name apart
    return Path(path).read_bytes()


def run_task(task: Task, max_file_size: int) -> Outcome:
    """Read one file and extract what it holds; every failure is an outcome."""
    from driftd.pipeline import extract as pipeline
    from driftd.pipeline.facts.languages.registry import refined
    from driftd.pipeline.stages.registry import FILE_STAGES

    started = time.perf_counter()
    try:
        data, stat = read_stable(task.absolute, max_file_size)
    except FileNotFoundError:
        return Outcome(task.path, task.language, vanished=True)
    except OSError as error:
        return Outcome(task.path, task.language, error=f"cannot be read: {error.strerror or error}")
    content_hash = hashlib.sha256(data).digest()
    cached = task.cached if content_hash == task.cached_hash else None
    try:
        language = refined(task.language, data)
        extracted = pipeline.extract(task.path, language, data, FILE_STAGES, cached, to_resolve=task.to_resolve)
    except Exception as error:  # noqa: BLE001 - one file's failure is that file's outcome
        return Outcome(task.path, task.language, error=f"not analysed: {type(error).__name__}: {error}")
    return Outcome(
        task.path,
        language,
        content_hash=content_hash,
        size=len(data),
        mtime_ns=stat.st_mtime_ns,
        ctime_ns=stat.st_ctime_ns,
        inode=stat.st_ino,
        duration_us=int((time.perf_counter() - started) * 1e6),
        facts=extracted.facts,
        is_parsed=extracted.is_parsed,
        digest=extracted.digest,
        rows=extracted.rows,  # type: ignore[arg-type]  # tuples here, lists after the trip
        function_count=extracted.function_count,
        error_count=extracted.error_count,
        problems=extracted.problems,
        ticket=extracted.ticket,
    )


def read_stable(path: bytes, max_file_size: int) -> tuple[bytes, os.stat_result]:
    """Return content and status of a regular file that did not change while it was read.

    A file that never stands still is returned as last read: its next event brings it back.
    Raises OSError, FileNotFoundError when it is gone or is no regular file any more.
    """
    for _ in range(5):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor, not a path
            before = os.fstat(descriptor)
            if not stat_module.S_ISREG(before.st_mode):
                raise FileNotFoundError(2, "not a regular file any more")
            if before.st_size > max_file_size:
                raise OSError(27, f"it grew beyond {max_file_size} bytes")
            data = file.read(before.st_size + 1)
            after = os.fstat(descriptor)
        if len(data) == after.st_size and before.st_mtime_ns == after.st_mtime_ns:
            break
    return data, after


def initialise(rules: bytes, niceness: int) -> None:
    """Make a fresh process a worker; `rules` are those of the workspace, encoded."""
    # Ctrl-C reaches the whole process group: the daemon decides, the workers wait for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(niceness)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    if rules:
        from driftd.pipeline.detect.registry import use_encoded

        use_encoded(rules)


def _die_with_parent() -> None:
    # A worker outlives a daemon that was killed with SIGKILL unless it watches for that itself.
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def warm() -> None:
    """Import what a task needs, before there is one."""
    for module in forkserver.PRELOADED:
        import_module(module)
