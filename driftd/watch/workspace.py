"""Where a workspace is and what stands in its `.drift/`: paths, refusals, and the lock that makes a daemon the only one.

The command line finds the socket with this module at every start, so it imports nothing but the standard library
and `driftd.errors`.  It opens neither the database nor the socket.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
from pathlib import Path
from typing import Self

from driftd.errors import BusyError, RefusedError, UsageError

DRIFT_DIRECTORY = ".drift"

# sun_path holds 108 bytes on Linux; the rest is left for whoever appends a suffix while creating the socket.
MAX_SOCKET_PATH = 100

# File systems on which flock, mmap of the WAL or inotify do not work between machines.
NETWORK_FILE_SYSTEMS = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "fuse.ceph",
        "fuse.davfs",
        "fuse.glusterfs",
        "fuse.goofys",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "smb2",
        "smb3",
        "smbfs",
    }
)


def find_workspace(start: Path) -> Path:
    """Return the nearest of `start` and its parents that has `.drift/` or `.git`, else `start`; always a real path."""
    root = real_directory(start)
    for folder in (root, *root.parents):
        # `.git` is a file in a worktree and in a submodule.
        if (folder / DRIFT_DIRECTORY).is_dir() or (folder / ".git").exists():
            return folder
    return root


def real_directory(path: Path) -> Path:
    """Return the real path of an existing directory that can be read, or raise UsageError."""
    real = Path(os.path.realpath(path))
    try:
        mode = real.stat().st_mode
    except FileNotFoundError:
        raise UsageError(f"workspace {path} does not exist", hint="name an existing folder") from None
    except OSError as error:
        raise UsageError(f"workspace {path}: {error.strerror}", hint="name a folder that you may read") from error
    if not stat.S_ISDIR(mode):
        raise UsageError(f"workspace {path} is not a directory", hint="name the folder that holds it")
    if not os.access(real, os.R_OK | os.X_OK):
        raise UsageError(f"workspace {path} cannot be read", hint="correct its permissions")
    return real


def socket_path(root: Path) -> Path:
    """Return where the daemon of the workspace `root` listens.

    That is `.drift/driftd.sock`, or where this is too long for a socket address a short path in a private folder,
    named after the real path of the workspace.  Raises RefusedError if that folder belongs to someone else.
    """
    real = os.path.realpath(root)
    usual = os.path.join(real, DRIFT_DIRECTORY, "driftd.sock")  # noqa: PTH118  # on the command line's way to start
    if len(os.fsencode(usual)) <= MAX_SOCKET_PATH:
        return Path(usual)
    from hashlib import sha256  # noqa: PLC0415  # 5 ms that only long paths have to pay

    name = f"{sha256(os.fsencode(real)).hexdigest()[:16]}.sock"
    return _runtime_directory(len(name)) / name


class Layout:
    """The files that driftd keeps for one workspace."""

    __slots__ = ("_identity", "cookies", "database", "drift", "lock", "root")

    def __init__(self, root: Path) -> None:
        """Take the workspace's folder; raises UsageError if it is none, and creates nothing."""
        self.root = real_directory(root)
        self.drift = self.root / DRIFT_DIRECTORY
        self.database = self.drift / "drift.db"
        self.lock = self.drift / "driftd.lock"
        self.cookies = self.drift / "cookies"
        self._identity: tuple[int, int] | None = None

    @property
    def socket(self) -> Path:
        """Return where the daemon listens."""
        return socket_path(self.root)

    def ensure(self, *, force: bool = False) -> None:
        """Create `.drift/` as this user's own, ignored by git, and the folder of the socket.

        Raises RefusedError for a place that is no workspace (the root or the home folder, a network file system;
        `force` allows them) and for a `.drift` that is a link or belongs to someone else (always).
        """
        if not force:
            refuse_place(self.root)
        try:
            _own_directory(self.drift)
            _own_directory(self.cookies)
            with contextlib.suppress(FileExistsError), (self.drift / ".gitignore").open("x") as file:
                file.write("*\n")
            socket = self.socket
            if socket.parent != self.drift:
                _own_directory(socket.parent)
        except OSError as error:
            raise RefusedError(
                f"{error.filename or self.drift}: cannot be created: {error.strerror}",
                hint="driftd needs a workspace that it can write to",
            ) from error
        self._identity = _identity(self.drift)

    def intact(self) -> bool:
        """Return whether `.drift/` is still the folder that `ensure` left, not deleted and not another one."""
        return self._identity is not None and _identity(self.drift) == self._identity


