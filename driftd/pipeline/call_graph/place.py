"""Where an expression stands: a scope of a file, with what its `self` is known to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftd.pipeline.call_graph.entities import Entities, Entity
    from driftd.pipeline.call_graph.lookup import Modules


class Place:
    """A scope of a file as seen from outside; `receiver` is what the first parameter of its method is, if known."""

    __slots__ = ("path", "receiver", "scope")

    def __init__(self, path: str, scope: int, receiver: Entity | None = None) -> None:
        self.path = path
        self.scope = scope
        self.receiver = receiver

    def look_up(self, symbols: Modules, name: str) -> Entities | None:
        """Return what a name means here; None if nothing binds it."""
        return symbols.in_scope(self.path, self.scope, name, self.receiver)

    def binds(self, symbols: Modules, text: str) -> bool:
        """Whether an access path is assigned to as a whole (`api.get = …`)."""
        return symbols.binds(self.path, self.scope, text)
