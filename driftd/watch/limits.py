"""The kernel's limits on watching, and what to tell an operator who ran into one.

Reads `/proc` and explains; it changes no limit.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path

import msgspec


class InotifyLimits(msgspec.Struct, frozen=True):
    """The limits in force; None where the kernel does not tell."""

    max_user_watches: int | None = None
    max_user_instances: int | None = None
    max_queued_events: int | None = None


def read_limits(proc: Path = Path("/proc")) -> InotifyLimits:
    """Read the limits; inside a user namespace the smaller of the machine's and the namespace's one counts."""
    inotify, user = proc / "sys/fs/inotify", proc / "sys/user"
    return InotifyLimits(
        _smaller(_number(inotify / "max_user_watches"), _number(user / "max_inotify_watches")),
        _smaller(_number(inotify / "max_user_instances"), _number(user / "max_inotify_instances")),
        _number(inotify / "max_queued_events"),
    )


def explain(error: BaseException, directories: int, limits: InotifyLimits) -> str:
    """Say which limit made watching `directories` directories fail, and the command that raises it."""
    text = str(error)
    if "watch limit" in text or "os error 28" in text:
        return _advice("max_user_watches", limits.max_user_watches, directories, needed=2 * directories)
    if "os error 24" in text:
        if _descriptors_exhausted():
            soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            return f"the limit of open files ({soft}) is used up; raise it with: ulimit -n {2 * soft}, or LimitNOFILE= of the service"
        return _advice("max_user_instances", limits.max_user_instances, directories, needed=256)
    return f"watching {directories} directories failed: {text}"


def _advice(name: str, value: int | None, directories: int, *, needed: int) -> str:
    raised = max(2 * (value or 0), needed)
    shown = "unknown" if value is None else value
    return (
        f"fs.inotify.{name} ({shown}) is used up while watching {directories} directories; "
        f"raise it with: sudo sysctl fs.inotify.{name}={raised}"
    )


def _descriptors_exhausted() -> bool:
    try:
        held = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only, and it must not raise on a dying one
    except OSError:
        # Listing itself needs a descriptor: none left, or no /proc.
        return Path("/proc/self").exists()
    return held + 8 >= resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _smaller(one: int | None, other: int | None) -> int | None:
    known = [number for number in (one, other) if number is not None]
    return min(known) if known else None
