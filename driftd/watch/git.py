"""What git knows about a directory: which files are tracked, and where the files that decide it are.

Nothing here changes a repository or runs code that one configures.  Without git, outside a repository, or when git
fails, the answers are empty.
"""

from __future__ import annotations

import os
import subprocess

# A repository may name a program that git runs to learn of changes: a foreign workspace must not make us run it.
# `safe.directory` only guards against such programs, and without it git is silent about another user's files.
_COMMAND = ("git", "-c", "core.fsmonitor=false", "-c", "safe.directory=*")

# Set inside hooks; they would make git answer for another repository.
_FOREIGN = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
)

# A listing takes milliseconds; a repository on a dead mount must not hold the daemon for ever.
_TIMEOUT_S = 60.0


def tracked_files(directory: str) -> list[str]:
    """Return the tracked files beneath `directory`, relative to it; a submodule is one entry."""
    output = _run(directory, "ls-files", "-z", "--cached")
    return [os.fsdecode(name) for name in output.split(b"\0") if name]


def global_excludes_file(directory: str) -> str:
    """Return the ignore file that applies to all of the user's repositories, whether it exists or not."""
    configured = _run(directory, "config", "-z", "--path", "--get", "core.excludesFile").rstrip(b"\0")
    if configured:
        return os.fsdecode(configured)
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")  # noqa: PTH111  # joined below
    return os.path.join(base, "git", "ignore")  # noqa: PTH118  # text, as all paths of a scan


def toplevel(directory: str) -> str | None:
    """Return the nearest of `directory` and its parents that has a `.git`."""
    while True:
        if os.path.lexists(f"{directory}/.git"):
            return directory
        parent = os.path.dirname(directory)  # noqa: PTH120  # text, as all paths of a scan
        if parent == directory:
            return None
        directory = parent


def git_directory(work_tree: str) -> str:
    """Return where the repository of `work_tree` keeps its index: `.git`, or what a `.git` file names."""
    dot_git = f"{work_tree}/.git"
    named = _first_line(dot_git).removeprefix("gitdir:").strip()
    return os.path.normpath(os.path.join(work_tree, named)) if named else dot_git  # noqa: PTH118


def rule_files(work_tree: str) -> list[str]:
    """Return the files in which the repository of `work_tree` says what is ignored and what is tracked."""
    own = git_directory(work_tree)
    common = os.path.normpath(os.path.join(own, _first_line(f"{own}/commondir") or "."))  # noqa: PTH118
    return [f"{own}/index", f"{common}/info/exclude"]


def _first_line(path: str) -> str:
    """Return the first line of a small file, empty if there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        return os.fsdecode(os.read(descriptor, 4096).partition(b"\n")[0])
    except OSError:  # `.git` is a directory
        return ""
    finally:
        os.close(descriptor)


def _run(directory: str, *arguments: str) -> bytes:
    """Return what git prints, empty if it fails."""
    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            [*_COMMAND, *arguments],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout if done.returncode == 0 else b""
