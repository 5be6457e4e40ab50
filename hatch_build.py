"""Builds the hot modules of the pipeline as C extensions with mypyc, where that is possible.

The modules stay ordinary Python: without a C compiler, or with DRIFTD_PURE=1, the same source is interpreted, and an
analysis takes half as long again.  The extensions lie beside their sources, also for an editable installation;
`compiled.json` says which sources they were made from (see `tests/conftest.py`).

The TOML of the packs is parsed as well, for processes to start faster: see `driftd/pipeline/parsed.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
import runpy
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

RECORD = "driftd/compiled.json"
SLOTS = "driftd/pipeline/slots.h"
PACKS = "driftd/pipeline/packs"
PARSING = "driftd/pipeline/parsed.py"
# Functions of one library call each other, and Python's, without a detour through tables for the dynamic linker.
DIRECT_CALLS = ("-fvisibility=hidden", "-fno-plt")
OPTIONS = ("--python-version=3.11", "--ignore-missing-imports", "--no-warn-unused-ignores")


class CompileHook(BuildHookInterface):  # type: ignore[type-arg]  # the builder's configuration is of no interest
    """Compiles the modules that pyproject.toml lists under `compiled`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the extensions for a wheel, editable or not; leave the package as it is where that fails."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        parsed = parse_packs(root)
        if version == "standard":
            build_data["artifacts"].append(parsed)
        remove_built(root)
        if os.environ.get("DRIFTD_PURE", "0") not in {"", "0"}:
            return
        sources = expand(root, self.config["compiled"])
        try:
            built = build(root, sources)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, interpreted modules do the same
            remove_built(root)
            sys.stderr.write(f"driftd: not compiled, the modules will be interpreted: {error}\n")
            return
        record = {source: digest(root / source) for source in [*sources, SLOTS]}
        (root / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
        if version == "standard":
            build_data["artifacts"] += [*built, RECORD]
            build_data["pure_python"] = False
            build_data["infer_tag"] = True

    def clean(self, versions: list[str]) -> None:  # noqa: ARG002 - the interface's
        """Remove what was built."""
        remove_built(Path(self.root))


def parse_packs(root: Path) -> str:
    """Write what the TOML of the packs holds; return the file, relative to the project."""
    written: Path = runpy.run_path(str(root / PARSING))["write"](root / PACKS)
    return written.relative_to(root).as_posix()


def expand(root: Path, patterns: list[str]) -> list[str]:
    """Return the files that the patterns name, relative to the project; "!" before one takes files out again."""
    found: set[str] = set()
    for pattern in patterns:
        files = {path.relative_to(root).as_posix() for path in root.glob(pattern.removeprefix("!"))}
        found = found - files if pattern.startswith("!") else found | files
    return sorted(path for path in found if not path.endswith("__init__.py"))


def build(root: Path, sources: list[str]) -> list[str]:
    """Compile the modules beside their sources; return the files that were made."""
    from mypyc.build import mypycify  # noqa: PLC0415 - only where it is installed
    from setuptools import Distribution  # noqa: PLC0415
    from setuptools.command.build_ext import build_ext  # noqa: PLC0415

    before = Path.cwd()
    os.chdir(root)  # mypyc finds packages from there
    try:
        with tempfile.TemporaryDirectory(prefix="driftd-build-") as scratch:
            options = [*OPTIONS, f"--cache-dir={scratch}/mypy", "--config-file="]
            groups = [
                ([source for source in sources if not is_resolving(source)], "driftd_reading"),
                ([source for source in sources if is_resolving(source)], "driftd_resolving"),
            ]
            modules = mypycify(
                [*options, *sources], opt_level="2", debug_level="0", target_dir=f"{scratch}/c", separate=groups
            )
            if os.name == "posix":
                for module in modules:
                    module.extra_compile_args += ["-include", str(root / SLOTS), *DIRECT_CALLS]
            command = build_ext(Distribution({"name": "driftd", "ext_modules": modules}))
            command.inplace = True
            command.parallel = len(groups)
            command.build_temp = f"{scratch}/o"
            command.ensure_finalized()
            command.run()
            return [path.relative_to(root).as_posix() for path in built_files(root)]
    finally:
        os.chdir(before)


def is_resolving(source: str) -> bool:
    """Tell which of two libraries a module goes into: half as much C each, for two compilers side by side."""
    return "/call_graph/" in source or "/data/" in source


def built_files(root: Path) -> list[Path]:
    """Return the extensions that lie in the source tree."""
    return [*root.glob("*__mypyc.*.so"), *(root / "driftd").rglob("*.so")]


def remove_built(root: Path) -> None:
    """Take out what an earlier build left: a stale extension would hide its source."""
    for path in [*built_files(root), root / RECORD]:
        path.unlink(missing_ok=True)


def digest(path: Path) -> str:
    """Return what tells one version of a source from another."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
