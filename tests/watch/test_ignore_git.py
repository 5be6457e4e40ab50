"""Which files are examined is what git itself says, for any ignore files; and a partial scan agrees with a full one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftd.config import ScanSettings
from driftd.watch.scan import Known, Scanner, ScanResult

NAMES = ["a", "b", "c.py", "d.log", "build", "é x", "#h", ".hidden"]
PATTERNS = [
    "a", "a/", "/a", "/a/", "b/c.py", "*.py", "!*.py", "!c.py", "*.log", "!d.log", "**/a", "a/**", "a/**/b", "/*", "!/b", "!/b/",
    "build", "!build", "!build/", "é*", "\\#h", "#h", "*/b", "[ab]", "[!a]", "?", "", "a b", "c.py ", "\\!x", ".*", "!.gitignore",
]  # fmt: skip

paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
rules = st.lists(st.sampled_from(PATTERNS), max_size=4).map(lambda lines: "\n".join(lines) + "\n")
folders = st.lists(st.sampled_from(["a", "b", "build"]), max_size=2).map("/".join)


@pytest.fixture(scope="module", autouse=True)
def _private_git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No configuration of whoever runs the tests counts."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
        yield


@pytest.fixture
def root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(os.path.realpath(folder))


def git(root: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True).stdout


def write(root: Path, path: str, text: str = "") -> bool:
    """Write a file unless something of another kind is in the way."""
    target = root / path
    if target.is_dir() or any(parent.is_file() for parent in target.parents):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text or path)
    return True


def git_says(root: Path) -> set[str]:
    """What git lists as tracked, or untracked and not ignored, and what is there."""
    output = git(root, "ls-files", "-z", "-c", "-o", "--exclude-standard")
    return {name for raw in output.split(b"\0") if (name := os.fsdecode(raw)) and os.path.lexists(root / name)}


def examined(root: Path, scan: ScanSettings | None = None) -> set[str]:
    return {file.path for file in new_scanner(root, scan).scan({}, now_ns=time.time_ns()).added}


def new_scanner(root: Path, scan: ScanSettings | None = None) -> Scanner:
    return Scanner(root, scan or ScanSettings(), {".py": "python"})


def known_after(known: dict[str, Known], result: ScanResult) -> dict[str, Known]:
    """What whoever stores a result knows afterwards."""
    after = dict(known)
    for path in result.removed:
        del after[path]
    for file in (*result.added, *result.modified, *result.touched, *result.renamed):
        after.pop(file.renamed_from or "", None)
        after[file.path] = Known(
            file.path, file.stat, file.content_hash, int(time.time()), file.skip_reason, file.error
        )
    return after


def contents(known: dict[str, Known]) -> dict[str, tuple[bytes, str | None]]:
    return {path: (entry.content_hash, entry.skip_reason) for path, entry in known.items()}


def without_builtin_rules(paths: set[str]) -> set[str]:
    return {path for path in paths if "build" not in path.split("/")[:-1]}


common = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@common
@given(
    files=st.lists(paths, max_size=12),
    ignores=st.dictionaries(folders, rules, max_size=3),
    exclude=rules,
    globally=rules,
    tracked=st.lists(paths, max_size=4),
)
def test_the_files_examined_are_those_that_git_lists(
    files: list[str], ignores: dict[str, str], exclude: str, globally: str, tracked: list[str]
) -> None:
    """Tracked files, and untracked ones that no ignore file names (in the tree, in the repository, or the user's)."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(os.path.realpath(folder))
        git(root, "init", "-q")
        # A rooted pattern of the user's own file is relative to each repository.
        user = Path(os.environ["XDG_CONFIG_HOME"], "git", "ignore")
        user.parent.mkdir(parents=True, exist_ok=True)
        user.write_text(globally)
        for path in tracked:
            if write(root, path):
                git(root, "add", "-f", "--", path)
        for path in files:
            write(root, path)
        for directory, text in ignores.items():
            write(root, f"{directory}/.gitignore".lstrip("/"), text)
        (root / ".git/info/exclude").write_text(exclude)
        # Below a directory named build only git's tracking and a negation count; the other tests are about that.
        assert without_builtin_rules(examined(root)) == without_builtin_rules(git_says(root))


edits = st.lists(
    st.one_of(
        st.tuples(st.just("write"), paths, st.sampled_from(["1", "2", "3"])),
        st.tuples(st.just("delete"), paths, st.just("")),
        st.tuples(st.just("ignore"), folders, rules),
        st.tuples(st.just("driftignore"), folders, rules),
        st.tuples(st.just("track"), paths, st.just("")),
        st.tuples(st.just("venv"), folders, st.just("")),
        st.tuples(st.just("move"), paths, paths),
    ),
    max_size=6,
)


def apply(root: Path, edit: tuple[str, str, str], *, repository: bool) -> list[str]:
    """Make one edit; return the paths that a watcher would name."""
    kind, path, other = edit
    target = root / path
    if kind == "write":
        existed = [parent for parent in target.parents if parent.exists()]
        if not write(root, path, other):
            return []
        # Only the topmost new directory is sure to be reported.
        new = [parent for parent in target.parents if parent not in existed and parent != root]
        return [str((new[-1] if new else target).relative_to(root))]
    if kind == "delete":
        if target.is_dir():
            shutil.rmtree(target)
        elif target.exists():
            target.unlink()
        return [path]
    if kind == "track":
        if not repository or not target.is_file():
            return []
        git(root, "add", "-f", "--", path)
        return [".git/index"]
    if kind == "move":
        destination = root / other
        if not target.exists() or destination.exists() or not destination.parent.is_dir():
            return []
        if target in destination.parents:
            return []
        target.rename(destination)
        return [path, other]
    name = {"ignore": ".gitignore", "driftignore": ".driftignore", "venv": "pyvenv.cfg"}[kind]
    inner = f"{path}/{name}".lstrip("/")
    if not target.is_dir() or not write(root, inner, other):
        return []
    return [inner]


@common
@given(
    repository=st.booleans(),
    files=st.lists(paths, max_size=10),
    rounds=st.lists(edits, min_size=1, max_size=4),
)
def test_scans_of_what_changed_add_up_to_a_scan_of_everything(
    repository: bool, files: list[str], rounds: list[list[tuple[str, str, str]]]
) -> None:
    """Whoever scans only the paths that a watcher named knows what a fresh scan of everything would find."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(os.path.realpath(folder))
        if repository:
            git(root, "init", "-q")
        for path in files:
            write(root, path)
        scanner = new_scanner(root)
        known = known_after({}, scanner.scan({}, now_ns=time.time_ns()))
        for batch in rounds:
            changed = [path for edit in batch for path in apply(root, edit, repository=repository)]
            known = known_after(known, scanner.scan(known, now_ns=time.time_ns(), paths=changed))
            fresh = new_scanner(root).scan({}, now_ns=time.time_ns())
            assert contents(known) == contents(known_after({}, fresh))
            again = scanner.scan(known, now_ns=time.time_ns())
            assert (again.added, again.modified, again.renamed, again.removed) == ((), (), (), ())
            assert again.directories == fresh.directories
            assert again.ignored == fresh.ignored
