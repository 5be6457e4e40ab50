"""Names, types and members in languages with declared types and packages (see `dialects`).

It answers where the general machinery asks: what a name of a file means, what an import binds, who has a member.  A
value that is known by its declared type only is an instance with `extra` set to `DECLARED`: a subclass of the class may
stand behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.bindings import Means
from driftd.pipeline.call_graph.declared_heritage import DeclaredHeritage, is_same, overrides
from driftd.pipeline.call_graph.declared_outside import GENERIC
from driftd.pipeline.call_graph.entities import BUILTIN, NONE, UNKNOWN, Entity, Is
from driftd.pipeline.call_graph.flows import field_key
from driftd.pipeline.call_graph.library_types import ELEMENT, FIRST, SAME, WRAPPERS
from driftd.pipeline.call_graph.lookup import opaque
from driftd.pipeline.call_graph.members import bound
from driftd.pipeline.call_graph.place import Place
from driftd.pipeline.call_graph.unions import union
from driftd.pipeline.declared_binder import member_name
from driftd.pipeline.interface import EXTENDS
from driftd.pipeline.type_names import PRIMITIVES, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from driftd.pipeline.bindings import Binding
    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.dialects import Dialect
    from driftd.pipeline.faces import ClassFace, FunctionFace

DECLARED: Final = "declared"


class Declared(DeclaredHeritage):
    """Answers for all languages; what is not of a dialect goes to the general lookup."""

    # -- names of scopes --

    def in_scope(self, path: str, scope: int, name: str, receiver: Entity | None) -> Entities | None:
        """Return what a name means to code of a scope that runs at any time; None if nothing binds it."""
        dialect = self.dialect(path)
        if dialect is None:
            return super().in_scope(path, scope, name, receiver)
        interface = self.interface(path)
        if interface is None:
            return None
        word = self.word(dialect, self.class_around(path, scope), name, receiver)
        if word is not None:
            return word
        at = scope
        while at:
            if at < 0:
                found = self.in_class(dialect, Entity(Is.CLASS, path, ~at), name)
                if found:
                    return found
                at = interface.classes[~at].scope
                continue
            face = interface.functions[at]
            self.look_at(path, face.qualified_name)
            bindings = face.locals.get(name)
            if bindings:
                return self._local(path, at, name, bindings, receiver)
            beside = self.class_beside(dialect, path, at)
            found = self.in_class(dialect, beside, name) if beside is not None else NONE
            if found:
                return found
            at = face.scope
        return self.in_module(path, name) or None

    def class_beside(self, dialect: Dialect, path: str, function: int) -> Entity | None:
        """Return the class of which a function of C++ is a member that stands outside of it; None if it is none."""
        interface = self.interface(path)
        if dialect.family != "c" or interface is None:
            return None
        scope = interface.functions[function].scope
        if scope > 0 or (scope < 0 and interface.classes[~scope].kind != "namespace"):
            return None
        return self.class_around(path, function)

    def class_around(self, path: str, scope: int) -> Entity | None:
        """Return the type whose code stands in a scope, the whole one of a piece; None outside of any."""
        interface = self.interface(path)
        if interface is None:
            return None
        while scope > 0:
            face = interface.functions[scope]
            scope = face.scope
            owner = face.qualified_name.rpartition(".")[0].rpartition(".")[2]
            names = interface.names if scope >= 0 else interface.classes[~scope].names
            if owner and member_name(owner, face.name) in names:  # it stands beside its type
                found = [e for e in self.path(owner, Place(path, scope)) if e.what is Is.CLASS]
                if found:
                    return self.whole(found[0])
        while scope < 0 and interface.classes[~scope].kind == "namespace":
            scope = interface.classes[~scope].scope
        return self.whole(Entity(Is.CLASS, path, ~scope)) if scope < 0 else None

    def word(self, dialect: Dialect, cls: Entity | None, name: str, receiver: Entity | None) -> Entities | None:
        """Return what a word of the language such as `this` means in code of a class; None if it is none."""
        if name in dialect.receivers:
            if receiver is not None and receiver.what in {Is.INSTANCE, Is.CLASS}:
                return (receiver,)
            return (Entity(Is.INSTANCE, cls.file, cls.number, DECLARED),) if cls is not None else (UNKNOWN,)
        if name in dialect.own and cls is not None:
            if receiver is not None and receiver.what in {Is.INSTANCE, Is.CLASS}:
                return (Entity(Is.CLASS, receiver.file, receiver.number),)
            return (cls,)
        if name in dialect.supers and cls is not None:
            return (Entity(Is.SUPER, cls.file, cls.number, receiver),)
        return None

    def in_class(self, dialect: Dialect, piece: Entity, name: str, *, called: bool = False) -> Entities:
        """Return what a bare name in the code of a class means as a member of it; () if it is none."""
        face = self.class_face(piece)
        if face is None:
            return NONE
        if face.kind == "namespace":
            return self.in_namespace(dialect, piece, face, name)
        if not dialect.implicit_receiver:
            bindings = [b for b in face.names.get(name, ()) if b.means is Means.CLASS]
            return union([self.value(b, Place(piece.file, ~piece.number)) for b in bindings])
        cls = self.whole(piece)
        return self.own(Entity(Is.INSTANCE, cls.file, cls.number, DECLARED), name, called=called)

    def function(self, path: str, number: int) -> Entities:
        """Return what the name of a function stands for: annotations replace none."""
        if self.dialect(path) is None:
            return super().function(path, number)
        return (Entity(Is.FUNCTION, path, number),)

    # -- members --

    def attribute(self, owner: Entity, name: str) -> Entities:
        """Return what `owner.name` can be."""
        what = owner.what
        if what is Is.PACKAGE:
            return self.in_package(owner, name)
        if what is Is.TYPED:
            dialect = self.dialect(owner.file)
            if dialect is not None:
                return self._library_member(owner, name)
        if what is Is.MODULE and self.dialect(owner.file) is not None:
            return self.in_file(owner.file, name)
        if what is Is.FUNCTION or what is Is.METHOD:
            dialect = self.dialect(owner.file)
            if dialect is not None:  # it may be an instance of an interface with one method
                return (owner,) if dialect.family in _FUNCTIONAL or name == "Invoke" else (UNKNOWN,)
        return super().attribute(owner, name)

    def after(self, owner: Entity, name: str) -> Entities:
        """Return what `super.name` is."""
        if self.dialect(owner.file) is None:
            return super().after(owner, name)
        start = Entity(Is.CLASS, owner.file, owner.number)
        line = self.lineage(start.file, start.number)
        own = {start, *self.pieces(start)}
        rest = [cls for cls in line if cls not in own]
        found = self._among(rest, name, Entity(Is.INSTANCE, start.file, start.number), called=True)
        return found or self.inherited_from_outside(start, name)

    def _class_member(self, owner: Entity, name: str) -> Entities:
        dialect = self.dialect(owner.file)
        if dialect is None:
            return super()._class_member(owner, name)
        return self._member_of(dialect, owner, name, called=False)

    def called_member(self, owner: Entity, name: str) -> Entities:
        """Return what `owner.name(…)` calls: methods count before fields of the same name."""
        if owner.what is Is.INSTANCE or owner.what is Is.CLASS:
            dialect = self.dialect(owner.file)
            if dialect is not None:
                return self._member_of(dialect, owner, name, called=True)
        return self.attribute(owner, name)

    def _member_of(self, dialect: Dialect, owner: Entity, name: str, *, called: bool) -> Entities:
        found = self.own(owner, name, called=called)
        if found:
            return found
        if dialect.new == name and owner.what is Is.CLASS:
            return (Entity(Is.CLASS, owner.file, owner.number),)
        return self.inherited_from_outside(owner, name)

    def own(self, owner: Entity, name: str, *, called: bool) -> Entities:
        """Return a member that a class of the workspace has; () if none is known."""
        key = ("own", owner, name, called)
        return self.remember(key, lambda: self._found_member(owner, name, called=called))

    def _found_member(self, owner: Entity, name: str, *, called: bool) -> Entities:
        line = self.lineage(owner.file, owner.number)
        found = self._among(line, name, owner, called=called)
        if not found and owner.what is Is.CLASS:
            companion = self._nested(owner, "Companion")
            found = self.own(companion, name, called=called) if companion is not None else NONE
        return found

    def _nested(self, owner: Entity, name: str) -> Entity | None:
        face = self.class_face(owner)
        for binding in face.names.get(name, ()) if face is not None else ():
            if binding.means is Means.CLASS:
                return Entity(Is.CLASS, owner.file, binding.ref)
        return None

    def _among(self, line: Sequence[Entity], name: str, owner: Entity, *, called: bool) -> Entities:
        """Return what the classes have under a name: functions, the nearest class's first, or a value."""
        functions: list[Entity] = []
        values: list[Entities] = []
        key = field_key(name)
        self.note_flow(key)
        written = self.flows.fields(key)
        for cls in [e for each in line if each.what is Is.CLASS for e in self.holders(each, name)]:
            face = self.class_face(cls)
            if face is None:
                continue
            others = list(face.fields.get(name, ()))
            for binding in face.names.get(name, ()):
                if binding.means is Means.FUNCTION:
                    functions.extend(self._as_method(cls, binding.ref, owner))
                else:
                    others.append(binding)
            functions.extend(self._outside(cls, face, name, owner))
            place = Place(cls.file, ~cls.number, owner)
            if not (called and functions):
                values.extend([self.value(binding, place) for binding in others])
                if written and (cls.file, cls.number) in written:
                    values.append(written[cls.file, cls.number])
            if values and not (called and functions):
                break
        if functions and (called or not values):
            getters = [f for f in functions if self.kind(f) == "getter"]
            if getters and len(getters) == len(functions):
                return self.result(tuple(getters[:1]))
            return self._fitting(functions, owner)
        return union(values) or ((UNKNOWN,) if values else NONE)

    def kind(self, function: Entity) -> str:
        """Return the kind of a function."""
        interface = self.interface(function.file)
        if interface is None:
            return ""
        face = interface.functions[function.number]
        self.look_at(function.file, face.qualified_name)
        return face.kind

    def _fitting(self, functions: list[Entity], owner: Entity) -> Entities:
        """Leave out what others override, and what is of the class where the instance is asked, or the other way."""
        fitting = [f for f in functions if (self.kind(f) in _OF_CLASS) == (owner.what is Is.CLASS)] or functions
        dialect = self.dialect(owner.file)
        if dialect is not None and not dialect.overloads:
            return tuple([f for f in fitting if not self.is_abstract(f)][:1]) or tuple(fitting[:1])
        kept: list[tuple[Entity, str, FunctionFace]] = []
        for function in fitting:
            interface = self.interface(function.file)
            if interface is None:
                continue
            face = interface.functions[function.number]
            place = f"{function.file}\0{face.qualified_name}"  # overloads of one class do not override each other
            # Equal ones of one class exclude each other (`#if`), but for templates of C++, which say more in their heads.
            if not any(
                over.labels == face.labels
                and (is_same(over, face) if at == place else overrides(over.types, face.types))
                for _, at, over in kept
            ):
                kept.append((function, place, face))
        concrete = [face for _, _, face in kept if not face.is_abstract]
        return tuple(
            [
                f
                for f, _, face in kept
                if not face.is_abstract
                or not any(c.labels == face.labels and overrides(c.types, face.types) for c in concrete)
            ]
        )

    def is_abstract(self, function: Entity) -> bool:
        """Whether a function only says what subclasses must have."""
        interface = self.interface(function.file)
        return interface is not None and interface.functions[function.number].is_abstract

    def _as_method(self, cls: Entity, number: int, owner: Entity) -> Entities:
        function = Entity(Is.FUNCTION, cls.file, number)
        return (bound(function, owner),) if owner.what is Is.INSTANCE else (function,)

    def _outside(self, cls: Entity, face: ClassFace, name: str, owner: Entity) -> Iterator[Entity]:
        """Yield the functions of a class that are declared outside of it, in its package."""
        dialect = self.dialect(cls.file)
        if dialect is None or dialect.family not in _METHODS_OUTSIDE:
            return
        package = self.package_at(cls.file, face.scope)
        for function in self.declared(dialect, package, member_name(face.name, name), cls.file):
            if function.what is Is.FUNCTION:
                yield bound(function, owner) if owner.what is Is.INSTANCE else function

    # -- heritage --

    def _lineage(self, path: str, index: int) -> Entities:
        if self.dialect(path) is None:
            return super()._lineage(path, index)
        cls = Entity(Is.CLASS, path, index)
        pieces = (cls, *self.pieces(cls))
        found = dict.fromkeys(pieces)
        for piece in pieces:
            face = self.class_face(piece)
            if face is None:
                continue
            for binding in face.bases:
                for base in self._base_of(piece, face, binding):
                    inner = self.lineage(base.file, base.number) if base.what is Is.CLASS else (base,)
                    found.update(dict.fromkeys(inner))
        return tuple(found)

    def _base_of(self, cls: Entity, face: ClassFace, binding: Binding) -> Entities:
        if binding.means is not Means.PATH:
            return NONE
        entities = self.path(binding.text, Place(cls.file, face.scope))
        return tuple(
            [self.whole(e) if e.what is Is.CLASS else opaque(e) for e in entities if e != cls and e.what in _HERITAGE][
                :1
            ]
        )

    def _constructor(self, cls: Entity) -> Entities:
        dialect = self.dialect(cls.file)
        if dialect is None:
            return super()._constructor(cls)
        for base in self.lineage(cls.file, cls.number):
            face = self.class_face(base) if base.what is Is.CLASS else None
            if face is None:
                if dialect.family in _INHERITING and base.what is not Is.CLASS:
                    return (base,)
                continue
            found = []
            for bindings in face.names.values():
                for binding in bindings:
                    function = Entity(Is.FUNCTION, base.file, binding.ref)
                    if binding.means is Means.FUNCTION and self.kind(function) == "constructor":
                        found.append(function)
            found.extend(f for f in self._outside(base, face, face.name, base) if self.kind(f) == "constructor")
            if found:
                return tuple(found)
            if dialect.family not in _INHERITING and base not in {cls, *self.pieces(cls)}:
                break
        return NONE

    # -- types --

    def typed(self, annotation: str, place: Place) -> Entities:
        """Return the instances that a type admits in a place."""
        if self.dialect(place.path) is None:
            return super().typed(annotation, place)
        found: list[Entities] = []
        for path, arguments in parts_of(annotation):
            entities = self.path(path, place)
            classes = [e for e in entities if e.what is Is.CLASS]
            if classes:
                wholes = [self.whole(e) for e in classes]
                found.append(tuple([Entity(Is.INSTANCE, e.file, e.number, DECLARED) for e in wholes]))
            elif arguments:
                found.append((Entity(Is.TYPED, place.path, place.scope, f"{path}[{', '.join(arguments)}]"),))
            else:
                known = tuple([opaque(e) for e in entities if e.what in _HERITAGE])
                plain = path.rstrip("?")
                found.append(
                    known or ((Entity(Is.BUILTIN, path),) if plain in PRIMITIVES or path != plain else (UNKNOWN,))
                )
        return union(found)

    def _typed_element(self, container: Entity) -> Entities:
        if self.dialect(container.file) is None:
            return super()._typed_element(container)
        return self._inside(container, None)

    def _inside(self, container: Entity, key: str | None) -> Entities:
        found: list[Entities] = []
        place = Place(container.file, container.number)
        for path, arguments in parts_of(str(container.extra)):
            name = path.rpartition(".")[2]
            if name == "Tuple" and key is not None:
                chosen = arguments[int(key)] if key.isdecimal() and int(key) < len(arguments) else "_"
            else:
                chosen = arguments[0 if name in FIRST else -1]
            found.append(self.typed(chosen, place) if chosen != "_" else (UNKNOWN,))
        return union(found)

    def items(self, container: Entity, key: str | None) -> Entities:
        """Return what a container can hold under a key; None for any."""
        dialect = self.dialect(container.file)
        if dialect is None:
            return super().items(container, key)
        if container.what is Is.TYPED:
            return self._inside(container, key)
        if container.what is Is.INSTANCE and dialect.family == "go" and key == "0":
            return (container,)  # the value of `value, ok := …`
        return super().items(container, key)

    def _library_member(self, container: Entity, name: str) -> Entities:
        path = parts_of(str(container.extra))[0][0].rpartition(".")[2]
        if path in WRAPPERS and name not in ELEMENT and name not in SAME:
            inside = tuple([e for e in self._inside(container, None) if e.what is not Is.UNKNOWN])
            found = self.attributes(inside, name) if inside else NONE
            if any(e.what is not Is.UNKNOWN for e in found):
                return found
        return (Entity(Is.ACTION, name, -1, container),)

    def _action_result(self, action: Entity) -> Entities:
        container = action.extra
        if not isinstance(container, Entity) or self.dialect(container.file) is None or container.what is not Is.TYPED:
            return super()._action_result(action)
        if action.file in SAME:
            return (container,)
        return self._inside(container, None) if action.file in ELEMENT else (BUILTIN,)

    # -- values --

    def _typed_value(self, binding: Binding, place: Place) -> Entities:
        if self.dialect(place.path) is None:
            return super()._typed_value(binding, place)
        made = self._made(binding.items[0], place) if binding.items else NONE
        if made:
            return made
        declared = self.typed(binding.text, place)
        if UNKNOWN not in declared and not any(item.means is Means.FUNCTION for item in binding.items):
            return declared
        given = union([self.value(item, place) for item in binding.items])
        return tuple([e for e in given if e.what is not Is.UNKNOWN]) or declared

    def _made(self, binding: Binding, place: Place) -> Entities:
        """Return the instances of an expression that calls a class; () if it is something else."""
        if binding.means is Means.IN:
            place = Place(place.path, binding.ref, place.receiver)
            binding = binding.items[0]
        if binding.means is not Means.RESULT or not binding.text:
            return NONE
        callees = self.path(binding.text, place)
        if not callees or any(e.what is not Is.CLASS for e in callees):
            return NONE
        return tuple([Entity(Is.INSTANCE, e.file, e.number) for e in callees])

    def _call(self, binding: Binding, place: Place) -> Entities:
        text = binding.text
        if not text or self.dialect(place.path) is None:
            return super()._call(binding, place)
        owner, dot, name = text.rpartition(".")
        if dot:
            callees = union([self.called_on(place, e, name) for e in self.path(owner, place)])
        else:
            callees = self.called_name(place, text)
        arguments = binding.items[1:]

        def argument(_name: str, position: int) -> Entities:
            return self.value(arguments[position], place) if position < len(arguments) else NONE

        return union([self._given(callee, argument, place.path) for callee in callees]) or (UNKNOWN,)

    def _given(self, callee: Entity, argument: Callable[[str, int], Entities], path: str) -> Entities:
        if callee.what is Is.EXTERNAL:
            name = callee.file.rpartition(".")[2]
            if name in _TEXT_GIVING:
                return (Entity(Is.BUILTIN, "String"),)
            if callee.extra == "std" and name in GENERIC:
                return (UNKNOWN,)
            dialect = self.dialect(path)
            family = dialect.family if dialect is not None else ""
            if name[:1].isupper() and family != "go":
                # A class of a library, called: an instance of it.  C# writes methods so, too.
                space = self.namespace_of(path, callee) if family == "csharp" else ""
                if not space or "." not in callee.file[len(space) + 1 :]:
                    return (callee,)
        return self.result((callee,), argument)

    def called_on(self, place: Place, owner: Entity, name: str) -> Entities:
        """Return what `owner.name(…)` calls in a place: a member, or a function that extends the owner's type."""
        found = self.called_member(owner, name)
        if any(e.what in _CALLED for e in found):
            return found
        return self.extensions(place.path, owner, name) or found

    def called_name(self, place: Place, name: str) -> Entities:
        """Return what a call of a bare name calls; methods of the classes around count before variables."""
        found = self.path(name, place)
        if any(e.what in _CALLED for e in found):
            return found
        return self.methods_around(place.path, place.scope, name) or found

    def methods_around(self, path: str, scope: int, name: str) -> Entities:
        """Return the methods of a name that code of a scope can call without naming an object."""
        dialect, interface = self.dialect(path), self.interface(path)
        if dialect is None or interface is None:
            return NONE
        while scope and dialect.implicit_receiver:
            if scope < 0:
                found = self.in_class(dialect, Entity(Is.CLASS, path, ~scope), name, called=True)
                methods = tuple([e for e in found if e.what in _FUNCTIONS])
                if methods:
                    return methods
                scope = interface.classes[~scope].scope
                continue
            beside = self.class_beside(dialect, path, scope)
            if beside is not None:
                found = self.in_class(dialect, beside, name, called=True)
                methods = tuple([e for e in found if e.what in _FUNCTIONS])
                if methods:
                    return methods
            scope = interface.functions[scope].scope
        return tuple([e for e in self.in_module(path, name) if e.what in _FUNCTIONS])

    def _library_result(self, callee: Entity, argument: Callable[[str, int], Entities] | None) -> Entities:
        if callee.what is Is.BUILTIN and callee.file == "new" and argument is not None:
            found = [Entity(Is.INSTANCE, e.file, e.number) for e in argument("", 0) if e.what is Is.CLASS]
            if found:
                return tuple(found)
        return super()._library_result(callee, argument)

    def _result(self, callee: Entity, argument: Callable[[str, int], Entities] | None) -> Entities:
        if callee.what in _FUNCTIONS and self.dialect(callee.file) is not None:
            receiver = callee.extra if isinstance(callee.extra, Entity) else None
            key = ("result", callee.file, callee.number)
            found = self.remember(key, lambda: self._declared_result(callee))
            if found and found[0].what is Is.SUPER:  # it returns its receiver
                return (receiver or Entity(Is.INSTANCE, found[0].file, found[0].number, DECLARED),)
            return found or (UNKNOWN,)
        return super()._result(callee, argument)

    def _declared_result(self, callee: Entity) -> Entities:
        """Return what a function gives by its declared type, else by what it returns."""
        path, number = callee.file, callee.number
        interface = self.interface(path)
        if interface is None:
            return (UNKNOWN,)
        face = interface.functions[number]
        self.look_at(path, face.qualified_name)
        dialect = self.dialect(path)
        if dialect is not None and face.gives and all(b.text in dialect.receivers for b in face.gives):
            cls = self.class_around(path, number)
            if cls is not None:
                return (Entity(Is.SUPER, cls.file, cls.number),)  # its receiver, whatever class that is of
        if face.returns:
            words = dialect.own | _SELVES if dialect is not None else _SELVES
            if face.returns in words:
                cls = self.class_around(path, number)
                return (Entity(Is.SUPER, cls.file, cls.number),) if cls is not None else (UNKNOWN,)
            return self.typed(face.returns, Place(path, number))
        place = Place(path, number)
        return union([self.value(binding, place) for binding in face.gives]) or (UNKNOWN,)

    def _parameter(self, binding: Binding, path: str, receiver: Entity | None) -> Entities:
        if self.dialect(path) is None:
            return super()._parameter(binding, path, receiver)
        interface = self.interface(path)
        if interface is None:
            return NONE
        declared = NONE
        if binding.name:
            declared = self.typed(binding.name, Place(path, interface.functions[binding.ref].scope))
            if any(e.what in _TELLING for e in declared):
                return declared
        return union([declared, self.passed(path, binding.ref, binding.text)]) or (UNKNOWN,)

    def parameter(self, binding: Binding, place: Place) -> Entities:
        """Return what a parameter can be: what it is declared as, or what is passed to it."""
        if self.dialect(place.path) is None:
            return super().parameter(binding, place)
        key = ("parameter", place.path, binding.ref, binding.text, None)
        return self.remember(key, lambda: self._parameter(binding, place.path, None))

    def offset(self, callee: Entity) -> int:
        """Return how many parameters a call does not name: 1 where a method lists its receiver."""
        if self.dialect(callee.file) is None:
            return super().offset(callee)
        interface = self.interface(callee.file) if callee.what is Is.METHOD else None
        if interface is None:
            return 0
        face = interface.functions[callee.number]
        return int(face.params[:1] == ("self",) or (face.types[:1] != () and face.types[0].startswith(EXTENDS)))

    def attributes(self, owners: Entities, name: str) -> Entities:
        """Return what `name` can be on any of the owners; an owner without it counts as unknown."""
        if len(owners) > 1 and all(o.what in _TYPES and self.dialect(o.file) is not None for o in owners):
            found = union([self.attribute(owner, name) for owner in owners])
            return tuple([e for e in found if e.what is not Is.UNKNOWN]) or (UNKNOWN,)
        return super().attributes(owners, name)


_TYPES: Final = frozenset({Is.CLASS, Is.INSTANCE, Is.PACKAGE})
_TELLING: Final = frozenset({Is.INSTANCE, Is.TYPED})
_FUNCTIONS: Final = frozenset({Is.FUNCTION, Is.METHOD})
_CALLED: Final = frozenset({Is.FUNCTION, Is.METHOD, Is.CLASS})
_SELVES: Final = frozenset({"this", "$this"})
_TEXT_GIVING: Final = frozenset(
    {"toString", "ToString", "to_string", "getName", "substring", "trim", "Substring", "Trim"}
)
_FUNCTIONAL: Final = frozenset({"jvm"})
_HERITAGE: Final = frozenset({Is.CLASS, Is.EXTERNAL, Is.BUILTIN})
_OF_CLASS: Final = frozenset({"static_method", "class_method"})
_METHODS_OUTSIDE: Final = frozenset({"go", "c"})
_INHERITING: Final = frozenset({"ruby", "php", "swift"})  # a class without a constructor has its base's
