"""The messages of JSON-RPC 2.0 that driftd writes, and the codes of its errors.

Builds them only; what they answer is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

RequestId = int | float | str | None

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
NOT_FOUND: Final = -32010
BUSY: Final = -32011
CANCELLED: Final = -32012
STORE_UNAVAILABLE: Final = -32013
REFUSED: Final = -32014

MESSAGES: Final[Mapping[int, str]] = {
    PARSE_ERROR: "Parse error",
    INVALID_REQUEST: "Invalid Request",
    METHOD_NOT_FOUND: "Method not found",
    INVALID_PARAMS: "Invalid params",
    INTERNAL_ERROR: "Internal error",
    NOT_FOUND: "Not found",
    BUSY: "Busy or shutting down",
    CANCELLED: "Cancelled",
    STORE_UNAVAILABLE: "Store unavailable",
    REFUSED: "Refused",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is an error instead of a result; becomes the `error` member of an answer."""

    code: int
    kind: str
    detail: str
    hint: str = ""

    @property
    def message(self) -> str:
        """Return the standard sentence of the code."""
        return MESSAGES[self.code]

    @property
    def data(self) -> dict[str, str]:
        """Return the `data` member: kind, detail and hint."""
        return {"kind": self.kind, "detail": self.detail, "hint": self.hint}


def error(problem: Problem, request_id: RequestId = None) -> bytes:
    """Return an error answer.  The id is null where the request's own could not be told."""
    body = {"code": problem.code, "message": problem.message, "data": problem.data}
    return msgspec.json.encode({"jsonrpc": "2.0", "error": body, "id": request_id})


def notification(method: str, params: Mapping[str, object]) -> bytes:
    """Return a notification.  Raises TypeError or ValueError for params that JSON cannot carry."""
    return msgspec.json.encode({"jsonrpc": "2.0", "method": method, "params": params})


def batch(answers: list[bytes]) -> bytes:
    """Return the answers of a batch as one array."""
    return b"[" + b",".join(answers) + b"]"
