"""Memory of a process that lives for weeks: how the C library keeps it, what large runs leave, and the collector.

A large run needs several times what stays.  What it frees goes back to the kernel only where nothing that stays lies
in between, so the stages and the project keep little, and that together (`rest` of each); here the rest is done.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # mallopt(3)
_LARGE = 128 * 1024


def keep_little() -> None:
    """Have the C library (glibc) keep one heap, and give large blocks back as soon as they are free.

    By default each thread gets a heap of its own, with its own holes, and the size from which a block is mapped by
    itself grows with the blocks that are freed.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _LARGE)


def after_imports() -> None:
    """Let the collector run again, which stood still while a command was imported, but never look at what that made."""
    gc.freeze()
    gc.enable()


def give_back() -> None:
    """Collect garbage and return what is free to the kernel; what is alive is not looked at again later."""
    gc.unfreeze()  # what an earlier run froze may have become garbage since
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    gc.freeze()


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Keep the collector out of a large run: it would walk the growing model again and again, a third of the time.

    The model itself has no cycles; what few there are, of exceptions and tasks, are collected by `give_back`.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # what is in the model now will mostly stay; later collections need not look at it
        gc.enable()
