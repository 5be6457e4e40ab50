"""The watcher on real files and real inotify: no save is missed, and whatever cannot be relied on is said.

`Model` stands for the daemon: it looks at the disk only where a change set tells it to, and names the directories
to watch as a scan does.  After `sync` it must equal the disk.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watchfiles._rust_notify import WatchfilesRustInternalError

from driftd.clock import Clock, SystemClock
from driftd.watch.source import Established, Notify, RawEvents, Source, StopEvent, open_notify
from driftd.watch.watcher import Cause, ChangeSet, State, Watcher, WatchOptions

IGNORED = {".drift", ".git", "node_modules"}
QUICK: dict[str, Any] = {"tick_s": 0.05, "poll_interval_s": 0.05, "retry_first_s": 0.1, "settle_ms": 100}

PATIENCE_S = 100.0  # for what takes milliseconds unless the machine is busy

WATCH_LIMIT = OSError('OS file watch limit reached. about ["/w/a"] (Error { kind: MaxFilesWatch, paths: ["/w/a"] })')
INSTANCE_LIMIT = WatchfilesRustInternalError("Error creating recommended watcher: Too many open files (os error 24)")


class Model:
    """What a consumer knows that looks only where it is told to."""

    def __init__(self, root: Path, watcher: Watcher) -> None:
        self.root = root
        self.watcher = watcher
        self.files: dict[str, str] = {}
        self.directories: set[str] = set()
        self.sets: list[ChangeSet] = []
        self._changed = anyio.Event()

    async def emit(self, changes: ChangeSet) -> None:
        self.sets.append(changes)
        if changes.rescan:
            self._look("")
        for path in changes.paths:
            self._look(path)
        self.watcher.set_directories(self.directories)
        self._changed.set()
        self._changed = anyio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        with anyio.fail_after(20):
            while not condition():
                await self._changed.wait()

    async def cause(self, cause: Cause) -> ChangeSet:
        """Wait for the next set with this cause."""
        known = len(self.sets)
        await self.until(lambda: any(changes.cause is cause for changes in self.sets[known:]))
        return next(changes for changes in self.sets[known:] if changes.cause is cause)

    def _look(self, path: str) -> None:
        if path in self.directories:
            prefix = f"{path}/" if path else ""
            self.files = {known: text for known, text in self.files.items() if not known.startswith(prefix)}
            self.directories = {known for known in self.directories if known != path and not known.startswith(prefix)}
        self.files.pop(path, None)
        if IGNORED.intersection(path.split("/")):
            return
        target = self.root / path
        # What vanishes while it is looked at is reported once more.
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if target.is_dir():
                self.directories.add(path)
                for child in sorted(target.iterdir()):
                    self._look(child.relative_to(self.root).as_posix())
            elif target.exists():
                self.files[path] = target.read_text()


def disk(root: Path) -> dict[str, str]:
    found = {}
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name not in IGNORED]
        for name in files:
            path = Path(folder, name)
            found[path.relative_to(root).as_posix()] = path.read_text()
    return found


@asynccontextmanager
async def watching(
    root: Path,
    make: Callable[[list[str]], Notify] = open_notify,
    clock: Clock | None = None,
    started: bool = True,
    **options: Any,
) -> AsyncIterator[tuple[Watcher, Model]]:
    """Run a watcher over what `root` holds now; with `started`, from the moment that everything is watched."""
    watcher = Watcher(root, options=WatchOptions(**QUICK | options), clock=clock, make_notify=make)
    model = Model(root, watcher)
    model._look("")
    watcher.set_directories(model.directories)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watcher.run, model.emit)
        if started:
            await model.until(lambda: len(model.sets) > 0)
        try:
            yield watcher, model
        finally:
            watcher.stop()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small workspace."""
    for folder in (".drift/cookies", ".git/info", "src/deep", "docs", "node_modules/left-pad"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "src/a.py").write_text("a = 1\n")
    (tmp_path / "src/deep/b.py").write_text("b = 1\n")
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    return tmp_path


async def test_the_first_set_is_a_rescan_once_all_is_watched(root: Path) -> None:
    """Rule: the start closes the gap between the first scan and the watches."""
    async with watching(root) as (watcher, model):
        assert model.sets == [ChangeSet(frozenset(), rescan=True, cause=Cause.START)]
        status = watcher.status()
        # "", src, src/deep, docs, .git and .git/info
        assert (status.state, status.backend, status.directories) == ("watching", "inotify", 6)
        assert status.reason is None
        assert status.rescans == 1
    assert watcher.status().state is State.STOPPED


