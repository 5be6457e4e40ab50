"""One file, from bytes to what the rest of driftd needs of it: encoded facts and the rows of the per-file stages.

Pure: the bytes come in as an argument.  It runs in the worker processes; what it returns is encoded, because bytes
cross a process boundary at the price of a copy.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import msgspec

from driftd.pipeline.digest import digest_of
from driftd.pipeline.facts.codec import compress, decode, decompress, encode
from driftd.pipeline.facts.languages import registry
from driftd.pipeline.facts.model import FileFacts
from driftd.pipeline.kept import keep
from driftd.pipeline.stage import FileContext, FileStage, Problem
from driftd.rows.declare import row_values, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftd.pipeline.binder import Binder


class Extracted(msgspec.Struct, frozen=True, array_like=True):
    """What one file yielded: `facts` encoded and compressed, `rows` per table in column order."""

    facts: bytes
    is_parsed: bool  # whether the file was parsed for them: they are not what was cached
    digest: bytes  # see `driftd.pipeline.digest`
    rows: dict[str, list[tuple[object, ...]]]
    function_count: int
    error_count: int
    problems: list[tuple[str, str, int]]  # (stage or "extract", message, line)
    ticket: int = 0  # under which this process keeps it


def extract(
    path: str,
    language: str,
    data: bytes,
    stages: Sequence[FileStage],
    cached: bytes | None = None,
    *,
    to_resolve: bool = False,
) -> Extracted:
    """Return facts and rows of one file; a stage that raises is a problem, not a failure.

    `cached` are the compressed facts of these very bytes, if they are known; damaged ones are ignored.  A file that is
    `to_resolve` is kept for that, where there is room (see `kept`).
    """
    known = _from_cache(cached)
    if known is None:
        facts = registry.adapter_of(language).extract(data, language)
        encoded = encode(facts)
        compressed = compress(encoded)
    else:
        compressed, encoded, facts = known
    context = FileContext(path, language, data)
    rows: dict[str, list[tuple[object, ...]]] = {}
    problems = _syntax_problem(facts)
    for stage in stages:
        try:
            findings = stage.run(context, facts)
        except Exception:  # noqa: BLE001 - a stage must not take the file's other rows with it
            problems.append((stage.name, traceback.format_exc(limit=-3), 0))
            continue
        for table in stage.tables:
            rows.setdefault(table_of(table).name, [])
        for row in findings.rows:
            rows[table_of(type(row)).name].append(row_values(row))
        problems.extend(_problem(stage.name, problem) for problem in findings.problems)
    named = sum(function.kind not in {"module", "lambda"} for function in facts.outline.functions)
    ticket = 0

    def keep_open(binder: Binder) -> None:
        nonlocal ticket
        ticket = keep(path, compressed, binder)

    if to_resolve:
        digest = digest_of(path, language, facts, encoded, keep_open)
    else:
        digest = digest_of(path, language, facts, encoded)
    return Extracted(compressed, known is None, digest, rows, named, len(facts.errors), problems, ticket)


def _from_cache(cached: bytes | None) -> tuple[bytes, bytes, FileFacts] | None:
    """Return cached facts compressed, encoded and decoded; None if there are none or they are damaged."""
    if cached is None:
        return None
    try:
        encoded = decompress(cached)
        return cached, encoded, decode(encoded, FileFacts)
    except msgspec.DecodeError:
        return None


def _syntax_problem(facts: FileFacts) -> list[tuple[str, str, int]]:
    if not facts.errors:
        return []
    count = len(facts.errors)
    noun = "syntax error" if count == 1 else f"{count} syntax errors, the first"
    return [("syntax", f"{noun} here; what is sound around it is analysed", facts.errors[0].line)]


def _problem(stage: str, problem: Problem) -> tuple[str, str, int]:
    return (stage, problem.message, problem.line)
