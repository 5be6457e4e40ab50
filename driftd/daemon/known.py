"""What is known of each file of the workspace."""

from __future__ import annotations

from driftd.watch.scan import Known


class KnownFiles(dict[str, Known]):
    """By path; how many files are skipped, or could not be read, is counted as it changes.

    Every answer says the latter, so it must not cost a look at every file.
    """

    def __init__(self) -> None:
        """Start with no file."""
        super().__init__()
        self.skipped = 0
        self.unread = 0

    def __setitem__(self, path: str, known: Known) -> None:
        """Take in what is known of a file now."""
        self._count(self.get(path), -1)
        super().__setitem__(path, known)
        self._count(known, 1)

    def discard(self, path: str) -> None:
        """Forget a file, if it is known."""
        self._count(self.pop(path, None), -1)

    def _count(self, known: Known | None, sign: int) -> None:
        if known is not None:
            self.skipped += sign * (known.skip_reason is not None)
            self.unread += sign * (known.error is not None)