def write(path: Path) -> None:
    path.write_text("saved")


def rename_over(path: Path) -> None:
    path.with_suffix(".tmp").write_text("saved")
    path.with_suffix(".tmp").replace(path)


def vim_style(path: Path) -> None:
    path.rename(path.with_suffix(".py~"))
    path.write_text("saved")
    path.with_suffix(".py~").unlink()


def delete(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("save", [write, rename_over, vim_style, delete])
async def test_a_save_is_reported_however_the_editor_does_it(root: Path, save: Callable[[Path], None]) -> None:
    """Rule: the saved path is in a set of its own, without any rescan."""
    async with watching(root) as (_, model):
        save(root / "src/a.py")
        await model.until(lambda: model.files.get("src/a.py") == disk(root).get("src/a.py"))
        assert all("src/a.py" in changes.paths and not changes.rescan for changes in model.sets[1:2])
        assert model.files == disk(root)


async def test_after_sync_everything_saved_before_was_emitted(root: Path) -> None:
    """Rule: a cookie proves it, and leaves nothing behind."""
    async with watching(root) as (watcher, model):
        for number in range(20):
            (root / f"src/f{number}.py").write_text(str(number))
            assert await watcher.sync(10)
            assert model.files == disk(root)
        assert list((root / ".drift/cookies").iterdir()) == []


async def test_sync_waits_for_a_slow_consumer(root: Path) -> None:
    """Rule: emitted means that `emit` returned, and sets merge while it does not."""
    watcher = Watcher(root, options=WatchOptions(**QUICK))
    watcher.set_directories({"", "src", "docs"})
    sets: list[ChangeSet] = []
    entered, go_on = anyio.Event(), anyio.Event()

    async def emit(changes: ChangeSet) -> None:
        sets.append(changes)
        if len(sets) == 2:
            entered.set()
            await go_on.wait()

    answers: list[bool] = []

    async def ask() -> None:
        answers.append(await watcher.sync(10))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watcher.run, emit)
        assert await watcher.sync(10)
        (root / "src/a.py").write_text("1")
        with anyio.fail_after(10):
            await entered.wait()
        (root / "src/b.py").write_text("2")
        (root / "docs/c.md").write_text("3")
        tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert answers == []
        go_on.set()
        with anyio.fail_after(10):
            while not answers:
                await anyio.lowlevel.checkpoint()
        watcher.stop()
    assert answers == [True]
    assert set().union(*(changes.paths for changes in sets[2:])) == {"src/b.py", "docs/c.md"}


async def test_directories_made_with_their_files_are_found_whole(root: Path) -> None:
    """Rule: `mkdir -p a/b/c` and a file at once reports only `a`; everything below is found."""
    async with watching(root) as (watcher, model):
        (root / "new/b/c").mkdir(parents=True)
        (root / "new/b/c/f.py").write_text("f")
        assert await watcher.sync(10)
        assert model.files == disk(root)
        (root / "new/b/c/f.py").write_text("g")
        assert await watcher.sync(10)
        assert model.files["new/b/c/f.py"] == "g"
        assert not any(changes.rescan for changes in model.sets[1:])


async def test_a_renamed_directory_is_left_and_found_under_its_new_name(root: Path, tmp_path_factory: Any) -> None:
    """Rule: renaming, moving in and moving out report only the directory; files saved in it later are seen."""
    outside = tmp_path_factory.mktemp("outside")
    async with watching(root) as (watcher, model):
        (root / "src").rename(root / "lib")
        assert await watcher.sync(10)
        assert set(model.files) == {"lib/a.py", "lib/deep/b.py"}
        (root / "lib/deep/b.py").write_text("b = 2\n")
        assert await watcher.sync(10)
        assert model.files["lib/deep/b.py"] == "b = 2\n"
        (root / "lib").rename(outside / "lib")
        assert await watcher.sync(10)
        assert model.files == {}
        (outside / "lib").rename(root / "src")
        assert await watcher.sync(10)
        (root / "src/deep/b.py").write_text("b = 3\n")
        assert await watcher.sync(10)
        assert model.files == disk(root)


