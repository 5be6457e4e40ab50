"""What computes gives way to what people type, and still gets half of the time."""

from __future__ import annotations

import threading

from driftd.daemon.precedence import MOMENT_S, PATIENCE_S, Precedence


class Ticking:
    """A clock that goes on by `step` seconds whenever it is read; `read` is set from then on."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.now = 0.0
        self.readings = 0
        self.read = threading.Event()

    def __call__(self) -> float:
        now, self.now = self.now, self.now + self.step
        self.readings += 1
        self.read.set()
        return now


def test_nobody_waits() -> None:
    """Where nobody waits, asking costs not even a look at the clock: it is done for every file of a scan."""
    clock = Ticking(0.001)

    Precedence(clock).give_way()

    assert clock.readings == 0


def test_who_computes_lets_others_have_the_lock_now_and_then() -> None:
    """After each 32 steps a sleep of 0.1 ms, long enough for one who waits to wake up; none where nobody will wait."""
    slept: list[float] = []
    serving = Precedence(Ticking(0), slept.append)
    alone = Precedence(Ticking(0), slept.append, is_idle=True)

    for _ in range(31):
        serving.give_way()
    assert slept == []
    for _ in range(33):
        serving.give_way()
    assert slept == [0.0001, 0.0001]
    for _ in range(64):
        alone.give_way()
    assert len(slept) == 2


def test_one_who_computes_stands_still_until_the_answer() -> None:
    """A thread that gives way returns after the call has been answered, not before."""
    clock = Ticking(0)  # its patience does not end
    precedence = Precedence(clock)
    order: list[str] = []
    goes_on = threading.Event()

    def compute() -> None:
        precedence.give_way()
        order.append("computed")
        goes_on.set()

    thread = threading.Thread(target=compute)
    with precedence.taken():
        thread.start()
        assert clock.read.wait(10)
        assert not goes_on.wait(PATIENCE_S)
        order.append("answered")
        clock.step = MOMENT_S  # the moment after the answer has passed at the next look
    thread.join(10)

    assert order == ["answered", "computed"]


def test_it_stands_still_no_longer_than_its_patience_and_then_goes_on_for_as_long() -> None:
    """A call that is never answered stops nobody: after 50 ms of standing come 50 ms of work."""
    clock = Ticking(PATIENCE_S)
    precedence = Precedence(clock)

    with precedence.taken():
        precedence.give_way()  # reads 0 and 50 ms, and goes on until 100 ms
        assert clock.readings == 2
        precedence.give_way()  # at 100 ms: stands again, until 150 ms
        assert clock.readings == 4
    clock = Ticking(PATIENCE_S / 2)
    precedence = Precedence(clock)
    with precedence.taken():
        precedence.give_way()  # 0, 25 and 50 ms
        precedence.give_way()  # at 75 ms: it has stood for 50 and worked for 25
        assert clock.readings == 4


def test_a_message_has_a_moment_until_it_is_read() -> None:
    """What has arrived is waited for without knowing what it is; when its moment is over, nobody waits any more."""
    clock = Ticking(MOMENT_S / 2)
    precedence = Precedence(clock)

    precedence.announce()  # at 0, until 2 ms
    precedence.give_way()  # at 1 ms it stands, at 2 ms it goes on
    assert clock.readings == 3
    precedence.give_way()

    assert clock.readings == 3
