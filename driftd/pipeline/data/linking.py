"""What names mean across files: through imports, re-exports, star imports and assignments, never by spelling.

A name leads to a class of the workspace or to a symbol of a framework.  Symbols that a pack knows are not followed
further, so that a framework means the same whether its sources are in the workspace or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from driftd.pipeline.data.expressions import Expr, Form
from driftd.pipeline.data.facts import PACKAGED
from driftd.pipeline.data.packs import declares_table, is_known, table_of
from driftd.pipeline.data.registry import class_key, mapped_key, usings_key
from driftd.pipeline.data.rust import full_path, table_keys
from driftd.pipeline.data.shapes import Declarations
from driftd.pipeline.digest import DECLARATIONS
from driftd.pipeline.modules import ECMASCRIPT

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftd.pipeline.data.registry import Entry, Registry
    from driftd.pipeline.data.shapes import Shape
    from driftd.pipeline.project import Project


T = TypeVar("T")


class ClassAt(NamedTuple):
    """A class of the workspace; `rest` is what is taken from it."""

    file: str
    number: int
    rest: tuple[str, ...] = ()


class Symbol(NamedTuple):
    """Something outside of the workspace, dotted; see `packs`."""

    text: str


class Declared(NamedTuple):
    """A value that a module declares and that is no class: `users = Table(…)`; `rest` is what is taken from it."""

    file: str
    name: str
    rest: tuple[str, ...] = ()


Meaning = ClassAt | Symbol | Declared
HOPS: Final = 24
SCHEMA_SUFFIX: Final = ".prisma"
SCHEMAS: Final = "\0schemas"  # the key of which schema files there are


class Sources(dict[str, Declarations]):
    """What files declare, decoded when it is first asked for."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project

    def __missing__(self, path: str) -> Declarations:
        found = self[path] = self._project[path].part(DECLARATIONS)
        return found

    def of(self, path: str) -> Declarations | None:
        """Return what a file declares, or None if there is no such file."""
        return self[path] if path in self or path in self._project else None