async def test_a_directory_replaced_by_another_of_its_name_is_watched_again(root: Path) -> None:
    """Rule: the watch follows the old directory; its name stands for the new one, whatever its inode number."""
    async with watching(root) as (watcher, model):
        for number in range(5):
            shutil.rmtree(root / "src")
            (root / "src/deep").mkdir(parents=True)
            assert await watcher.sync(10)
            (root / "src/deep/b.py").write_text(str(number))
            assert await watcher.sync(10)
            assert model.files == {"src/deep/b.py": str(number)}


async def test_ignored_directories_and_the_daemons_own_files_wake_nobody(root: Path) -> None:
    """Rule: no watch and no event for ignored trees; `.drift`, reading and listing cause no set."""
    async with watching(root) as (watcher, model):
        before = watcher.status().events
        (root / "node_modules/left-pad/index.js").write_text("x")
        for number in range(20):
            (root / ".drift/drift.db-wal").write_text(str(number))
            (root / ".drift/drift.db").write_text(str(number))
        (root / "src/a.py").read_text()
        list((root / "src").iterdir())
        (root / "src/a.py").stat()
        assert await watcher.sync(10)
        assert len(model.sets) == 1
        # Only the cookie of `sync` was seen: created, and perhaps its change of times.
        assert watcher.status().events - before <= 2


async def test_ten_thousand_files_at_once_are_all_covered(root: Path) -> None:
    """Rule: a burst is few sets, with a rescan when it is large."""
    async with watching(root, settle_ms=400) as (watcher, model):

        def burst() -> None:
            for number in range(10_000):
                (root / f"src/f{number}").write_text("")

        await anyio.to_thread.run_sync(burst)
        assert await watcher.sync(60)
        assert len(model.files) == 10_002
        assert len(model.sets) <= 40
        assert any(changes.rescan for changes in model.sets[1:])


async def test_a_git_command_asks_for_a_rescan(root: Path) -> None:
    """Rule: HEAD, index and info/exclude decide what counts; one rescan with the cause `git` follows."""
    async with watching(root) as (_, model):
        for name in ("HEAD", "index", "info/exclude"):
            (root / ".git" / f"{name}.lock").write_text("new")
            (root / ".git" / f"{name}.lock").rename(root / ".git" / name)
            assert (await model.cause(Cause.GIT)).rescan
        assert all(not changes.paths for changes in model.sets)


async def test_a_repository_made_later_is_noticed(root: Path) -> None:
    """Rule: `git init` under the watcher leads to watches on its directory."""
    shutil.rmtree(root / ".git")
    async with watching(root) as (watcher, model):
        assert watcher.status().directories == 4
        (root / ".git/info").mkdir(parents=True)
        while watcher.status().directories != 6:  # noqa: ASYNC110 - a status has nobody who tells
            await anyio.sleep(0.01)
        (root / ".git/HEAD").write_text("x")
        assert (await model.cause(Cause.GIT)).rescan


async def test_many_new_directories_do_not_pile_up_sources(root: Path) -> None:
    """Rule: each needs a source at first; small ones are merged, and old ones end without losing a save."""
    async with watching(root, max_sources=2, fence_s=PATIENCE_S) as (watcher, model):
        for number in range(12):
            (root / f"new{number}").mkdir()
            assert await watcher.sync(PATIENCE_S)
            (root / f"new{number}/f.py").write_text("x")
        assert await watcher.sync(PATIENCE_S)
        assert model.files == disk(root)
        while len(watcher._sources) > 2:  # noqa: ASYNC110 - a closing source has nobody who tells
            await anyio.sleep(0.01)
        (root / "new3/f.py").write_text("y")
        (root / "src/a.py").write_text("y")
        assert await watcher.sync(PATIENCE_S)
        assert model.files == disk(root)
        # Where the machine lets the process stand still for a second, everything is doubted: another rule.
        assert {changes.cause for changes in model.sets[1:] if changes.rescan} <= {Cause.STALL}


