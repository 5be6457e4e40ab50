"""What names mean that nothing in the workspace declares: which package of others they are from, if that is sure.

A name that is imported says so.  One that is not may come from what a file takes everything from (`using`, `import
a.*`, an imported module, a header), and which of these declares it is known from the packs (see `libraries`), or
because only one of them is left.  Where that leaves a doubt the entity has no package, and no call of it is listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.call_graph.declared_packages import DeclaredPackages
from driftd.pipeline.call_graph.entities import NONE, UNKNOWN, Entity, Is
from driftd.pipeline.call_graph.globals import GLOBALS
from driftd.pipeline.call_graph.libraries import library
from driftd.pipeline.call_graph.unions import package_of as external_package
from driftd.pipeline.type_names import PRIMITIVES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.dialects import Dialect

GUESSED: Final = ""  # for a package: it is not sure where the name comes from, or it is the language itself


class DeclaredOutside(DeclaredPackages):
    """Names of other packages."""

    def unbound(self, path: str, name: str) -> Entity:
        """Return what a name is that no scope of the file binds."""
        dialect = self.dialect(path)
        if dialect is None:
            return super().unbound(path, name)
        family = dialect.family
        if dialect.package in {"declared", "target"} and self.is_package(dialect, name):
            return Entity(Is.PACKAGE, name, -1, family)
        if family == "rust":
            if name in {"crate", "super", "self"}:
                return (self.absolute(path, dialect, name) or (UNKNOWN,))[0]
            found = self.crate(name)
            if found:
                return found[0]
        if name in GLOBALS.get(family, ()):
            return Entity(Is.BUILTIN, name)
        if family == "jvm" and name in _TOP_PACKAGES:
            return Entity(Is.EXTERNAL, name)
        found = self.remember(("outside", path, name), lambda: self._from_outside(path, dialect, name))
        if found:
            return found[0]
        if name[:1].isupper() and dialect.package == "declared":
            outside = [module for module in self._everything_of(path) if not self.absolute(path, dialect, module)]
            return Entity(Is.EXTERNAL, f"{outside[0]}.{name}" if len(outside) == 1 else name, extra=GUESSED)
        return Entity(Is.EXTERNAL, name) if name[:1].isupper() or family in _LOOSE else UNKNOWN

    def of_language(self, path: str, cls: Entity | None, name: str) -> Entity | None:
        """Return what a function of the language itself is called in full, if it is one that matters outside."""
        dialect = self.dialect(path)
        known = library("ruby") if dialect is not None and dialect.family == "ruby" else None
        if known is None or name not in known.functions:
            return None
        face = self.class_face(cls) if cls is not None else None
        if name in _OFTEN_METHODS and face is not None and face.kind != "class":
            return None  # what includes the module may have a method of the name
        return Entity(Is.EXTERNAL, f"Kernel.{name}", extra="ruby")

    def inherited_from_outside(self, cls: Entity, name: str) -> Entities:
        """Return what a member is that only a base of another package can have; without a name if that is not sure."""
        outside = [base for base in self.lineage(cls.file, cls.number) if base.what is not Is.CLASS]
        dialect = self.dialect(cls.file)
        family = dialect.family if dialect is not None else ""
        # An interface has no members that its implementations do not have.
        bases = [b for b in outside if not _is_interface(b.file)] if family == "csharp" else outside
        if len(bases) == 1 and bases[0].what is Is.EXTERNAL and family != "ruby":  # there modules give members as well
            return self.attribute(bases[0], name)
        return tuple([base._replace(extra=GUESSED) if base.what is Is.EXTERNAL else base for base in outside[:1]])

    def of_static_using(self, path: str, name: str) -> Entity:
        """Return the function that a bare name calls in C#: a member of the one known type whose members are taken."""
        known = library("csharp")
        types = [m for m in self._everything_of(path) if known is not None and known.is_type(m)]
        if len(types) != 1:
            return Entity(Is.EXTERNAL, name, extra=GUESSED)
        return Entity(Is.EXTERNAL, f"{types[0]}.{name}", extra=types[0].rpartition(".")[0])

    def _everything_of(self, path: str) -> tuple[str, ...]:
        """Return what a file takes all names from."""
        interface, dialect = self.interface(path), self.dialect(path)
        stars = interface.stars if interface is not None else ()
        if dialect is not None and dialect.family == "csharp":
            stars = tuple(dict.fromkeys([*stars, *self.usings(path)]))
        return stars

    def _from_outside(self, path: str, dialect: Dialect, name: str) -> Entities:
        """Return what a name of another package is, with the package; () if that is not sure."""
        family = dialect.family
        known = library(family)
        if family == "ruby":
            plain = known is None or name in known.classes or not name[:1].isupper()
            own = "ruby" if known is not None and name in known.declares["ruby"] else name
            return NONE if plain else (Entity(Is.EXTERNAL, name, extra=own),)
        modules = self._everything_of(path)
        if family == "go":  # `import . "fmt"`
            outside = [m for m in modules if all(e.what is Is.EXTERNAL for e in self.absolute(path, dialect, m))]
            return _member(outside[0], name) if len(outside) == 1 and name[:1].isupper() else NONE
        if known is None:
            return NONE
        if family == "php":
            has = name in known.functions or name in known.classes
            return (Entity(Is.EXTERNAL, name, extra="php"),) if has else NONE
        if family == "c":
            return self._from_headers(modules, name)
        outside = [module for module in modules if not self.absolute(path, dialect, module)]
        if family == "swift" and name in outside:
            return (Entity(Is.EXTERNAL, name, extra=name),)
        if family != "swift" and not name[:1].isupper():
            return NONE
        if family == "csharp":  # `using static` takes the members of a type
            outside = [module for module in outside if not known.is_type(module)]
            if name in known.heads or any(m.startswith(f"{name}.") for m in modules):
                return (Entity(Is.EXTERNAL, name),)  # the first of a full name, which says later what its package is
        file = self._project.file(path)
        home = known.home(outside, file.language if file is not None else "", name)
        if not home:
            return NONE
        return (Entity(Is.EXTERNAL, f"{home}.{name}", extra=GUESSED if known.is_plain(home, name) else home),)

    def _from_headers(self, modules: Iterable[str], name: str) -> Entities:
        """Return what a name of C or C++ is that a library's header or the language's own brings."""
        known = library("c")
        if known is None or name == "std":
            return (Entity(Is.EXTERNAL, name, extra=name),)
        modules = list(modules)
        begins = known.namespaces.get(name, (f"{name}/",))
        if any(module.startswith(begins) for module in modules):
            return (Entity(Is.EXTERNAL, name, extra=name),)
        if name in known.functions:
            return (Entity(Is.EXTERNAL, name, extra="libc"),)
        for header, package in known.headers:
            if any(_begins(name, prefix) for prefix in known.prefixes[package]) and any(
                module.startswith(header) for module in modules
            ):
                return (Entity(Is.EXTERNAL, name, extra=package),)
        return _member("std", name) if "std" in modules and name in known.declares["std"] else NONE

    def external_import(self, path: str, whole: str) -> Entity:
        """Return what an import binds that is not of the workspace."""
        entity = Entity(Is.EXTERNAL, whole.strip("."))
        file = self._project.file(path)
        language = file.language if file is not None else ""
        if language == "csharp":
            return entity._replace(extra=self.namespace_of(path, entity) or whole.rpartition(".")[0] or whole)
        dialect = self.dialect(path)
        if (
            dialect is not None and dialect.family == "c"
        ):  # a namespace that no header tells may be one of the workspace
            found = self._from_headers(self._everything_of(path), whole.partition(".")[0])
            return entity._replace(extra=found[0].extra if found and found[0].extra != "libc" else GUESSED)
        return entity._replace(extra=external_package(entity, language))

    def of_package(self, family: str, name: str) -> Entity:
        """Return what a package of the workspace has not declared: if it adds to one of others, that has."""
        entity = Entity(Is.EXTERNAL, name)
        known = library(family)
        if family == "csharp" and known is not None:
            return entity._replace(extra=known.namespace_of(name, ()) or None)
        return entity._replace(extra="std") if family == "c" and name.startswith("std.") else entity

    def namespace_of(self, path: str, external: Entity) -> str:
        """Return the namespace of something external that C# code of a file names; "" if that is not sure."""
        if isinstance(external.extra, str):
            return external.extra
        known = library("csharp")
        return known.namespace_of(external.file, self._everything_of(path)) if known is not None else ""

    def package_outside(self, path: str, external: Entity) -> str:
        """Return the package of something external as code of a file names it; "" if that is not sure."""
        if isinstance(external.extra, str):
            return external.extra
        dialect, text = self.dialect(path), external.file
        family = dialect.family if dialect is not None else ""
        if "." not in text:
            return ""
        if family == "csharp":
            return self.namespace_of(path, external)
        if family == "jvm":  # a full name
            return external_package(external, "java") if text[:1].islower() else ""
        head = text.partition(".")[0]
        return head if family == "rust" and head.islower() and head not in PRIMITIVES else ""


def _is_interface(symbol: str) -> bool:
    name = symbol.rpartition(".")[2]
    return name[:1] == "I" and name[1:2].isupper()


def _member(package: str, name: str) -> Entities:
    return (Entity(Is.EXTERNAL, f"{package}.{name}", extra=package),)


def _begins(name: str, prefix: str) -> bool:
    return name.startswith(prefix[:-1]) if prefix[-1:] == "*" else name == prefix


# Functions of C++ that give what their type arguments say.
GENERIC: Final = frozenset(
    ["any_cast", "back", "exchange", "front", "get", "get_if", "invoke", "make_shared", "make_unique", "value", "visit"]
)
_OFTEN_METHODS: Final = frozenset({"fork", "open", "spawn"})
_LOOSE: Final = frozenset({"c", "php", "swift"})  # functions of libraries are called without an import that names them
_TOP_PACKAGES: Final = frozenset(
    ["java", "javax", "jakarta", "kotlin", "kotlinx", "scala", "android", "androidx", "org", "com", "net", "io", "edu", "dev", "sun"]
)  # fmt: skip
