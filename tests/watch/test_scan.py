"""What a scan finds: changes by content, renames, what is skipped, and what could not be read."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from driftd.config import ScanSettings
from driftd.errors import ConfigError, RefusedError
from driftd.watch import classify
from driftd.watch.scan import Known, ScannedFile, Scanner, ScanResult, printable

LATER = 1000  # seconds after a file was written that its stat is trusted


@pytest.fixture(autouse=True)
def _private_git(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


class Workspace:
    """A scanner and whoever stores its results."""

    def __init__(self, root: Path, **options: object) -> None:
        self.root = root
        self.scanner = Scanner(root, ScanSettings(**options), {".py": "python", ".js": "javascript"})  # type: ignore[arg-type]  # a test passes what fits
        self.known: dict[str, Known] = {}

    def scan(self, paths: Iterable[str] | None = None, *, full: bool = False, age: int = LATER) -> ScanResult:
        """Scan, and store what was found as if `age` seconds after the files were written."""
        result = self.scanner.scan(
            self.known, now_ns=time.time_ns(), paths=None if paths is None else list(paths), full=full
        )
        for path in result.removed:
            del self.known[path]
        for file in (*result.added, *result.modified, *result.touched, *result.renamed, *result.errors):
            self.known.pop(file.renamed_from or "", None)
            at = int(time.time()) + age
            self.known[file.path] = Known(file.path, file.stat, file.content_hash, at, file.skip_reason, file.error)
        return result


def write(root: Path, path: str, content: str | bytes = "x = 1\n") -> Path:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)
    return target


def git(root: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e", *arguments], cwd=root, check=True, capture_output=True
    )


def names(files: Iterable[ScannedFile]) -> list[str]:
    return [file.path for file in files]


def changes(result: ScanResult) -> dict[str, list[str]]:
    """The groups that are not empty."""
    groups = {
        "added": names(result.added),
        "modified": names(result.modified),
        "renamed": [f"{file.renamed_from} -> {file.path}" for file in result.renamed],
        "touched": names(result.touched),
        "removed": list(result.removed),
        "errors": names(result.errors),
    }
    return {group: paths for group, paths in groups.items() if paths}


# --- change detection


def test_a_new_file_has_its_hash_its_language_and_its_stat(root: Path) -> None:
    """The hash is the SHA-256 of the bytes; a suffix that no adapter knows has no language."""
    file = write(root, "a/b.PY", "x\n")
    write(root, "README.md", "y\n")
    result = Workspace(root).scan()
    readme, module = result.added
    assert (readme.path, readme.language) == ("README.md", None)
    assert (module.path, module.language) == ("a/b.PY", "python")
    assert module.content_hash == hashlib.sha256(b"x\n").digest()
    status = file.stat()
    assert (module.stat.size, module.stat.mtime_ns, module.stat.ctime_ns, module.stat.inode) == (
        2, status.st_mtime_ns, status.st_ctime_ns, status.st_ino,
    )  # fmt: skip
    assert result.directories == {"", "a"}
    assert (result.total, result.complete) == (2, True)


def test_a_scan_without_changes_reads_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An equal stat that is old enough proves that the content is equal."""
    write(root, "a.py")
    os.utime(root / "a.py", (1, 1))
    workspace = Workspace(root)
    workspace.scan()
    workspace.scanner = Scanner(root, ScanSettings(), {".py": "python"})
    monkeypatch.setattr(classify, "read", lambda *_: pytest.fail("it was read"))
    result = workspace.scan()
    assert (changes(result), result.unchanged) == ({}, 1)


def test_a_file_with_another_content_is_modified(root: Path) -> None:
    """And only that one."""
    write(root, "a.py", "x = 1\n")
    write(root, "b.py", "y = 1\n")
    workspace = Workspace(root)
    workspace.scan()
    write(root, "a.py", "x = 2\n")
    assert changes(workspace.scan()) == {"modified": ["a.py"]}


def test_a_touched_file_is_not_modified(root: Path) -> None:
    """Another stat with the same content only has to be stored."""
    write(root, "a.py")
    workspace = Workspace(root)
    workspace.scan()
    os.utime(root / "a.py", (5, 5))
    assert changes(workspace.scan()) == {"touched": ["a.py"]}
    assert changes(workspace.scan()) == {}