def churn(root: Path, seed: int, count: int) -> None:
    """Do `count` random things to directories and files."""
    chance = random.Random(seed)
    for number in range(count):
        folders = [root, *(path for path in root.glob("**/") if not IGNORED.intersection(path.parts))]
        files = [path for path in root.glob("**/*.py") if not IGNORED.intersection(path.parts)]
        folder = chance.choice(folders)
        match chance.randrange(7):
            case 0:
                (folder / f"d{seed}-{number}/e").mkdir(parents=True)
            case 1 | 2:
                (folder / f"f{number}.py").write_text(str(number))
            case 3 if files:
                chance.choice(files).write_text(f"again {number}")
            case 4 if files:
                chance.choice(files).replace(folder / f"moved{number}.py")
            case 5 if folder != root:
                target = chance.choice(folders)
                if folder not in (target, *target.parents):
                    folder.rename(target / f"r{seed}-{number}")
            case 6 if folder != root:
                shutil.rmtree(folder)
            case _:
                pass


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), max_paths=st.sampled_from([5, 2_000]))
def test_no_save_is_missed_under_churn(tmp_path_factory: pytest.TempPathFactory, seed: int, max_paths: int) -> None:
    """Rule: whatever is made, moved, replaced and deleted at full speed, after `sync` the consumer knows the disk."""
    root = tmp_path_factory.mktemp("churn")
    (root / ".drift/cookies").mkdir(parents=True)

    async def scenario() -> None:
        async with watching(root, max_paths=max_paths, max_sources=2) as (watcher, model):
            for part in range(4):
                await anyio.to_thread.run_sync(churn, root, seed + part, 50)
                synced = await watcher.sync(20)
                if not synced:
                    await model.until(lambda: model.sets[-1].rescan)
                assert model.files == disk(root)

    anyio.run(scenario)


class Losing:
    """A source that loses every event but some, as the kernel does when its queue overflows."""

    def __init__(self, paths: list[str], root: Path, keep: int) -> None:
        self._notify = open_notify(paths)
        self._root = root
        self._keep = keep

    def watch(self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: StopEvent) -> RawEvents | str:
        events = self._notify.watch(debounce_ms, step_ms, timeout_ms, stop_event)
        return events if isinstance(events, str) else set(sorted(events)[: self._keep])

    def close(self) -> None:
        self._notify.close()


async def test_events_lost_in_a_burst_are_found_by_a_rescan(root: Path) -> None:
    """Rule: a set as large as what an overflowing queue lets through is a doubt, and a rescan answers it."""
    make = functools.partial(Losing, root=root, keep=50)
    async with watching(root, make, doubt_events=50) as (_, model):
        for number in range(300):
            (root / f"src/f{number}").write_text("")
        assert (await model.cause(Cause.OVERFLOW)).rescan
        await model.until(lambda: model.files == disk(root))


async def test_events_lost_without_a_sign_are_found_by_the_next_reconcile(root: Path) -> None:
    """Rule: a rescan comes from time to time without any doubt."""
    make = functools.partial(Losing, root=root, keep=0)
    async with watching(root, make, reconcile_interval_s=0.2) as (_, model):
        (root / "src/a.py").write_text("lost")
        await model.until(lambda: model.files["src/a.py"] == "lost")
        assert Cause.RECONCILE in {changes.cause for changes in model.sets}


class SkippingClock(SystemClock):
    """The machine's clock, with time that passed while the process stood still."""

    skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped


async def test_a_process_that_stood_still_doubts_what_it_heard(root: Path) -> None:
    """Rule: while a process is stopped the kernel's queue may overflow, so a rescan follows."""
    clock = SkippingClock()
    async with watching(root, clock=clock) as (_, model):
        clock.skipped = 10.0
        assert (await model.cause(Cause.STALL)).rescan


class Paused(Source):
    """A source whose thread gets no time between saying that its watches stand and reading them."""

    def _post(self, function: Callable[..., None], *arguments: object) -> None:
        super()._post(function, *arguments)
        if function == self._be_ready:
            assert isinstance(self._clock, SkippingClock)
            self._clock.skipped += 10.0


class Stalls:
    """A listener that only hears of stalls."""

    def __init__(self) -> None:
        self.stalled = anyio.Event()

    def on_ready(self, source: Source, established: Established) -> None: ...
    def on_events(self, source: Source, events: RawEvents) -> None: ...
    def on_ended(self, source: Source, error: BaseException | None, advice: str) -> None: ...

    def on_stall(self, source: Source) -> None:
        self.stalled.set()


async def test_a_process_that_stood_still_before_it_read_anything_doubts_as_well(root: Path) -> None:
    """Rule: from the moment that the watches stand, there is none in which a stall would not be noticed."""
    stalls = Stalls()
    source = Paused([str(root)], make=open_notify, listener=stalls, clock=SkippingClock(), step_ms=10, debounce_ms=100)
    source.start()
    try:
        with anyio.fail_after(20):
            await stalls.stalled.wait()
    finally:
        source.stop()
        await source.wait_ended()


