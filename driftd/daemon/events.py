"""What the daemon tells those who listen: every event to everyone who wants its topic, at once and without waiting."""

from __future__ import annotations

from collections.abc import Mapping

from driftd.rpc.service import Subscriber, Topic


class Listener:
    """One subscription; events stop when it is closed."""

    def __init__(self, hub: EventHub, topics: frozenset[Topic], subscriber: Subscriber) -> None:
        self._hub = hub
        self.topics = topics
        self.subscriber = subscriber

    def close(self) -> None:
        """Stop the events; closing twice does no harm."""
        self._hub.forget(self)


class EventHub:
    """Hands events to listeners, which never wait and never raise (see `rpc.service.Subscriber`)."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, topics: frozenset[Topic], subscriber: Subscriber) -> Listener:
        """Listen to the given topics until the result is closed."""
        listener = Listener(self, topics, subscriber)
        self._listeners.append(listener)
        return listener

    def publish(self, topic: Topic, payload: Mapping[str, object]) -> None:
        """Hand an event to everyone who listens to its topic."""
        for listener in tuple(self._listeners):
            if topic in listener.topics:
                listener.subscriber(topic, payload)

    def forget(self, listener: Listener) -> None:
        """Drop a listener; one that is unknown is no error."""
        if listener in self._listeners:
            self._listeners.remove(listener)
