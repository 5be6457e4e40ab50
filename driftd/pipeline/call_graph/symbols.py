"""What a name of a module or a class means across files: evaluates the bindings of interfaces.

Answers are sets of entities in a fixed order.  An answer is a function of the project alone, not of what was asked
before: what depends on a cycle (or runs into the depth limit) is never remembered, and what is remembered carries its
height, so that a remembered answer is used exactly where working it out again would succeed.

Every answer adds what it looked at to `seen`: paths of files whose interface was read and keys of module lookups.
Whoever keeps the answer asks again when one of them changes.
"""

from __future__ import annotations

import builtins
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.interface import Binding, Means, annotation_paths, definition_key, name_key
from driftd.pipeline.modules import ECMASCRIPT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from driftd.pipeline.interface import ClassFace, Interface
    from driftd.pipeline.modules import Lookup
    from driftd.pipeline.project import Project


class Is(IntEnum):
    """What an entity is."""

    FUNCTION = 0
    CLASS = 1
    INSTANCE = 2  # of the class `file`, `number`
    MODULE = 3  # file
    FOLDER = 4  # a namespace package: file = its folder
    EXTERNAL = 5  # something of the package named in `file`
    BUILTIN = 6
    UNKNOWN = 7  # cannot be followed


class Entity(NamedTuple):
    """What a name can stand for.  `number` is the index of a function or a class in its file."""

    what: Is
    file: str = ""
    number: int = -1


Entities = tuple[Entity, ...]

UNKNOWN: Final = Entity(Is.UNKNOWN)
BUILTIN: Final = Entity(Is.BUILTIN)
NONE: Final[Entities] = ()
HEIGHT_LIMIT: Final = 40  # steps from one name to the next; each takes up to five frames of Python's stack

PYTHON_BUILTINS: Final = frozenset(dir(builtins)) | {"__file__", "__name__", "__path__"}
ECMASCRIPT_GLOBALS: Final = frozenset(
    [
        "AbortController", "Array", "ArrayBuffer", "BigInt", "Blob", "Boolean", "Buffer", "Bun", "DataView",
        "Date", "Deno", "Error", "EvalError", "Event", "EventTarget", "File", "FileReader", "FormData",
        "Function", "Headers", "Infinity", "Int16Array", "Int32Array", "Int8Array", "Intl", "JSON", "Map", "Math",
        "NaN", "Number", "Object", "Promise", "Proxy", "RangeError", "ReferenceError", "Reflect", "RegExp",
        "Request", "Response", "Set", "SharedArrayBuffer", "String", "Symbol", "SyntaxError", "TextDecoder",
        "TextEncoder", "TypeError", "URIError", "URL", "URLSearchParams", "Uint16Array", "Uint32Array",
        "Uint8Array", "WeakMap", "WeakRef", "WeakSet", "WebSocket", "Worker", "XMLHttpRequest", "alert", "atob",
        "btoa", "cancelAnimationFrame", "clearImmediate", "clearInterval", "clearTimeout", "confirm", "console",
        "crypto", "decodeURI", "decodeURIComponent", "document", "encodeURI", "encodeURIComponent", "escape",
        "eval", "fetch", "global", "globalThis", "history", "isFinite", "isNaN", "localStorage", "location",
        "navigator", "parseFloat", "parseInt", "performance", "process", "prompt", "queueMicrotask",
        "requestAnimationFrame", "require", "self", "sessionStorage", "setImmediate", "setInterval", "setTimeout",
        "structuredClone", "undefined", "unescape", "window",
    ]
)  # fmt: skip


class _Frame:
    __slots__ = ("cut", "height", "seen")

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.height = 0
        self.cut = False