class Refusing:
    """Makes sources until told to refuse, with the errors of the real library."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def __call__(self, paths: list[str]) -> Notify:
        if self.error is not None:
            raise self.error
        return open_notify(paths)


@pytest.mark.parametrize(
    ("error", "limit"),
    [(WATCH_LIMIT, "max_user_watches"), (INSTANCE_LIMIT, "max_user_instances")],
)
async def test_an_exhausted_limit_is_named_and_polling_finds_the_save(root: Path, error: Exception, limit: str) -> None:
    """Rule: degraded, with the limit and the command to raise it; and back to inotify when it is raised."""
    make = Refusing(error)
    async with watching(root, make) as (watcher, model):
        status = watcher.status()
        assert (status.state, status.backend, status.directories) == ("degraded", "poll", 0)
        assert f"fs.inotify.{limit}" in str(status.reason)
        assert f"sudo sysctl fs.inotify.{limit}=" in str(status.reason)
        (root / "src/a.py").write_text("polled")
        await model.until(lambda: model.files["src/a.py"] == "polled")
        assert Cause.POLL in {changes.cause for changes in model.sets}
        assert not await watcher.sync(10)
        make.error = None
        await model.until(lambda: watcher.status().state is State.WATCHING)
        (root / "src/a.py").write_text("watched")
        assert await watcher.sync(10)
        assert model.files["src/a.py"] == "watched"
        assert watcher.status().backend == "inotify"


async def test_what_is_watched_stays_watched_when_the_limit_is_reached(root: Path) -> None:
    """Rule: only the directories over the limit are polled."""
    make = Refusing()
    async with watching(root, make) as (watcher, model):
        make.error = WATCH_LIMIT
        (root / "new").mkdir()
        await model.until(lambda: watcher.status().state is State.DEGRADED)
        assert watcher.status().backend == "mixed"
        assert watcher.status().directories == 6
        (root / "new/f.py").write_text("polled")
        await model.until(lambda: model.files.get("new/f.py") == "polled")
        assert {"new"} in [changes.paths for changes in model.sets if changes.cause is Cause.POLL]
        assert not any(changes.rescan for changes in model.sets[1:])
        make.error = None
        await model.until(lambda: watcher.status().state is State.WATCHING)


async def test_a_source_that_breaks_is_built_again(root: Path) -> None:
    """Rule: what it had still to report is found by a rescan, and later saves are seen."""

    class Breaking:
        broken = False

        def __init__(self, paths: list[str]) -> None:
            self._notify = open_notify(paths)

        def watch(self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: StopEvent) -> RawEvents | str:
            events = self._notify.watch(debounce_ms, step_ms, timeout_ms, stop_event)
            if Breaking.broken:
                Breaking.broken = False
                raise WatchfilesRustInternalError("error in underlying watcher: it broke")
            return events

        def close(self) -> None:
            self._notify.close()

    async with watching(root, Breaking) as (watcher, model):
        Breaking.broken = True
        (root / "src/a.py").write_text("lost")
        assert (await model.cause(Cause.RESTART)).rescan
        assert model.files["src/a.py"] == "lost"
        (root / "src/a.py").write_text("found")
        assert await watcher.sync(10)
        assert model.files["src/a.py"] == "found"


async def test_a_name_that_is_not_utf8_costs_only_its_directory_the_watch(root: Path) -> None:
    """Rule: such a name ends the library's instance; its directory is polled until the name is gone."""
    bad = root / "docs" / os.fsdecode(b"\xff.md")
    async with watching(root) as (watcher, model):
        bad.write_text("x")
        await model.until(lambda: watcher.status().state is State.DEGRADED)
        assert "not UTF-8" in str(watcher.status().reason)
        (root / "docs/ok.md").write_text("polled")
        await model.until(lambda: model.files.get("docs/ok.md") == "polled")
        (root / "src/a.py").write_text("watched")
        await model.until(lambda: model.files["src/a.py"] == "watched")
        bad.unlink()
        await model.until(lambda: watcher.status().state is State.WATCHING)
        assert await watcher.sync(10)


