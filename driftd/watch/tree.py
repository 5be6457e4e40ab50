"""The directories and names that are examined, remembered so that an unchanged directory is not listed again.

A directory is listed again when its stat differs; everything is, when a file that makes rules differs.  Which files
changed is not asked here: `scan` compares.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator

import msgspec

from driftd.watch.ignore import DRIFT_IGNORE, GIT_IGNORE, NEVER, RACY_NS, VENV_MARKER, Rules, Signature, signature

Found = Callable[[str, os.stat_result], None]
"""Hears the path of a file and its stat."""

# Listing one directory costs about as much as walking over this many entries of a whole walk.
_RELIST_AT_MOST = 64


class Directory(msgspec.Struct):
    """One examined directory: the names that the rules leave, and the stat that they were read at."""

    signature: Signature
    racy: bool
    files: set[str]
    directories: set[str]
    ignored: int = 0
    error: str | None = None
    # A virtual environment: nothing beneath it is examined.
    pruned: bool = False
    # Ignored by git: only what is tracked beneath it is examined.
    closed: bool = False


class Tree:
    """What is examined of one workspace."""

    def __init__(self, rules: Rules, give_way: Callable[[], None] = lambda: None) -> None:
        self.rules = rules
        self._give_way = give_way
        self.nodes: dict[str, Directory] = {}
        # Kept although a rule leaves it out, because it is tracked.
        self._by_tracking: set[str] = set()
        self._fresh: set[str] = set()
        self._outdated = False
        self._now_ns = 0
        self._directories: frozenset[str] | None = None
        # The directories that could not be listed, with the reason.
        self.unreadable: dict[str, str] = {}
        # How many names the rules left out; a directory counts as one.
        self.ignored = 0
        self._found: Found | None = None
        # Whether `nodes` covers the workspace: false until the first `refresh`.
        self.complete = False

    def begin(self, now_ns: int) -> None:
        """Start a scan: what was listed before may have changed since."""
        self._fresh.clear()
        self._now_ns = now_ns
        if not self.complete and not self.nodes:
            self.rules.reload(now_ns)

    def refresh(self, *, rebuild: bool, found: Found | None = None) -> dict[str, os.stat_result]:
        """Make every directory current; return the stat of those files that had to be looked at anyway.

        `found` hears of files while the workspace is listed for the first time: of most, and of a few too many.
        """
        if not self.nodes:
            self._found = found
        try:
            return self._refresh(rebuild=rebuild)
        finally:
            self._found = None

    def _refresh(self, *, rebuild: bool) -> dict[str, os.stat_result]:
        stats: dict[str, os.stat_result] = {}
        if rebuild or self._outdated or not self.complete or self._rules_changed():
            return self._rebuild()
        stale = self._stale()
        if len(stale) > _RELIST_AT_MOST or any(map(self._has_new_rules, stale)):
            return self._rebuild()
        for path in stale:
            if path in self.nodes and path not in self._fresh:
                self._relist(path, stats)
        if stale:
            self._drop_unreachable()
        return stats

    def files(self) -> Iterator[str]:
        """Yield every examined file; a directory's own files come together."""
        for path, node in self.nodes.items():
            if path:
                for name in node.files:
                    yield f"{path}/{name}"
            else:
                yield from node.files

    def files_below(self, path: str) -> list[str]:
        """Return the files beneath a directory as far as they are remembered."""
        found: list[str] = []
        for directory in self._below(path):
            prefix = f"{directory}/" if directory else ""
            found += [prefix + name for name in self.nodes[directory].files]
        return found

    def holds(self, path: str) -> bool:
        """Return whether the directory is remembered."""
        return path in self.nodes

    def forget(self, path: str) -> None:
        """Drop a directory and what is beneath it."""
        for directory in self._below(path):
            self._drop(directory)

    def unreadable_above(self, path: str) -> bool:
        """Return whether a directory above `path` could not be listed."""
        return bool(self.unreadable) and any(above in self.unreadable for above in (*ancestors(path), ""))

    def unreadable_below(self, path: str) -> bool:
        """Return whether `path` or a directory beneath it could not be listed when it was last tried."""
        return path in self.unreadable or any(other.startswith(f"{path}/") for other in self.unreadable)

    def directories(self) -> frozenset[str]:
        """Return the directories that are examined, the root (the empty text) among them."""
        if self._directories is None:
            self._directories = frozenset(
                path for path, node in self.nodes.items() if not node.pruned and node.error is None
            )
        return self._directories

    def examines(self, path: str, status: os.stat_result) -> bool:
        """Return whether the rules leave `path`, which is on disk now; costs at most one listing a level.

        False also where a directory above cannot be listed: see `unreadable_above`.
        """
        parent, _, name = path.rpartition("/")
        node = self._directory(parent)
        if node is None or node.pruned or node.error is not None:
            return False
        is_directory = stat.S_ISDIR(status.st_mode)
        if name not in (node.directories if is_directory else node.files) and parent not in self._fresh:
            self._relist(parent, {}, recursive=False)
            node = self.nodes.get(parent, node)
        return name in (node.directories if is_directory else node.files)

    def read_below(self, path: str) -> dict[str, os.stat_result]:
        """List an examined directory and everything beneath it anew; return the stats of its files."""
        stats: dict[str, os.stat_result] = {}
        old = self.nodes.get(path)
        closed = old.closed if old is not None else self._is_closed(path)
        self.forget(path)
        self._list_below(path, stats, closed=closed)
        return stats

    def _rebuild(self) -> dict[str, os.stat_result]:
        """List everything from nothing."""
        self.nodes.clear()
        self.unreadable.clear()
        self.ignored = 0
        self._directories = None
        self._by_tracking.clear()
        self._fresh.clear()
        self._outdated = False
        self.rules.reload(self._now_ns)
        stats: dict[str, os.stat_result] = {}
        self._list_below("", stats, closed=False)
        self.complete = True
        return stats

    def _rules_changed(self) -> bool:
        """Return whether another set of files would be examined because a rule or what is tracked changed."""
        changed = self.rules.changed(self._now_ns)
        if not changed:
            return False
        difference = self.rules.reload_tracked(changed)
        return difference is None or not all(map(self._is_plain, difference))

    def _is_plain(self, path: str) -> bool:
        """Return whether it makes no difference if the file is tracked: it is examined anyway, or it is not there."""
        if not os.path.lexists(self.rules.absolute(path)):
            return True
        parent, _, name = path.rpartition("/")
        node = self.nodes.get(parent)
        if node is None or node.closed or node.pruned or name not in node.files or path in self._by_tracking:
            return False
        return not any(folder in self._by_tracking for folder in ancestors(path))

    def _stale(self) -> list[str]:
        """Return the directories that are not as they were when they were listed, parents first."""
        stale = []
        root = self.rules.root
        for path, node in self.nodes.items():
            try:
                status = os.lstat(f"{root}/{path}")
            except OSError:
                stale.append(path)
                continue
            if node.racy or node.error is not None or signature(status) != node.signature:
                stale.append(path)
        return sorted(stale)

    def _has_new_rules(self, path: str) -> bool:
        """Return whether a listed directory has a rule file, or a `.git`, that the rest was not listed with."""
        prefix = self.rules.absolute(path)
        files = (f"{prefix}/{name}" for name in (GIT_IGNORE, DRIFT_IGNORE))
        return self.rules.borders_changed(path) or any(
            os.path.lexists(file) and not self.rules.watches(file) for file in files
        )

    def _directory(self, path: str) -> Directory | None:
        """Return an examined directory, listed at some time, or None if it is not examined or not there."""
        try:
            status = os.lstat(self.rules.absolute(path))
        except OSError:
            return None
        if not stat.S_ISDIR(status.st_mode):
            return None
        node = self.nodes.get(path)
        if node is not None and (path in self._fresh or (node.error is None and node.signature[3] == status.st_ino)):
            return node
        if path and not self.examines(path, status):
            return None
        closed = bool(path) and self._is_closed(path)
        self.forget(path)
        self._list_one(path, closed=closed, stats={})
        return self.nodes.get(path)

    def _is_closed(self, path: str) -> bool:
        """Return whether an examined directory is one that git ignores and of which something is tracked."""
        if not path:
            return False
        parent, _, name = path.rpartition("/")
        node = self.nodes.get(parent)
        if node is not None and node.closed:
            return True
        return path in self._by_tracking and name not in self.rules.names(parent, builtin=False)

    def _relist(self, path: str, stats: dict[str, os.stat_result], *, recursive: bool = True) -> None:
        """List one directory again, and what is new beneath it if so asked."""
        old = self.nodes[path]
        self._outdated |= self._has_new_rules(path)
        node = self._list_one(path, closed=old.closed, stats=stats)
        if node is None:
            self.forget(path)
        elif recursive:
            for name in sorted(node.directories):
                below = f"{path}/{name}" if path else name
                if below not in self.nodes:
                    self._list_below(below, stats, closed=self._is_closed(below))

    def _list_one(self, path: str, *, closed: bool, stats: dict[str, os.stat_result]) -> Directory | None:
        """List one directory; return None if it is not there (any more)."""
        try:
            status = os.lstat(self.rules.absolute(path))
        except OSError:
            return None
        kept = set() if closed else self.rules.names(path)
        return self._enter(path, status, kept, closed=closed, stats=stats)

    def _list_below(self, path: str, stats: dict[str, os.stat_result], *, closed: bool) -> None:
        """List a directory and everything beneath it."""
        if closed:
            node = self._list_one(path, closed=True, stats=stats)
            for name in sorted(node.directories) if node is not None else ():
                self._list_below(f"{path}/{name}", stats, closed=True)
            return
        root = self.rules.root
        try:
            found: dict[str, os.stat_result] = {path: os.lstat(self.rules.absolute(path))}
        except OSError:
            return
        kept: dict[str, set[str]] = {path: set()}
        is_directory = stat.S_ISDIR
        lstat, hears, give_way = os.lstat, self._found, self._give_way
        for entry in self.rules.walk(path):
            give_way()
            try:
                status = lstat(f"{root}/{entry}")
            except OSError:
                continue
            parent, _, name = entry.rpartition("/")
            if parent in kept:
                kept[parent].add(name)
                found[entry] = status
                if is_directory(status.st_mode):
                    kept[entry] = set()
                elif hears is not None:
                    hears(entry, status)
        stats.update(found)
        for directory, names in kept.items():  # parents first
            if directory != path:
                parent, _, name = directory.rpartition("/")
                above = self.nodes.get(parent)
                if above is None or name not in above.directories:
                    continue
            node = self._enter(directory, found[directory], names, closed=False, stats=stats)
            if node is not None:
                self._list_tracked_below(directory, node, names, stats)

    def _list_tracked_below(self, path: str, node: Directory, kept: set[str], stats: dict[str, os.stat_result]) -> None:
        """List the directories that are examined only because something in them is tracked."""
        for name in sorted(node.directories - kept):
            below = f"{path}/{name}" if path else name
            self._list_below(below, stats, closed=self._is_closed(below))

    def _enter(
        self, path: str, status: os.stat_result, kept: set[str], *, closed: bool, stats: dict[str, os.stat_result]
    ) -> Directory | None:
        """Remember a directory of which the rules leave the names `kept`; adds those that are tracked."""
        self._give_way()
        rules = self.rules
        self._fresh.add(path)
        racy = max(status.st_mtime_ns, status.st_ctime_ns) + RACY_NS > self._now_ns
        node = Directory(signature(status), racy, set(), set(), closed=closed)
        if path in self.nodes:
            self._drop(path)
        absolute = rules.absolute(path)
        try:
            present = set(os.listdir(absolute))  # noqa: PTH208  # text, as all paths of a scan
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            node.error = self.unreadable[path] = error.strerror or str(error)
            self.nodes[path] = node
            return node
        self.nodes[path] = node
        self._directories = None
        if path and ".git" in present:
            rules.add_nested(path, self._now_ns)
        tracked = rules.tracked_names(path)
        if path and VENV_MARKER in present and not tracked and not rules.reincludes(path):
            node.pruned = True
            return node
        for name in (GIT_IGNORE, DRIFT_IGNORE):
            if name in present and not rules.watches(f"{absolute}/{name}"):
                rules.watch(f"{absolute}/{name}", self._now_ns, was_read=True)
        present -= NEVER
        missing = (tracked & present) - kept
        if missing:
            missing &= rules.names_by_driftignore(path)
        self._classify(path, kept & present, missing, node, stats)
        node.ignored = len(present) - len(node.files) - len(node.directories)
        self.ignored += node.ignored
        return node

    def _classify(
        self, path: str, kept: set[str], missing: set[str], node: Directory, stats: dict[str, os.stat_result]
    ) -> None:
        """Divide names into files and directories."""
        prefix = f"{path}/" if path else ""
        includes = self.rules.includes
        for name in kept | missing:
            below = prefix + name
            status = stats.get(below)
            if status is None:
                try:
                    status = os.lstat(f"{self.rules.root}/{below}")
                except OSError:
                    continue
                stats[below] = status
            if name in missing:
                self._by_tracking.add(below)
            if stat.S_ISDIR(status.st_mode):
                node.directories.add(name)
            elif includes(below):
                node.files.add(name)

    def _drop_unreachable(self) -> None:
        """Forget the directories whose parents do not have them any more."""
        for path in sorted(self.nodes):  # parents first, so that what hangs on a dropped one follows
            parent, _, name = path.rpartition("/")
            above = self.nodes.get(parent)
            if path and (above is None or name not in above.directories):
                self._drop(path)

    def _drop(self, path: str) -> None:
        """Forget one directory."""
        self.ignored -= self.nodes.pop(path).ignored
        self.unreadable.pop(path, None)
        self._directories = None

    def _below(self, path: str) -> list[str]:
        """Return the remembered directories at and beneath `path`, parents first."""
        found = []
        pending = [path]
        while pending:
            directory = pending.pop()
            node = self.nodes.get(directory)
            if node is not None:
                found.append(directory)
                pending += [f"{directory}/{name}" if directory else name for name in node.directories]
        return found


def ancestors(path: str) -> Iterator[str]:
    """Yield the directories that hold `path`, the nearest first, without the root."""
    while path := path.rpartition("/")[0]:
        yield path
