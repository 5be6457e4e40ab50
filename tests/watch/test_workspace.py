"""A workspace: where it is, what is refused, and who holds it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from driftd.errors import BusyError, RefusedError, UsageError
from driftd.watch.workspace import (
    MAX_SOCKET_PATH,
    Layout,
    acquire_lock,
    file_system,
    find_workspace,
    refuse_place,
    socket_path,
)

HOLD = """
import sys
from pathlib import Path
from driftd.watch.workspace import Layout, acquire_lock
layout = Layout(Path(sys.argv[1])); layout.ensure()
with acquire_lock(layout):
    print("held", flush=True)
    sys.stdin.read()
"""


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("marker", [".git", ".drift"])
def test_the_nearest_parent_with_a_marker_is_the_workspace(tmp_path: Path, marker: str) -> None:
    """`.drift/` and `.git` both say: here."""
    (tmp_path / marker).mkdir()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_workspace(inner) == tmp_path


def test_a_worktree_has_a_git_file(tmp_path: Path) -> None:
    """In worktrees and submodules `.git` is a file."""
    (tmp_path / "tree" / "a").mkdir(parents=True)
    (tmp_path / "tree" / ".git").write_text("gitdir: elsewhere\n")
    (tmp_path / ".git").mkdir()
    assert find_workspace(tmp_path / "tree" / "a") == tmp_path / "tree"


def test_without_a_marker_the_folder_itself_is_the_workspace(tmp_path: Path) -> None:
    """A link to it is resolved, so that one workspace has one name."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert find_workspace(tmp_path / "link") == tmp_path / "real"


def test_what_is_no_folder_is_a_usage_error(tmp_path: Path) -> None:
    """The error says which of the reasons it is."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is not a directory"):
        find_workspace(tmp_path / "file")
    with pytest.raises(UsageError, match="does not exist"):
        Layout(tmp_path / "missing")


def test_ensure_makes_a_private_folder_that_git_ignores(tmp_path: Path) -> None:
    """Doing it again changes nothing, and repairs the mode."""
    layout = Layout(tmp_path)
    layout.ensure()
    assert (mode(layout.drift), mode(layout.cookies)) == (0o700, 0o700)
    assert (layout.drift / ".gitignore").read_text() == "*\n"
    layout.drift.chmod(0o755)
    layout.ensure()
    assert mode(layout.drift) == 0o700
    assert layout.database == tmp_path / ".drift" / "drift.db"


def test_a_linked_drift_folder_is_refused(tmp_path: Path) -> None:
    """A checked-out link must not make driftd write elsewhere, not even when forced."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".drift").symlink_to("elsewhere")
    with pytest.raises(RefusedError, match="is a symbolic link"):
        Layout(tmp_path).ensure(force=True)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_drift_file_is_refused(tmp_path: Path) -> None:
    """Nothing of the user's is replaced."""
    (tmp_path / ".drift").write_text("mine")
    with pytest.raises(RefusedError, match="is not a directory"):
        Layout(tmp_path).ensure()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_drift_folder_of_someone_else_is_refused(tmp_path: Path) -> None:
    """Who owns the folder can read and replace what is in it."""
    (tmp_path / ".drift").mkdir()
    os.chown(tmp_path / ".drift", 65534, 65534)
    with pytest.raises(RefusedError, match=r"belongs to another user \(uid 65534\)"):
        Layout(tmp_path).ensure()


def test_the_home_folder_and_what_holds_it_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are refused unless forced; a project inside is fine."""
    home = tmp_path / "people" / "me"
    (home / "project").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    for place in (home, tmp_path / "people", Path("/")):
        with pytest.raises(RefusedError):
            refuse_place(place)
    refuse_place(home / "project")
    Layout(home).ensure(force=True)
    assert (home / ".drift").is_dir()


MOUNTS = rb"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:35 / /srv/share rw shared:2 - nfs4 server:/x rw
41 40 254:1 / /srv/share/local rw - ext4 /dev/vdb rw
42 22 0:36 / /mnt/with\040blank rw - cifs //server/x rw
43 22 0:37 / /twice rw - nfs server:/y rw
44 22 0:38 / /twice rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me", "ext4"),
        ("/srv/share", "nfs4"),
        ("/srv/share/a", "nfs4"),
        ("/srv/shared", "ext4"),
        ("/srv/share/local/a", "ext4"),
        ("/mnt/with blank/a", "cifs"),
        ("/twice/a", "tmpfs"),
    ],
)
def test_the_innermost_and_latest_mount_counts(tmp_path: Path, path: str, kind: str) -> None:
    """As the kernel resolves a path."""
    (tmp_path / "mountinfo").write_bytes(MOUNTS)
    assert file_system(Path(path), tmp_path / "mountinfo") == kind


def test_a_network_file_system_is_refused_unless_forced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks and events are unreliable there."""
    monkeypatch.setattr("driftd.watch.workspace.file_system", lambda _: "nfs4")
    with pytest.raises(RefusedError, match=r"network file system \(nfs4\)"):
        Layout(tmp_path).ensure()
    Layout(tmp_path).ensure(force=True)


