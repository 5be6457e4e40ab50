"""What a method is: a name, typed parameters, a typed result, and a function that asks the service.

`Session` is what a method may ask of the connection it was called on; what it may ask of the daemon is `Service`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from driftd.rpc.protocol import RequestId
from driftd.rpc.service import Progress, Service, Topic


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the parameters of a method.  By position they come in the order of the fields."""


class NoParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No parameters."""


class Session(Protocol):
    """The connection that a method was called on."""

    @property
    def service(self) -> Service: ...

    def cancel(self, request_id: RequestId) -> bool:
        """Cancel the request with this id on this connection; False where none is in flight."""
        ...

    def progress(self, token: int | str | None) -> Progress:
        """Return what sends `$/progress` notifications with this token; None: sends nothing."""
        ...

    def subscribe(self, topics: frozenset[Topic]) -> frozenset[Topic]:
        """Send events of these topics from now on too; return all that are subscribed to."""
        ...

    def unsubscribe(self, topics: frozenset[Topic]) -> frozenset[Topic]:
        """Send events of these topics no longer; return what is still subscribed to."""
        ...


P = TypeVar("P", bound=Params)


@dataclass(frozen=True, slots=True)
class Method(Generic[P]):
    """One method.  `result` documents what `call` returns; it is not checked at run time."""

    name: str
    summary: str
    params: type[P]
    result: Any
    call: Callable[[Session, P], Awaitable[object]]
