"""What one file says about entry points, as structs: see `facts`, which makes them.

They have a module of their own because that one is compiled, and a compiled module must not declare structs.
"""

from __future__ import annotations

import msgspec

from driftd.pipeline.bindings import Binding


class Handed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What may be functions in one argument of a call: its position, or its name where it has one."""

    position: int
    name: str
    what: tuple[Binding, ...]


class Handover(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A call that may register functions: of `name` of `callee`, or of that itself where the name is empty."""

    line: int
    callee: Binding
    name: str
    arguments: tuple[Handed, ...]


class StartFacts(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """What a file says; `marks` are (class, decorator), `guards` both sides of what its top level is run under."""

    handovers: tuple[Handover, ...] = ()
    marks: tuple[tuple[int, str], ...] = ()
    guards: tuple[tuple[str, str], ...] = ()
    markup: tuple[int, ...] = ()  # functions that return markup
    hidden: tuple[int, ...] = ()  # methods that others do not call by name: private and protected ones, constructors