class Lock:
    """The exclusive hold on a workspace, until released or until the process ends."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def held(self) -> bool:
        """Return whether the lock file on disk is still the one locked; false after it was deleted or replaced."""
        return self._descriptor >= 0 and _same_file(self._descriptor, self.path)

    def release(self) -> None:
        """Give the workspace free; the file stays, since deleting it would let two processes lock two files."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()


def acquire_lock(layout: Layout) -> Lock:
    """Take the workspace for this process, or raise BusyError naming the process that has it."""
    while True:
        try:
            descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise RefusedError(f"{layout.lock}: cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it may have deleted the file between our open and our flock: then we hold nothing.
            if _same_file(descriptor, layout.lock):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
                return Lock(layout.lock, descriptor)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise BusyError(
                f"{layout.root} is already served by the driftd with process id {holder or 'unknown'}",
                hint="`driftd stop` ends it",
            ) from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def refuse_place(root: Path) -> None:
    """Raise RefusedError for a folder that is too much, or too far away, to be one workspace."""
    home = Path(os.path.realpath(os.path.expanduser("~")))  # noqa: PTH111  # Path.home() raises without a home
    if root == Path(root.anchor):
        raise RefusedError("the root of the file system is no workspace", hint="name the project's own folder")
    if root == home or root in home.parents:
        raise RefusedError(f"{root} holds your whole home folder", hint="name the project's own folder")
    kind = file_system(root)
    if kind in NETWORK_FILE_SYSTEMS:
        raise RefusedError(
            f"{root} is on a network file system ({kind}), where locks and change events are unreliable",
            hint="use a local copy, or --force",
        )


def file_system(path: Path, mountinfo: Path = Path("/proc/self/mountinfo")) -> str:
    """Return the type of the file system that `path` (a real path) is on, empty where that is not known."""
    try:
        table = mountinfo.read_bytes()
    except OSError:
        return ""
    wanted = os.fsencode(path)
    best, kind = -1, b""
    for line in table.splitlines():
        # "36 35 98:0 /mnt1 /mnt/point rw,noatime master:1 - ext3 /dev/root rw": proc(5)
        before, _, after = line.partition(b" - ")
        fields = before.split(b" ")
        if len(fields) < 5 or not after:
            continue
        point = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), fields[4])
        inside = wanted == point or wanted.startswith(point.rstrip(b"/") + b"/")
        if inside and len(point) >= best:  # of two mounts on one point the later hides the earlier
            best, kind = len(point), after.split(b" ")[0]
    return kind.decode("ascii", "replace")


def _runtime_directory(name_length: int) -> Path:
    """Return the user's private folder for sockets, created or not."""
    uid = os.geteuid()
    # A client run by cron or sudo lacks the variable that the daemon of the session has; /run/user is what it names.
    candidates = [os.environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{uid}"]
    for base in candidates:
        folder = Path(base, "driftd")
        fits = len(os.fsencode(folder)) + 1 + name_length <= MAX_SOCKET_PATH
        if folder.is_absolute() and fits and _is_private(Path(base), uid):
            return folder
    # Not tempfile.gettempdir(): daemon and client must agree even if one of them has a TMPDIR.
    folder = Path("/tmp", f"driftd-{uid}")  # noqa: S108  # its owner and mode are checked
    if os.path.lexists(folder) and not _is_private(folder, uid):
        raise RefusedError(
            f"{folder} is not a private folder of this user", hint="remove it, or set XDG_RUNTIME_DIR to one that is"
        )
    return folder


def _is_private(folder: Path, uid: int) -> bool:
    """Return whether `folder` is a real directory that only `uid` can enter."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == uid and not status.st_mode & 0o077


def _own_directory(path: Path) -> None:
    """Create a directory with mode 0700, or make sure that the one there is ours and closed to others."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise RefusedError(f"{path} is a symbolic link", hint="remove it; driftd writes into no linked folder")
    if not stat.S_ISDIR(status.st_mode):
        raise RefusedError(f"{path} is not a directory", hint="remove or rename it")
    if status.st_uid != os.geteuid():
        raise RefusedError(f"{path} belongs to another user (uid {status.st_uid})", hint="run driftd as that user")
    if stat.S_IMODE(status.st_mode) != 0o700:  # an older umask, or a copy that lost it
        path.chmod(0o700)


def _identity(path: Path) -> tuple[int, int] | None:
    """Return device and inode of a directory, or None if there is none."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None


def _same_file(descriptor: int, path: Path) -> bool:
    """Return whether `path` names the file that is open as `descriptor`."""
    try:
        named = path.lstat()
    except OSError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))
