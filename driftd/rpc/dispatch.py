"""From a decoded message to its answer: validity, the method, its typed parameters, one table of errors.

The dispatch and its codes are jsonrpcserver's; around it stand what it leaves open: batches are split by the caller
(there, one bad element would spoil a whole batch), parameters are decoded into structs, and the text of an unexpected
exception stays in the log (there, it is sent to the client).
"""

from __future__ import annotations

import difflib
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable
from itertools import accumulate
from typing import Any, Final, Literal

import anyio
import msgspec
from jsonrpcserver import JsonRpcError, Success, async_dispatch

from driftd import logkeys
from driftd.errors import DriftdError
from driftd.logs import Logger
from driftd.rpc.method import Method, Params, Session
from driftd.rpc.protocol import (
    BUSY,
    CANCELLED,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    REFUSED,
    Problem,
    RequestId,
    error,
)

_log = Logger(__name__)

# strings (an unterminated one to the end) and everything else that is not a bracket; possessive: linear time
_NO_BRACKET: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[^\[\]{}"]++', re.DOTALL)
_STEP: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class Request(msgspec.Struct, frozen=True):
    """A valid request; without an id it is a notification.  Members the specification does not name are ignored."""

    jsonrpc: Literal["2.0"]
    method: str
    params: dict[str, Any] | list[Any] | msgspec.UnsetType = msgspec.UNSET
    id: RequestId | msgspec.UnsetType = msgspec.UNSET

    @property
    def is_notification(self) -> bool:
        """Whether nobody waits for an answer."""
        return self.id is msgspec.UNSET


class Call:
    """One request being carried out, and the handle to end it early.

    Its scope is entered where the method runs.  That is a task of jsonrpcserver's own, which only a native
    cancellation would reach from outside, and that would break the shields within.
    """

    def __init__(self, session: Session, request: Request) -> None:
        self.session = session
        self.request = request
        self.scope = anyio.CancelScope()
        self.problem = Problem(CANCELLED, "cancelled", "the request was cancelled")

    def cancel(self) -> None:
        """End the call; it is answered as cancelled."""
        self.scope.cancel()

    def refuse(self) -> None:
        """End the call because the daemon stops; it is answered as busy."""
        self.problem = Problem(BUSY, "busy", "the daemon is shutting down", "ask again once it has been started")
        self.scope.cancel()


def decode(frame: bytes, max_nesting: int) -> object:
    """Return the JSON value of a frame, or the Problem it has."""
    # counting brackets is nearly free, and settles it for all but large messages
    if frame.count(b"[") + frame.count(b"{") > max_nesting and nesting(frame) > max_nesting:
        return _too_deep(max_nesting)
    try:
        return msgspec.json.decode(frame)
    except RecursionError:
        return _too_deep(max_nesting)
    except (msgspec.DecodeError, UnicodeDecodeError) as failure:
        return Problem(PARSE_ERROR, "parse", f"the message is not JSON: {failure}")


def nesting(frame: bytes) -> int:
    """Return how deep the brackets of a JSON text are nested, those in strings aside."""
    return max(accumulate(map(_STEP.__getitem__, _NO_BRACKET.sub(b"", frame))), default=0)


def check(message: object) -> Request | Problem:
    """Return the message as a request, or the Problem it has."""
    try:
        return msgspec.convert(message, Request)
    except msgspec.ValidationError as failure:
        return Problem(INVALID_REQUEST, "invalid_request", str(failure))


def id_of(message: object) -> RequestId:
    """Return the id of a message that is no valid request, None where it cannot be told."""
    candidate = message.get("id") if isinstance(message, dict) else None
    return candidate if isinstance(candidate, (int, float, str)) and not isinstance(candidate, bool) else None


class Dispatcher:
    """Answers requests with the given methods.  Holds no state of a connection: one serves all of them."""

    def __init__(self, methods: Iterable[Method[Any]]) -> None:
        self._handlers = _Handlers({method.name: _handler(method) for method in methods})

    async def answer(self, call: Call) -> bytes | None:
        """Carry out a call and return its answer; None for a notification.  Raises nothing but cancellation."""
        request = call.request
        try:
            answer: object = await async_dispatch(
                _members(request),
                self._handlers,
                context=call,
                deserializer=_as_it_is,
                validator=_as_it_is,  # `check` has been there
                serializer=_encode,
            )
        except Exception as failure:  # noqa: BLE001 - a result that JSON cannot carry raises whatever the encoder raises
            problem = _unexpected(failure, request.method)
            return None if isinstance(request.id, msgspec.UnsetType) else error(problem, request.id)
        # the stub says str, which is only what a notification gives: ""
        return answer if isinstance(answer, bytes) else None


Handler = Callable[..., Awaitable[Any]]


class _Handlers(dict[str, Handler]):
    """The handlers by name; an unknown name has one too, which says so in our own words."""

    def __missing__(self, name: str) -> Handler:
        close = difflib.get_close_matches(name[:100], self, n=1)
        hint = f"did you mean {close[0]}?" if close else "rpc.discover lists the methods"

        async def unknown(_: Call, /, *_args: Any, **_named: Any) -> Any:
            raise _as_error(Problem(METHOD_NOT_FOUND, "method_not_found", f"there is no method {name[:100]!r}", hint))

        return unknown


def _handler(method: Method[Any]) -> Handler:
    """Return `method` as jsonrpcserver wants it: bound by signature, Success or JsonRpcError."""

    async def handle(call: Call, /, *args: Any, **named: Any) -> Any:
        try:
            with call.scope:
                return Success(await method.call(call.session, _params(method, args, named)))
        except JsonRpcError:
            raise
        except Exception as failure:  # noqa: BLE001 - the boundary: known errors get their code, the rest a log id
            raise _as_error(_problem(failure, method.name)) from None
        raise _as_error(call.problem)

    return handle


def _params(method: Method[Any], args: tuple[Any, ...], named: dict[str, Any]) -> Params:
    fields = method.params.__struct_encode_fields__
    if len(args) > len(fields):
        detail = f"{method.name} takes at most {len(fields)} parameters, {len(args)} were given"
        raise _as_error(Problem(INVALID_PARAMS, "usage", detail, _signature(method)))
    try:
        params: Params = msgspec.convert(named or dict(zip(fields, args, strict=False)), method.params)
    except msgspec.ValidationError as failure:
        raise _as_error(Problem(INVALID_PARAMS, "usage", str(failure), _signature(method))) from None
    return params


def _signature(method: Method[Any]) -> str:
    fields = msgspec.structs.fields(method.params)
    names = [field.encode_name if field.required else f"{field.encode_name}?" for field in fields]
    return f"parameters of {method.name}: {', '.join(names) or 'none'}"


def _problem(failure: BaseException, method: str) -> Problem:
    while isinstance(failure, BaseExceptionGroup) and len(failure.exceptions) == 1:
        failure = failure.exceptions[0]
    if isinstance(failure, DriftdError):
        return Problem(failure.rpc_code, failure.kind, failure.detail, failure.hint)
    return _unexpected(failure, method)


def _unexpected(failure: BaseException, method: str) -> Problem:
    """Log what nobody expected, and say no more about it than where to look."""
    log_id = secrets.token_hex(4)
    _log.error("rpc.failed", exc_info=failure, log_id=log_id, **{logkeys.METHOD: method})
    return Problem(INTERNAL_ERROR, "internal", "an unexpected error, logged by the daemon", f"log id {log_id}")


def _too_deep(limit: int) -> Problem:
    return Problem(REFUSED, "refused", f"the message is nested more than {limit} deep", "raise rpc.max_nesting")


def _as_error(problem: Problem) -> JsonRpcError:
    return JsonRpcError(problem.code, problem.message, problem.data)


def _members(request: Request) -> Any:
    members: dict[str, Any] = {"method": request.method}
    if request.params is not msgspec.UNSET:
        members["params"] = request.params
    if request.id is not msgspec.UNSET:
        members["id"] = request.id
    return members


def _encode(answer: Any) -> Any:
    return msgspec.json.encode(answer)


def _as_it_is(value: Any) -> Any:
    return value
