"""Prove that no kill costs anything: SIGKILL at random moments under load, then look at what is on the disk.

    python -m benchmarks.chaos_kill WORKSPACE [--kills 100] [--seed N]

After each kill: `PRAGMA integrity_check`, and everything that an answer of `sync` confirmed is in the database; the next
start serves current data.  Every tenth time the database is compared with an analysis from nothing.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from threading import Thread

from benchmarks.chaos import PATIENCE_S, Chaos, copied, report
from tests.daemon.harness import Client, Daemon

LONGEST_S = 1.5


def main() -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments = parser.parse_args()
    with copied(arguments.workspace) as root:
        return Endurance(root, arguments.seed).run(arguments.kills)


class Endurance:
    """Daemons on one tree, one after the other, none of which ends by itself."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.chaos = Chaos(root, seed)
        self.seed = seed
        self.probe = root / "probe.pyw"  # a suffix that chaos leaves alone
        self.written = 0
        self.confirmed = 0  # the last version of the probe that `sync` answered for
        self.faults: list[str] = []
        self.moments = {"start": 0, "load": 0}
        self.starts: list[float] = []

    def run(self, kills: int) -> int:
        """Kill so many daemons; returns 1 if one kill had a consequence."""
        for number in range(1, kills + 1):
            if self.chaos.random.random() < 0.3 and number > 1:
                self.kill_while_starting()
            else:
                self.kill_under_load()
            self.look_at_database(number)
            if number % 10 == 0:
                self.verify(number)
        self.start_and_check(kills).release()
        report(
            {
                "benchmark": "chaos_kill",
                "seed": self.seed,
                "kills": kills,
                "moments": self.moments,
                "edits": self.chaos.done.total(),
                "confirmed_writes": self.confirmed,
                "faults": self.faults,
                "start_to_current_median_s": round(sorted(self.starts)[len(self.starts) // 2], 2),
                "start_to_current_max_s": round(max(self.starts), 2),
            }
        )
        return 1 if self.faults else 0

    def kill_while_starting(self) -> None:
        """Kill a daemon before or shortly after it is ready."""
        self.moments["start"] += 1
        self.burst()
        running = Daemon(self.root)
        time.sleep(self.chaos.random.uniform(0, LONGEST_S))
        running.kill()
        running.release()

    def kill_under_load(self) -> None:
        """Start, check that everything is current, then kill amid changes and requests."""
        self.moments["load"] += 1
        running = self.start_and_check(self.moments["load"])
        clients = [Thread(target=self.ask, args=(running.socket_path, method)) for method in ("functions", "analyze")]
        for thread in clients:
            thread.start()
        deadline = time.monotonic() + self.chaos.random.uniform(0, LONGEST_S)
        with running.client(PATIENCE_S) as client:
            while time.monotonic() < deadline:
                self.burst()
                self.write_probe()
                if self.chaos.random.random() < 0.6:
                    client.call("sync", timeout_s=60)
                    self.confirmed = self.written
        self.burst()
        time.sleep(self.chaos.random.uniform(0, 0.3))
        running.kill()
        running.release()
        for thread in clients:
            thread.join()

    def start_and_check(self, number: int) -> Daemon:
        """Start a daemon as it will be after a kill and check that it serves what is on the disk."""
        self.write_probe()
        started = time.perf_counter()
        running = Daemon(self.root)
        running.wait_for("READY=1")
        with running.client(PATIENCE_S) as client:
            client.call("sync", timeout_s=PATIENCE_S)
            self.confirmed = self.written
            self.starts.append(time.perf_counter() - started)
            names = [item["name"] for item in client.items("functions", file="probe.pyw")]
            if f"version_{self.written}" not in names:
                self.faults.append(f"start {number}: probe.pyw is {names}, not version_{self.written}")
            if client.call("scan_history", status="running")["total"]:
                self.faults.append(f"start {number}: a run of a dead process is still `running`")
        return running

    def burst(self) -> None:
        """Change a few files."""
        for _ in range(self.chaos.random.choice([1, 2, 5, 15])):
            self.chaos.step()

    def write_probe(self) -> None:
        """Save a file whose only function says which version it is."""
        self.written += 1
        self.probe.write_text(f"def version_{self.written}():\n    return {self.written}\n")

    @staticmethod
    def ask(where: Path, method: str) -> None:
        """Ask again and again until the daemon is gone."""
        try:
            with Client(where) as client:
                while True:
                    client.call(method)
        except (OSError, ValueError):
            return

    def look_at_database(self, number: int) -> None:
        """Check what a kill left on the disk, before anything repairs it."""
        with closing(sqlite3.connect(self.root / ".drift" / "drift.db")) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchall()
            if verdict != [("ok",)]:
                self.faults.append(f"kill {number}: integrity_check: {verdict[:3]}")
            if connection.execute("PRAGMA foreign_key_check").fetchall():
                self.faults.append(f"kill {number}: foreign_key_check")
            found = connection.execute("SELECT name FROM functions WHERE file = 'probe.pyw'").fetchall()
            versions = [int(name.removeprefix("version_")) for (name,) in found if name != "<module>"]
            if self.confirmed and (len(versions) != 1 or versions[0] < self.confirmed):
                self.faults.append(f"kill {number}: confirmed was {self.confirmed}, stored is {versions}")

    def verify(self, number: int) -> None:
        """Compare the database with an analysis from nothing."""
        running = self.start_and_check(number)
        verdict = subprocess.run(
            [sys.executable, "-m", "driftd", "verify", str(self.root)], capture_output=True, text=True, check=False
        )
        if verdict.returncode:
            self.faults.append(f"kill {number}: verify: {(verdict.stdout + verdict.stderr)[-1500:]}")
        running.kill()
        running.release()


if __name__ == "__main__":
    sys.exit(main())
