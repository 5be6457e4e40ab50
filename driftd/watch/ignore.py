"""Which entries of a directory are examined: git's ignore rules, `.driftignore`, settings and the built-in list.

The rules themselves are applied by the `ignore` library; this module says which of them count, and adds what that
library cannot know: a tracked file is examined although it is ignored, and a built-in rule yields to git.  From
strong to weak: `scan.exclude` and `.git`/`.drift`, `.driftignore`, tracked by git, `.gitignore` and git's other
exclude files, the built-in list.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from ignore import Error as WalkError
from ignore import WalkBuilder
from ignore.overrides import OverrideBuilder

from driftd.config import ScanSettings
from driftd.errors import ConfigError
from driftd.watch import git

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

DRIFT_IGNORE = ".driftignore"
GIT_IGNORE = ".gitignore"
VENV_MARKER = "pyvenv.cfg"

# Never examined and never listed, whatever any rule says.
NEVER = frozenset({".git", ".drift"})

_BUILTIN = Path(__file__).with_name("builtin_ignore.txt")

# A file system that counts time coarsely gives two writes one time stamp; within this a stat proves nothing.
RACY_NS = 2_000_000_000

Signature = tuple[int, int, int, int]


def signature(status: os.stat_result) -> Signature:
    """Return what changes whenever a file or the names in a directory change (but see RACY_NS)."""
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


class _Fingerprint(msgspec.Struct, frozen=True):
    """A file that makes rules, as it was; `certain` if an equal signature proves that it is the same."""

    signature: Signature | None
    digest: bytes
    certain: bool


class Rules:
    """The rules of one workspace, as they were when `reload` was called."""

    def __init__(self, root: str, settings: ScanSettings) -> None:
        """Take the real path of the workspace; raises ConfigError for a pattern that is none."""
        self.root = root
        self._prefix = len(root.rstrip("/")) + 1
        self._never = _override(root, settings.exclude)
        self._include = _include(settings.include)
        self._tracked: dict[str, list[str]] = {}
        self._children: dict[str, set[str]] = {}
        self._watched: dict[str, _Fingerprint] = {}
        self._top: str | None = None
        self._indexes: dict[str, str] = {}
        self._parents = True
        self._repository = False
        self._user_rules = ""

    def reload(self, now_ns: int) -> None:
        """Read anew everything that is not inside the walked directories."""
        self._watched.clear()
        self._indexes.clear()
        self._tracked.clear()
        self._children.clear()
        top = git.toplevel(self.root)
        self._top = top
        self._repository = top is not None
        # Above a repository nothing counts to git, but without one the library looks up to the root.
        foreign = (GIT_IGNORE, DRIFT_IGNORE) if top is None else (DRIFT_IGNORE,)
        inside = top is not None and top != self.root
        self._parents = inside or not any(
            os.path.lexists(f"{folder}/{name}".replace("//", "/"))
            for folder in map(str, Path(self.root).parents)
            for name in foreign
        )
        user_file = git.global_excludes_file(self.root)
        for path in (user_file, *self._above(top)):
            self.watch(path, now_ns)
        self._user_rules = _anchored(_read_text(user_file), top or self.root)
        if top is not None:
            self._add_repository("", top, now_ns)

    def add_nested(self, directory: str, now_ns: int) -> None:
        """Take in the repository (or submodule) at `directory`."""
        if directory not in self._tracked:
            self._add_repository(directory, self.absolute(directory), now_ns)

    def watch(self, path: str, now_ns: int, *, was_read: bool = False) -> None:
        """Remember the file at the absolute `path`, so that `changed` notices when it is another.

        One that `was_read` before this call, and is so new that it may have been written since, counts as changed.
        """
        fingerprint = _fingerprint(path, now_ns)
        if was_read and not fingerprint.certain:
            fingerprint = _Fingerprint(fingerprint.signature, b"", certain=False)
        self._watched[path] = fingerprint

    def watches(self, path: str) -> bool:
        """Return whether the absolute `path` is remembered."""
        return path in self._watched

    def changed(self, now_ns: int) -> set[str]:
        """Return the files that may say something else than when they were last remembered."""
        changed = set()
        for path, then in list(self._watched.items()):
            if then.certain and _signature_of(path) == then.signature:
                continue
            now = self._watched[path] = _fingerprint(path, now_ns)
            if now.digest != then.digest:
                changed.add(path)
        if git.toplevel(self.root) != self._top:
            changed.add(self.absolute(".git"))
        return changed

    def borders_changed(self, directory: str) -> bool:
        """Return whether a repository has come or gone at a directory beneath the root."""
        return bool(directory) and (directory in self._tracked) != os.path.lexists(f"{self.absolute(directory)}/.git")

    def reload_tracked(self, indexes: set[str]) -> set[str] | None:
        """Return the files that became tracked or untracked, or None if `indexes` are not all indexes."""
        if not indexes <= self._indexes.keys():
            return None
        difference: set[str] = set()
        for index in indexes:
            directory = self._indexes[index]
            fresh = self._list_tracked(directory)
            difference |= set(fresh) ^ set(self._tracked[directory])
            self._tracked[directory] = fresh
        if difference:
            self._children.clear()
            for files in self._tracked.values():
                self._add_children(files)
        return difference

    def tracked_names(self, directory: str) -> set[str]:
        """Return the names in `directory` that are tracked, or are directories with something tracked beneath."""
        return self._children.get(directory, _NONE)

    def absolute(self, path: str) -> str:
        """Return the absolute form of a path relative to the workspace."""
        return f"{self.root}/{path}" if path else self.root

    def walk(self, directory: str) -> Iterator[str]:
        """Yield what the rules leave of everything beneath `directory`, parents first; tracking is not looked at."""
        if self._parents:
            yield from self._entries(self._builder(directory))
            return
        prefix = f"{directory}/" if directory else ""
        yield from (path for path in self._entries(self._builder("")) if path.startswith(prefix))

    def names(self, directory: str, *, builtin: bool = True) -> set[str]:
        """Return what the rules leave of the names in `directory`, without the built-in ones if so asked."""
        return self._names(directory, lambda start: self._builder(start, builtin=builtin))

    def names_by_driftignore(self, directory: str) -> set[str]:
        """Return what `.driftignore` and the settings alone leave of the names in `directory`."""
        return self._names(directory, lambda start: self._bare_builder(start).git_ignore(False).git_exclude(False))

    def reincludes(self, directory: str) -> bool:
        """Return whether an ignore file says `!directory/` about a directory that is excluded as a built-in."""
        parent, _, name = directory.rpartition("/")

        def builder(start: str) -> WalkBuilder:
            walk = self._builder(start)
            _add_lines(walk, _literal(name) + "/\n")
            return walk

        return name in self._names(parent, builder)

    def includes(self, path: str) -> bool:
        """Return whether `scan.include` lets the file through."""
        return self._include is None or self._include.match_file(path)

    def _names(self, directory: str, builder: Callable[[str], WalkBuilder]) -> set[str]:
        """Return the names in `directory` that the walk of `builder` leaves."""
        if self._parents:
            return {path.rpartition("/")[2] for path in self._entries(builder(directory).max_depth(1))}
        # Without its parents a walk must start at the root to see the rules above `directory`.
        depth = directory.count("/") + 2 if directory else 1
        split = (path.rpartition("/") for path in self._entries(builder("").max_depth(depth)))
        return {name for parent, _, name in split if parent == directory}

    def _builder(self, directory: str, *, builtin: bool = True) -> WalkBuilder:
        """Return a walk of `directory` that sees every rule of git and driftd."""
        builder = self._bare_builder(directory)
        if builtin:
            builder.add_ignore(_BUILTIN)
        if self._user_rules:  # after the built-in rules: the later file is asked first
            _add_lines(builder, self._user_rules)
        return builder

    def _bare_builder(self, directory: str) -> WalkBuilder:
        """Return a walk of `directory` that sees the ignore files in the directories, and the settings."""
        builder = WalkBuilder(Path(self.absolute(directory)))
        # `hidden(False)` includes hidden files; `ignore(False)` leaves out `.ignore`, which is ripgrep's alone.
        builder = builder.hidden(False).ignore(False).parents(self._parents)
        # Without the requirement the library sees no repository's border; with it, no rule outside of one.
        builder = builder.require_git(self._repository)
        return builder.git_global(False).overrides(self._never).add_custom_ignore_filename(DRIFT_IGNORE)

    def _entries(self, builder: WalkBuilder) -> Iterator[str]:
        """Yield the paths of a walk relative to the workspace, without where it starts and what it cannot read."""
        walk = iter(builder.build())
        while True:
            try:
                entry = next(walk)
            except StopIteration:
                return
            except (WalkError, OSError):  # vanished, unreadable (the lister finds out which), or a broken pattern
                continue
            if entry.depth():
                yield str(entry.path())[self._prefix :]

    def _above(self, top: str | None) -> list[str]:
        """Return the ignore files between the workspace and the repository that it is a part of."""
        if top is None or top == self.root:
            return []
        folders = [self.root]
        while folders[-1] != top:
            folders.append(os.path.dirname(folders[-1]))  # noqa: PTH120
        return [f"{folder}/{name}" for folder in folders[1:] for name in (GIT_IGNORE, DRIFT_IGNORE)]

    def _add_repository(self, directory: str, work_tree: str, now_ns: int) -> None:
        """Take in what a repository tracks beneath `directory`, and watch the files that say so."""
        files = git.rule_files(work_tree)
        for path in files:
            self.watch(path, now_ns)
        self._indexes[files[0]] = directory
        self._tracked[directory] = self._list_tracked(directory)
        self._add_children(self._tracked[directory])

    def _list_tracked(self, directory: str) -> list[str]:
        """Return what the repository at `directory` tracks, relative to the workspace."""
        files = git.tracked_files(self.absolute(directory))
        return [f"{directory}/{path}" for path in files] if directory else files

    def _add_children(self, files: list[str]) -> None:
        """Enter tracked files under their directories, and these under theirs."""
        children = self._children
        for path in files:
            below = path
            while below:
                above, _, name = below.rpartition("/")
                known = children.get(above)
                if known is not None:
                    known.add(name)
                    break
                children[above] = {name}
                below = above


_NONE: set[str] = set()


def _signature_of(path: str) -> Signature | None:
    """Return the signature of a file, None if there is none."""
    try:
        return signature(os.stat(path))  # noqa: PTH116  # text, as all paths of a scan
    except OSError:
        return None


def _fingerprint(path: str, now_ns: int) -> _Fingerprint:
    """Return what a file is now; of one that is not there, or cannot be read, that this is so."""
    then = _signature_of(path)
    if then is None:
        return _Fingerprint(None, b"missing", certain=True)
    certain = max(then[0], then[1]) + RACY_NS <= now_ns
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return _Fingerprint(then, sha256(file.read()).digest(), certain)
    except OSError:
        return _Fingerprint(then, b"unreadable", certain)


def _override(root: str, exclude: tuple[str, ...]) -> Any:
    """Return the rules that no other rule overrides; in an override, `!` means to leave out."""
    builder = OverrideBuilder(Path(root))
    for name in sorted(NEVER):
        builder = builder.add(f"!{name}")
    for pattern in exclude:
        if not pattern.strip() or pattern.startswith("!"):
            raise ConfigError(
                f"scan.exclude: {pattern!r} is not allowed",
                hint="a pattern here only excludes; .driftignore can negate",
            )
        try:
            builder = builder.add(f"!{pattern}")
        except WalkError as error:
            raise ConfigError(f"scan.exclude: {pattern!r}: {error}", hint="gitignore syntax is expected") from error
    return builder.build()


def _include(patterns: tuple[str, ...]) -> GitIgnoreSpec | None:
    """Return the filter of `scan.include`, if there is one."""
    if not patterns:
        return None
    from pathspec import GitIgnoreSpec  # noqa: PLC0415  # few workspaces need it

    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise ConfigError(f"scan.include: {error}", hint="gitignore syntax is expected") from error


def _anchored(rules: str, folder: str) -> str:
    """Return rules that are relative to `folder` as rules of an ignore file that stands outside the tree.

    The library takes the patterns of such a file to be relative to the current directory where the path is beneath
    it, and compares them with the whole path elsewhere.  (So a pattern of several names is missed beneath the current
    directory if that is inside `folder`.)
    """
    try:
        here = os.getcwd()  # noqa: PTH109, TID251  # not to find a file: see above
    except FileNotFoundError:
        here = ""
    inside = bool(here) and f"{folder}/".startswith(f"{here.rstrip('/')}/")
    place = _literal(f"/{folder[len(here) :].strip('/')}".rstrip("/")) if inside else f"**{_literal(folder)}"
    lines = []
    for line in rules.splitlines():
        negation, pattern = ("!", line[1:]) if line.startswith("!") else ("", line)
        if "/" in pattern.rstrip().rstrip("/") and not pattern.startswith("#"):
            pattern = f"{place}/{pattern.removeprefix('/')}"
        lines.append(f"{negation}{pattern}\n")
    return "".join(lines)


def _read_text(path: str) -> str:
    """Return the text of a file, empty if it cannot be read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return os.fsdecode(file.read())
    except OSError:
        return ""


def _literal(name: str) -> str:
    """Return the pattern that matches exactly `name`."""
    return "".join(f"\\{character}" if character in "*?[]\\!# " else character for character in name)


def _add_lines(builder: WalkBuilder, text: str) -> None:
    """Add rules that stand in no file; the library reads them at once."""
    descriptor = os.memfd_create("driftd-ignore", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, os.fsencode(text))
        builder.add_ignore(Path(f"/proc/self/fd/{descriptor}"))
    finally:
        os.close(descriptor)
