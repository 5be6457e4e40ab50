"""Cookie files: written into a watched directory to learn that a source reported everything that came before.

One inotify instance delivers in order, so a source that reports a cookie has reported every earlier event.  This
module writes, matches and removes the files; who waits for what is the watcher's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Hashable, Iterable
from pathlib import Path

_PREFIX = "cookie-"


class Cookie:
    """One file and who has still to report it.

    `seen` is set when all have; `delivered`, with `deliver`, when what they reported before it was also handed on.
    `valid` is false once the cookie proves nothing.
    """

    def __init__(self, path: Path, awaited: Iterable[Hashable], *, deliver: bool) -> None:
        self.path = path
        self.deliver = deliver
        self.awaited = set(awaited)
        self.seen = asyncio.Event()
        self.delivered = asyncio.Event()
        self.valid = True

    def spoil(self) -> None:
        """Release whoever waits for the cookie, and tell that it proves nothing."""
        self.valid = False
        self.seen.set()
        self.delivered.set()

    def create(self) -> None:
        """Make the file, which is what the sources report; raises OSError."""
        self.path.touch(mode=0o600, exist_ok=False)

    def remove(self) -> None:
        """Delete the file; one that is gone already is fine."""
        with contextlib.suppress(OSError):
            self.path.unlink()


class Cookies:
    """The cookies under way in one directory.

    `prepare`, `Cookie.create` and `Cookie.remove` touch the disk and may be called from any thread; the rest is
    bookkeeping of the event loop's thread.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._own = f"{_PREFIX}{os.getpid()}-"
        self._open: dict[str, Cookie] = {}
        self._count = 0

    def prepare(self) -> bool:
        """Make the directory, if its parent exists, and clear what an earlier process left; say whether it is there."""
        try:
            self._directory.mkdir(mode=0o700, exist_ok=True)
            for leftover in self._directory.iterdir():
                if leftover.name.startswith(_PREFIX) and not leftover.name.startswith(self._own):
                    leftover.unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def issue(self, awaited: Iterable[Hashable], *, deliver: bool) -> Cookie:
        """Return a new cookie that each of `awaited` is to report; its file is still to be made."""
        self._count += 1
        cookie = Cookie(self._directory / f"{self._own}{self._count}", awaited, deliver=deliver)
        self._open[cookie.path.name] = cookie
        return cookie

    def report(self, name: str, reporter: Hashable) -> Cookie | None:
        """Note that `reporter` saw the cookie; return it once, when it was the last one awaited."""
        cookie = self._open.get(name)
        if cookie is None:
            return None
        cookie.awaited.discard(reporter)
        return None if cookie.awaited else self._close(name)

    def forget(self, reporter: Hashable) -> list[Cookie]:
        """Wait no longer for `reporter`, which was closed; return the cookies that are complete by that."""
        complete = []
        for name, cookie in list(self._open.items()):
            if reporter in cookie.awaited:
                cookie.awaited.discard(reporter)
                if not cookie.awaited:
                    complete.append(self._close(name))
        return complete

    def fail(self) -> None:
        """Release every waiter with an invalid cookie: nothing can be promised any more."""
        for name in list(self._open):
            cookie = self._close(name)
            cookie.spoil()

    def drop(self, cookie: Cookie) -> None:
        """Stop waiting for `cookie`."""
        self._open.pop(cookie.path.name, None)

    def _close(self, name: str) -> Cookie:
        cookie = self._open.pop(name)
        cookie.seen.set()
        return cookie
