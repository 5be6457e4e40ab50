"""What worker processes of the tests run instead of an analysis: the file's name says what it does to the worker."""

from __future__ import annotations

import os
import signal
from threading import Event

import msgspec

from driftd.daemon.tasks import Outcome, Task

_decode = msgspec.msgpack.Decoder(list[Task]).decode


def misbehave(payload: bytes, _max_file_size: int) -> bytes:
    """Die, hang or raise on files of such names; what is not named so is fine."""
    outcomes = []
    for task in _decode(payload):
        if "crash" in task.path:
            os.kill(os.getpid(), signal.SIGKILL)
        if "hang" in task.path:
            Event().wait()
        if "raise" in task.path:
            raise ValueError("this one cannot be encoded")
        outcomes.append(Outcome(task.path, task.language, size=os.getpid()))
    return msgspec.msgpack.encode(outcomes)


def name_process(shared: bytes, item: bytes) -> bytes:
    """Say which process has it."""
    return msgspec.msgpack.encode((os.getpid(), shared, item))


def own_niceness(_payload: bytes) -> bytes:
    """Return how nice this process is."""
    return b"%d" % os.getpriority(os.PRIO_PROCESS, 0)
