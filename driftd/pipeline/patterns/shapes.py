"""Choices that the declarations of a file make: how its names are written, what is annotated, what is documented.

A place where the question does not arise is left out: a name of one word is written alike in every style, a method
that overrides somebody else's has no say in its name, a private helper needs no documentation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from driftd.pipeline.facts.model import Kind
from driftd.pipeline.modules import ECMASCRIPT

if TYPE_CHECKING:
    from driftd.pipeline.facts.model import Class, FileFacts, Function

Sites = dict[tuple[str, str], list[int]]
"""(question, alternative) -> line and function, one after the other."""


def style_of(name: str) -> str | None:
    """Return how a name of several words is written: snake_case, camelCase, PascalCase, UPPER_CASE, kebab-case.

    None for a name of one word, and for one that mixes styles or has letters without case.
    """
    bare = name.strip("_$")
    for style, regex in _STYLES:
        if regex.fullmatch(bare):
            return style
    return None


_STYLES: Final = (
    ("snake_case", re.compile(r"[a-z][a-z0-9]*(?:_+[a-z0-9]+)+")),
    ("camelCase", re.compile(r"[a-z][a-z0-9]*(?:[A-Z][a-zA-Z0-9]*)+")),
    ("PascalCase", re.compile(r"(?:[A-Z][a-z0-9]+){2,}|[A-Z]+[a-z][a-zA-Z0-9]*[A-Z][a-zA-Z0-9]*")),
    ("UPPER_CASE", re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")),
    ("kebab-case", re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")),
)


def shapes_of(path: str, facts: FileFacts, *, is_test: bool) -> Sites:
    """Return the choices that the declarations of a file make."""
    sites: Sites = {}
    language = facts.language
    if language not in _LANGUAGES:
        return sites
    outline = facts.outline
    _file_name(path, language, sites)
    free = [_is_free(cls) for cls in outline.classes]
    python, ecmascript = language == "python", language in ECMASCRIPT
    markup = _returning_markup(facts) if ecmascript else frozenset()
    for number, function in enumerate(outline.functions):
        if not number or function.kind in _UNNAMED:
            continue
        in_class = function.scope < 0
        has_say = not in_class or (~function.scope < len(free) and free[~function.scope])
        if has_say and not is_test and function.name[:2] != "__" and number not in markup:
            _add(sites, "function-naming", style_of(function.name), function.line, number)
        if is_test:
            continue
        if python and not function.name.startswith("_") and _is_outer(function):
            _annotations(function, number, sites)
        if _is_public(function) and _is_outer(function) and (not in_class or has_say):
            lines = function.end_line - function.line
            if lines >= _LONG_ENOUGH:
                _add(sites, "documentation", "documented" if function.doc else "undocumented", function.line, number)
    for cls in outline.classes:
        if cls.name and cls.kind in _CLASSES and not is_test:
            style = style_of(cls.name) or ("PascalCase" if cls.name[:1].isupper() else None)
            _add(sites, "class-naming", style, cls.line, 0)
    if python:
        _relative_imports(path, facts, sites)
        if is_test:
            _test_style(facts, sites)
    if ecmascript:
        _ecmascript(facts, sites)
    _handlers(facts, sites)
    return sites


def _add(sites: Sites, question: str, alternative: str | None, line: int, function: int) -> None:
    if alternative is not None:
        sites.setdefault((question, alternative), []).extend((line, function))


def _file_name(path: str, language: str, sites: Sites) -> None:
    stem = path.rpartition("/")[2].partition(".")[0]
    _add(sites, "component-file-naming" if language == "tsx" else "file-naming", style_of(stem), 1, 0)


def _is_free(cls: Class) -> bool:
    """Return whether the class alone decides what its methods are called: it has no bases."""
    return not any(base.relation != "metaclass" and base.value.text not in {"object", "Object"} for base in cls.bases)


def _is_public(function: Function) -> bool:
    return function.visibility == "public" and not function.name.startswith("_")


def _is_outer(function: Function) -> bool:
    return function.scope <= 0


def _annotations(function: Function, number: int, sites: Sites) -> None:
    params = [p for p in function.params if p.name not in {"self", "cls"}]
    if params:
        annotated = sum(p.annotation is not None for p in params)
        answer = "all" if annotated == len(params) else "some" if annotated else "none"
        _add(sites, "parameter-annotations", answer, function.line, number)
    if function.kind != "constructor":
        answer = "annotated" if function.return_type is not None else "bare"
        _add(sites, "return-annotations", answer, function.line, number)


def _relative_imports(path: str, facts: FileFacts, sites: Sites) -> None:
    folders = set(path.split("/")[:-1])
    if not folders:
        return
    for imported in facts.outline.imports:
        if imported.module.startswith("."):
            _add(sites, "own-imports", "relative", imported.line, 0)
        elif imported.module.partition(".")[0] in folders and "." in imported.module:
            _add(sites, "own-imports", "absolute", imported.line, 0)


def _test_style(facts: FileFacts, sites: Sites) -> None:
    outline = facts.outline
    for number, function in enumerate(outline.functions):
        if function.name.startswith("test") and function.kind in {"function", "method"}:
            if function.scope == 0:
                _add(sites, "test-style", "functions", function.line, number)
            elif function.scope < 0 and ~function.scope < len(outline.classes):
                bases = outline.classes[~function.scope].bases
                answer = "test_case_methods" if bases else "class_methods"
                _add(sites, "test-style", answer, function.line, number)


def _ecmascript(facts: FileFacts, sites: Sites) -> None:
    for assign in facts.bodies.assigns:
        is_ambient = assign.kind == "declare" and assign.annotation is not None  # `declare global { var x: T }`
        if assign.declares and assign.kind in {"assign", "declare"} and not is_ambient:
            answer = "var" if assign.declares == "var" else "let_const"
            _add(sites, "variable-declarations", answer, assign.line, max(assign.scope, 0))
    for call in facts.bodies.calls:
        if call.is_await:
            _add(sites, "asynchrony", "await", call.line, max(call.scope, 0))
        elif call.callee.text.endswith(".then") or (call.callee.kind == Kind.MEMBER and call.callee.text == "then"):
            _add(sites, "asynchrony", "then", call.line, max(call.scope, 0))
    exports = [e for e in facts.outline.exports if not e.is_type_only and not e.source]
    if exports:
        default = any(e.name == "default" for e in exports)
        _add(sites, "exports", "default" if default else "named", exports[0].line, 0)


def _handlers(facts: FileFacts, sites: Sites) -> None:
    for handler in facts.bodies.handlers:
        if handler.kind == "propagate":
            continue
        answer = "empty" if "empty" in handler.body else "handled"
        _add(sites, "handler-bodies", answer, handler.line, max(handler.scope, 0))
        if facts.language == "python":
            broad = not handler.caught or any(name in {"Exception", "BaseException"} for name in handler.caught)
            _add(sites, "caught-types", "broad" if broad else "specific", handler.line, max(handler.scope, 0))


def _returning_markup(facts: FileFacts) -> frozenset[int]:
    return frozenset(
        [r.scope for r in facts.bodies.returns if r.value is not None and _is_markup(r.value.kind, r.value.items)]
    )


def _is_markup(kind: int, items: tuple[object, ...]) -> bool:
    return kind == Kind.MARKUP or (
        kind in {Kind.CONDITIONAL, Kind.OPERATION} and any(getattr(i, "kind", -1) == Kind.MARKUP for i in items)
    )


_LONG_ENOUGH: Final = 3  # lines; what is shorter explains itself
_UNNAMED: Final = frozenset({"module", "lambda", "constructor"})
_CLASSES: Final = frozenset({"class", "interface", "struct", "enum", "trait", "record"})
_LANGUAGES: Final = ECMASCRIPT | {
    "python", "java", "csharp", "go", "ruby", "php", "kotlin", "rust", "scala", "swift", "c", "cpp",
}  # fmt: skip