def deep_folder(base: Path) -> Path:
    folder = base / ("d" * 60) / ("e" * 60)
    folder.mkdir(parents=True)
    return folder


def test_a_short_path_holds_its_own_socket(tmp_path: Path) -> None:
    """The usual place is inside `.drift/`."""
    root = Path("/srv/project")
    assert socket_path(root) == root / ".drift" / "driftd.sock"


def test_a_long_path_gets_a_short_socket_that_can_be_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lies in the private runtime folder, and is the same for every name of the workspace."""
    runtime = Path("/tmp") / f"driftd-test-{os.getpid()}"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    try:
        root = deep_folder(tmp_path)
        (tmp_path / "link").symlink_to(root)
        path = socket_path(root)
        assert path.parent == runtime / "driftd"
        assert len(path.stem) == 16
        assert socket_path(tmp_path / "link") == path
        Layout(root).ensure()
        assert mode(path.parent) == 0o700
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
        path.unlink()
        path.parent.rmdir()
    finally:
        runtime.rmdir()


@pytest.mark.parametrize("length", [MAX_SOCKET_PATH, MAX_SOCKET_PATH + 1])
def test_the_limit_is_a_hundred_bytes(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes, not characters."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    rest = length - len("/" + "/.drift/driftd.sock")
    root = Path("/" + "é" * (rest // 2) + "x" * (rest % 2))
    usual = root / ".drift" / "driftd.sock"
    assert len(os.fsencode(usual)) == length
    assert (socket_path(root) == usual) is (length <= MAX_SOCKET_PATH)


def test_a_runtime_folder_open_to_others_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever can write there could answer in the daemon's place."""
    runtime = tmp_path / "r"
    runtime.mkdir()
    runtime.chmod(0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert runtime not in socket_path(deep_folder(tmp_path)).parents


def test_a_second_daemon_learns_who_holds_the_workspace(tmp_path: Path) -> None:
    """The lock is the process's: it is free as soon as the holder has ended, however it ended."""
    layout = Layout(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match=f"process id {holder.pid}"):
            acquire_lock(layout)
        holder.kill()
    with acquire_lock(layout) as lock:
        assert lock.held()
        assert layout.lock.read_text() == f"{os.getpid()}\n"
        assert mode(layout.lock) == 0o600


def test_a_lock_file_that_was_deleted_or_replaced_is_noticed(tmp_path: Path) -> None:
    """A lock on a file that has no name excludes nobody."""
    layout = Layout(tmp_path)
    layout.ensure()
    with acquire_lock(layout) as lock:
        layout.lock.unlink()
        assert not lock.held()
        with acquire_lock(layout) as other:
            assert other.held()
            assert not lock.held()
    assert not lock.held()


def test_a_file_that_vanishes_while_it_is_locked_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between opening and locking the former holder may delete the file: the new one is locked instead."""
    import fcntl

    layout = Layout(tmp_path)
    layout.ensure()
    real, calls = fcntl.flock, []

    def flock(descriptor: int, operation: int) -> None:
        real(descriptor, operation)
        calls.append(descriptor)
        if len(calls) == 1:
            layout.lock.unlink()

    monkeypatch.setattr("fcntl.flock", flock)
    with acquire_lock(layout) as lock:
        assert lock.held()
    assert len(calls) == 2


def test_a_drift_folder_that_was_deleted_or_replaced_is_not_intact(tmp_path: Path) -> None:
    """Another folder of the same name is not the one that was locked."""
    layout = Layout(tmp_path)
    layout.ensure()
    assert layout.intact()
    layout.drift.rename(tmp_path / "moved")
    assert not layout.intact()
    layout.drift.mkdir()
    assert not layout.intact()


def test_finding_the_socket_imports_only_the_standard_library() -> None:
    """A client command starts in milliseconds."""
    program = (
        "import sys, driftd.watch.workspace; "
        "print(*sorted({'msgspec', 'asyncio', 'ignore', 'hashlib', 'watchfiles'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout.strip() == b""
