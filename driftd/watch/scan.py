"""Compare the workspace on disk with what is known: which files are new, changed, renamed or gone.

What is examined is decided in `tree` and `ignore`; here files are compared, by stat where that proves something and
else by content.  Nothing is parsed and nothing is written.
"""

from __future__ import annotations

import errno
import os
import stat as stat_module
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

import msgspec

from driftd.config import ScanSettings
from driftd.errors import RefusedError
from driftd.watch import classify
from driftd.watch.ignore import DRIFT_IGNORE, GIT_IGNORE, NEVER, RACY_NS, VENV_MARKER, Rules
from driftd.watch.tree import Found, Tree, ancestors

# How many files are compared between two questions whether to go on.
_STRIDE = 256


class Stat(msgspec.Struct, frozen=True):
    """What the file system says about a file without reading it."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class Known(msgspec.Struct, frozen=True):
    """What was recorded about a path by an earlier scan; `scanned_at` is in unix seconds."""

    path: str
    stat: Stat
    content_hash: bytes
    scanned_at: int
    skip_reason: str | None = None
    error: str | None = None


class ScannedFile(msgspec.Struct, frozen=True):
    """One file as it is on disk now; it is to be analysed if it has a language and neither reason nor error.

    `content_hash` is the SHA-256 of the bytes; of what is not read (too large, a link, a device) a digest that
    changes when the thing does, and empty for a file that could not be read and was never known.
    """

    path: str
    stat: Stat
    content_hash: bytes
    language: str | None
    skip_reason: str | None = None
    error: str | None = None
    renamed_from: str | None = None


class UnreadableDirectory(msgspec.Struct, frozen=True):
    """A directory that could not be listed; what is known beneath it is kept."""

    path: str
    error: str


class ScanResult(msgspec.Struct, frozen=True):
    """How the disk differs from what was known; every path stands in one group only, and groups are sorted.

    `touched` files have the content that is known, and a stat (or a `scanned_at`, or a cleared error) to be written
    anew.  `errors` could not be read: their known row stays, and carries the error.  A scan that was cancelled is
    not `complete`: it tells of changed files only, never of new, renamed or removed ones.
    """

    added: tuple[ScannedFile, ...]
    modified: tuple[ScannedFile, ...]
    renamed: tuple[ScannedFile, ...]
    touched: tuple[ScannedFile, ...]
    removed: tuple[str, ...]
    errors: tuple[ScannedFile, ...]
    unreadable_directories: tuple[UnreadableDirectory, ...]
    unchanged: int
    total: int
    ignored: int
    directories: frozenset[str]
    complete: bool


class Scanner:
    """Finds and compares the files of one workspace; synchronous, for one thread at a time.

    It remembers the listing of every directory, so the first scan walks and the later ones look at what changed.
    """

    def __init__(
        self,
        root: Path,
        settings: ScanSettings,
        languages: Mapping[str, str],
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        """Take an existing directory and the language of each file suffix (`.py`, in lower case).

        `give_way` is called before each file and directory, and returns when the scan may go on.
        """
        self._root = os.path.realpath(root)
        self._settings = settings
        self._languages = {suffix if suffix.startswith(".") else f".{suffix}": to for suffix, to in languages.items()}
        self._identity = _identity(self._root)
        self._give_way = give_way
        self._tree = Tree(Rules(self._root, settings), give_way)
        # Read so soon after they were written that a later write may leave the same stat.
        self._racy: set[str] = set()

    def scan(
        self,
        known: Mapping[str, Known],
        *,
        now_ns: int,
        paths: Collection[str] | None = None,
        full: bool = False,
        progress: Callable[[int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        found: Found | None = None,
    ) -> ScanResult:
        """Compare the workspace, or only `paths` in it, with `known`.

        `paths` are relative to the workspace (or absolute within it); a directory stands for everything beneath it,
        and what is not there any more is allowed.  One that makes rules widens the scan to the whole workspace.
        `full` trusts no stat and reads every file.  `progress` is told how many files have been compared.  `found`
        hears, while the workspace is listed for the first time, of files that the result will probably name as added.
        Raises RefusedError if the workspace itself has vanished.
        """
        identity = _identity(self._root)
        if identity is None or identity != self._identity:
            raise RefusedError(
                f"workspace {self._root} was removed, replaced or unmounted", hint="restart driftd when it is back"
            )
        # The kernel stamps files with its own clock, which a simulated one must not outrun.
        now = min(now_ns, time.time_ns())
        wanted = None if paths is None else self._relative(paths)
        widened = paths is not None and any(map(self.affects_rules, paths))
        self._tree.begin(now)
        comparison = _Comparison(
            self._root,
            self._settings,
            self._languages,
            racy=self._racy,
            known=known,
            now_ns=now,
            full=full,
            progress=progress,
            cancelled=cancelled,
            give_way=self._give_way,
        )
        if wanted is None or widened or "" in wanted:
            self._scan_all(comparison, rebuild=full, found=found)
        else:
            for path in wanted:
                self._scan_path(path, comparison)
        return comparison.result(self._tree)

    def directories(self, *, now_ns: int) -> frozenset[str]:
        """Return the directories whose files a scan would examine ("" is the workspace), without looking at files."""
        self._tree.begin(min(now_ns, time.time_ns()))
        self._tree.refresh(rebuild=False)
        return self._tree.directories()

    def affects_rules(self, path: str) -> bool:
        """Return whether a change of `path` may change which other files are examined: then scan everything.

        Judged by the path alone, which is relative to the workspace or absolute.
        """
        name = path.rpartition("/")[2]
        if name in (GIT_IGNORE, DRIFT_IGNORE, VENV_MARKER):
            return True
        if name == ".git" or path.endswith(("/info/exclude", "/index")):
            return name == ".git" or ".git" in path.split("/")
        return self._tree.rules.watches(path)

    def _scan_all(self, comparison: _Comparison, *, rebuild: bool, found: Found | None) -> None:
        """Compare every examined file, and find those that are gone."""
        tree = self._tree
        stats = tree.refresh(rebuild=rebuild, found=found)
        root_error = tree.nodes[""].error if "" in tree.nodes else "vanished"
        if root_error is not None:
            raise RefusedError(f"workspace {self._root} cannot be listed: {root_error}", hint="correct its permissions")
        self._racy.intersection_update(comparison.known)
        for path in tree.files():
            if not comparison.compare(path, stats.get(path)):
                return
        comparison.find_removed(comparison.known, tree)

    def _scan_path(self, path: str, comparison: _Comparison) -> None:
        """Compare one path, or everything beneath it, as a scan of everything would."""
        tree = self._tree
        remembered = tree.files_below(path)
        if not tree.complete or tree.unreadable_below(path):
            beneath = f"{path}/"
            remembered += [other for other in comparison.known if other.startswith(beneath)]
        try:
            status = os.lstat(f"{self._root}/{path}")
        except (FileNotFoundError, NotADirectoryError):
            status = None
        except OSError as error:
            comparison.fail(path, error)
            return
        examined = status is not None and tree.examines(path, status)
        if not examined and tree.unreadable_above(path):
            return  # nothing is known about what is beneath it, so what was known stays
        if status is None or not examined:
            tree.forget(path)
        elif stat_module.S_ISDIR(status.st_mode):
            stats = tree.read_below(path)
            for file in tree.files_below(path):
                if not comparison.compare(file, stats.get(file)):
                    return
        else:
            tree.forget(path)
            comparison.compare(path, status)
        comparison.find_removed([path, *remembered], tree)

    def _relative(self, paths: Collection[str]) -> list[str]:
        """Return `paths` relative to the workspace, sorted, without those that a directory among them covers."""
        prefix = self._root.rstrip("/") + "/"
        found: set[str] = set()
        for path in paths:
            inner = os.path.normpath(path.removeprefix(prefix))
            if inner in (".", self._root):
                inner = ""
            if not inner.startswith(("/", "../")) and inner != ".." and NEVER.isdisjoint(inner.split("/")):
                found.add(inner)
        return [path for path in sorted(found) if not any(above in found for above in ancestors(path))]


class _Comparison:
    """One scan: what was seen so far, and how it differs from what is known."""

    def __init__(
        self,
        root: str,
        settings: ScanSettings,
        languages: Mapping[str, str],
        *,
        racy: set[str],
        known: Mapping[str, Known],
        now_ns: int,
        full: bool,
        progress: Callable[[int], None] | None,
        cancelled: Callable[[], bool] | None,
        give_way: Callable[[], None],
    ) -> None:
        self.known = known
        self._give_way = give_way
        self._root = root
        self._settings = settings
        self._languages = languages
        self._racy = racy
        self._now_ns = now_ns
        self._full = full
        self._progress = progress
        self._cancelled = cancelled
        self._complete = True
        self._seen: set[str] = set()
        self._added: list[ScannedFile] = []
        self._modified: list[ScannedFile] = []
        self._touched: list[ScannedFile] = []
        self._errors: list[ScannedFile] = []
        self._removed: list[str] = []
        self._unchanged = 0

    def compare(self, path: str, status: os.stat_result | None) -> bool:
        """Compare one examined file; return False once the scan is cancelled."""
        self._give_way()
        if len(self._seen) % _STRIDE == 0 and not self._goes_on():
            return False
        if status is None:
            try:
                status = os.lstat(f"{self._root}/{path}")
            except OSError as error:
                self.fail(path, error)
                return True
        known = self.known.get(path)
        if known is not None and not self._full and self._proves_unchanged(known, status):
            self._seen.add(path)
            self._unchanged += 1
        else:
            self._examine(path, status)
        return True

    def fail(self, path: str, error: OSError) -> None:
        """Record that a file could not be read; one that nobody knew and that has vanished is no failure."""
        key = printable(path)
        known = self.known.get(key)
        self._seen.add(key)
        if known is None and error.errno in (errno.ENOENT, errno.ENOTDIR):
            return
        self._errors.append(
            ScannedFile(
                path=key,
                stat=known.stat if known is not None else Stat(0, 0, 0, 0),
                content_hash=known.content_hash if known is not None else b"",
                language=self._language(key),
                skip_reason=known.skip_reason if known is not None else None,
                error=error.strerror or str(error),
            )
        )

    def find_removed(self, candidates: Iterable[str], tree: Tree) -> None:
        """Record those of `candidates` that are known and were not seen, except where one could not look."""
        gone = {path for path in candidates if path not in self._seen and path in self.known}
        if tree.unreadable:
            gone = {path for path in gone if not tree.unreadable_above(path)}
        self._racy -= gone
        self._removed = list(set(self._removed) | gone)

    def result(self, tree: Tree) -> ScanResult:
        """Return what was found."""
        if self._progress is not None:
            self._progress(len(self._seen))
        added, renamed, removed = ([], [], set[str]()) if not self._complete else self._pair_renames()
        return ScanResult(
            added=_sorted(added),
            modified=_sorted(self._modified),
            renamed=_sorted(renamed),
            touched=_sorted(self._touched),
            removed=tuple(sorted(removed)),
            errors=_sorted(self._errors),
            unreadable_directories=tuple(
                UnreadableDirectory(printable(path), error) for path, error in sorted(tree.unreadable.items())
            ),
            unchanged=self._unchanged,
            total=len(self._seen),
            ignored=tree.ignored,
            directories=tree.directories(),
            complete=self._complete,
        )

    def _goes_on(self) -> bool:
        """Tell the progress and ask whether to stop."""
        if self._progress is not None:
            self._progress(len(self._seen))
        if self._cancelled is not None and self._cancelled():
            self._complete = False
        return self._complete

    def _proves_unchanged(self, known: Known, status: os.stat_result) -> bool:
        """Return whether the stat alone shows that the known row still holds."""
        was = known.stat
        return (
            was.mtime_ns == status.st_mtime_ns
            and was.ctime_ns == status.st_ctime_ns
            and was.size == status.st_size
            and was.inode == status.st_ino
            and known.error is None
            and not _is_racy(known)
            and known.path not in self._racy
            and (known.skip_reason == "too_large") == (was.size > self._settings.max_file_size)
        )

    def _examine(self, path: str, status: os.stat_result) -> None:
        """Read one file and compare its content."""
        key = printable(path)
        absolute = f"{self._root}/{path}"
        reason = classify.special_kind(status.st_mode)
        language = self._language(key) if reason is None else None
        if reason is None and key != path:
            reason = "undecodable_name"
        if reason is None and status.st_size > self._settings.max_file_size:
            reason = "too_large"
        if reason is None:
            try:
                data, status = classify.read(absolute, self._settings.max_file_size)
            except OSError as error:
                self.fail(path, error)
                return
            if data is None:
                reason = "too_large"
            else:
                reason = classify.skip_reason(path, data, self._settings.minified_line_length)
                digest = classify.content_hash(data)
                if max(status.st_mtime_ns, status.st_ctime_ns) + RACY_NS > self._now_ns:
                    self._racy.add(key)
                else:
                    self._racy.discard(key)
        if reason is not None and reason not in _READ_REASONS:
            digest = classify.stand_in_hash(absolute, status, reason)
        stat = Stat(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        self._record(ScannedFile(key, stat, digest, language, reason))

    def _record(self, file: ScannedFile) -> None:
        """Enter a file that was examined into the group that it belongs to."""
        self._seen.add(file.path)
        known = self.known.get(file.path)
        if known is None:
            self._added.append(file)
        elif known.content_hash != file.content_hash or known.skip_reason != file.skip_reason:
            self._modified.append(file)
        elif known.stat != file.stat or known.error is not None or _is_racy(known):
            self._touched.append(file)
        else:
            self._unchanged += 1

    def _pair_renames(self) -> tuple[list[ScannedFile], list[ScannedFile], set[str]]:
        """Return what is added, renamed and removed once equal contents are paired.

        A content that is gone from one path and new at one other was renamed.  With several of each, those that kept
        their base name are paired first.  Empty files are all alike and prove nothing.
        """
        gone: defaultdict[bytes, list[str]] = defaultdict(list)
        for path in sorted(self._removed):
            if self.known[path].stat.size and self.known[path].content_hash:
                gone[self.known[path].content_hash].append(path)
        new: defaultdict[bytes, list[ScannedFile]] = defaultdict(list)
        for file in _sorted(self._added):
            if file.stat.size and file.content_hash in gone:
                new[file.content_hash].append(file)
        origins: dict[str, str] = {}
        for digest, files in new.items():
            origins |= _pair(gone[digest], [file.path for file in files])
        renamed = [
            msgspec.structs.replace(file, renamed_from=origins[file.path])
            for file in self._added
            if file.path in origins
        ]
        added = [file for file in self._added if file.path not in origins]
        return added, renamed, set(self._removed) - set(origins.values())

    def _language(self, path: str) -> str | None:
        """Return the language that the suffix stands for."""
        return self._languages.get(os.path.splitext(path)[1].lower())  # noqa: PTH122  # once a file: no Path objects


# Reasons that are found in the content, so that its hash is known.
_READ_REASONS = frozenset({"binary", "minified", "unsupported_language"})


def printable(path: str) -> str:
    r"""Return the path as it is stored: text that is valid UTF-8.

    A name that is not UTF-8 has each such byte written as `\xNN` and each backslash as `\x5c`, which can be read
    back; every other name stays as it is.
    """
    if path.isascii():
        return path
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path.replace("\\", "\\x5c")).decode("utf-8", "backslashreplace")
    return path


def _pair(gone: list[str], new: list[str]) -> dict[str, str]:
    """Return which of the `new` paths comes from which of the `gone`, all of one content."""
    origins: dict[str, str] = {}
    for name in {_base(path) for path in new}:
        before = [path for path in gone if _base(path) == name]
        after = [path for path in new if _base(path) == name]
        if len(before) == len(after) == 1:
            origins[after[0]] = before[0]
    left_gone = [path for path in gone if path not in origins.values()]
    left_new = [path for path in new if path not in origins]
    if len(left_gone) == len(left_new) == 1:
        origins[left_new[0]] = left_gone[0]
    return origins


def _is_racy(known: Known) -> bool:
    """Return whether a file was read so soon after its last change that its stat proves nothing."""
    return max(known.stat.mtime_ns, known.stat.ctime_ns) + RACY_NS > known.scanned_at * 1_000_000_000


def _base(path: str) -> str:
    """Return the last name of a path."""
    return path.rpartition("/")[2]


def _sorted(files: list[ScannedFile]) -> tuple[ScannedFile, ...]:
    """Return files in the order of their paths."""
    return tuple(sorted(files, key=lambda file: file.path))


def _identity(path: str) -> tuple[int, int] | None:
    """Return device and inode of a directory, None if there is none."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat_module.S_ISDIR(status.st_mode) else None
