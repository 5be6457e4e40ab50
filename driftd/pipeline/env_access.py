"""Where one file reads environment variables, from its facts alone: the API used and whether there is a fallback.

Names are followed through imports and plain assignments of the file (`from os import environ as e`,
`const env = process.env`).  A name that is computed is no finding.  The line is that of the fact that holds the
access; within a statement over several lines that is its first line.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.facts.model import Kind
from driftd.pipeline.modules import ECMASCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from driftd.pipeline.facts.model import Call, Class, FileFacts, Value


class Access(NamedTuple):
    """One read of an environment variable."""

    name: str
    line: int
    method: str
    has_default: bool


# A file that neither reads nor imports any of these names reads no environment variable, ...
_PYTHON_NAMES: Final = frozenset({"environ", "environs", "getenv", "decouple", "BaseSettings"})
# ... nor does one whose encoded facts hold none of these.
_ECMASCRIPT_MARKERS: Final = (b"process", b"import.meta", b"Deno", b"Bun")


def may_access(facts: FileFacts, encoded: bytes) -> bool:
    """Return whether it is worth looking at each expression; `encoded` are the same facts in msgpack."""
    if facts.language in ECMASCRIPT:
        return any(marker in encoded for marker in _ECMASCRIPT_MARKERS)
    if not _PYTHON_NAMES.isdisjoint(facts.names):
        return True
    return any(i.name in _PYTHON_NAMES or i.module in _PYTHON_NAMES for i in facts.outline.imports)


def accesses(facts: FileFacts) -> list[Access]:
    """Return each name once per line, in order of lines."""
    found = _EcmaScript(facts).run() if facts.language in ECMASCRIPT else _Python(facts).run()
    best: dict[tuple[int, str], Access] = {}
    for access in found:
        if _NAME.fullmatch(access.name):
            key = (access.line, access.name)
            present = best.get(key)
            if present is None or (access.has_default and not present.has_default):
                best[key] = access
    return [best[key] for key in sorted(best)]


def defined_names(path: str, facts: FileFacts) -> tuple[str, ...]:
    """Return the names that an env file defines; none for one that is meant to be copied and filled in."""
    if is_pattern(path):
        return ()
    return tuple(dict.fromkeys(a.target.text for a in facts.bodies.assigns if a.target.kind == Kind.PATH))


def is_pattern(path: str) -> bool:
    """Return whether an env file is meant to be copied and filled in."""
    return not _PATTERN_WORDS.isdisjoint(path.rpartition("/")[2].lower().replace("-", ".").replace("_", ".").split("."))


_PATTERN_WORDS: Final = frozenset({"example", "sample", "template", "tpl", "dist", "defaults"})
_NAME: Final = re.compile(r"[A-Za-z_]\w*")


class _Walker(ABC):
    """Visits every expression of a file once, with its line and whether a fallback stands beside it."""

    def __init__(self, facts: FileFacts) -> None:
        self.facts = facts
        self.found: list[Access] = []
        self.names: dict[str, str] = {}  # local name -> what it is, in full
        self.calls_with_fallback: set[int] = set()

    def run(self) -> list[Access]:
        self.bind()
        for value, line in self.roots():
            self.walk(value, line)
        for index, call in enumerate(self.facts.bodies.calls):
            self.call(call, has_fallback=index in self.calls_with_fallback)
        return self.found

    @abstractmethod
    def bind(self) -> None:
        """Fill `names` from the imports and the assignments of the file."""

    @abstractmethod
    def call(self, call: Call, *, has_fallback: bool) -> None:
        """Note a call that reads a variable."""

    @abstractmethod
    def path(self, text: str, line: int, *, has_fallback: bool) -> None:
        """Note an access path that reads a variable."""

    @abstractmethod
    def index(self, base: str, name: str, line: int, *, has_fallback: bool) -> None:
        """Note a subscript that reads a variable."""

    def roots(self) -> Iterator[tuple[Value, int]]:
        bodies, outline = self.facts.bodies, self.facts.outline
        for call in bodies.calls:
            yield call.callee, call.line
            for arg in call.args:
                yield arg.value, call.line
        for assign in bodies.assigns:
            if assign.value is not None:
                yield assign.value, assign.line
        for raised in bodies.raises:
            if raised.value is not None:
                yield raised.value, raised.line
        for returned in bodies.returns:
            if returned.value is not None:
                yield returned.value, returned.line
        for region in bodies.regions:
            if region.value is not None:
                yield region.value, region.line
        for function in outline.functions:
            for param in function.params:
                if param.default is not None:
                    yield param.default, function.line
        for cls in outline.classes:
            for member in cls.members:
                if member.value is not None:
                    yield member.value, member.line
        for export in outline.exports:
            if export.value is not None:
                yield export.value, export.line

    def walk(self, root: Value, line: int) -> None:
        stack = [(root, False)]
        while stack:
            value, has_fallback = stack.pop()
            kind = value.kind
            if kind == Kind.PATH:
                self.path(self.full(value.text), line, has_fallback=has_fallback)
            elif kind == Kind.CALL:
                if has_fallback:
                    self.calls_with_fallback.add(value.ref)
            elif kind == Kind.INDEX and len(value.items) == 2 and value.items[0].kind == Kind.PATH:
                name = self.string(value.items[1])
                base = self.full(value.items[0].text)
                if name is None:
                    stack.append((value.items[1], False))
                else:
                    self.index(base, name, line, has_fallback=has_fallback)
            elif kind == Kind.OPERATION and value.text in {"or", "||", "??"}:
                stack.extend((item, has_fallback) for item in value.items[-1:])
                stack.extend((item, True) for item in value.items[:-1])
            else:
                keeps = kind in {Kind.CAST, Kind.AWAIT}
                stack.extend((item, has_fallback and keeps) for item in value.items)

    def string(self, value: Value) -> str | None:
        if value.kind != Kind.STRING:
            return None
        literals = self.facts.texts.literals
        return literals[value.ref].value if 0 <= value.ref < len(literals) else None

    def full(self, text: str) -> str:
        head, dot, rest = text.replace("?.", ".").partition(".")
        known = self.names.get(head)
        if known is None:
            return text.replace("?.", ".")
        return f"{known}{dot}{rest}"


class _Python(_Walker):
    def bind(self) -> None:
        for imported in self.facts.outline.imports:
            if imported.alias:
                module, name = imported.module, imported.name
                if not name and module.partition(".")[0] == imported.alias:
                    module = imported.alias
                self.names[imported.alias] = f"{module}.{name}" if name else module
        calls = self.facts.bodies.calls
        for assign in self.facts.bodies.assigns:
            value, target = assign.value, assign.target
            if value is None or target.kind != Kind.PATH or "." in target.text:
                continue
            if value.kind == Kind.PATH:
                full = self.full(value.text)
                if full in _PYTHON_SOURCES:
                    self.names[target.text] = full
            elif value.kind == Kind.CALL and calls[value.ref].callee.kind == Kind.PATH:
                full = self.full(calls[value.ref].callee.text)
                if full in _PYTHON_READERS:
                    self.names[target.text] = f"{full}()"
        for index, cls in enumerate(self.facts.outline.classes):
            self.settings(index, cls)

    def settings(self, index: int, cls: Class) -> None:
        bases = {self.full(base.value.text) for base in cls.bases if base.value.kind == Kind.PATH}
        if bases.isdisjoint(_SETTINGS_BASES):
            return
        prefix = ""
        for call in self.facts.bodies.calls:
            if call.scope == ~index and call.callee.text.endswith("SettingsConfigDict"):
                prefix = next((self.string(a.value) or "" for a in call.args if a.name == "env_prefix"), "")
        for member in cls.members:
            if member.annotation and not member.name.startswith("_") and member.name != "model_config":
                has_default = member.value is not None and not self.is_required(member.value)
                name = f"{prefix}{member.name}".upper()
                self.found.append(Access(name, member.line, "pydantic.BaseSettings", has_default))

    def is_required(self, value: Value) -> bool:
        if value.kind == Kind.CONSTANT:
            return value.text == "ellipsis"
        if value.kind != Kind.CALL:
            return False
        call = self.facts.bodies.calls[value.ref]
        if not call.callee.text.endswith("Field"):
            return False
        first = call.args[0].value if call.args and not call.args[0].name else None
        if first is not None:
            return first.kind == Kind.CONSTANT and first.text == "ellipsis"
        return not any(arg.name in {"default", "default_factory"} for arg in call.args)

    def call(self, call: Call, *, has_fallback: bool) -> None:
        if call.callee.kind != Kind.PATH or not call.args:
            return
        full = self.full(call.callee.text)
        method = _PYTHON_CALLS.get(full)
        if method is None:
            reader, _, _ = full.partition("()")
            if reader not in _PYTHON_READERS or reader == full:
                return
            method = reader
        name = next((self.string(a.value) for a in call.args if not a.name or a.name in {"key", "name"}), None)
        if name is not None:
            second = any(a.name == "default" for a in call.args) or (len(call.args) > 1 and not call.args[1].name)
            self.found.append(Access(name, call.line, method, second or has_fallback))

    def path(self, text: str, line: int, *, has_fallback: bool) -> None:
        pass

    def index(self, base: str, name: str, line: int, *, has_fallback: bool) -> None:
        if base == "os.environ":
            self.found.append(Access(name, line, "os.environ[]", has_fallback))


class _EcmaScript(_Walker):
    def bind(self) -> None:
        for imported in self.facts.outline.imports:
            if imported.alias and imported.module in {"process", "node:process"}:
                inner = imported.name if imported.name not in {"", "*", "default"} else ""
                self.names[imported.alias] = f"process.{inner}" if inner else "process"
        for assign in self.facts.bodies.assigns:
            value, target = assign.value, assign.target
            if value is None:
                continue
            if value.kind == Kind.OPERATION and value.text in {"||", "??"} and value.items:
                value = value.items[0]
            while value.kind == Kind.CAST and value.items:
                value = value.items[0]
            if value.kind != Kind.PATH:
                continue
            full = self.full(value.text)
            if target.kind == Kind.PATH and "." not in target.text and full in {*_ES_SOURCES, "process"}:
                self.names[target.text] = full
            elif target.kind == Kind.DICT and full in {*_ES_SOURCES, "process"}:
                for key, default, local in self.entries(target):
                    if full == "process":
                        if key == "env" and local:
                            self.names[local] = "process.env"
                    else:
                        self.add(full, key, assign.line, has_fallback=default)

    def entries(self, pattern: Value) -> Iterable[tuple[str, bool, str]]:
        items = pattern.items
        for key, value in zip(items[::2], items[1::2], strict=False):
            if key.kind == Kind.SPREAD:
                continue
            name = key.text if key.kind in {Kind.PATH, Kind.MEMBER} else self.string(key)
            has_default = value.kind == Kind.OPERATION and value.text == "="
            inner = value.items[0] if has_default else value
            if name:
                yield name, has_default, inner.text if inner.kind == Kind.PATH else ""

    def call(self, call: Call, *, has_fallback: bool) -> None:
        if call.callee.kind == Kind.PATH and call.args and self.full(call.callee.text) == "Deno.env.get":
            name = self.string(call.args[0].value)
            if name is not None:
                self.found.append(Access(name, call.line, "Deno.env.get", has_fallback))

    def path(self, text: str, line: int, *, has_fallback: bool) -> None:
        for source in _ES_SOURCES:
            if text.startswith(f"{source}."):
                name = text[len(source) + 1 :].partition(".")[0]
                self.add(source, name, line, has_fallback=has_fallback)

    def index(self, base: str, name: str, line: int, *, has_fallback: bool) -> None:
        if base in _ES_SOURCES:
            self.add(base, name, line, has_fallback=has_fallback)

    def add(self, source: str, name: str, line: int, *, has_fallback: bool) -> None:
        if source != "import.meta.env" or name not in _VITE_BUILTINS:
            self.found.append(Access(name, line, source, has_fallback))


_PYTHON_CALLS: Final = {
    "os.getenv": "os.getenv",
    "os.environ.get": "os.environ.get",
    "os.environ.pop": "os.environ.pop",
    "os.environ.setdefault": "os.environ.setdefault",
    "decouple.config": "decouple.config",
}
_PYTHON_SOURCES: Final = frozenset({"os", "os.environ", *_PYTHON_CALLS})
_PYTHON_READERS: Final = frozenset({"environs.Env", "environ.Env", "environs.env", "decouple.Config"})
_SETTINGS_BASES: Final = frozenset({"pydantic_settings.BaseSettings", "pydantic.BaseSettings"})
_ES_SOURCES: Final = ("process.env", "import.meta.env", "Bun.env")
_VITE_BUILTINS: Final = frozenset({"MODE", "DEV", "PROD", "SSR", "BASE_URL"})
