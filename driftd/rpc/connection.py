"""One client's connection: its frames, its requests in flight, its answers and events.

A reader, a sender, and workers that carry out requests side by side.  Answers go out as they are ready.  A connection
that has its share of requests in flight is not read from until one is answered.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping

import anyio
import anyio.abc

from driftd import logkeys
from driftd.logs import Logger
from driftd.rpc.dispatch import Call, Dispatcher, Request, check, decode, id_of
from driftd.rpc.framing import Decoder
from driftd.rpc.limits import Limits
from driftd.rpc.outbox import Outbox
from driftd.rpc.protocol import INVALID_REQUEST, REFUSED, Problem, RequestId, batch, error, notification
from driftd.rpc.service import Progress, Service, Subscription, Topic

_log = Logger(__name__)

# bytes to read or send at once: as much as a Unix socket's buffer commonly takes
_CHUNK = 64 * 1024


class _Batch:
    """The answers of a batch, until the last is there."""

    def __init__(self, size: int) -> None:
        self.missing = size
        self.answers: list[bytes] = []


class Connection:
    """Serves one client until it goes away, breaks the protocol, or the server stops.  Is the `Session` of its calls."""

    def __init__(
        self, client: socket.socket, number: int, service: Service, dispatcher: Dispatcher, limits: Limits
    ) -> None:
        self._socket = client
        self._number = number
        self._service = service
        self._dispatcher = dispatcher
        self._limits = limits
        self._decoder = Decoder(limits)
        self._outbox = Outbox(limits)
        self._jobs: asyncio.Queue[tuple[Call, _Batch | None]] = asyncio.Queue()
        self._slots = asyncio.Semaphore(limits.max_in_flight)
        self._idle_workers = 0
        self._tasks: anyio.abc.TaskGroup = anyio.create_task_group()
        self._calls: set[Call] = set()
        self._by_id: dict[RequestId, Call] = {}
        self._quiet = anyio.Event()  # set when the last call in flight is done
        self._all_sent = anyio.Event()
        self._receiving = anyio.CancelScope()
        self._stopping = False
        self._refusing = False
        self._gone = False
        self._topics: frozenset[Topic] = frozenset()
        self._subscription: Subscription | None = None

    async def run(self) -> None:
        """Serve the client, then close its socket.  A cancellation ends the calls in flight first."""
        try:
            async with self._tasks:
                try:
                    self._tasks.start_soon(self._send_all)
                    await self._receive_all()
                    while self._calls:
                        self._quiet = anyio.Event()
                        await self._quiet.wait()
                    self._unsubscribe_all()
                    self._outbox.close()
                    await self._all_sent.wait()
                finally:
                    for call in tuple(self._calls):
                        call.cancel()
                    self._tasks.cancel_scope.cancel()
        finally:
            self._unsubscribe_all()
            self._socket.close()

    def stop(self) -> None:
        """Read nothing more; what was read is carried out and answered, then the connection ends."""
        self._stopping = True
        self._receiving.cancel()

    def refuse(self) -> None:
        """Answer what is still in flight with -32011."""
        self._refusing = True
        for call in tuple(self._calls):
            call.refuse()

    def hang_up(self) -> None:
        """Take note that the client is gone: nobody waits for the requests in flight any more.

        What it sent before is still read, for the notifications among it: who sends one does not wait to see it done.
        """
        self._gone = True
        self._unsubscribe_all()
        self._outbox.discard()
        for call in tuple(self._calls):
            if not call.request.is_notification:
                call.cancel()

    # what a method may ask of its connection (`Session`)

    @property
    def service(self) -> Service:
        """Return the daemon."""
        return self._service

    def cancel(self, request_id: RequestId) -> bool:
        """Cancel the request with this id; False where none is in flight."""
        call = self._by_id.get(request_id)
        if call is not None:
            call.cancel()
        return call is not None

    def progress(self, token: int | str | None) -> Progress:
        """Return what sends `$/progress` with this token; None: sends nothing."""

        def send(stage: str, done: int, total: int) -> None:
            if token is not None:
                params = {"token": token, "stage": stage, "done": done, "total": total}
                self._outbox.progress(notification("$/progress", params))

        return send

    def subscribe(self, topics: frozenset[Topic]) -> frozenset[Topic]:
        """Send events of these topics from now on too; return all that are subscribed to."""
        return self._listen_to(self._topics | topics)

    def unsubscribe(self, topics: frozenset[Topic]) -> frozenset[Topic]:
        """Send events of these topics no longer; return what is still subscribed to."""
        return self._listen_to(self._topics - topics)

    def _listen_to(self, topics: frozenset[Topic]) -> frozenset[Topic]:
        self._unsubscribe_all()
        if topics and not self._gone:
            self._subscription = self._service.subscribe(topics, self._event)
        self._topics = topics
        return topics

    def _unsubscribe_all(self) -> None:
        self._topics = frozenset()
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

    def _event(self, topic: Topic, payload: Mapping[str, object]) -> None:
        try:
            message = notification("event", {**payload, "topic": topic})
        except (TypeError, ValueError) as failure:
            _log.error("rpc.event_not_sent", topic=topic, **{logkeys.ERROR: str(failure)})
            return
        self._outbox.event(message)

    # receiving

    async def _receive_all(self) -> None:
        while not self._stopping and not self._decoder.broken:
            chunk = await self._receive()
            if chunk is None:
                return
            self._service.message_arrived()
            for frame in self._decoder.feed(chunk) if chunk else self._decoder.finish():
                await self._take(frame)
            if not chunk:
                return

    async def _receive(self) -> bytes | None:
        """Return the next bytes; none at the end of the stream, None when there is no point in reading on."""
        with anyio.CancelScope() as self._receiving:
            try:
                return await asyncio.get_running_loop().sock_recv(self._socket, _CHUNK)
            except OSError:
                self.hang_up()
        return None

    async def _take(self, frame: bytes | Problem) -> None:
        message = frame if isinstance(frame, Problem) else decode(frame, self._limits.max_nesting)
        if isinstance(message, list):
            await self._take_batch(message)
        elif isinstance(message, Problem):
            await self._outbox.answer(error(message))
        else:
            await self._take_one(message, None)

    async def _take_batch(self, messages: list[object]) -> None:
        if not messages:
            await self._outbox.answer(error(Problem(INVALID_REQUEST, "invalid_request", "the batch is empty")))
        elif len(messages) > self._limits.max_batch:
            detail = f"the batch has {len(messages)} messages, more than {self._limits.max_batch}"
            await self._outbox.answer(error(Problem(REFUSED, "refused", detail, "raise rpc.max_batch")))
        else:
            answers = _Batch(len(messages))
            for message in messages:
                await self._take_one(message, answers)

    async def _take_one(self, message: object, answers: _Batch | None) -> None:
        """Start a request, as soon as fewer than `max_in_flight` are going on."""
        request = check(message)
        if isinstance(request, Problem):
            await self._answered(error(request, id_of(message)), answers)
            return
        await self._slots.acquire()
        if request.id in self._by_id:
            self._slots.release()
            # with its id, the client would take this for the answer to the first
            problem = Problem(INVALID_REQUEST, "invalid_request", f"a request with id {request.id!r} is in flight")
            await self._answered(error(problem), answers)
            return
        call = Call(self, request)
        self._calls.add(call)
        if isinstance(request.id, (int, float, str)):
            self._by_id[request.id] = call
        if self._refusing:
            call.refuse()
        elif self._gone and not request.is_notification:
            call.cancel()
        self._jobs.put_nowait((call, answers))
        if self._jobs.qsize() > self._idle_workers:
            self._tasks.start_soon(self._work)

    # carrying out

    async def _work(self) -> None:
        while True:
            self._idle_workers += 1
            try:
                call, answers = await self._jobs.get()
            finally:
                self._idle_workers -= 1
            # a call ends by its own scope: see Call
            with anyio.CancelScope(shield=True):
                answer = await self._dispatcher.answer(call)
            self._by_id.pop(_key(call.request), None)
            try:
                await self._answered(answer, answers)
            finally:
                self._calls.discard(call)
                self._slots.release()
                if not self._calls:
                    self._quiet.set()

    async def _answered(self, answer: bytes | None, answers: _Batch | None) -> None:
        if answers is not None:
            answers.missing -= 1
            if answer is not None:
                answers.answers.append(answer)
            if answers.missing:
                return
            answer = batch(answers.answers) if answers.answers else None
        if answer is not None:
            await self._outbox.answer(answer)

    # sending

    async def _send_all(self) -> None:
        try:
            while messages := await self._outbox.take(_CHUNK):
                wrap = self._decoder.framing.wrap
                await self._send(b"".join([wrap(message) for message in messages]))
        except TimeoutError:  # an OSError too
            _log.warning("rpc.client_dropped", **{logkeys.REASON: "it does not read", logkeys.CONNECTION: self._number})
            self._tasks.cancel_scope.cancel()
        except OSError:
            self.hang_up()
        finally:
            self._all_sent.set()

    async def _send(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        view = memoryview(data)
        for start in range(0, len(view), _CHUNK):
            with anyio.fail_after(self._limits.write_timeout_s):
                await loop.sock_sendall(self._socket, view[start : start + _CHUNK])


def _key(request: Request) -> RequestId:
    return request.id if isinstance(request.id, (int, float, str)) else None
