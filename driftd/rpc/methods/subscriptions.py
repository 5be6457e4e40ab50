"""`subscribe` and `unsubscribe`: events as notifications on this connection."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from driftd.rpc.method import Method, Params, Session
from driftd.rpc.results import TopicsResult
from driftd.rpc.service import TOPICS, Topic


class TopicsParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `subscribe` and `unsubscribe`."""

    topics: Annotated[tuple[Topic, ...] | None, Meta(description="All topics where absent or null.")] = None


async def subscribe(session: Session, params: TopicsParams) -> object:
    """Send events from now on."""
    return _result(session.subscribe(_topics(params)))


async def unsubscribe(session: Session, params: TopicsParams) -> object:
    """Send events no longer."""
    return _result(session.unsubscribe(_topics(params)))


def _topics(params: TopicsParams) -> frozenset[Topic]:
    return frozenset(TOPICS if params.topics is None else params.topics)


def _result(topics: frozenset[Topic]) -> TopicsResult:
    return TopicsResult(topics=sorted(topics))


SUBSCRIBE = Method(
    "subscribe",
    "Sends `event {topic, …}` notifications from now on.  A connection that does not keep up gets "
    '`event {topic: "lagged", dropped}` in place of those it lost.',
    TopicsParams,
    TopicsResult,
    subscribe,
)
UNSUBSCRIBE = Method("unsubscribe", "Ends `subscribe` for these topics.", TopicsParams, TopicsResult, unsubscribe)
