"""XML mappers of MyBatis: each statement is a call that has its id as an argument, and the SQL that it can become.

The namespace is the package.  What the file uses as names, `select` or `insert`, comes with its document type, which is
an import of everything.  Fragments are put in where they are of the same file.  Other XML has no facts.
"""

from __future__ import annotations

from typing import Final

from driftd.pipeline.facts.dynamic_sql import BadXmlError, Element, element_of, renditions
from driftd.pipeline.facts.languages.top_level import module_of
from driftd.pipeline.facts.model import (
    Arg,
    Bodies,
    Call,
    FileFacts,
    Import,
    Kind,
    LiteralFact,
    Outline,
    ParseError,
    Texts,
    Value,
)

_STATEMENTS: Final = frozenset({"select", "insert", "update", "delete"})
_MODULE: Final = "mybatis.org"


class _Reader:
    """Reads the statements of a mapper."""

    def __init__(self, mapper: Element) -> None:
        self.calls: list[Call] = []
        self.literals: list[LiteralFact] = []
        self.namespace = mapper.attributes.get("namespace", "") if mapper.name == "mapper" else ""
        elements = mapper.elements() if self.namespace else []
        fragments = {one.attributes["id"]: one for one in elements if one.name == "sql" and "id" in one.attributes}
        fragments.update({f"{self.namespace}.{name}": one for name, one in fragments.items()})
        for one in elements:
            if one.name in _STATEMENTS and "id" in one.attributes:
                args = [Arg(self._string(one.attributes["id"], one.line, "id"), "id")]
                args += [Arg(self._string(text, one.line, "")) for text in renditions(one, fragments)]
                self.calls.append(Call(Value(Kind.PATH, one.name), tuple(args), one.line, 1, one.line, 0, -1))

    def _string(self, text: str, line: int, name: str) -> Value:
        self.literals.append(LiteralFact("string", text, line, 1, line, 0, "argument", name))
        return Value(Kind.STRING, ref=len(self.literals) - 1)


class _MyBatis:
    languages: Final = ("mybatis",)
    version: Final = "mybatis-1"

    @property
    def suffixes(self) -> dict[str, str]:
        return {}

    def extract(self, data: bytes, language: str) -> FileFacts:
        errors: tuple[ParseError, ...] = ()
        try:
            reader = _Reader(element_of(data))
        except BadXmlError as error:
            reader = _Reader(Element("", {}, 1, []))
            errors = (ParseError(error.line, 1, error.line, 1, "error"),)
        module = module_of(data)
        imports = (Import(_MODULE, "*", "", 1, 0),) if reader.calls else ()
        return FileFacts(
            language=language,
            line_count=module.end_line,
            outline=Outline((module,), (), imports, (), reader.namespace),
            bodies=Bodies(tuple(reader.calls), (), (), (), (), ()),
            texts=Texts(tuple(reader.literals), ()),
            names=(),
            errors=errors,
        )


ADAPTER: Final = _MyBatis()
