r"""Measure how well the confidence of findings is calibrated: of those given 0.8, are 80 % right?

    python -m benchmarks.calibration --scripts DIR bearer_rules=SUITE njsscan=SUITE \
        owasp_python=SUITE

DIR holds the scoring scripts (`eval_*.py`); each suite is the folder that its script takes.  A finding is judged where
the script's own truth says something about its weakness in its file: it is right on an annotated statement (one line of
tolerance), wrong elsewhere in that file and in files known to be clean.  What nobody labelled is left out.

Prints a line per rule with enough findings, a reliability table, and as the last line a JSON object with `n`, `ece`
(expected calibration error: mean distance of confidence and share of right ones in ten bins, weighted by their size;
Naeini et al., AAAI 2015) and `brier` (mean squared error of the confidence).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple


class Judged(NamedTuple):
    """A finding that the truth says something about."""

    rule: str
    confidence: float
    is_right: bool
    place: str


def load(scripts: Path, name: str) -> ModuleType:
    """Import a scoring script by its path."""
    spec = importlib.util.spec_from_file_location(f"eval_{name}", scripts / f"eval_{name}.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{scripts} has no eval_{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def findings(module: ModuleType, workspace: str) -> dict[str, list[dict[str, Any]]]:
    """Return the detections with a weakness, by file."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in module.db_rows(workspace, "detections"):
        if row["cwe_ids"] and row["resolved_at"] is None:
            found[row["file"]].append(row)
    return found


def truth_of(module: ModuleType, case: Any) -> dict[str, tuple[list[tuple[set[int], int]], set[int]]]:
    """Return for each file its annotated (weaknesses, line), and the weaknesses of which everything else is wrong."""
    found: dict[str, tuple[list[tuple[set[int], int]], set[int]]] = {}
    for file, what in case.truth.items():
        if module.SUITE == "bearer-rules":
            _, cwes, lines = what
            found[file] = ([(set(cwes), line) for line in lines], set(cwes))
        elif module.SUITE == "njsscan":
            points = what[1]
            found[file] = ([], set(points)) if isinstance(points, set) else ([(set(c), n) for _, c, n in points], set())
    return found


def judge_lines(module: ModuleType, case: Any, name: str) -> list[Judged]:
    """Judge findings by annotated lines."""
    judged = []
    rows = findings(module, case.workspace)
    for file, (points, wrong_elsewhere) in truth_of(module, case).items():
        lines = (Path(case.workspace) / file).read_text(encoding="utf-8", errors="replace").splitlines()
        for row in rows.get(file, ()):
            cwes = module.cwe_set(row["cwe_ids"])
            is_right = any(
                module.same_cwe(cwes, wanted) and row["line"] in module.window(lines, line, 1)
                for wanted, line in points
            )
            if is_right or (wrong_elsewhere and module.same_cwe(cwes, wrong_elsewhere)):
                judged.append(Judged(row["pattern_id"], row["confidence"], is_right, f"{name}:{file}:{row['line']}"))
    return judged


def judge_cases(module: ModuleType, cases: list[Any], name: str) -> list[Judged]:
    """Judge findings by whether the whole case is vulnerable in that way."""
    judged = []
    for case in cases:
        rows = findings(module, case.workspace)
        for _, is_real, cwe, file in case.truth.values():
            judged += [
                Judged(row["pattern_id"], row["confidence"], bool(is_real), f"{name}:{file}:{row['line']}")
                for row in rows.get(file, ())
                if module.same_cwe(module.cwe_set(row["cwe_ids"]), {cwe})
            ]
    return judged


def measure(scripts: Path, name: str, suite: str, extra: list[str]) -> list[Judged]:
    """Analyse one suite and judge what is found in it."""
    module = load(scripts, name)
    parser = argparse.ArgumentParser()
    parser.add_argument("--tolerance", type=int, default=1)
    parser.add_argument("--cwe", default="family")
    module.add_options(parser)
    args = parser.parse_args(extra)
    with tempfile.TemporaryDirectory() as folder:
        cases = list(module.prepare(suite, folder, args))
        for case in cases:
            subprocess.run(
                [sys.executable, "-m", "driftd", "analyze", case.workspace],
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        if module.SUITE in {"bearer-rules", "njsscan"}:
            return [one for case in cases for one in judge_lines(module, case, name)]
        return judge_cases(module, cases, name)


def calibration(judged: list[Judged]) -> dict[str, float]:
    """Return `n`, `ece` and `brier`, and print the reliability table."""
    bins: dict[int, list[Judged]] = defaultdict(list)
    for one in judged:
        bins[min(9, int(one.confidence * 10))].append(one)
    error = 0.0
    print(f"{'confidence':>12} {'findings':>9} {'right':>7}")
    for number in sorted(bins):
        members = bins[number]
        confidence = sum(one.confidence for one in members) / len(members)
        right = sum(one.is_right for one in members) / len(members)
        error += len(members) / len(judged) * abs(confidence - right)
        print(f"{confidence:12.2f} {len(members):9} {right:7.2f}")
    brier = sum((one.confidence - one.is_right) ** 2 for one in judged) / len(judged)
    return {"n": len(judged), "ece": round(error, 4), "brier": round(brier, 4)}


def main() -> None:
    """Measure the suites that are named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scripts", type=Path, required=True)
    parser.add_argument("suites", nargs="+", metavar="NAME=PATH")
    args = parser.parse_args()
    judged: list[Judged] = []
    for given in args.suites:
        name, _, path = given.partition("=")
        judged += measure(args.scripts, name, path, [])
    by_rule: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        by_rule[one.rule].append(one)
    for rule, members in sorted(by_rule.items(), key=lambda pair: -len(pair[1])):
        right = sum(one.is_right for one in members)
        print(f"{rule:44} stated {members[0].confidence:.2f}  right {right / len(members):.2f} of {len(members)}")
    print(json.dumps(calibration(judged)))


if __name__ == "__main__":
    main()
