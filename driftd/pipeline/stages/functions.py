"""functions: one row per function, method and lambda, and one per file for its top-level code."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from driftd.pipeline.manifests import LANGUAGES as MANIFESTS
from driftd.pipeline.rendering import source_text
from driftd.pipeline.stage import Findings
from driftd.rows.facts import FunctionRow
from driftd.rows.ids import function_ids, json_text

if TYPE_CHECKING:
    from driftd.pipeline.facts.model import FileFacts, Param
    from driftd.pipeline.stage import FileContext
    from driftd.rows.declare import Row


class Functions:
    """Copies what the outline says; looks at nothing else."""

    name: ClassVar[str] = "functions"
    version: ClassVar[int] = 2
    tables: ClassVar[tuple[type[Row], ...]] = (FunctionRow,)

    def run(self, file: FileContext, facts: FileFacts) -> Findings:
        """Return the rows of one file; a file without code (`.env`, a manifest) has none."""
        if file.language in _WITHOUT_CODE:
            return Findings(files=frozenset({file.path}))
        functions = facts.outline.functions
        ids = function_ids(file.path, tuple([function.qualified_name for function in functions]))
        rows = [
            FunctionRow(
                id=number,
                file=file.path,
                name=f.name,
                qualified_name=f.qualified_name,
                kind=f.kind,
                language=file.language,
                line=f.line,
                column_num=f.column,
                end_line=f.end_line,
                parameter_count=len(f.params),
                parameters=json_text([_parameter(p, facts) for p in f.params]) if f.params else "[]",
                return_type=f.return_type,
                decorators=json_text([d.name for d in f.decorators]) if f.decorators else "[]",
                doc=_first_paragraph(f.doc),
                visibility=f.visibility,
                is_exported=f.is_exported,
                is_async=f.is_async,
                is_generator=f.is_generator,
                is_abstract=f.is_abstract,
                body_hash=f.body_hash,
                signature_hash=f.signature_hash,
            )
            for number, f in zip(ids, functions, strict=True)
        ]
        return Findings(rows=rows, files=frozenset({file.path}))


_WITHOUT_CODE: Final = MANIFESTS | {"dotenv"}


def _parameter(param: Param, facts: FileFacts) -> dict[str, str | None]:
    default = param.default
    return {
        "name": param.name,
        "annotation": param.annotation,
        "default": None if default is None else source_text(default, facts.texts.literals, facts.language),
        "kind": param.kind,
    }


def _first_paragraph(doc: str | None) -> str | None:
    if not doc:
        return None
    lines = []
    for line in doc.strip().splitlines():
        if not line.strip():
            break
        lines.append(line.strip())
    return "\n".join(lines) or None