async def test_polling_by_choice_is_no_degradation(root: Path) -> None:
    """Rule: with `polling` no watch is made, and saves are found all the same."""
    async with watching(root, polling=True) as (watcher, model):
        assert model.sets[0] == ChangeSet(rescan=True, cause=Cause.START)
        (root / "src/a.py").write_text("polled")
        await model.until(lambda: model.files["src/a.py"] == "polled")
        status = watcher.status()
        assert (status.state, status.backend, status.reason) == ("watching", "poll", None)
        assert not await watcher.sync(10)


async def test_a_deleted_drift_directory_is_reported_once_and_sync_recovers(root: Path) -> None:
    """Rule: the daemon reacts; the watcher does not bring `.drift` back, but uses a new one."""
    async with watching(root) as (watcher, model):
        shutil.rmtree(root / ".drift")
        assert not (await model.cause(Cause.DRIFT_DELETED)).rescan
        assert not await watcher.sync(10)
        assert not (root / ".drift").exists()
        (root / ".drift").mkdir()
        await model.cause(Cause.RESTART)
        (root / "src/a.py").write_text("after")
        assert await watcher.sync(10)
        assert model.files["src/a.py"] == "after"
        assert [changes.cause for changes in model.sets].count(Cause.DRIFT_DELETED) == 1


async def test_a_drift_directory_replaced_at_once_is_reported_too(root: Path) -> None:
    """Rule: what was in it is gone, even if a directory stands there again before anyone looks."""
    async with watching(root) as (_, model):
        shutil.rmtree(root / ".drift")
        (root / ".drift/cookies").mkdir(parents=True)
        await model.cause(Cause.DRIFT_DELETED)


async def test_deleted_cookies_are_restored(root: Path) -> None:
    """Rule: without its directory `sync` cannot answer; the watcher makes it again."""
    async with watching(root) as (watcher, model):
        shutil.rmtree(root / ".drift/cookies")
        await model.cause(Cause.RESTART)
        assert await watcher.sync(10)
        assert [changes.cause for changes in model.sets].count(Cause.DRIFT_DELETED) == 0


async def test_a_deleted_root_is_reported_once_and_a_new_one_is_watched(tmp_path: Path) -> None:
    """Rule: one `root_gone`, then silence until the root is back, which is a rescan."""
    root = tmp_path / "workspace"
    (root / ".drift/cookies").mkdir(parents=True)
    (root / "a.py").write_text("1")
    async with watching(root) as (watcher, model):
        root.rename(tmp_path / "moved")
        await model.cause(Cause.ROOT_GONE)
        (root / "src").mkdir(parents=True)
        (root / "src/b.py").write_text("2")
        assert (await model.cause(Cause.ROOT_REPLACED)).rescan
        await model.until(lambda: model.files == {"src/b.py": "2"})
        (root / "src/b.py").write_text("3")
        await model.until(lambda: model.files == {"src/b.py": "3"})
        assert [changes.cause for changes in model.sets].count(Cause.ROOT_GONE) == 1
        (root / ".drift").mkdir()
        await model.cause(Cause.RESTART)
        assert await watcher.sync(10)


async def test_stopping_leaves_no_thread_and_answers_those_who_wait(root: Path) -> None:
    """Rule: `run` ends, its threads with it, and a waiting `sync` returns False."""
    answers: list[bool] = []

    async def never(changes: ChangeSet) -> None:
        await anyio.sleep_forever()

    watcher = Watcher(root, options=WatchOptions(**QUICK))

    async def ask() -> None:
        answers.append(await watcher.sync(60))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watcher.run, never)
            tasks.start_soon(ask)
            while watcher.status().state is State.STARTING:  # noqa: ASYNC110 - a status has nobody who tells
                await anyio.sleep(0.01)
            assert [thread.name for thread in threading.enumerate()].count("driftd-watch") == 1
            watcher.stop()
    assert answers == [False]
    assert "driftd-watch" not in [thread.name for thread in threading.enumerate()]
    assert not await watcher.sync(10)
    assert watcher.status().directories == 0


async def test_an_error_of_the_consumer_ends_the_watcher(root: Path) -> None:
    """Rule: it travels on to whoever runs the watcher, and no thread stays."""

    async def fail(changes: ChangeSet) -> None:
        raise ValueError("no")

    watcher = Watcher(root)
    with pytest.RaisesGroup(pytest.RaisesExc(ValueError, match="no")):
        await watcher.run(fail)
    assert "driftd-watch" not in [thread.name for thread in threading.enumerate()]