def test_an_edit_is_seen_though_size_and_mtime_are_those_of_before(root: Path) -> None:
    """Whoever restores the mtime cannot restore the ctime."""
    file = write(root, "a.py", "x = 1\n")
    os.utime(file, (5, 5))
    workspace = Workspace(root)
    workspace.scan()
    write(root, "a.py", "x = 2\n")
    os.utime(file, (5, 5))
    assert changes(workspace.scan()) == {"modified": ["a.py"]}


@pytest.mark.parametrize("restart", [False, True])
def test_an_edit_within_the_resolution_of_the_clock_is_seen(
    root: Path, monkeypatch: pytest.MonkeyPatch, *, restart: bool
) -> None:
    """A file read right after it was written may be written again without another stat: it is read again.

    Neither a restart nor a simulated clock that is far ahead hides it.
    """
    write(root, "a.py", "x = 1\n")
    workspace = Workspace(root)
    workspace.scan(age=0 if restart else 10**9)
    stat = workspace.known["a.py"].stat
    write(root, "a.py", "x = 2\n")
    # As if the file system had stamped both writes alike.
    status = (root / "a.py").stat()
    same = Known("a.py", type(stat)(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino),
                 workspace.known["a.py"].content_hash, workspace.known["a.py"].scanned_at)  # fmt: skip
    workspace.known["a.py"] = same
    if restart:
        workspace.scanner = Scanner(root, ScanSettings(), {})
    assert changes(workspace.scan()) == {"modified": ["a.py"]}


def test_a_full_scan_trusts_no_stat(root: Path) -> None:
    """It finds a change that every stat denies, and reports nothing that has not changed."""
    write(root, "a.py")
    write(root, "b.py")
    workspace = Workspace(root)
    workspace.scan()
    entry = workspace.known["a.py"]
    workspace.known["a.py"] = Known("a.py", entry.stat, b"something else", entry.scanned_at)
    assert changes(workspace.scan(full=True)) == {"modified": ["a.py"]}


def test_a_file_in_the_place_of_a_directory(root: Path) -> None:
    """And the other way round."""
    write(root, "a/b.py", "1")
    write(root, "c", "2")
    workspace = Workspace(root)
    workspace.scan()
    (root / "a" / "b.py").unlink()
    (root / "a").rmdir()
    write(root, "a", "3")
    (root / "c").unlink()
    write(root, "c/d.py", "4")
    assert changes(workspace.scan(["a", "c"])) == {"added": ["a", "c/d.py"], "removed": ["a/b.py", "c"]}


# --- renames


def test_a_moved_file_is_renamed(root: Path) -> None:
    """Gone here, new there, same content: its history goes with it."""
    write(root, "a.py", "x\n")
    workspace = Workspace(root)
    workspace.scan()
    (root / "a.py").rename(root / "b.py")
    result = workspace.scan(["a.py", "b.py"])
    assert changes(result) == {"renamed": ["a.py -> b.py"]}


def test_a_moved_directory_renames_what_is_in_it(root: Path) -> None:
    """Files of equal content are told apart by their names."""
    for name in ("a/x.py", "a/y.py", "a/z/x.py"):
        write(root, name, "same\n")
    write(root, "a/other.py", "other\n")
    workspace = Workspace(root)
    workspace.scan()
    (root / "a").rename(root / "b")
    result = changes(workspace.scan(["a", "b"]))
    assert result["renamed"] == ["a/other.py -> b/other.py", "a/y.py -> b/y.py"]
    assert result["added"] == ["b/x.py", "b/z/x.py"]
    assert result["removed"] == ["a/x.py", "a/z/x.py"]


def test_empty_files_and_copies_are_not_renamed(root: Path) -> None:
    """All empty files are equal, and a copy leaves the original where it is."""
    write(root, "a/__init__.py", "")
    write(root, "b.py", "x\n")
    workspace = Workspace(root)
    workspace.scan()
    (root / "a/__init__.py").rename(root / "__init__.py")
    write(root, "c.py", "x\n")
    assert changes(workspace.scan()) == {"added": ["__init__.py", "c.py"], "removed": ["a/__init__.py"]}