class Symbols:
    """Answers questions about one state of the project; make a new one for each."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._done: dict[tuple[object, ...], tuple[Entities, frozenset[str], int]] = {}
        self._partial: dict[tuple[object, ...], Entities] = {}  # answers cut short, within one question
        self._open: set[tuple[object, ...]] = set()
        self._frames: list[_Frame] = [_Frame()]

    def watch(self) -> set[str]:
        """Start a new record of what is looked at, and return it."""
        self._frames = [_Frame()]
        return self._frames[0].seen

    # -- what a resolver asks --

    def in_module(self, path: str, name: str) -> Entities:
        """Return what `name` means in the module's own code; () if the module does not bind it."""
        key = ("name", path, name)
        known = self._recall(key)
        return known if known is not None else self._work_out(key, lambda: self._in_module(path, name))

    def member(self, path: str, name: str) -> Entities:
        """Return what others get as `name` from the module; () if it has nothing of that name."""
        key = ("member", path, name)
        known = self._recall(key)
        return known if known is not None else self._work_out(key, lambda: self._member(path, name))

    def attribute(self, owner: Entity, name: str) -> Entities:
        """Return what `owner.name` can be."""
        what, file, _ = owner
        if what is Is.INSTANCE or what is Is.CLASS:
            key = (owner, name)
            known = self._recall(key)
            return known if known is not None else self._work_out(key, lambda: self._class_member(owner, name))
        if what is Is.MODULE:
            return self.member(file, name)
        if what is Is.FOLDER:
            return self._found(self._below(file, name))
        if what is Is.FUNCTION:
            return (UNKNOWN,)
        return (owner,)

    def attributes(self, owners: Entities, name: str) -> Entities:
        """Return what `name` can be on any of the owners; an owner without it counts as unknown."""
        if len(owners) == 1:
            return self.attribute(owners[0], name) or (UNKNOWN,)
        return union([self.attribute(owner, name) or (UNKNOWN,) for owner in owners])

    def result(self, callees: Entities) -> Entities:
        """Return what calling any of the entities can give."""
        if len(callees) == 1:
            return self._result(callees[0])
        return union(self._result(callee) for callee in callees)

    def entered(self, callees: Entities) -> Entities:
        """Return what `with callee() as x` binds: an instance enters as itself, a function's result as anything."""
        return (UNKNOWN,) if any(c.what is Is.FUNCTION for c in callees) else self.result(callees)

    def lineage(self, path: str, index: int) -> Entities:
        """Return the class and its bases in the order in which Python looks members up, external bases included."""
        return self._remember(("lineage", path, index), lambda: self._lineage(path, index))

    def after(self, cls: Entity, name: str, *, start: Entity) -> Entities:
        """Return what `super().name` is for code of the class `start` on an instance of `cls`."""
        line = self.lineage(cls.file, cls.number)
        at = line.index(start) + 1 if start in line else 0
        return self._first(line[at:], name, instance=True)

    def constructor(self, cls: Entity) -> Entities:
        """Return the functions that `cls(…)` runs; () if no class of its lineage defines one."""
        return self._remember(("new", cls.file, cls.number), lambda: self._constructor(cls))

    def evaluate(self, path: str, binding: Binding) -> Entities:
        """Return what a binding of the module's code can stand for."""
        means = binding.means
        if means is Means.FUNCTION:
            return (Entity(Is.FUNCTION, path, binding.ref),)
        if means is Means.CLASS or means is Means.OWN_CLASS:
            return (Entity(Is.CLASS, path, binding.ref),)
        if means is Means.IMPORT:
            return self.imported(path, binding.text, binding.name)
        if means is Means.PATH:
            return self.path(path, binding.text)
        if means is Means.RESULT:
            return self.result(self.path(path, binding.text))
        if means is Means.TYPED:
            return self.typed(path, binding.text)
        if means is Means.RECEIVER:
            return (Entity(Is.INSTANCE, path, binding.ref),)
        if means is Means.ENTERED:
            return self.entered(self.path(path, binding.text))
        if means is Means.LITERAL:
            return (BUILTIN,)
        return NONE if means is Means.NOTHING else (UNKNOWN,)

    def path(self, path: str, text: str) -> Entities:
        """Return what an access path in the module's own code can stand for."""
        whole = self._interface(path)
        if "." in text and whole is not None and text in whole.names:
            return self.in_module(path, text)
        head, *rest = text.split(".")
        owners = self.in_module(path, head)
        if not owners:
            return (self.unbound(path, head),)
        for name in rest:
            owners = self.attributes(owners, name)
        return owners

    def unbound(self, path: str, name: str) -> Entity:
        """Return what a name is that no scope of the file binds."""
        file = self._project.file(path)
        names = ECMASCRIPT_GLOBALS if file is not None and file.language in ECMASCRIPT else PYTHON_BUILTINS
        return BUILTIN if name in names else UNKNOWN

    def typed(self, path: str, annotation: str, scope: Callable[[str], Entities] | None = None) -> Entities:
        """Return the instances that an annotation admits; `scope` evaluates its paths, the module by default."""
        find = scope or (lambda text: self.path(path, text))
        return union(
            tuple(Entity(Is.INSTANCE, e.file, e.number) if e.what is Is.CLASS else _opaque(e) for e in find(text))
            for text in annotation_paths(annotation)
        )

    def imported(self, path: str, module: str, name: str) -> Entities:
        """Return what an import in the file binds."""
        file = self._project.file(path)
        language = file.language if file is not None else "python"
        lookup = self._project.modules.look_up(path, language, module)
        self._look(lookup.key)
        if lookup.found is None:
            return (Entity(Is.EXTERNAL, lookup.package),) if lookup.package else (UNKNOWN,)
        target = self._found(lookup)
        if name in {"", "*"}:
            return self._whole(lookup.found.path, target) if not name and language in ECMASCRIPT else target
        if name == "default" and language in ECMASCRIPT:
            return self._default(lookup.found.path)
        return self.attributes(target, name)

    # -- steps --

    def _in_module(self, path: str, name: str) -> Entities:
        interface = self._interface(path, name)
        if interface is None:
            return NONE
        bindings = interface.names.get(name)
        if bindings is not None:
            if len(bindings) == 1:
                return self.evaluate(path, bindings[0]) or (UNKNOWN,)
            return union(self.evaluate(path, binding) for binding in bindings) or (UNKNOWN,)
        return self._from_stars(path, name) if interface.exports is None else NONE

    def _member(self, path: str, name: str) -> Entities:
        interface = self._interface(path)
        if interface is None:
            return NONE
        if interface.exports is not None:
            return self._exported(path, interface, name)
        own = self.in_module(path, name)
        if own:
            return own
        if path.endswith(("/__init__.py", "/__init__.pyi")) or path in {"__init__.py", "__init__.pyi"}:
            return self._found(self._below(path.rpartition("/")[0], name))
        return NONE

    def _exported(self, path: str, interface: Interface, name: str) -> Entities:
        exports = interface.exports or {}
        self._look(name_key(path, name))
        bindings = exports.get(name)
        if bindings is not None:
            return union(self.evaluate(path, binding) for binding in bindings) or (UNKNOWN,)
        if name != "default":
            found = self._from_stars(path, name)
            if found:
                return found
        self._look(name_key(path, "export="))
        whole = exports.get("export=")
        if whole is None:
            return NONE
        return self.attributes(union(self.evaluate(path, binding) for binding in whole), name)

    def _default(self, path: str) -> Entities:
        interface = self._interface(path, "default")
        self._look(name_key(path, "export="))
        exports = (interface.exports if interface is not None else None) or {}
        if "default" in exports:
            return self.member(path, "default")
        whole = exports.get("export=")
        if whole is not None:
            return union(self.evaluate(path, binding) for binding in whole) or (UNKNOWN,)
        return (Entity(Is.MODULE, path),)

    def _whole(self, path: str, module: Entities) -> Entities:
        """Return what `require` gives: what the module exports as a whole, if that can be called, else the module."""
        interface = self._interface(path, "export=")
        exports = (interface.exports if interface is not None else None) or {}
        whole = union([self.evaluate(path, binding) for binding in exports.get("export=", ())])
        callable_ = tuple(e for e in whole if e.what in {Is.FUNCTION, Is.CLASS})
        if len(exports) > 1 or not callable_:
            return callable_ + module
        return callable_

    def _from_stars(self, path: str, name: str) -> Entities:
        # Breadth first over the modules that stars lead to; the first that binds the name is the one.
        visited, queue = {path}, [path]
        for at in queue:
            interface = self._interface(at, name)
            if interface is None:
                continue
            if at != path:
                own = interface.names if interface.exports is None else interface.exports
                if name in own and (interface.exports is not None or _is_public(interface, name)):
                    return self.member(at, name)
            file = self._project.file(at)
            for module in interface.stars:
                lookup = self._project.modules.look_up(at, file.language if file else "", module)
                self._look(lookup.key)
                if lookup.found is not None and lookup.found.path not in visited:
                    visited.add(lookup.found.path)
                    queue.append(lookup.found.path)
        return NONE

    def _class_member(self, owner: Entity, name: str) -> Entities:
        line = self.lineage(owner.file, owner.number)
        return self._first(line, name, instance=owner.what is Is.INSTANCE)

    def _first(self, line: Sequence[Entity], name: str, *, instance: bool) -> Entities:
        missing: Entities = NONE
        for cls in line:
            if cls.what is not Is.CLASS:
                missing = missing or (cls,)
                continue
            face = self._class(cls)
            if face is None:
                continue
            bindings = face.names.get(name, ())
            if instance:
                bindings += face.fields.get(name, ())
            elif not bindings and name in face.fields:
                bindings = tuple(b for b in face.fields[name] if b.means is Means.FUNCTION)
            if bindings:
                found = union(self._member_value(cls, face, binding, instance=instance) for binding in bindings)
                return found or (UNKNOWN,)
        return missing

    def _member_value(self, cls: Entity, face: ClassFace, binding: Binding, *, instance: bool) -> Entities:
        if binding.means is Means.FUNCTION:
            interface = self._interface(cls.file)
            function = interface.functions[binding.ref] if interface is not None else None
            if function is not None:
                self._look(definition_key(cls.file, function.qualified_name))
            if instance and function is not None and function.kind == "getter":
                return self._result(Entity(Is.FUNCTION, cls.file, binding.ref))
        elif binding.means is Means.PATH and binding.text.partition(".")[0] in face.names:
            # An alias in a class body: `second = first`; `first = first` takes the module's.
            head, *rest = binding.text.split(".")
            others = [other for other in face.names[head] if other != binding]
            if others:
                owners = self._remember(
                    ("body", cls, binding),
                    lambda: union(self._member_value(cls, face, other, instance=False) for other in others),
                )
                for name in rest:
                    owners = self.attributes(owners, name)
                return owners or (UNKNOWN,)
        return self.evaluate(cls.file, binding)

    def _constructor(self, cls: Entity) -> Entities:
        line = self.lineage(cls.file, cls.number)
        file = self._project.file(cls.file)
        names = ("constructor",) if file is not None and file.language in ECMASCRIPT else ("__init__", "__new__")
        for base in line:
            if base.what is not Is.CLASS:
                return (base,)
            face = self._class(base)
            for name in names if face is not None else ():
                for binding in face.names.get(name, ()) if face is not None else ():
                    if binding.means is Means.FUNCTION:
                        return (Entity(Is.FUNCTION, base.file, binding.ref),)
        return NONE

    def _lineage(self, path: str, index: int) -> Entities:
        cls = Entity(Is.CLASS, path, index)
        face = self._class(cls)
        if face is None:
            return NONE
        bases = list(dict.fromkeys(e for b in face.bases for e in self._base(path, face, b) if e != cls))
        lines = [list(self.lineage(b.file, b.number)) if b.what is Is.CLASS else [b] for b in bases]
        return (cls, *(base for base in merge([line for line in (*lines, bases) if line]) if base != cls))

    def _base(self, path: str, face: ClassFace, binding: Binding) -> Entities:
        scope = face.scope
        head, *rest = binding.text.split(".") if binding.means is Means.PATH else ("",)
        while scope < 0 and head:
            # A class nested in a class sees the names of the enclosing body first.
            enclosing = Entity(Is.CLASS, path, ~scope)
            outer = self._class(enclosing)
            if outer is None:
                break
            if head in outer.names and head != face.name:
                owners = union(self._member_value(enclosing, outer, b, instance=False) for b in outer.names[head])
                for name in rest:
                    owners = self.attributes(owners, name)
                return _classes(owners)
            scope = outer.scope
        return _classes(self.evaluate(path, binding))

    def _result(self, callee: Entity) -> Entities:
        what, file, number = callee
        if what is Is.CLASS:
            return (Entity(Is.INSTANCE, file, number),)
        if what is Is.FUNCTION:
            return self._remember(("result", file, number), lambda: self._returned(file, number))
        if what is Is.EXTERNAL or what is Is.BUILTIN:
            return (callee,)
        return (UNKNOWN,)

    def _returned(self, path: str, index: int) -> Entities:
        interface = self._interface(path)
        if interface is None:
            return (UNKNOWN,)
        function = interface.functions[index]
        self._look(definition_key(path, function.qualified_name))
        if not function.returns:
            return (UNKNOWN,)
        scope = function.scope
        if function.returns.strip("'\"") in {"Self", "this", "typing.Self"} and scope < 0:
            return (Entity(Is.INSTANCE, path, ~scope),)
        return self.typed(path, function.returns) or (UNKNOWN,)

    def _below(self, folder: str, name: str) -> Lookup:
        lookup = self._project.modules.below(folder, name)
        self._look(lookup.key)
        return lookup

    def _found(self, lookup: Lookup) -> Entities:
        found = lookup.found
        if found is None:
            return NONE
        return (Entity(Is.FOLDER if found.is_folder else Is.MODULE, found.path),)

    def _class(self, cls: Entity) -> ClassFace | None:
        interface = self._interface(cls.file)
        if interface is None:
            return None
        face = interface.classes[cls.number]
        self._look(definition_key(cls.file, face.qualified_name))
        return face

    def _interface(self, path: str, name: str | None = None) -> Interface | None:
        """Return a file's interface and take note of it: that it is there, and of the one name asked for.

        Whoever reads a class or a function of it takes note of that as well, so that nothing but what was read counts.
        """
        self._look(path)
        if name is not None:
            self._look(name_key(path, name))
        file = self._project.file(path)
        return None if file is None else file.interface

    def _look(self, key: str) -> None:
        self._frames[-1].seen.add(key)

    def _remember(self, key: tuple[object, ...], work: Callable[[], Entities]) -> Entities:
        known = self._recall(key)
        return known if known is not None else self._work_out(key, work)

    def _recall(self, key: tuple[object, ...]) -> Entities | None:
        frames = self._frames
        done = self._done.get(key)
        if done is None:
            partial = self._partial.get(key) if len(frames) > 1 else None
            if partial is not None:
                frames[-1].cut = True
            return partial
        answer, seen, height = done
        if len(frames) + height >= HEIGHT_LIMIT:
            return None
        outer = frames[-1]
        outer.seen |= seen
        if height >= outer.height:
            outer.height = height + 1
        return answer

    def _work_out(self, key: tuple[object, ...], work: Callable[[], Entities]) -> Entities:
        frames = self._frames
        outer = frames[-1]
        if key in self._open or len(frames) >= HEIGHT_LIMIT:
            outer.cut = True
            return NONE if key in self._open else (UNKNOWN,)
        if len(frames) == 1:
            self._partial.clear()  # a new question
        frame = _Frame()
        frames.append(frame)
        self._open.add(key)
        try:
            answer = work()
        finally:
            frames.pop()
            self._open.discard(key)
        outer.seen |= frame.seen
        if frame.height >= outer.height:
            outer.height = frame.height + 1
        if frame.cut:
            outer.cut = True
            self._partial[key] = answer
        else:
            self._done[key] = (answer, frozenset(frame.seen), frame.height)
        return answer


