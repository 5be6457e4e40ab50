"""What pytest passes to tests and fixtures: fixtures by name, `request.param`, the rows of `parametrize`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftd.pipeline.bindings import Means
from driftd.pipeline.call_graph.containers import Containers
from driftd.pipeline.call_graph.entities import NONE, Entity, Is
from driftd.pipeline.call_graph.place import Place
from driftd.pipeline.call_graph.unions import union

if TYPE_CHECKING:
    from driftd.pipeline.bindings import Binding
    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.faces import FunctionFace


class Fixtures(Containers):
    """Parameters that pytest fills."""

    def injected(self, function: Entity, face: FunctionFace, name: str) -> Entities:
        """Return what pytest passes to a parameter of a test or a fixture."""
        self.look_at(function.file, face.qualified_name)
        if name == "request":
            return (Entity(Is.REQUEST, function.file, function.number),)
        outer = Place(function.file, face.scope)
        for binding in face.wraps:
            if binding.text.endswith("parametrize"):
                found = self._parametrized(binding, name, outer)
                if found:
                    return found
        given = [
            self.elements((e,)) if e.what is Is.GENERATOR else (e,)
            for e in self.result(self.fixtures(function, face, name))
        ]
        return union(given)

    def _parametrized(self, binding: Binding, name: str, place: Place) -> Entities:
        if len(binding.items) < 3 or not binding.items[1].text.startswith("'"):  # names and values
            return NONE
        names = [part.strip() for part in binding.items[1].text[1:].split(",")]
        if name not in names:
            return NONE
        rows = self.elements(self.value(binding.items[2], place))
        if len(names) == 1:
            return rows
        return union([self.items(row, str(names.index(name))) for row in rows])

    def fixtures(self, function: Entity, face: FunctionFace, name: str) -> Entities:
        """Return the fixture functions that a parameter of a test or a fixture means: class, module, `conftest.py`."""
        path = function.file
        itself = (path, function.number)
        if face.scope < 0:
            receiver = function.extra if isinstance(function.extra, Entity) else None
            classes = (receiver,) if receiver is not None else self.in_use(path, ~face.scope)
            found = [self.attribute(Entity(Is.INSTANCE, c.file, c.number), name) for c in classes]
            methods = tuple([e for e in union(found) if e.what is Is.METHOD and (e.file, e.number) != itself])
            if methods:
                return methods
        for at in (path, *_conftests(path)):
            if self.interface(at) is not None:
                here = tuple(
                    [e for e in self.in_module(at, name) if e.what is Is.FUNCTION and (e.file, e.number) != itself]
                )
                if here:
                    return here
        return NONE

    def requested(self, request: Entity) -> Entities:
        """Return what `request.param` can be."""
        interface = self.interface(request.file)
        if interface is None:
            return NONE
        face = interface.functions[request.number]
        place = Place(request.file, face.scope)
        return union(
            [
                self.elements(self.value(item.items[0], place))
                for binding in face.wraps
                for item in binding.items
                if item.means is Means.KEYWORD and item.text == "params"
            ]
        )


def is_injected(face: FunctionFace) -> bool:
    """Whether pytest calls a function and passes fixtures by the names of its parameters."""
    return face.name.startswith("test") or any(b.text.rpartition(".")[2] == "fixture" for b in face.wraps)


def _conftests(path: str) -> list[str]:
    found = []
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        found.append(f"{folder}/conftest.py" if folder else "conftest.py")
    return found
