"""Prove that no save is missed in a storm: thousands of files replaced in one go, then a switch between two branches.

    python -m benchmarks.chaos_storm [--files 10000]

Afterwards the functions of every file are compared with what the file says, and the memory of the daemon with what it
was before.  The exit code is 1 if a file is not current or memory stays more than 20 % above.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.chaos import PATIENCE_S, memory_kib, report
from tests.daemon.harness import Client, Daemon, daemon

FOLDERS = 200
TOLERANCE = 1.20


def main() -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    count = parser.parse_args().files
    with TemporaryDirectory(prefix="driftd-storm-") as folder:
        root = Path(folder).resolve() / "w"
        write(root, "first", count)
        git(root, "init", "-q")
        commit(root, "first")
        git(root, "switch", "-q", "-c", "second")
        write(root, "second", count)
        commit(root, "second")
        git(root, "switch", "-q", "first_branch")
        return storm(root, count)


def storm(root: Path, count: int) -> int:
    """Run a daemon through both storms and report."""
    steps: dict[str, dict[str, object]] = {}
    with daemon(root) as running, running.client(PATIENCE_S) as client:
        client.call("sync", timeout_s=PATIENCE_S)
        wrong = stale(client, "first", count)
        before = settled_memory(running, client)

        def step(name: str, change: Callable[[], object], version: str) -> None:
            with peak_memory(running) as peak:
                started = time.perf_counter()
                change()
                changed = time.perf_counter()
                client.call("sync", timeout_s=PATIENCE_S)
                current = time.perf_counter()
            steps[name] = {
                "change_s": round(changed - started, 2),
                "then_current_s": round(current - changed, 2),
                "stale_files": stale(client, version, count),
                "peak_rss_mib": round(peak() / 1024),
                "anonymous_mib": round(settled_memory(running, client) / 1024),
                "mapped_mib": round(memory_kib(running.process.pid, "RssFile") / 1024),
            }

        step("replaced", lambda: write(root, "third", count), "third")
        git(root, "checkout", "-q", "-f", ".")
        client.call("sync", timeout_s=PATIENCE_S)
        step("git_switch", lambda: git(root, "switch", "-q", "second"), "second")
        step("git_switch_back", lambda: git(root, "switch", "-q", "first_branch"), "first")
        after = settled_memory(running, client)
        restarts = client.call("status")["workers"]["restarts"]
        code = running.stop()
    lost = wrong + sum(int(str(figures["stale_files"])) for figures in steps.values())
    report(
        {
            "benchmark": "chaos_storm",
            "files": count,
            "anonymous_before_mib": round(before / 1024),
            "anonymous_after_mib": round(after / 1024),
            "ratio": round(after / before, 3),
            "stale_files": lost,
            "steps": steps,
            "worker_restarts": restarts,
            "daemon_exit": code,
        }
    )
    return 1 if lost or code or after > TOLERANCE * before else 0


def place(number: int) -> str:
    """Return the path of a file."""
    return f"p{number % FOLDERS}/m{number}.py"


def write(root: Path, version: str, count: int) -> None:
    """Write every file so that its one function, which calls that of another file, names the version."""
    for number in range(count):
        path = root / place(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        other = (number + FOLDERS) % count
        path.write_text(
            f"from p{other % FOLDERS}.m{other} import {version}_{other}\n\n\n"
            f"def {version}_{number}(x):\n    return {version}_{other}(x) + {number}\n"
        )


def stale(client: Client, version: str, count: int) -> int:
    """Return how many files do not have exactly the function that they say."""
    found: dict[str, list[str]] = {}
    for item in client.items("functions"):
        if item["name"] != "<module>":
            found.setdefault(item["file"], []).append(item["name"])
    expected = {place(number): [f"{version}_{number}"] for number in range(count)}
    return sum(found.get(path) != names for path, names in expected.items()) + len(found.keys() - expected.keys())


def settled_memory(running: Daemon, client: Client) -> int:
    """Return the daemon's own memory (KiB) when no change is pending.

    Pages of the database that are mapped are not counted: they are the kernel's cache of a file, which it takes back.
    """
    client.call("sync", timeout_s=PATIENCE_S)
    return memory_kib(running.process.pid, "RssAnon")


@contextmanager
def peak_memory(running: Daemon) -> Iterator[Callable[[], int]]:
    """Yield what tells the largest memory (KiB) since the beginning."""
    pid = running.process.pid
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")  # proc(5): resets VmHWM

    def peak() -> int:
        return memory_kib(pid, "VmHWM")

    yield peak


def commit(root: Path, message: str) -> None:
    """Commit everything."""
    git(root, "add", "-A")
    git(root, "-c", "user.name=storm", "-c", "user.email=storm@example.org", "commit", "-q", "-m", message)
    if message == "first":
        git(root, "branch", "-q", "-m", "first_branch")


def git(root: Path, *arguments: str) -> None:
    """Run git."""
    subprocess.run(["git", "-c", "gc.auto=0", *arguments], cwd=root, check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
