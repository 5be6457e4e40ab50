"""How long reading a language takes, as a multiple of the bare parse: the target is three.

    python benchmarks/bench_languages.py [LANGUAGE DIRECTORY]

Without arguments every language on the engine of `declared` reads the sample of its test file many times over.
CPU time, the best of three rounds, both in the same process and file by file in turn.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path

from tree_sitter import Parser

from driftd.pipeline.facts.languages import registry
from driftd.pipeline.facts.languages.declared.adapter import DeclaredAdapter

ROUNDS = 3
TIMES = 300
MAX_BYTES = 1_000_000


def measure(language: str, files: list[bytes]) -> str:
    adapter = registry.adapter_of(language)
    assert isinstance(adapter, DeclaredAdapter)
    parser = Parser(adapter.grammar())
    best = (float("inf"), 0.0, 0.0)
    for _ in range(ROUNDS):
        parse = whole = 0.0
        for data in files:
            begun = time.process_time()
            parser.parse(data)
            parsed = time.process_time()
            adapter.extract(data, language)
            parse += parsed - begun
            whole += time.process_time() - parsed
        best = min(best, (whole / parse, parse, whole))
    ratio, parse, whole = best
    size = sum(map(len, files)) / 1e6
    return f"{language:10} {len(files):5} files {size:6.1f} MB  parse {parse:6.2f} s  extraction {whole:6.2f} s  {ratio:.2f}"


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parent.parent))  # the tests hold the samples
    if len(sys.argv) == 3:
        language, directory = sys.argv[1:]
        paths = [path for path in Path(directory).rglob("*") if registry.language_of(path.name) == language]
        files = [data for path in sorted(paths) if path.is_file() and len(data := path.read_bytes()) < MAX_BYTES]
        print(measure(language, files))
        return
    for language in registry.MODULES:
        if isinstance(registry.adapter_of(language), DeclaredAdapter):
            module = importlib.import_module(f"tests.pipeline.languages.test_{language}")
            print(measure(language, [module.SAMPLE.encode()] * TIMES))


if __name__ == "__main__":
    main()
