"""How long a person waits for the answer to feedback: p95 is to be 20 ms, also while an analysis runs.

    python benchmarks/bench_feedback.py DIRECTORY [CALLS]

On a copy of a real tree, through the socket of a real daemon: alone, while files are saved all the time (so that runs
follow each other), and while everything is analysed anew.  Each call is durable: it waits for the disk.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the tests hold the harness

from tests.daemon.harness import Client, daemon

ACTIONS = ("dismiss", "fix", "suppress", "escalate")
PAUSE_S = 0.02  # between two calls of one person, who is quick


def measure(
    client: Client, violations: list[str], calls: int, until: Callable[[], bool] = lambda: False
) -> list[float]:
    """Return how long calls took, in milliseconds, in order; ends early when `until` says so."""
    taken = []
    for number in range(calls):
        if until():
            break
        begun = time.perf_counter()
        client.call("feedback", violation_id=violations[number % len(violations)], action=ACTIONS[number % 4])
        taken.append((time.perf_counter() - begun) * 1000)
        time.sleep(PAUSE_S)
    return sorted(taken)


def shown(name: str, taken: list[float]) -> str:
    def share(of: float) -> float:
        return taken[min(len(taken) - 1, int(len(taken) * of))]

    return (
        f"{name:28} {len(taken):5} calls  p50 {share(0.5):6.1f}  p95 {share(0.95):6.1f}  p99 {share(0.99):6.1f}  "
        f"max {taken[-1]:7.1f} ms"
    )


def saving(root: Path, stop: threading.Event) -> None:
    """Save one file after the other, each with another content."""
    files = sorted(path for path in root.rglob("*.py") if path.is_file())[:200]
    number = 0
    while not stop.is_set():
        path = files[number % len(files)]
        path.write_bytes(path.read_bytes() + b"# saved %d\n" % number)
        number += 1
        stop.wait(0.1)


def main() -> None:
    """Print the table."""
    source, calls = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300
    with tempfile.TemporaryDirectory(prefix="bench-feedback-") as folder:
        root = Path(folder, "w")
        shutil.copytree(source, root, ignore=shutil.ignore_patterns(".git", ".drift"), symlinks=True)
        with daemon(root) as running, running.client(600) as client, running.client(600) as other:
            client.call("sync", timeout_s=600)
            violations = [item["id"] for item in client.call("violations", limit=200)["items"]]
            print(f"{len(violations)} violations of {source.name}", flush=True)
            print(shown("alone", measure(client, violations, calls)), flush=True)

            stop = threading.Event()
            saver = threading.Thread(target=saving, args=(root, stop))
            saver.start()
            print(shown("while files are saved", measure(client, violations, calls)), flush=True)
            stop.set()
            saver.join()
            client.call("sync", timeout_s=600)

            done = threading.Event()
            request = other.send("analyze", full=True)

            def wait() -> None:
                other.answer(request)
                done.set()

            waiter = threading.Thread(target=wait)
            waiter.start()
            print(shown("while everything is analysed", measure(client, violations, 100_000, done.is_set)), flush=True)
            waiter.join()


if __name__ == "__main__":
    main()
