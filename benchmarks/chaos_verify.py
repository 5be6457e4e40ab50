"""Prove that a daemon follows whatever happens to a real tree: random changes, then `driftd verify`.

    python -m benchmarks.chaos_verify WORKSPACE [--edits 200] [--seed N]

The workspace is copied.  The exit code is that of `driftd verify`; the figures are one JSON line.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.chaos import PATIENCE_S, Chaos, copied, report
from tests.daemon.harness import daemon


def main() -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments = parser.parse_args()
    with copied(arguments.workspace) as root:
        return endure(root, arguments.edits, arguments.seed)


def endure(root: Path, edits: int, seed: int) -> int:
    """Change the tree `edits` times under a daemon, in batches, then verify."""
    chaos = Chaos(root, seed)
    files = len(chaos.sources())
    syncs: list[float] = []
    with daemon(root) as running, running.client(PATIENCE_S) as client:
        client.call("sync", timeout_s=PATIENCE_S)
        while (left := edits - chaos.done.total()) > 0:
            for _ in range(min(left, chaos.random.choice([1, 1, 2, 5, 20]))):
                chaos.step()
            if chaos.random.random() < 0.7:  # at other times the next batch comes while this one is analysed
                started = time.perf_counter()
                client.call("sync", timeout_s=PATIENCE_S)
                syncs.append(time.perf_counter() - started)
        client.call("sync", timeout_s=PATIENCE_S)
        verdict = subprocess.run(
            [sys.executable, "-m", "driftd", "verify", str(root)], capture_output=True, text=True, check=False
        )
        status = client.call("status")
        code = running.stop()
    syncs.sort()
    report(
        {
            "benchmark": "chaos_verify",
            "seed": seed,
            "files": files,
            "edits": chaos.done.total(),
            "kinds": dict(chaos.done),
            "verify": verdict.returncode,
            "differences": (verdict.stdout + verdict.stderr)[-2000:] if verdict.returncode else "",
            "health": status["health"],
            "functions": status["db"]["rows"]["functions"],
            "edges": status["db"]["rows"]["call_edges"],
            "sync_median_ms": round(syncs[len(syncs) // 2] * 1000) if syncs else None,
            "sync_max_ms": round(syncs[-1] * 1000) if syncs else None,
            "daemon_exit": code,
        }
    )
    return verdict.returncode or code


if __name__ == "__main__":
    sys.exit(main())
