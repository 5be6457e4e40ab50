"""The parts of the watcher that touch nothing: coalescing, backing off, naming limits, matching cookies."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftd.watch.coalesce import Backoff, Cause, ChangeSet, Coalescer, Pace
from driftd.watch.cookies import Cookies
from driftd.watch.limits import InotifyLimits, explain, read_limits

PACE = Pace(step=0.02, settle=0.4, latest=2.0, max_paths=100, doubt_events=400)


def test_a_single_save_is_due_at_once() -> None:
    """Rule: what a source reports after its quiet step is not held back any longer when it is small."""
    coalescer = Coalescer(PACE)
    assert coalescer.due_in(10.0) is None
    coalescer.add({"a.py"}, 10.0)
    assert coalescer.due_in(10.0) == 0.0
    assert coalescer.take(10.0) == ChangeSet(frozenset({"a.py"}), rescan=False, cause=Cause.FILES)
    assert coalescer.due_in(10.0) is None


def test_a_burst_must_be_quiet_in_proportion_to_its_size() -> None:
    """Rule: 40 paths ask for 5 steps of quiet, and every further event starts them again."""
    coalescer = Coalescer(PACE)
    coalescer.add({f"f{i}" for i in range(40)}, 10.0)
    assert coalescer.due_in(10.0) == pytest.approx(0.1)
    coalescer.add({"f0"}, 10.05)
    assert coalescer.due_in(10.05) == pytest.approx(0.1)


def test_an_endless_burst_is_emitted_at_the_latest_time() -> None:
    """Rule: `latest` seconds after the first change a set is due however busy it is."""
    coalescer = Coalescer(PACE)
    for step in range(20):
        coalescer.add({f"f{i}" for i in range(90)}, 10.0 + step / 10)
    assert coalescer.due_in(11.9) == pytest.approx(0.1)


def test_a_file_written_all_the_time_costs_a_set_every_settling_time() -> None:
    """Rule: sets that follow back to back are gathered longer and longer, up to `settle`; a pause ends that."""
    coalescer = Coalescer(PACE)
    now, taken = 10.0, []
    while now < 20.0:
        coalescer.add({"build.log"}, now)
        if coalescer.due_in(now) == 0.0:
            coalescer.take(now)
            taken.append(now)
        now += 0.02
    assert len([time for time in taken if time >= 15.0]) <= 5.0 / 0.4 + 1
    coalescer.take(now)
    coalescer.add({"a.py"}, now + 0.2)
    assert coalescer.due_in(now + 0.2) == 0.0


def test_more_paths_than_allowed_become_one_rescan() -> None:
    """Rule: what waits is bounded; a larger burst is a rescan with the cause `burst` after the settling time."""
    coalescer = Coalescer(PACE)
    coalescer.add({f"f{i}" for i in range(101)}, 10.0)
    assert coalescer.due_in(10.0) == pytest.approx(0.4)
    assert coalescer.take(10.4) == ChangeSet(frozenset(), rescan=True, cause=Cause.BURST)
    assert not coalescer.pending


def test_many_events_are_a_doubt_and_repeated_doubts_wait_longer() -> None:
    """Rule: a burst near the size of the kernel's queue is followed by one rescan; the next ones wait 1, 2, 4 s."""
    coalescer = Coalescer(PACE)
    now, waits = 10.0, []
    for _ in range(5):
        started = now
        coalescer.add({"f"}, now, events=400)
        while (wait := coalescer.due_in(now)) is not None:
            now += wait
            changes = coalescer.take(now)
        assert changes.rescan
        assert changes.cause is Cause.OVERFLOW
        waits.append(now - started)
    assert waits == [0.0, 1.0, 2.0, 4.0, 8.0]


def test_a_save_passes_a_rescan_that_is_backing_off() -> None:
    """Rule: while a rescan waits its turn, single saves are still emitted at once."""
    coalescer = Coalescer(PACE)
    coalescer.demand(Cause.OVERFLOW, 10.0, delay=30.0)
    coalescer.add({"a.py"}, 11.0)
    assert coalescer.due_in(11.0) == 0.0
    assert coalescer.take(11.0) == ChangeSet(frozenset({"a.py"}), rescan=False, cause=Cause.FILES)
    assert coalescer.due_in(11.0) == pytest.approx(29.0)
    assert coalescer.take(40.0).rescan


def test_a_flush_makes_a_waiting_rescan_due() -> None:
    """Rule: whoever asks for certainty does not wait for the backing off."""
    coalescer = Coalescer(PACE)
    coalescer.demand(Cause.OVERFLOW, 10.0, delay=30.0)
    coalescer.flush()
    assert coalescer.due_in(10.0) == 0.0
    assert coalescer.take(10.0) == ChangeSet(frozenset(), rescan=True, cause=Cause.OVERFLOW)


def test_merged_rescans_keep_the_weightiest_cause() -> None:
    """Rule: one rescan answers all demands and names the one that matters most."""
    coalescer = Coalescer(PACE)
    coalescer.demand(Cause.ROOT_REPLACED, 10.0)
    coalescer.demand(Cause.RECONCILE, 10.0)
    assert coalescer.take(10.0).cause is Cause.ROOT_REPLACED


