"""What waits to be sent on one connection: bounded, so that a client that does not read costs little.

Answers wait for room; notifications are dropped where there is none, and a dropped event is made up for by one
`lagged` event that says how many were lost, at the place where they are missing.
"""

from __future__ import annotations

from collections import deque

import anyio

from driftd.rpc.limits import Limits
from driftd.rpc.protocol import notification


class Outbox:
    """A queue of messages with one reader, the connection's sender."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._queue: deque[tuple[bytes, bool]] = deque()  # message, whether it is a notification
        self._bytes = 0
        self._notifications = 0
        self._lost_events = 0
        self._closed = False
        self._filled = anyio.Event()
        self._emptied = anyio.Event()

    async def answer(self, message: bytes) -> None:
        """Queue an answer as soon as there is room; nothing happens once the outbox is closed."""
        while self._bytes > self._limits.max_queued_bytes and not self._closed:
            await self._emptied.wait()
        self._put(message, is_notification=False)

    def event(self, message: bytes) -> None:
        """Queue an event, or drop and count it."""
        # nothing overtakes the notice of a loss: `take` queues it in the same step that makes room
        if not self._put_notification(message):
            self._lost_events += 1

    def progress(self, message: bytes) -> None:
        """Queue a progress notification, or drop it: a later one says more."""
        self._put_notification(message)

    async def take(self, size: int) -> list[bytes]:
        """Return the next messages, about `size` bytes of them; none once it is closed and empty."""
        while not self._queue and not self._closed:
            self._filled = anyio.Event()
            await self._filled.wait()
        messages: list[bytes] = []
        taken = 0
        while self._queue and taken < size:
            message, is_notification = self._queue.popleft()
            self._notifications -= is_notification
            taken += len(message)
            messages.append(message)
        self._bytes -= taken
        if self._lost_events and self._has_room():
            lost, self._lost_events = self._lost_events, 0
            self._put_notification(notification("event", {"topic": "lagged", "dropped": lost}))
        self._emptied.set()
        self._emptied = anyio.Event()
        return messages

    def close(self) -> None:
        """Take nothing more; what is queued can still be taken."""
        self._closed = True
        self._filled.set()
        self._emptied.set()

    def discard(self) -> None:
        """Close, and drop what is queued."""
        self._queue.clear()
        self.close()

    def _has_room(self) -> bool:
        return (
            self._notifications < self._limits.max_queued_notifications and self._bytes <= self._limits.max_queued_bytes
        )

    def _put_notification(self, message: bytes) -> bool:
        room = self._has_room()
        if room:
            self._put(message, is_notification=True)
        return room

    def _put(self, message: bytes, *, is_notification: bool) -> None:
        if self._closed:
            return
        self._queue.append((message, is_notification))
        self._notifications += is_notification
        self._bytes += len(message)
        self._filled.set()
