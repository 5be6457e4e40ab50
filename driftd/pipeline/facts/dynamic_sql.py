"""SQL that stands in XML with conditions and loops in it, as MyBatis has it: to the statements that it can become.

Two renditions of a statement say what it touches: one with every optional part and one with none.  A parameter, `#{id}`,
is a placeholder; a text that is put in, `${column}`, makes an unknown name of the word that it is part of.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Element(msgspec.Struct, gc=False):
    """An element of XML: `inside` are its texts and elements in order."""

    name: str
    attributes: dict[str, str]
    line: int
    inside: list[str | Element]

    def elements(self) -> list[Element]:
        """Return the elements directly inside."""
        return [one for one in self.inside if not isinstance(one, str)]


class BadXmlError(Exception):
    """The text is no XML from `line` on, or declares entities, which nothing here needs and which can grow without end."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def element_of(data: bytes | str) -> Element:
    """Return the outermost element; what the document type says is not read."""
    parser = expat.ParserCreate()
    outside = Element("", {}, 1, [])
    open_elements = [outside]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_elements) > _DEEPEST:
            raise BadXmlError(parser.CurrentLineNumber)
        element = Element(name, attributes, parser.CurrentLineNumber, [])
        open_elements[-1].inside.append(element)
        open_elements.append(element)

    def declared(*_entity: object) -> None:
        raise BadXmlError(parser.CurrentLineNumber)

    def text(inside: str) -> None:
        open_elements[-1].inside.append(inside)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: open_elements.pop()
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = declared
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise BadXmlError(error.lineno) from None
    return next(iter(outside.elements()))


def renditions(statement: Element, fragments: Mapping[str, Element]) -> list[str]:
    """Return the texts that a statement can become: with all optional parts, and without any if that is another one."""
    whole, bare = (_placed(_text(statement, fragments, 0, bare=bare)) for bare in (False, True))
    return [whole] if whole == bare else [whole, bare]


def renditions_of_text(text: str) -> list[str]:
    """Return the same of a text that may be XML: `<script>select …</script>`."""
    stripped = text.strip()
    if not stripped.startswith("<script>"):
        return [_placed(stripped)]
    try:
        return renditions(element_of(stripped), {})
    except BadXmlError:
        return []


def _text(element: Element, fragments: Mapping[str, Element], depth: int, *, bare: bool) -> str:
    if depth > _DEEPEST:
        return ""
    parts = []
    chosen = False
    for one in element.inside:
        if isinstance(one, str):
            parts.append(one)
            continue
        if one.name in _NO_TEXT or (bare and one.name == "if"):
            continue
        if one.name in ("when", "otherwise"):
            if chosen:
                continue
            chosen = True
        if one.name == "include":
            found = fragments.get(one.attributes.get("refid", ""))
            parts.append(" ? " if found is None else f" {_text(found, fragments, depth + 1, bare=bare)} ")
        else:
            parts.append(f" {_around(one, _text(one, fragments, depth + 1, bare=bare))} ")
    return "".join(parts)


def _around(element: Element, text: str) -> str:
    """Return what an element makes of the text in it."""
    text, attributes = text.strip(), element.attributes
    if element.name == "foreach":
        return f"{attributes.get('open', '')}{text}{attributes.get('close', '')}"
    if element.name == "where":
        attributes = {"prefix": "where", "prefixOverrides": "and |or "}
    elif element.name == "set":
        attributes = {"prefix": "set", "suffixOverrides": ","}
    elif element.name != "trim":
        return text
    text = _without(text, _overrides(attributes, "prefixOverrides"), _overrides(attributes, "suffixOverrides"))
    return f"{attributes.get('prefix', '')} {text} {attributes.get('suffix', '')}" if text else ""


def _overrides(attributes: Mapping[str, str], name: str) -> list[str]:
    return [word.strip().lower() for word in attributes.get(name, "").split("|") if word.strip()]


def _without(text: str, starts: Sequence[str], ends: Sequence[str]) -> str:
    for word in starts:
        follows = text[len(word) : len(word) + 1]
        if text.lower().startswith(word) and not (word[-1:].isalnum() and (follows.isalnum() or follows == "_")):
            text = text[len(word) :].lstrip()
            break
    for word in ends:
        if text.lower().endswith(word):
            return text[: -len(word)].rstrip()
    return text


def _placed(text: str) -> str:
    return _PUT_IN.sub("_p", _PARAMETER.sub("?", text)).strip()


_DEEPEST: Final = 60
_NO_TEXT: Final = frozenset({"selectKey", "bind", "property"})
_PARAMETER: Final = re.compile(r"#\{[^}]*\}")
_PUT_IN: Final = re.compile(r"\w*\$\{[^}]*\}\w*")
