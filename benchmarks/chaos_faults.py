"""Prove that no fault costs what a person typed: kills, damaged pages, cut logs, full disks, files taken away.

    python -m benchmarks.chaos_faults [--kills 100] [--pages 200] [--logs 100] [--losses 50] [--full 20] [--seed N]

Every trial starts from the database of a real analysis with feedback in it, or goes on with the one of the trial before
(kills, full disks); a child process that gives feedback prints each one when it is acknowledged.  After the fault the
workspace is opened as the daemon does.  A trial is good if the database is sound afterwards (as it was, or rebuilt) and
every acknowledged feedback is in it.  Prints how damage was found: at the opening, by a query, by the check of the
daily backup, or not at all since it was harmless.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.chaos import report
from driftd.clock import SystemClock
from driftd.daemon.embedded import analyze
from driftd.errors import DriftdError
from driftd.rows.declare import table_of
from driftd.rows.enforcement import FeedbackRow, ViolationRow
from driftd.rows.registry import TABLES
from driftd.rows.workspace import WorkspaceEventRow
from driftd.store.commands import Append, Call, Checkpoint, Upsert
from driftd.store.failures import is_corrupt
from driftd.store.safekeeping import put_aside
from driftd.store.store import Store

PAGE = 4096
FEWER_EVENTS = "DELETE FROM workspace_events WHERE id < (SELECT max(id) - 500 FROM workspace_events)"
SEEDED = 200  # feedback in the database that trials start from


def main() -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, number in (("kills", 100), ("pages", 200), ("logs", 100), ("losses", 50), ("full", 20)):
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--limit", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child is not None:
        asyncio.run(type_without_end(arguments.child, arguments.first, arguments.limit))
        return 0
    with tempfile.TemporaryDirectory(prefix="driftd-faults-") as folder:
        return Faults(Path(folder), arguments.seed).run(arguments)


async def type_without_end(root: Path, number: int, limit: int) -> None:
    """Give feedback and store what analyses store, printing the number of each feedback that is acknowledged."""
    async with Store.open(database(root), workspace=root) as store:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_feed(store, number))
            tasks.create_task(_churn(store))


async def _feed(store: Store, number: int) -> None:
    while True:
        try:
            await store.writer.submit(Append(FeedbackRow, [feedback(number)]), durable=True)
        except DriftdError:
            if not database_is_mine(store):
                raise
            await asyncio.sleep(0.005)  # the disk is full: the next one may fit
        else:
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
        number += 1
        if number % 50 == 0:
            with contextlib.suppress(DriftdError):
                await store.back_up("scheduled")


async def _churn(store: Store) -> None:
    while True:
        with contextlib.suppress(DriftdError):
            await store.writer.submit(Call(lambda connection, _: connection.execute(FEWER_EVENTS)))
        rows = [WorkspaceEventRow(event_type="noise", details=f'"{"x" * random.randrange(3000)}"') for _ in range(50)]
        with contextlib.suppress(DriftdError):
            await store.writer.submit(Append(WorkspaceEventRow, rows))
        if random.random() < 0.02:
            with contextlib.suppress(DriftdError):
                await store.writer.submit(Checkpoint("PASSIVE"))


def database_is_mine(store: Store) -> bool:
    return store.disturbed() is None


def feedback(number: int) -> FeedbackRow:
    return FeedbackRow(
        violation_id=f"v{number}", pattern_id="p", detector_id="r", action="dismiss", reason=f"reason {number}"
    )


def database(root: Path) -> Path:
    return root / ".drift" / "drift.db"


class Faults:
    """All trials of one seed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.seed = seed
        self.random = random.Random(seed)
        self.outcomes: dict[str, Counter[str]] = {}
        self.faults: list[str] = []
        self.lost = 0
        self.acknowledged = 0

    def run(self, arguments: argparse.Namespace) -> int:
        """Run so many trials of each kind; returns 1 if one of them was not good."""
        started = time.monotonic()
        base = self.folder / "base"
        library = Path(sysconfig.get_path("stdlib"))
        for name in ("json", "asyncio", "email"):
            shutil.copytree(library / name, base / name, ignore=shutil.ignore_patterns("__pycache__"))
        analyze(base, full=False, force=True)
        asyncio.run(self.seed_feedback(base))
        self.repeat("pages", arguments.pages, base, self.overwrite_pages)
        self.repeat("logs", arguments.logs, self.left_by_a_kill(base), self.damage_log)
        self.repeat("losses", arguments.losses, self.left_by_a_kill(base), self.lose_files)
        self.kills(base, arguments.kills)
        self.full_disks(base, arguments.full)
        report(
            {
                "benchmark": "chaos_faults",
                "seed": self.seed,
                "database_bytes": database(base).stat().st_size,
                "trials": {kind: outcomes.total() for kind, outcomes in self.outcomes.items()},
                "outcomes": {kind: dict(outcomes) for kind, outcomes in self.outcomes.items()},
                "acknowledged_feedback": self.acknowledged,
                "acknowledged_feedback_lost": self.lost,
                "faults": self.faults,
                "seconds": round(time.monotonic() - started),
            }
        )
        return 1 if self.faults or self.lost else 0

    async def seed_feedback(self, root: Path) -> None:
        async with Store.open(database(root), workspace=root) as store:
            violations = [
                ViolationRow(
                    id=f"v{number}", file="json/decoder.py", line=1, severity="info", pattern_id="p", rule_id="r",
                    message="m", suppressed=True, suppression_source="user",
                )
                for number in range(SEEDED)
            ]  # fmt: skip
            await store.writer.submit(Upsert(ViolationRow, violations))
            for number in range(SEEDED):
                await store.writer.submit(Append(FeedbackRow, [feedback(number)]), durable=True)
                if number == SEEDED // 2:
                    await store.back_up("scheduled")

    def left_by_a_kill(self, base: Path) -> Path:
        """Return a workspace with a long log, as a kill leaves it."""
        root = self.folder / "killed"
        if not root.exists():
            shutil.copytree(base, root)
            with self.child(root, SEEDED) as child:
                self.seen(child, 120)
                shutil.copytree(root, root.with_name("snapshot"))
            shutil.rmtree(root)
            root.with_name("snapshot").rename(root)
            (root / ".drift" / "drift.db-shm").unlink()
        return root

    # -- damage to files ----------------------------------------------------------------------------------------------

    def repeat(self, kind: str, trials: int, base: Path, damage: Callable[[Path], str]) -> None:
        """Damage copies of a workspace and look at what becomes of each."""
        with contextlib.suppress(FileNotFoundError):
            expected = set(self.in_journal(base))
        self.acknowledged += trials * len(expected)
        for number in range(trials):
            root = self.folder / "trial"
            shutil.copytree(base, root)
            what = damage(root / ".drift")
            try:
                how = asyncio.run(self.settle(root))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
                how = "failed"
                self.faults.append(f"{kind} {number} ({what}): {error!r}")
            self.outcomes.setdefault(kind, Counter())[f"{what}: {how}"] += 1
            self.look(root, expected, f"{kind} {number} ({what})")
            shutil.rmtree(root)

    async def settle(self, root: Path) -> str:
        """Open the workspace as the daemon does until it is sound; return how damage was found, if it was."""
        how = "harmless"
        for _ in range(3):
            found: list[str] = []
            try:
                async with Store.open(
                    database(root), workspace=root, deadline=300, on_damage=partial(found.append, "by a query")
                ) as store:
                    if store.recovery.aside is not None and how == "harmless":
                        how = "found at the opening, rebuilt"
                    elif store.recovery.restored and how == "harmless":
                        how = "behind, brought up to date"
                    for row in TABLES:
                        await store.reader.fetch(f"SELECT * FROM {table_of(row).name}")
                    if await store.reader.integrity():
                        found.append("by the check of a backup")
            except DriftdError as error:
                if not (found or is_corrupt(error)):
                    raise
                found = found or ["by a query"]
            if not found:
                return how
            how = f"found {found[0]}, rebuilt"
            put_aside(database(root), SystemClock().now(), "damaged")
        raise RuntimeError("it is damaged again and again")

    def overwrite_pages(self, drift: Path) -> str:
        path = drift / "drift.db"
        pages = path.stat().st_size // PAGE
        content = self.random.choice(["random bytes", "zeros", "another page", "flipped bits"])
        with path.open("r+b") as file:
            for _ in range(self.random.choice([1, 1, 1, 2, 8, 64])):
                page = self.random.randrange(pages)
                file.seek(self.random.randrange(pages) * PAGE)
                other = file.read(PAGE)
                file.seek(page * PAGE)
                own = bytearray(file.read(PAGE))
                if content == "random bytes":
                    own = bytearray(self.random.randbytes(PAGE))
                elif content == "zeros":
                    own = bytearray(PAGE)
                elif content == "another page":
                    own = bytearray(other)
                else:
                    for _ in range(8):
                        own[self.random.randrange(PAGE)] ^= 1 << self.random.randrange(8)
                file.seek(page * PAGE)
                file.write(own)
        return content

    def damage_log(self, drift: Path) -> str:
        path = drift / "drift.db-wal"
        size = path.stat().st_size
        how = self.random.choice(["cut", "cut", "flipped bits", "end zeroed"])
        with path.open("r+b") as file:
            place = self.random.randrange(size)
            if how == "cut":
                file.truncate(place)
            elif how == "end zeroed":
                file.seek(place)
                file.write(bytes(size - place))
            else:
                for _ in range(8):
                    file.seek(self.random.randrange(size))
                    byte = file.read(1)
                    file.seek(-1, os.SEEK_CUR)
                    file.write(bytes([byte[0] ^ 1 << self.random.randrange(8)]))
        return how

    def lose_files(self, drift: Path) -> str:
        names = {
            "database": ["drift.db"],
            "log": ["drift.db-wal"],
            "database and log": ["drift.db", "drift.db-wal"],
            "all but the journal": [path.name for path in drift.iterdir() if path.name != "journal"],
            "journal": ["journal"],
        }
        what = self.random.choice(list(names))
        for name in names[what]:
            path = drift / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return f"{what} gone"

    # -- faults while it runs -----------------------------------------------------------------------------------------

    def kills(self, base: Path, trials: int) -> None:
        """Kill a process that writes, at any moment from its first instruction on; one database for all of them."""
        root = self.folder / "kills"
        shutil.copytree(base, root)
        expected = set(self.in_journal(root))
        for number in range(trials):
            with self.child(root, 1_000_000 * (number + 1)) as child:
                if self.random.random() < 0.15:  # while it opens
                    time.sleep(self.random.uniform(0, 1.0))
                else:
                    self.seen(child, self.random.randrange(1, 60))
                    time.sleep(self.random.uniform(0, 0.05))
                child.kill()
                assert child.stdout is not None
                expected |= {f"v{line.strip()}" for line in child.stdout if line.endswith("\n")}
                expected |= self.said
            try:
                how = asyncio.run(self.settle(root))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
                how = "failed"
                self.faults.append(f"kill {number}: {error!r}")
            self.outcomes.setdefault("kills", Counter())[how] += 1
            self.look(root, expected, f"kill {number}")
        self.acknowledged += len(expected)

    def full_disks(self, base: Path, trials: int) -> None:
        """Let a process write until its disk is full, and on: by a real small file system, or by a limit of sizes."""
        for number in range(trials):
            root = self.folder / f"full{number}"
            root.mkdir()
            size = database(base).stat().st_size * 2 + self.random.randrange(4 << 20)
            mount = ["mount", "-t", "tmpfs", "-o", f"size={size + (8 << 20)}", "tmpfs", str(root)]
            mounted = number % 2 == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
            try:
                shutil.copytree(base, root, dirs_exist_ok=True)
                expected = set(self.in_journal(root))
                limit = 0 if mounted else size // 2 + self.random.randrange(1 << 20)
                with self.child(root, 1_000_000, limit) as child:
                    time.sleep(self.random.uniform(2, 4))
                    child.kill()
                    assert child.stdout is not None
                    expected |= {f"v{line.strip()}" for line in child.stdout if line.endswith("\n")}
                if mounted:
                    subprocess.run([*mount[:4], f"remount,size={4 * size}", str(root)], check=True)
                kind = "small file system" if mounted else "limit of sizes"
                self.outcomes.setdefault("full disks", Counter())[f"{kind}: {asyncio.run(self.settle(root))}"] += 1
                self.look(root, expected, f"full {number} ({kind})")
                self.acknowledged += len(expected)
            finally:
                if mounted:
                    subprocess.run(["umount", "-l", str(root)], check=True)

    @contextlib.contextmanager
    def child(self, root: Path, first: int, limit: int = 0) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "benchmarks.chaos_faults", "--child", str(root), "--first", str(first)]
        with subprocess.Popen(
            [*command, "--limit", str(limit)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as child:
            self.said: set[str] = set()
            try:
                yield child
            finally:
                child.kill()

    def seen(self, child: subprocess.Popen[str], lines: int) -> None:
        """Wait for so many acknowledgements."""
        assert child.stdout is not None
        for _ in range(lines):
            line = child.stdout.readline()
            if not line:
                self.faults.append(f"the child ended with {child.wait()}")
                return
            self.said.add(f"v{line.strip()}")

    # -- what must be so ----------------------------------------------------------------------------------------------

    def in_journal(self, root: Path) -> list[str]:
        """Return the feedback that was acknowledged, as the undamaged journal has it."""
        from driftd.store.journal import read

        contents = read(root / ".drift" / "journal")
        assert contents is not None
        assert contents.is_whole
        return [row["violation_id"] for row in contents.state["feedback"].values() if row is not None]

    def look(self, root: Path, expected: set[str], where: str) -> None:
        """Check that the database is sound and has every acknowledged feedback, with its words."""
        with contextlib.closing(sqlite3.connect(database(root))) as connection:
            if (verdict := connection.execute("PRAGMA integrity_check(3)").fetchall()) != [("ok",)]:
                self.faults.append(f"{where}: integrity_check: {verdict}")
                return
            found = dict(connection.execute("SELECT violation_id, reason FROM feedback"))
        missing = {name for name in expected if found.get(name) != f"reason {name[1:]}"}
        if missing:
            self.lost += len(missing)
            self.faults.append(f"{where}: {len(missing)} feedback missing, such as {sorted(missing)[:3]}")


if __name__ == "__main__":
    sys.exit(main())