def test_changes_are_held_while_a_tool_rewrites_the_work_tree() -> None:
    """Rule: with `held` even one path waits for the settling time, and at most for the latest."""
    coalescer = Coalescer(PACE)
    coalescer.add({"a.py"}, 10.0)
    assert coalescer.due_in(10.0, held=True) == pytest.approx(0.4)
    assert coalescer.due_in(10.1, held=False) == 0.0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60), st.booleans()), max_size=40))
def test_nothing_added_is_lost_or_kept_longer_than_the_latest_time(steps: list[tuple[float, int, bool]]) -> None:
    """Rule: each path is in a set, or a rescan follows it, at most `latest` later, unless doubts back off."""
    coalescer = Coalescer(Pace(max_paths=50, doubt_events=1_000_000))
    now, number, waiting = 0.0, 0, dict[str, float]()
    for pause, count, hurried in steps:
        end = now + pause
        while (wait := coalescer.due_in(now)) is not None and now + wait <= end:
            now += wait
            changes = coalescer.take(now)
            for path in list(waiting) if changes.rescan else changes.paths:
                assert now - waiting.pop(path, now) <= 2.0 + 1e-6
        now = end
        paths = {f"f{number + i}" for i in range(count)}
        number += count
        waiting.update(dict.fromkeys(paths, now))
        coalescer.add(paths, now)
        if hurried:
            coalescer.flush()
    while (wait := coalescer.due_in(now)) is not None:
        now += wait
        changes = coalescer.take(now)
        for path in list(waiting) if changes.rescan else changes.paths:
            assert now - waiting.pop(path, now) <= 2.0 + 1e-6
    assert not waiting


def test_backing_off_doubles_to_the_longest_and_forgets_after_calm() -> None:
    """Rule: 0, then 1, 2, 4, 4 seconds when repeated at once; 0 again after twice the last delay without any."""
    backoff, now, waits = Backoff(1.0, 4.0), 0.0, []
    for _ in range(5):
        wait = backoff.next(now)
        waits.append(wait)
        now += wait
    assert waits == [0.0, 1.0, 2.0, 4.0, 4.0]
    assert backoff.next(now + 20.0) == 0.0


def test_the_smaller_of_two_limits_counts(tmp_path: Path) -> None:
    """Rule: inside a user namespace the limit of the namespace may be the one that is hit."""
    for name, value in {
        "sys/fs/inotify/max_user_watches": "8192\n",
        "sys/user/max_inotify_watches": "512\n",
        "sys/fs/inotify/max_user_instances": "128\n",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(value)
    assert read_limits(tmp_path) == InotifyLimits(512, 128, None)


LIMITS = InotifyLimits(max_user_watches=8192, max_user_instances=128, max_queued_events=16384)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'OS file watch limit reached. about ["/w/a"] (Error { kind: MaxFilesWatch, paths: ["/w/a"] })',
            (
                "fs.inotify.max_user_watches (8192) is used up while watching 9000 directories; "
                "raise it with: sudo sysctl fs.inotify.max_user_watches=18000"
            ),
        ),
        (
            "Error creating recommended watcher: Too many open files (os error 24)",
            (
                "fs.inotify.max_user_instances (128) is used up while watching 9000 directories; "
                "raise it with: sudo sysctl fs.inotify.max_user_instances=256"
            ),
        ),
        ("something else", "watching 9000 directories failed: something else"),
    ],
)
def test_a_refusal_names_the_limit_and_the_command_that_raises_it(text: str, expected: str) -> None:
    """Rule: an operator reads which limit, its value, and one command to copy, big enough for the workspace."""
    assert explain(OSError(text), 9000, LIMITS) == expected


def test_a_cookie_is_complete_when_all_awaited_reported_it(tmp_path: Path) -> None:
    """Rule: a source that was closed is waited for no longer; a spoiled cookie proves nothing."""
    cookies = Cookies(tmp_path / "cookies")
    (tmp_path / "cookies").mkdir()
    (tmp_path / "cookies/cookie-1-1").touch()
    (tmp_path / "cookies/other").touch()
    assert cookies.prepare()
    assert [path.name for path in (tmp_path / "cookies").iterdir()] == ["other"]

    cookie = cookies.issue({"a", "b"}, deliver=True)
    cookie.create()
    assert cookies.report(cookie.path.name, "a") is None
    assert cookies.report("cookie-unknown", "b") is None
    assert not cookie.seen.is_set()
    assert cookies.forget("b") == [cookie]
    assert cookie.seen.is_set()
    assert cookie.valid
    assert cookies.report(cookie.path.name, "b") is None
    cookie.remove()
    cookie.remove()

    spoiled = cookies.issue({"a"}, deliver=True)
    cookies.fail()
    assert spoiled.delivered.is_set()
    assert not spoiled.valid


def test_cookies_need_the_directory_above_theirs(tmp_path: Path) -> None:
    """Rule: a deleted `.drift` is not brought back by the watcher."""
    assert not Cookies(tmp_path / ".drift/cookies").prepare()
    assert not (tmp_path / ".drift").exists()
