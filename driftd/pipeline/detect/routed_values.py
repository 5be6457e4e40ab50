"""What of a request its route decides: a view at `/about` sees no other path than `/about`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftd.pipeline.detect.regexes import compiled
from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from driftd.pipeline.detect.rules import RoutedValue
    from driftd.pipeline.facts.model import Call, FileFacts


def is_routed(facts: FileFacts, scope: int, routed: RoutedValue) -> bool:
    """Return whether the function around, or one around that, has routes and each of them is written out and fixed."""
    outline = facts.outline
    while scope != 0:
        if scope < 0:
            scope = outline.classes[~scope].scope
            continue
        function = outline.functions[scope]
        routes = [
            _route(facts, facts.bodies.calls[decorator.call])
            for decorator in function.decorators
            if decorator.call >= 0 and decorator.name.rpartition(".")[2] in routed.routes
        ]
        if routes:
            varying = compiled(routed.varying)
            return all(route is not None and varying.search(route) is None for route in routes)
        scope = function.scope
    return False


def _route(facts: FileFacts, call: Call) -> str | None:
    """Return the route that a decorator is given, if it is written out."""
    if not call.args:
        return None
    first = call.args[0].value
    return facts.texts.literals[first.ref].value if first.kind == Kind.STRING and first.ref >= 0 else None
