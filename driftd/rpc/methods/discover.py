"""`rpc.discover`: the methods themselves."""

from __future__ import annotations

from typing import Any

from driftd.rpc.discover import document
from driftd.rpc.method import Method, NoParams, Session


def method_over(others: tuple[Method[Any], ...]) -> Method[Any]:
    """Return the method that describes `others` and itself."""

    async def discover(_session: Session, _params: NoParams) -> object:
        return document((*others, method))

    method: Method[Any] = Method(
        "rpc.discover", "Returns this reference as an OpenRPC document.", NoParams, dict[str, Any], discover
    )
    return method