def union(groups: Iterable[Entities]) -> Entities:
    """Return the entities of all groups, each once, in the order of first appearance."""
    found: Entities = NONE
    for group in groups:
        if not found:
            found = group
        elif group and group != found:
            found = tuple(dict.fromkeys(found + group))
    return found


def merge(lines: list[list[Entity]]) -> list[Entity]:
    """Return the C3 linearisation; where the order is inconsistent, the first head goes on."""
    result: list[Entity] = []
    while lines:
        head = next(
            (line[0] for line in lines if not any(line[0] in other[1:] for other in lines)),
            lines[0][0],
        )
        result.append(head)
        lines = [rest for line in lines if (rest := [e for e in line if e != head])]
    return result


def _classes(entities: Entities) -> Entities:
    return tuple(
        e if e.what is Is.CLASS else _opaque(e) for e in entities if e.what is not Is.EXTERNAL or e.file not in _MARKERS
    )


_MARKERS: Final = frozenset({"abc", "typing", "typing_extensions"})  # bases from these bring no members to call


def _opaque(entity: Entity) -> Entity:
    return entity if entity.what in {Is.EXTERNAL, Is.BUILTIN} else UNKNOWN


def _is_public(interface: Interface, name: str) -> bool:
    return name in interface.public if interface.public is not None else not name.startswith("_")
