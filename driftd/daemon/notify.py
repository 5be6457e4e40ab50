"""The three things systemd asks of a service: say how it is, take the sockets it holds, feed its watchdog.

Standard library only, and each a no-op outside systemd (the variables of sd_notify(3), sd_listen_fds(3) and
sd_watchdog_enabled(3) are not set there).  The variables are left in place: workers get an environment of their own.
"""

from __future__ import annotations

import os
import socket

LISTEN_FDS_START = 3  # SD_LISTEN_FDS_START


def notify(state: str) -> None:
    """Tell the service manager `READY=1`, `STATUS=…`, `WATCHDOG=1`, `STOPPING=1`; several are separated by newlines.

    A manager that does not listen is no reason to stop working: errors are ignored.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.setblocking(False)
        try:
            channel.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)
        except OSError:
            return


def listen_fds() -> list[socket.socket]:
    """Return the listening sockets that were passed to this very process; the caller owns and closes them."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(os.environ.get("LISTEN_FDS", "0"))
    descriptors = range(LISTEN_FDS_START, LISTEN_FDS_START + count)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def watchdog_interval() -> float | None:
    """Return how many seconds may lie between two `WATCHDOG=1`: half of what the manager allows; None without one."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    allowed_us = int(os.environ.get("WATCHDOG_USEC", "0"))
    return allowed_us / 2_000_000 if allowed_us > 0 else None