# --- what is skipped


def test_what_is_not_analysed_is_recorded_with_its_reason(root: Path) -> None:
    """Not examined is never shown as clean."""
    write(root, "big.py", b"#" * 2000)
    write(root, "exact.py", b"#" * 1024)
    write(root, "image.py", b"ab\0cd")
    write(root, "wide.py", "x = 1".encode("utf-16"))
    write(root, "lib.min.js", "var a=1\n")
    write(root, "bundle.js", "a;" * 400 + "\n")
    write(root, "hand.js", "let a = 1\n" * 40)
    write(root, "page.Vue", "<script>let a = 1</script>\n")
    write(root, "notes.ipynb", "{}\n")
    os.mkfifo(root / "pipe.py")
    (root / "link.py").symlink_to("exact.py")
    (root / "dangling").symlink_to("nowhere")
    (root / "out").symlink_to("/")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(root, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{here}/sock")
        os.close(here)
        result = Workspace(root, max_file_size=1024, minified_line_length=500).scan()
    assert {file.path: file.skip_reason for file in result.added} == {
        "big.py": "too_large",
        "exact.py": None,
        "image.py": "binary",
        "wide.py": None,
        "lib.min.js": "minified",
        "bundle.js": "minified",
        "hand.js": None,
        "page.Vue": "unsupported_language",
        "notes.ipynb": "unsupported_language",
        "pipe.py": "fifo",
        "link.py": "symlink",
        "dangling": "symlink",
        "out": "symlink",
        "sock": "socket",
    }


def test_skipped_files_are_unchanged_until_they_change(root: Path) -> None:
    """A link changes with its target's name, a large file with its stat, any file with the limit."""
    write(root, "big.py", b"#" * 2000)
    (root / "link").symlink_to("a")
    workspace = Workspace(root, max_file_size=1024)
    workspace.scan()
    assert changes(workspace.scan(full=True)) == {}
    (root / "link").unlink()
    (root / "link").symlink_to("b")
    assert changes(workspace.scan()) == {"modified": ["link"]}
    known = workspace.known
    workspace = Workspace(root)
    workspace.known = known
    result = workspace.scan()
    assert [(file.path, file.skip_reason) for file in result.modified] == [("big.py", None)]


def test_a_linked_directory_is_not_followed(root: Path) -> None:
    """What is in it is examined under its real path, or not at all when it is outside."""
    write(root, "real/a.py")
    write(root.parent, "outside/b.py")
    (root / "inner").symlink_to("real")
    (root / "outer").symlink_to("../outside")
    (root / "loop").symlink_to(".")
    workspace = Workspace(root)
    assert names(workspace.scan().added) == ["inner", "loop", "outer", "real/a.py"]
    assert changes(workspace.scan(["inner/a.py", "loop/real/a.py"])) == {}


@pytest.mark.parametrize(
    "name", ["new\nline.py", "blank and 'quotes\".py", "tab\t.py", "na\u00efve.py", "nai\u0308ve.py", "-x.py", "*.py"]
)
def test_odd_names_are_kept_as_they_are(root: Path, name: str) -> None:
    """Composed and decomposed letters are different names, as they are on disk."""
    git(root, "init")
    write(root, f"dir {name}/{name}", "1")
    workspace = Workspace(root)
    assert names(workspace.scan().added) == [f"dir {name}/{name}"]
    write(root, f"dir {name}/{name}", "2")
    assert changes(workspace.scan([f"dir {name}/{name}"])) == {"modified": [f"dir {name}/{name}"]}


def test_a_name_that_is_not_utf8_is_recorded_escaped_and_skipped(root: Path) -> None:
    r"""It has no place in a database of text: `\xff` stands for the byte, and `\x5c` for a backslash."""
    odd = Path(os.fsdecode(os.fsencode(root) + b"/a\\b\xff.py"))
    odd.touch()
    workspace = Workspace(root)
    (file,) = workspace.scan().added
    assert (file.path, file.skip_reason) == (r"a\x5cb\xff.py", "undecodable_name")
    assert changes(workspace.scan()) == {}
    odd.unlink()
    assert changes(workspace.scan()) == {"removed": [r"a\x5cb\xff.py"]}
    assert printable(r"a\b") == r"a\b"


# --- ignore rules (the rest of them: test_ignore_git)


def test_without_git_the_ignore_files_count_all_the_same(root: Path) -> None:
    """`.gitignore` and `.driftignore`, nested, negated; nothing above the workspace."""
    write(root.parent, ".gitignore", "*\n")
    write(root, ".gitignore", "*.log\nout/\n")
    write(root, "a/.driftignore", "*.py\n!keep.py\n")
    for path in ("x.log", "out/y.py", "a/x.py", "a/keep.py", "a/b/z.py", "x.py"):
        write(root, path)
    workspace = Workspace(root)
    expected = [".gitignore", "a/.driftignore", "a/keep.py", "x.py"]
    assert names(workspace.scan().added) == expected
    write(root, "a/b/new.py")
    write(root, "b/new.py")
    assert changes(workspace.scan(["a/b/new.py", "b/new.py"])) == {"added": ["b/new.py"]}


def test_a_built_in_directory_is_left_out_unless_it_is_included_again(root: Path) -> None:
    """`!build/` in an ignore file brings one back; what is inside follows the usual rules."""
    for path in ("node_modules/m/a.js", "build/a.py", "sub/build/b.py", "sub/dist/c.py"):
        write(root, path)
    workspace = Workspace(root)
    first = workspace.scan()
    assert names(first.added) == []
    assert first.ignored == 4
    write(root, "sub/.driftignore", "!build/\n")
    assert workspace.scanner.affects_rules("sub/.driftignore")
    assert changes(workspace.scan(["sub/.driftignore"])) == {"added": ["sub/.driftignore", "sub/build/b.py"]}


def test_a_built_in_directory_that_git_tracks_is_kept(root: Path) -> None:
    """With its untracked files; one that git ignores keeps only what is tracked."""
    git(root, "init")
    for path in ("bin/tool.py", "build/x/deep.py", "vendor/v.py"):
        write(root, path)
    write(root, ".gitignore", "build/\n")
    git(root, "add", "-f", "bin", "build")
    for path in ("bin/new.py", "build/x/new.py", "build/y.py", "bin/node_modules/m.js"):
        write(root, path)
    workspace = Workspace(root)
    assert names(workspace.scan().added) == [".gitignore", "bin/new.py", "bin/tool.py", "build/x/deep.py"]
    write(root, "bin/later.py")
    write(root, "build/x/later.py")
    assert changes(workspace.scan(["bin/later.py", "build/x/later.py"])) == {"added": ["bin/later.py"]}
    git(root, "add", "-f", "vendor")
    assert workspace.scanner.affects_rules(".git/index")
    assert changes(workspace.scan()) == {"added": ["vendor/v.py"]}


def test_driftignore_leaves_out_what_is_tracked(root: Path) -> None:
    """It is the place to say so; `.gitignore` has no effect on tracked files."""
    git(root, "init")
    write(root, "gen/a.py")
    write(root, "b.log")
    git(root, "add", ".")
    write(root, ".driftignore", "gen/\n")
    write(root, ".gitignore", "gen/\n*.log\n")
    assert names(Workspace(root).scan().added) == [".driftignore", ".gitignore", "b.log"]


@pytest.mark.parametrize("tracked", [False, True])
def test_a_virtual_environment_of_any_name_is_left_out(root: Path, *, tracked: bool) -> None:
    """Its `pyvenv.cfg` gives it away, unless git tracks something in it."""
    git(root, "init")
    write(root, "env-3.11/lib/a.py")
    workspace = Workspace(root)
    assert names(workspace.scan().added) == ["env-3.11/lib/a.py"]
    if tracked:
        git(root, "add", ".")
    write(root, "env-3.11/pyvenv.cfg")
    expected = {"added": ["env-3.11/pyvenv.cfg"]} if tracked else {"removed": ["env-3.11/lib/a.py"]}
    assert changes(workspace.scan(["env-3.11/pyvenv.cfg"])) == expected


def test_a_virtual_environment_can_be_included_again(root: Path) -> None:
    """By name, in an ignore file."""
    write(root, "env [1]/a.py")
    write(root, "env [1]/pyvenv.cfg")
    write(root, ".driftignore", "!env*/\n")
    assert names(Workspace(root).scan().added) == [".driftignore", "env [1]/a.py", "env [1]/pyvenv.cfg"]


def test_settings_exclude_and_include(root: Path) -> None:
    """An exclusion overrides everything, and with an inclusion only what it names is examined."""
    git(root, "init")
    for path in ("src/a.py", "src/gen/b.py", "doc/c.py", "d.py", "src/doc/e.py"):
        write(root, path)
    git(root, "add", ".")
    write(root, ".driftignore", "!gen/\n")
    assert names(Workspace(root, exclude=("gen/", "/doc", "*.py~")).scan().added) == [
        ".driftignore", "d.py", "src/a.py", "src/doc/e.py",
    ]  # fmt: skip
    assert names(Workspace(root, include=("/src/", "!gen/")).scan().added) == ["src/a.py", "src/doc/e.py"]


def test_a_negated_exclusion_is_refused(root: Path) -> None:
    """It would turn everything else off; an ignore file can say it."""
    with pytest.raises(ConfigError, match=r"scan\.exclude"):
        Workspace(root, exclude=("!a",))


def test_own_and_git_directories_are_never_examined(root: Path) -> None:
    """Neither can be included again."""
    git(root, "init")
    write(root, ".drift/drift.db")
    write(root, "sub/.drift/drift.db")
    write(root, ".driftignore", "!.git\n!.drift\n!.drift/*\n")
    workspace = Workspace(root)
    assert names(workspace.scan().added) == [".driftignore"]
    assert changes(workspace.scan([".drift/drift.db", ".git/HEAD", "sub/.drift"])) == {}


def test_the_user_and_the_repository_can_ignore(root: Path) -> None:
    """Git's other exclude files count, wherever its configuration puts them."""
    git(root, "init")
    elsewhere = write(root.parent, "my-ignores", "*.tmp\n/only-here\nsub/deep\n")
    git(root, "config", "core.excludesFile", str(elsewhere))
    write(root, ".git/info/exclude", "*.bak\n")
    for path in ("a.tmp", "a.bak", "only-here", "sub/only-here", "sub/deep", "x/sub/deep"):
        write(root, path)
    workspace = Workspace(root)
    assert names(workspace.scan().added) == ["sub/only-here", "x/sub/deep"]
    write(root, ".git/info/exclude", "")
    assert workspace.scanner.affects_rules(".git/info/exclude")
    assert changes(workspace.scan()) == {"added": ["a.bak"]}


def test_a_folder_inside_a_repository_obeys_the_repository(root: Path) -> None:
    """Rules above the workspace count up to the repository that it is a part of."""
    git(root, "init")
    write(root, ".gitignore", "/part/skip.py\n*.log\n")
    for path in ("part/skip.py", "part/a.log", "part/a.py", "part/skip/skip.py"):
        write(root, path)
    git(root, "add", "-f", "part/a.log")
    workspace = Workspace(root / "part")
    assert names(workspace.scan().added) == ["a.log", "a.py", "skip/skip.py"]
    write(root, ".gitignore", "")
    assert changes(workspace.scan()) == {"added": ["skip.py"]}


def test_worktrees_and_nested_repositories_follow_their_own_rules(root: Path) -> None:
    """Each work tree has its tracked files and its exclude file; the outer rules end at its border."""
    main = root / "main"
    main.mkdir()
    git(main, "init")
    write(main, "kept.log")
    git(main, "add", "-f", ".")
    git(main, "commit", "-m", "x")
    write(main, ".git/info/exclude", "*.log\n*.bak\n")
    git(main, "worktree", "add", "../outer/tree")
    git(root / "outer", "init")
    for path in ("outer/tree/a.log", "outer/tree/a.bak", "outer/tree/a.tmp", "outer/b.tmp", "outer/b.bak"):
        write(root, path)
    write(root, "outer/.gitignore", "*.tmp\n")
    assert names(Workspace(root / "outer" / "tree").scan().added) == ["a.tmp", "kept.log"]
    assert names(Workspace(root / "outer").scan().added) == [".gitignore", "b.bak", "tree/a.tmp", "tree/kept.log"]


def test_a_repository_runs_no_program_and_an_environment_of_git_does_not_mislead(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workspace may be foreign; and a daemon started by a hook inherits the hook's repository."""
    git(root, "init")
    write(root, "a.log")
    git(root, "add", ".")
    write(root, ".gitignore", "*.log\n")
    evil = write(root.parent, "evil", f"#!/bin/sh\ntouch {root.parent}/ran\n")
    evil.chmod(0o755)
    git(root, "config", "core.fsmonitor", str(evil))
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent")
    assert names(Workspace(root).scan().added) == [".gitignore", "a.log"]
    assert not (root.parent / "ran").exists()


def test_without_a_git_program_the_rules_still_hold(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is tracked is not known then."""
    git(root, "init")
    write(root, "a.log")
    write(root, "b.py")
    write(root, ".gitignore", "*.log\n")
    monkeypatch.setenv("PATH", "")
    assert names(Workspace(root).scan().added) == [".gitignore", "b.py"]


# --- failures


def refuse(monkeypatch: pytest.MonkeyPatch, module: object, function: str, refused: Path, code: int) -> None:
    """Let one system call fail for one path."""
    real = getattr(module, function)

    def call(path: object, *rest: object, **options: object) -> object:
        if str(path).rstrip("/") == str(refused):
            raise OSError(code, os.strerror(code), str(path))
        return real(path, *rest, **options)

    monkeypatch.setattr(module, function, call)


def test_a_file_that_cannot_be_read_is_an_error_and_is_not_removed(root: Path) -> None:
    """Its known content stays; as soon as it can be read again it is compared again."""
    write(root, "a.py", "1")
    workspace = Workspace(root)
    workspace.scan()
    digest = workspace.known["a.py"].content_hash
    write(root, "a.py", "2")
    write(root, "new.py", "3")
    with pytest.MonkeyPatch.context() as patch:
        refuse(patch, os, "open", root / "a.py", errno.EIO)
        result = workspace.scan()
        assert changes(result) == {"added": ["new.py"], "errors": ["a.py"]}
        assert (result.errors[0].error, result.errors[0].content_hash) == ("Input/output error", digest)
        refuse(patch, os, "open", root / "new.py", errno.EACCES)
        write(root, "new.py", "4")
        assert changes(workspace.scan(["new.py", "a.py"])) == {"errors": ["a.py", "new.py"]}
    assert changes(workspace.scan()) == {"modified": ["a.py", "new.py"]}


def test_a_file_that_was_never_read_is_an_error_too(root: Path) -> None:
    """Without a hash, so that the first reading is a change."""
    write(root, "a.py", "1")
    workspace = Workspace(root)
    with pytest.MonkeyPatch.context() as patch:
        refuse(patch, os, "open", root / "a.py", errno.EACCES)
        (failed,) = workspace.scan().errors
        assert (failed.path, failed.content_hash, failed.language) == ("a.py", b"", "python")
    assert changes(workspace.scan()) == {"modified": ["a.py"]}


def test_an_error_that_is_over_is_cleared(root: Path) -> None:
    """The content is the known one: only the row has to be written anew."""
    write(root, "a.py", "1")
    workspace = Workspace(root)
    workspace.scan()
    with pytest.MonkeyPatch.context() as patch:
        refuse(patch, os, "open", root / "a.py", errno.EIO)
        workspace.scan(full=True)
    assert workspace.known["a.py"].error == "Input/output error"
    result = workspace.scan()
    assert changes(result) == {"touched": ["a.py"]}
    assert result.touched[0].error is None


@pytest.mark.parametrize("paths", [None, ["a"], ["a/x.py"], ["a/b/y.py"], ["a/b"]])
def test_what_is_in_a_directory_that_cannot_be_listed_is_not_removed(root: Path, paths: list[str] | None) -> None:
    """The directory is named; when it can be listed again, what is gone is gone."""
    write(root, "a/x.py", "1")
    write(root, "a/b/y.py", "2")
    write(root, "c.py", "3")
    workspace = Workspace(root)
    workspace.scan()
    before = dict(workspace.known)
    (root / "a/x.py").unlink()
    with pytest.MonkeyPatch.context() as patch:
        refuse(patch, os, "listdir", root / "a", errno.EACCES)
        result = workspace.scan(full=True)
        assert changes(result) == {}
        assert [(one.path, one.error) for one in result.unreadable_directories] == [("a", "Permission denied")]
        assert result.directories == {""}
        assert changes(workspace.scan(paths)) == {}
        assert workspace.known == before
    assert changes(workspace.scan()) == {"removed": ["a/x.py"]}


@pytest.mark.skipif(os.geteuid() != 0, reason="the mode is real for others than root only; the child gives root up")
def test_permissions_are_obeyed(root: Path) -> None:
    """The same with a real mode, for a user that it holds for."""
    write(root, "a/x.py")
    write(root, "b.py")
    (root / "a").chmod(0)
    (root / "b.py").chmod(0)
    for folder in (root, *root.parents[:3]):
        folder.chmod(0o755)
    program = (
        "import os, sys, time; from pathlib import Path; from driftd.config import ScanSettings; "
        "from driftd.watch.scan import Scanner; os.setuid(65534); "
        "r = Scanner(Path(sys.argv[1]), ScanSettings(), {}).scan({}, now_ns=time.time_ns()); "
        "print([f.path for f in r.errors], [d.path for d in r.unreadable_directories], r.added)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(root)], capture_output=True, text=True, check=True)
    assert done.stdout == "['b.py'] ['a'] ()\n"


def test_a_file_that_grows_beyond_the_limit_while_it_is_read_is_too_large(root: Path) -> None:
    """Not more than the limit is ever read."""
    file = write(root, "a.py", b"#" * 100)
    assert classify.read(str(file), 100)[0] == b"#" * 100
    assert classify.read(str(file), 99)[0] is None
    assert classify.read("/proc/self/status", 10)[0] is None  # says that it is empty


def test_a_cancelled_scan_removes_nothing(root: Path) -> None:
    """Nor does it tell of new files, one of which may be a renamed one."""
    for number in range(600):
        write(root, f"{number}.py", str(number))
    workspace = Workspace(root)
    workspace.scan()
    (root / "0.py").unlink()
    write(root, "new.py", "new")
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 1

    result = workspace.scanner.scan(workspace.known, now_ns=time.time_ns(), cancelled=cancelled)
    assert (result.complete, result.removed, result.added, result.renamed) == (False, (), (), ())
    assert changes(workspace.scan()) == {"added": ["new.py"], "removed": ["0.py"]}


def test_progress_is_told_and_ends_with_the_total(root: Path) -> None:
    """In files compared."""
    for number in range(300):
        write(root, f"{number}.py", str(number))
    told: list[int] = []
    Workspace(root).scanner.scan({}, now_ns=time.time_ns(), progress=told.append)
    assert told == [0, 256, 300]


@pytest.mark.parametrize("replaced", [False, True])
def test_a_workspace_that_has_vanished_is_refused(root: Path, *, replaced: bool) -> None:
    """An empty mount point is not a workspace from which everything was deleted."""
    write(root, "a.py")
    workspace = Workspace(root)
    workspace.scan()
    root.rename(root.parent / "moved")
    if replaced:
        root.mkdir()
    for paths in (None, ["a.py"]):
        with pytest.raises(RefusedError, match="removed, replaced or unmounted"):
            workspace.scan(paths)


def test_a_workspace_that_cannot_be_listed_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the reason, nothing is removed for it."""
    write(root, "a.py")
    workspace = Workspace(root)
    workspace.scan()
    refuse(monkeypatch, os, "listdir", root, errno.EIO)
    with pytest.raises(RefusedError, match="cannot be listed: Input/output error"):
        workspace.scan(full=True)


# --- partial scans


def test_only_what_is_named_is_compared(root: Path) -> None:
    """A partial scan costs what it is about; absolute paths and paths elsewhere are understood."""
    for path in ("a/x.py", "a/y.py", "b.py"):
        write(root, path, path)
    workspace = Workspace(root)
    workspace.scan()
    for path in ("a/x.py", "a/y.py", "b.py"):
        write(root, path, path + "!")
    result = workspace.scan([str(root / "a/x.py"), "a/missing.py", "../elsewhere", "/etc/passwd"])
    assert (changes(result), result.total) == ({"modified": ["a/x.py"]}, 1)
    assert changes(workspace.scan(["a", "a/x.py"])) == {"modified": ["a/y.py"]}
    assert changes(workspace.scan(["."])) == {"modified": ["b.py"]}


def test_a_new_directory_stands_for_everything_beneath_it(root: Path) -> None:
    """A watcher may only name the topmost one."""
    workspace = Workspace(root)
    workspace.scan()
    write(root, "a/b/c/d.py", "1")
    write(root, "a/node_modules/m.js", "2")
    result = workspace.scan(["a"])
    assert changes(result) == {"added": ["a/b/c/d.py"]}
    assert result.directories == {"", "a", "a/b", "a/b/c"}


def test_a_partial_scan_needs_no_full_one_before_it(root: Path) -> None:
    """After a restart the first event may come before the first scan."""
    write(root, "a/x.py", "1")
    write(root, "a/y.py", "2")
    workspace = Workspace(root)
    workspace.scan()
    workspace.scanner = Scanner(root, ScanSettings(), {})
    write(root, "a/new.py", "3")
    assert changes(workspace.scan(["a/new.py"])) == {"added": ["a/new.py"]}
    (root / "a").rename(root / "b")
    assert changes(workspace.scan(["a"])) == {"removed": ["a/new.py", "a/x.py", "a/y.py"]}
    assert changes(workspace.scan()) == {"added": ["b/new.py", "b/x.py", "b/y.py"]}


def test_rules_made_unnoticed_are_found_by_the_next_whole_scan(root: Path) -> None:
    """Even if the directory was listed again in the meantime for another reason."""
    for path in ("a/x.log", "a/b/y.log", "a/z.py"):
        write(root, path, path)
    workspace = Workspace(root)
    workspace.scan()
    write(root, "a/.gitignore", "*.log\n")
    write(root, "a/new.py")
    assert changes(workspace.scan(["a/new.py"])) == {"added": ["a/new.py"]}
    assert changes(workspace.scan()) == {"added": ["a/.gitignore"], "removed": ["a/b/y.log", "a/x.log"]}


def test_paths_that_make_rules_are_told_by_their_names(root: Path) -> None:
    """What whoever watches has to pass on for a whole scan."""
    git(root, "init")
    scanner = Workspace(root).scanner
    affecting = [
        ".gitignore",
        "a/.gitignore",
        "b/.driftignore",
        ".git/index",
        ".git/info/exclude",
        "v/pyvenv.cfg",
        ".git",
        "s/.git",
    ]
    harmless = ["a.py", ".git/HEAD", ".git/objects/a", "index", "info/exclude", ".drift/drift.db"]
    assert [path for path in affecting if not scanner.affects_rules(path)] == []
    assert [path for path in harmless if scanner.affects_rules(path)] == []


def test_a_repository_that_comes_or_goes_changes_the_rules(root: Path) -> None:
    """At the workspace, and beneath it, where the outer rules end at its border."""
    write(root, ".gitignore", "*.log\n")
    for path in ("a.log", "sub/b.log", "sub/deep/c.log"):
        write(root, path)
    workspace = Workspace(root)
    assert names(workspace.scan().added) == [".gitignore"]
    git(root, "init")
    git(root, "add", "-f", "a.log")
    assert changes(workspace.scan()) == {"added": ["a.log"]}
    git(root / "sub", "init")
    assert changes(workspace.scan()) == {"added": ["sub/b.log", "sub/deep/c.log"]}
    (root / "sub/.git").rename(root.parent / "gone")
    assert changes(workspace.scan()) == {"removed": ["sub/b.log", "sub/deep/c.log"]}


def test_committing_what_is_examined_anyway_lists_nothing_anew(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index changes all the time; only a file that is examined because of it makes a difference."""
    git(root, "init")
    write(root, "a.py")
    workspace = Workspace(root)
    workspace.scan()
    git(root, "add", ".")
    monkeypatch.setattr(workspace.scanner._tree, "_rebuild", lambda: pytest.fail("everything was listed again"))
    assert changes(workspace.scan([".git/index"])) == {}
