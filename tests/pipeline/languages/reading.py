"""Reads snippets of any language and writes every kind of fact as a short line, so that a test states whole facts."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import msgspec
import pytest

from driftd.pipeline.facts.languages.registry import adapter_of
from driftd.pipeline.facts.model import Class, FileFacts, Function, Member, Param
from tests.pipeline.ecmascript_facts import show, show_call

Reader = Callable[[str], FileFacts]

# `@shows("java", "parameters")` on a test says which capability of which language it is the proof of.
# `capabilities.py` reads these marks and writes docs/languages.md.
shows = pytest.mark.shows


def reader(language: str) -> Reader:
    """Return what reads dedented source in `language` into facts that survived a round trip through their encoding."""

    def read(code: str) -> FileFacts:
        found = adapter_of(language).extract(dedent(code).removeprefix("\n").encode(), language)
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=FileFacts) == found
        return found

    return read


def function(found: FileFacts, name: str) -> Function:
    """Return the one function with this qualified name."""
    (match,) = [each for each in found.outline.functions if each.qualified_name == name]
    return match


def class_(found: FileFacts, name: str) -> Class:
    """Return the one class with this qualified name."""
    (match,) = [each for each in found.outline.classes if each.qualified_name == name]
    return match


def functions(found: FileFacts) -> list[tuple[str, str, int, int]]:
    """Return qualified name, kind and lines of all functions but the module."""
    return [(each.qualified_name, each.kind, each.line, each.end_line) for each in found.outline.functions[1:]]


def signature(found: FileFacts, name: str) -> str:
    """Write a function as `name(parameters) -> type`."""
    each = function(found, name)
    params = ", ".join(_param(found, param) for param in each.params)
    return f"{each.name}({params})" + (f" -> {each.return_type}" if each.return_type is not None else "")


def _param(found: FileFacts, param: Param) -> str:
    star = {"rest": "*", "keyword_rest": "**", "keyword_only": "="}.get(param.kind, "")
    type_ = f": {param.annotation}" if param.annotation is not None else ""
    default = f" = {show(param.default, found)}" if param.default is not None else ""
    marks = "".join(f"@{mark.name} " for mark in param.decorators)
    return f"{marks}{star}{param.name}{type_}{default}"


def words(each: Function | Class) -> str:
    """Write what is said of a declaration: its visibility and flags."""
    flags = ("is_exported", "is_abstract", "is_async", "is_generator")
    said = [flag.removeprefix("is_") for flag in flags if getattr(each, flag, False)]
    return " ".join([each.visibility, *said])


def classes(found: FileFacts) -> list[str]:
    """Write all classes as `kind name relation base, …`."""
    return [
        f"{each.kind} {each.qualified_name}"
        + "".join(f" {base.relation} {show(base.value, found)}" for base in each.bases)
        for each in found.outline.classes
    ]


def members(found: FileFacts, name: str) -> list[str]:
    """Write the members of a class as `visibility [static] [readonly] name: type = value`."""
    return [_member(found, each) for each in class_(found, name).members]


def _member(found: FileFacts, each: Member) -> str:
    said = [each.visibility, "static" if each.is_static else "", "readonly" if each.is_readonly else ""]
    said += [f"@{mark.name}" for mark in each.decorators]
    type_ = f": {each.annotation}" if each.annotation is not None else ""
    value = f" = {show(each.value, found)}" if each.value is not None else ""
    return " ".join(part for part in said if part) + f" {each.name}{type_}{value}"


def decorators(found: FileFacts, of: Function | Class | Member) -> list[str]:
    """Write the annotations of something as `line name` or `line call`."""
    return [f"{each.line} {show_call(found, each.call) if each.call >= 0 else each.name}" for each in of.decorators]


def imports(found: FileFacts) -> list[tuple[str, str, str]]:
    """Return module, name and alias of all imports."""
    return [(each.module, each.name, each.alias) for each in found.outline.imports]


def calls(found: FileFacts) -> list[str]:
    """Write all calls as `callee(arguments)`, a construction with `new` before it."""
    return [show_call(found, index) for index in range(len(found.bodies.calls))]


def assigns(found: FileFacts) -> list[str]:
    """Write all assignments as `kind [declares] target[: type] = value`."""
    return [
        " ".join(part for part in (each.kind, each.declares, show(each.target, found)) if part)
        + (f": {each.annotation}" if each.annotation is not None else "")
        + (f" = {show(each.value, found)}" if each.value is not None else "")
        for each in found.bodies.assigns
    ]


def returns(found: FileFacts) -> list[str]:
    """Write all returns as `function kind value`."""
    names = found.outline.functions
    return [
        f"{names[each.scope].qualified_name} {each.kind} {show(each.value, found)}" for each in found.bodies.returns
    ]


def raises(found: FileFacts) -> list[str]:
    """Write all raises as `value [from cause]`."""
    return [
        show(each.value, found) + (f" from {show(each.cause, found)}" if each.cause is not None else "")
        for each in found.bodies.raises
    ]


def handlers(found: FileFacts) -> list[tuple[str, tuple[str, ...], str, tuple[str, ...]]]:
    """Return kind, caught types, name and what the body does of all handlers."""
    return [(each.kind, each.caught, each.name, each.body) for each in found.bodies.handlers]


def regions(found: FileFacts) -> list[tuple[str, int, int, int, str]]:
    """Return kind, lines, parent and value of all regions."""
    return [
        (each.kind, each.line, each.end_line, each.parent, show(each.value, found)) for each in found.bodies.regions
    ]


def literals(found: FileFacts) -> list[tuple[str, str, str, str]]:
    """Return kind, value, context and name of all literals."""
    return [(each.kind, each.value, each.context, each.name) for each in found.texts.literals]


def comments(found: FileFacts) -> list[tuple[int, str, str]]:
    """Return line, text and "doc", "trailing" or "" of all comments."""
    return [
        (each.line, each.text, "doc" if each.is_doc else "trailing" if each.is_trailing else "")
        for each in found.texts.comments
    ]