class Linker:
    """Looks names up, and notes in `seen` which files and module lookups the answers depend on."""

    def __init__(self, project: Project, registry: Registry) -> None:
        self.project = project
        self._registry = registry
        self.facts = Sources(project)
        self.seen: set[str] = set()
        self._classes: dict[str, dict[str, int]] = {}
        self._imports: dict[str, dict[str, tuple[str, str]]] = {}
        self._inner: dict[str, dict[tuple[int, str], int]] = {}
        self._star_index: dict[str, tuple[list[tuple[str, str]], frozenset[str]]] = {}
        self._schemas: list[str] | None = None
        self._known: dict[object, tuple[object, frozenset[str]]] = {}
        self._busy: set[object] = set()
        self._is_circular = False

    def once(self, key: object, make: Callable[[], T], if_circular: T) -> T:
        """Return what `make` gives, worked out once; what it depends on is noted every time.

        What asks for itself gets `if_circular`.  Whatever was worked out on such a way is not kept, because it would
        be something else if one had begun elsewhere: what is known never depends on which file came first.
        """
        known = self._known.get(key)
        if known is not None:
            self.seen |= known[1]
            return known[0]  # type: ignore[return-value]  # a key always stands for the same kind of value
        if key in self._busy:
            self._is_circular = True
            return if_circular
        outer, self.seen = self.seen, set()
        was_circular, self._is_circular = self._is_circular, False
        self._busy.add(key)
        result = make()
        self._busy.discard(key)
        if not self._is_circular:
            self._known[key] = (result, frozenset(self.seen))
        self._is_circular = self._is_circular or was_circular
        outer |= self.seen
        self.seen = outer
        return result

    def start(self) -> None:
        """Forget what was looked at."""
        self.seen = set()
        self._is_circular = False

    def schemas(self, path: str) -> list[str]:
        """Return the schema files of the project, those nearest to a file first."""
        if self._schemas is None:
            self._schemas = sorted(p for p in self.project if p.endswith(SCHEMA_SUFFIX))
        self.seen.add(SCHEMAS)
        self.seen.update(self._schemas)
        return sorted(self._schemas, key=lambda schema: (-_shared(schema, path), schema))

    def registered(self, key: str) -> Entry | None:
        """Return what all models together say of a key."""
        self.seen.add(key)
        return self._registry.get(key)

    def all_registered(self, key: str) -> list[Entry]:
        """Return everything that files say of a key."""
        self.seen.add(key)
        return self._registry.all(key)

    def class_named(self, path: str, qualified_name: str) -> ClassAt | None:
        """Return the class of this name in a file."""
        self.seen.add(path)
        index = self._class_index(path).get(qualified_name)
        return None if index is None else ClassAt(path, index)

    def shape(self, at: ClassAt) -> Shape:
        """Return a class."""
        return self.facts[at.file].shapes[at.number]

    def name(self, path: str, dotted: str) -> Meaning | None:
        """Return what a dotted name means in a file."""
        if self.project[path].language == "rust":
            return self.once((path, "rust", dotted), lambda: self._in_rust(path, dotted), None)
        head, _, rest = dotted.partition(".")
        known = self._known.get((path, head))
        if known is not None and (known[0] is not None or not rest):
            self.seen |= known[1]
            return _taken(known[0], tuple(rest.split(".")) if rest else ())  # type: ignore[arg-type]  # see `once`
        if rest and head[:1].isupper() and self.project[path].language in QUALIFIED:
            found = self.once((path, "full", dotted), lambda: self._qualified(path, dotted), None)
            if found is not None:
                return found
        if not rest:
            return self.once((path, head), lambda: self._named(path, head, (), 1, exported=False), None)
        meaning = self.name(path, head)
        if meaning is not None:
            return _taken(meaning, tuple(rest.split(".")))
        # The name of a module: what is taken from it decides.
        return self.once(
            (path, dotted), lambda: self._named(path, head, tuple(rest.split(".")), 1, exported=False), None
        )

    def _in_rust(self, path: str, dotted: str) -> Meaning | None:
        self.seen.add(path)
        parts = full_path(self._import_index(path), dotted)
        full = ".".join(parts)
        if is_known(full):
            return Symbol(full)
        for key, end in table_keys(parts, self.facts[path].stars):
            entry = self.registered(key)
            if entry is not None and entry.kind == "alias":
                entry = self.registered(mapped_key("rust", f"entity {entry.model}"))
            if entry is not None and entry.kind:
                self.seen.add(entry.file)
                return Declared(entry.file, entry.model, tuple(parts[end:]))
            at = None if entry is None else self.class_named(entry.file, entry.model)
            if at is not None:
                return at._replace(rest=tuple(parts[end:]))
        return None

    def _qualified(self, path: str, dotted: str) -> Meaning | None:
        """Return what the longest beginning of a name means that is known or declared as it is written."""
        self.seen.add(path)
        parts = dotted.split(".")
        if self._own(path, parts[0], (), 0, exported=False) is not None and self.project[path].language != "ruby":
            return None
        for end in range(len(parts), 1, -1):
            full = ".".join(parts[:end])
            if is_known(full):
                return _taken(Symbol(full), tuple(parts[end:]))
            for scope in dict.fromkeys((*self.scopes_of(path), "")):
                found = self.of_full_name(f"{scope}.{full}" if scope else full)
                if found is not None:
                    return _taken(found, tuple(parts[end:]))
        return None

    def declared(self, at: Declared) -> Expr | None:
        """Return the value that a module declares."""
        facts = self.facts[at.file]
        if at.name.startswith("export "):
            return facts.exports.get(at.name.removeprefix("export "))
        return facts.names.get(at.name)

    def value(self, path: str, expr: Expr, hops: int = 0) -> Meaning | None:
        """Return what an expression of a module means."""
        form = expr.form
        if hops > HOPS:
            return None
        if form is Form.NAME:
            return self.name(path, expr.text)
        if form is Form.MEMBER:
            return _taken(self.value(path, expr.items[0], hops + 1), (expr.text,))
        if form is Form.CALL:
            callee = self.value(path, expr.callee, hops + 1)
            if isinstance(callee, Declared) and not callee.rest:
                return self._returned(callee, hops)
            if isinstance(callee, Symbol):
                return Symbol(f"{callee.text}()")
            if isinstance(callee, ClassAt) and not callee.rest:
                base = self.symbol_of(callee)
                return None if base is None else Symbol(f"{base}()")
            return None
        if form is Form.ELEMENT:  # Base[T]
            return self.value(path, expr.items[0], hops + 1)
        if form is Form.CLASS:
            return self.class_named(path, expr.text)
        if form is Form.IMPORT:
            return self._imported(path, expr.text, expr.names[0], (), hops + 1)
        return None

    def _returned(self, at: Declared, hops: int) -> Meaning | None:
        made = self.declared(at)
        if made is None or made.form is not Form.FUNCTION or not made.items:
            return None
        return self.value(at.file, made.items[0], hops + 1)

    def symbol_of(self, at: ClassAt) -> str | None:
        """Return the first known symbol among a class's ancestors, nearest first."""
        return next((s.text for s in self.ancestors(at) if isinstance(s, Symbol) and is_known(s.text)), None)

    def bases(self, at: ClassAt) -> list[ClassAt | Symbol]:
        """Return the direct bases that mean something."""
        found: list[ClassAt | Symbol] = []
        for base in self.shape(at).bases:
            meaning = self.value(at.file, base)
            if isinstance(meaning, ClassAt):
                nested = self.nested(meaning)
                if nested is not None and nested != at:
                    found.append(nested)
            elif isinstance(meaning, Symbol):
                found.append(meaning)
        return found

    def ancestors(self, at: ClassAt) -> list[ClassAt | Symbol]:
        """Return a class and all above it, once each, depth first in the order of the bases."""
        if not self.shape(at).bases:
            return [at]
        return self.once(("above", at), lambda: self._ancestors(at), [])

    def _ancestors(self, at: ClassAt) -> list[ClassAt | Symbol]:
        found: dict[ClassAt | Symbol, None] = {at: None}
        for base in self.bases(at):
            found.update(dict.fromkeys(self.ancestors(base)) if isinstance(base, ClassAt) else {base: None})
        return list(found)

    def nested(self, at: ClassAt) -> ClassAt | None:
        """Return the class that stands in a class: `Outer` with the rest `("Inner",)`."""
        while at.rest:
            inner = self._inner_index(at.file).get((at.number, at.rest[0]))
            if inner is None:
                return None
            at = ClassAt(at.file, inner, at.rest[1:])
        return at

    def _named(self, path: str, head: str, rest: tuple[str, ...], hops: int, *, exported: bool) -> Meaning | None:
        self.seen.add(path)
        facts = self.facts.of(path)
        if facts is None or hops > HOPS:
            return None
        found = self._own(path, head, rest, hops, exported=exported)
        if found is None and self.project[path].language in PACKAGED:
            return self._packaged(path, facts, head, rest)
        return self._starred(path, head, rest, hops) if found is None and facts.stars else found

    def packages_of(self, path: str) -> list[str]:
        """Return the names of a file's package: the one it states, or that of its folder and all ways to import that."""
        if self.project[path].language == "ruby":
            return [""]
        if self.project[path].language != "go":
            return [self.facts[path].package]
        parts = path.split("/")[:-1]
        return ["=" + "/".join(parts), *("/".join(parts[at:]) for at in range(len(parts)))]

    def scopes_of(self, path: str) -> list[str]:
        """Return the packages in which a file's names are looked for: in Ruby and C#, those around as well."""
        language = self.project[path].language
        if language == "ruby":
            # Where a file has several namespaces, those of all are looked into: names tell them apart.
            around = {s.qualified_name: None for s in self.facts[path].shapes if s.kind in ("class", "mixin_module")}
            return [*sorted(around, key=lambda name: -name.count(".")), ""]
        own = self.packages_of(path)[0]
        if language != "csharp":
            return [own]
        parts = own.split(".") if own else []
        return [".".join(parts[:end]) for end in range(len(parts), -1, -1)]

    def usings(self, path: str) -> list[str]:
        """Return the packages that a whole project takes everything from: its files are in or below their folder."""
        found: dict[str, None] = {}
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            for entry in self.all_registered(usings_key(folder)):
                found.update(dict.fromkeys(entry.between.splitlines()))
        return list(found)

    def _packaged(self, path: str, facts: Declarations, head: str, rest: tuple[str, ...]) -> Meaning | None:
        """Return what a name means that is of the same package, or of one of which everything is imported."""
        around = self.usings(path) if self.project[path].language == "csharp" else ()
        for package in (*self.scopes_of(path), *facts.stars, *around):
            full = f"{package}.{head}" if package else head
            found = Symbol(full) if is_known(full) else self.of_full_name(full)
            if found is not None:
                return _taken(found, rest)
        return None

    def _of_package(self, module: str, names: tuple[str, ...]) -> Meaning | None:
        """Return what an import of a package or of a class means; a Go module may stand anywhere in the workspace."""
        if not names:
            return None
        full = f"{module}.{names[0]}"
        if is_known(full):
            return _taken(Symbol(full), names[1:])
        parts = module.split("/")
        for at in range(len(parts)):
            found = self.of_full_name(f"{'/'.join(parts[at:])}.{names[0]}")
            if found is not None:
                return _taken(found, names[1:])
        return _taken(Symbol(full), names[1:])

    def of_full_name(self, full: str) -> ClassAt | Declared | None:
        """Return the class or the value of this full name, in languages that find names by packages."""
        entry = self.registered(class_key(full))
        if entry is not None and entry.kind:
            self.seen.add(entry.file)
            return Declared(entry.file, entry.model)
        return None if entry is None else self.class_named(entry.file, entry.model)

    def _own(self, path: str, head: str, rest: tuple[str, ...], hops: int, *, exported: bool) -> Meaning | None:
        """Return what a name means that a file itself declares or imports."""
        facts = self.facts[path]
        if exported and head in facts.exports:
            export = facts.exports[head]
            if not (export.form is Form.NAME and export.text == head):
                found = self.value(path, export, hops + 1)
                if found is None and export.form is not Form.IMPORT:
                    found = Declared(path, export.text if export.form is Form.NAME else f"export {head}")
                if (
                    export.form is Form.CALL
                    and isinstance(found, Symbol)
                    and declares_table(found.text.removesuffix("()"))
                ):
                    found = Declared(path, f"export {head}")
                return _taken(found, rest)
        bound = self._import_index(path).get(head)
        if bound is not None:
            return self._imported(path, *bound, rest, hops + 1)
        index = self._class_index(path).get(head)
        if index is not None:
            return ClassAt(path, index, rest)
        value = facts.names.get(head)
        if value is not None:
            found = self.value(path, value, hops + 1)
            if found is None or (isinstance(found, Symbol) and declares_table(found.text.removesuffix("()"))):
                return Declared(path, head, rest)
            return _taken(found, rest)
        return None

    def _starred(self, path: str, head: str, rest: tuple[str, ...], hops: int) -> Meaning | None:
        """Return what a name means that a file takes from where it takes everything."""
        for module, target in self._stars(path):
            if is_known(f"{module}.{head}"):
                return Symbol(".".join((module, head, *rest)))
            found = self._own(target, head, rest, hops, exported=True) if target else None
            if found is not None:
                return found
        return None

    def _stars(self, path: str) -> list[tuple[str, str]]:
        """Return the modules and files of which a file takes everything, at last; each once, whatever circles they form."""
        if path not in self._star_index:
            outer, self.seen = self.seen, {path}
            found: dict[tuple[str, str], None] = {}
            waiting = [(path, module) for module in reversed(self.facts[path].stars)]
            while waiting:
                importer, module = waiting.pop()
                language = self.project[importer].language
                lookup = self.project.modules.look_up(importer, language, module)
                self.seen.add(lookup.key)
                target = "" if lookup.found is None or lookup.found.is_folder else lookup.found.path
                one = (module if language in ECMASCRIPT else self._absolute(importer, module), target)
                if one not in found and target != path:
                    found[one] = None
                    if target:
                        self.seen.add(target)
                        waiting.extend((target, star) for star in reversed(self.facts[target].stars))
            self._star_index[path] = (list(found), frozenset(self.seen))
            self.seen = outer
        found_before, seen = self._star_index[path]
        self.seen |= seen
        return found_before

    def _exported(self, path: str, names: tuple[str, ...]) -> Meaning | None:
        """Return what a file offers to others, worked out once for all that import it."""
        return self.once(("of", path, names), lambda: self._named(path, names[0], names[1:], 1, exported=True), None)

    def _imported(self, path: str, module: str, name: str, rest: tuple[str, ...], hops: int) -> Meaning | None:
        if name == "":  # `import a.b` binds `a`
            return self._from(path, module.partition(".")[0], rest, hops)
        names = rest if name == "*" else (name, *rest)
        return self._from(path, module, names, hops)

    def _from(self, path: str, module: str, names: tuple[str, ...], hops: int) -> Meaning | None:
        if hops > HOPS:
            return None
        if self.project[path].language in PACKAGED:
            return self._of_package(module, names)
        is_python = self.project[path].language not in ECMASCRIPT
        full = ".".join((self._absolute(path, module) if is_python else module, *names))
        if not is_known(full):
            return self._of_module(path, module, names, full, hops)
        # The workspace may be the package that the pack speaks of; its models say more than the pack does.
        own = self._of_module(path, module, names, full, hops) if table_of(full) is not None else None
        return own or Symbol(full)

    def _of_module(self, path: str, module: str, names: tuple[str, ...], full: str, hops: int) -> Meaning | None:
        is_python = self.project[path].language not in ECMASCRIPT
        lookup = self.project.modules.look_up(path, self.project[path].language, module)
        self.seen.add(lookup.key)
        if lookup.found is None:
            return Symbol(full) if names else None
        target = lookup.found.path
        if not names:
            self.seen.add(target)
            whole = self.facts.of(target)
            if is_python or whole is None or "export=" not in whole.exports:
                return None
            names = ("export=",)
        if not lookup.found.is_folder and target != path:  # a package takes its modules from itself
            found = self._exported(target, names)
            if found is not None:
                return found
            if not is_python or not target.endswith(("__init__.py", "__init__.pyi")):
                return None
        if is_python:
            separator = "" if module.endswith(".") else "."
            return self._from(path, f"{module}{separator}{names[0]}", names[1:], hops + 1)
        return None

    def _absolute(self, path: str, module: str) -> str:
        if not module.startswith("."):
            return module
        name = module.lstrip(".")
        parts = self.module_name(path).split(".")
        if not path.endswith(("__init__.py", "__init__.pyi")):
            parts.pop()
        for _ in range(len(module) - len(name) - 1):
            if parts:
                parts.pop()
        return ".".join([*parts, name] if name else parts)

    def module_name(self, path: str) -> str:
        """Return the dotted name under which a Python file is imported."""
        home = self.project[path].home
        stem = path[len(home) + 1 :] if home else path
        stem = stem.rpartition(".")[0]
        return stem.removesuffix("/__init__").replace("/", ".")

    def _class_index(self, path: str) -> dict[str, int]:
        index = self._classes.get(path)
        if index is None:
            index = self._classes[path] = {}
            for number, shape in enumerate(self.facts[path].shapes):
                if shape.kind not in _NO_CLASSES:
                    index.setdefault(shape.qualified_name, number)
            for number, shape in enumerate(self.facts[path].shapes):
                if shape.around < 0 and shape.kind not in _NO_CLASSES:  # classes of functions, last
                    index.setdefault(shape.name, number)
        return index

    def _inner_index(self, path: str) -> dict[tuple[int, str], int]:
        index = self._inner.get(path)
        if index is None:
            index = self._inner[path] = {}
            for number, shape in enumerate(self.facts[path].shapes):
                if shape.around >= 0:
                    index.setdefault((shape.around, shape.name), number)
        return index

    def _import_index(self, path: str) -> dict[str, tuple[str, str]]:
        index = self._imports.get(path)
        if index is None:
            index = self._imports[path] = {}
            for i in self.facts[path].imports:
                whole = i.name == "" and (i.alias != i.module.partition(".")[0] or "/" in i.module)
                index.setdefault(i.alias, (i.module, "*" if whole else i.name))
        return index


def _taken(meaning: Meaning | None, rest: tuple[str, ...]) -> Meaning | None:
    if meaning is None or not rest:
        return meaning
    if isinstance(meaning, Symbol):
        return Symbol(".".join((meaning.text, *rest)))
    return meaning._replace(rest=(*meaning.rest, *rest))


def _shared(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one.split("/")[:-1], other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count


# Languages in which a class may be named in full wherever it is used.
QUALIFIED: Final = frozenset({"ruby", "php", "csharp"})
_NO_CLASSES: Final = frozenset({"type_alias", "namespace"})
