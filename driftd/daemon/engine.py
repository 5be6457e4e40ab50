"""The engine: makes the model current.  Scan, workers, project stages, commands to the writer, one run at a time.

It knows nothing of sockets and signals, so the daemon and the embedded `driftd analyze` share it.  What is known of
the workspace (`_known`) and the `Project` live in memory; both are restored from the database at start, the project
without parsing anything.

The order of writes makes a kill at any moment harmless: the rows of a file and the `file_metadata` row that vouches
for them are one atomic submission, so a file is either wholly analysed or seen as changed by the next run; and the
first run of a process compares the project-wide tables with what the facts say, and writes the difference.
"""

from __future__ import annotations

import math
import os
import stat as stat_module
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from sys import intern
from typing import Any

import anyio
import anyio.to_thread
import msgspec

from driftd.clock import Clock
from driftd.config import Settings
from driftd.daemon import memory
from driftd.daemon.commits import Commits, Stored
from driftd.daemon.custom_rules import encoded, load_rules
from driftd.daemon.extraction import Extraction
from driftd.daemon.file_rows import NANOS, analysed_row, cache_row, failed_row, plain_row, proven_stat, row_count, times
from driftd.daemon.known import KnownFiles
from driftd.daemon.learning import Briefing, Learning
from driftd.daemon.precedence import Precedence
from driftd.daemon.report import Progress, RunReport, no_progress
from driftd.daemon.submissions import ALONE, AMONG_OTHERS, replacing, slices, submissions
from driftd.daemon.tasks import Outcome, Task
from driftd.daemon.workers import PoolSettings, WorkerPool
from driftd.errors import ConfigError, DriftdError, StoreError
from driftd.logs import Logger
from driftd.pipeline.detect.registry import use_custom
from driftd.pipeline.detect.rules import RuleFile
from driftd.pipeline.digest import decode_digests, digest_chunk, digest_if_sound
from driftd.pipeline.entry_points.finding import EntryPoint, entry_points
from driftd.pipeline.facts.languages import registry as languages
from driftd.pipeline.project import Change, FileEntry, Project
from driftd.pipeline.runner import Runner, StageReport
from driftd.pipeline.stages.call_edges import CallEdges
from driftd.pipeline.stages.registry import ANALYZER, project_stages
from driftd.rows.declare import Row, row_values
from driftd.rows.enforcement import ViolationRow
from driftd.rows.facts import FileMetadataRow, ParseCacheRow, ScanHistoryRow
from driftd.rows.ids import json_text
from driftd.rows.patterns import ConventionRow, PatternConfidenceRow
from driftd.rows.registry import BY_NAME
from driftd.store.commands import (
    Append,
    Command,
    DropFiles,
    RenameFile,
    Result,
    Update,
    Upsert,
)
from driftd.store.failures import contradicts_schema
from driftd.store.store import Store
from driftd.watch.scan import Known, ScannedFile, Scanner, ScanResult, Stat, printable
from driftd.watch.tree import Found

log = Logger("driftd.engine")

# Values an IN (…) may hold; SQLite's own limit is far higher, but a statement per size is compiled.
LOOKUP_BATCH = 500


LARGE_RUN = 100  # changed files

NICENESS = 5  # of the workers of a process that answers questions meanwhile

# Files of a large run that are stored in one transaction, and their rows.  Ids are hashes, so every transaction touches
# most pages of several indexes: with one a chunk, eight times the size of the database went to disk.  The largest files
# come first, so files alone say little: the first 600 of a tree of 2,800 held three quarters of all rows.
STORED_TOGETHER = 600
ROWS_TOGETHER = 6_000

# How much of what the workers returned may wait: for being taken up, and for being stored.
CHUNKS_AHEAD = 4
STORES_AHEAD = 1

# Tables in which an analysis and what people say meet.
_JUDGED = frozenset({ViolationRow, PatternConfidenceRow})


class Engine:
    """Owns the in-memory model of one workspace.  `run` is not reentrant: one run at a time, its caller sees to it."""

    def __init__(
        self,
        root: Path,
        store: Store,
        settings: Settings,
        clock: Clock,
        learning: Learning | None = None,
        *,
        gives_way: bool = False,
        once: bool = False,
    ) -> None:
        """Take an opened store; call `restore` before the first `run`.

        `learning` is what people said, where that stands in another database than the store's.  With `gives_way` the
        workers leave the processor to whoever else wants it: this process, which answers questions meanwhile.  `once`:
        nobody asks anything meanwhile, and the process ends after one run, so nothing is remembered for the next.
        """
        self.root = root
        self._root_bytes = os.fsencode(root)
        self._store = store
        self._settings = settings
        self._clock = clock
        self.learning = learning or Learning(root, store.reader, store.writer, settings, clock)
        self._learned = -1  # the version of it that the stages know
        self.precedence = Precedence(is_idle=once)
        self._scanner = self._new_scanner(settings)
        self.rules = load_rules(root)
        use_custom(self.rules)
        self._gives_way = gives_way
        self._once = once
        self._portion = ALONE if once else AMONG_OTHERS
        self.pool = self._new_pool(settings, self.rules)
        self.project = Project(in_slabs=not self._once)
        self._cancel = threading.Event()
        self._runner = self._new_runner()
        self._known = KnownFiles()
        self._language: dict[str, str] = {}
        self._failed: dict[str, str] = {}  # files whose content, as it is known, could not be analysed, and why
        self._unparsed: set[str] = set()  # known files whose facts are not in the project although they should be
        self._is_first = True
        self._is_cold = False  # the run under way started with nothing known: no rows are there
        self._is_settled = True  # no large run since the last `settle`
        self._rests = False  # what a large run left is counted and moved, in another thread
        self._in_doubt = False  # a run failed half-way: memory and database may tell different things
        self._model = anyio.Lock()  # who changes the project, or reads it in another thread
        self._version = 0  # of the project
        self._statistics: tuple[int, dict[str, dict[str, int]]] = (-1, {})  # with the version they are of
        self._entry_points: tuple[int, list[EntryPoint]] | None = None  # with the version they are of
        self.directories: frozenset[str] = frozenset()
        self.on_directories: Callable[[frozenset[str]], None] = lambda _: None  # hears what is examined, as scanned
        self.last: RunReport | None = None
        self.current: RunReport | None = None

    def _new_scanner(self, settings: Settings) -> Scanner:
        return Scanner(self.root, settings.scan, languages.SUFFIXES, self.precedence.give_way)

    def _new_runner(self) -> Runner:
        return Runner(project_stages(self._map, self._is_cancelled, remember=not self._once), self._clock.monotonic)

    def _is_cancelled(self) -> bool:
        """Tell threads that compute whether to stop; while somebody has precedence, not at once."""
        self.precedence.give_way()
        return self._cancel.is_set()

    def _map(
        self,
        function: Callable[[bytes, bytes], bytes],
        shared: bytes,
        items: Iterable[bytes],
        homes: Sequence[int] = (),
        keepers: Sequence[int] = (),
    ) -> Iterator[bytes]:
        return self.pool.map(function, shared, items, self._is_cancelled, homes, keepers)

    @property
    def scanner(self) -> Scanner:
        """Return the scanner, for questions about single paths."""
        return self._scanner

    @property
    def largest(self) -> int:
        """Return how many bytes a file may have that is examined."""
        return self._settings.scan.max_file_size

    @property
    def unexamined(self) -> int:
        """Return how many files of the workspace could not be examined."""
        return len(self._failed) + self._known.unread

    async def restore(self) -> None:
        """Fill the in-memory model from the database, without parsing; runs that died are marked failed."""
        self.pool.start()
        await self._close_dead_runs()
        await self._restore_model()

    async def configure(self, settings: Settings) -> None:
        """Take other settings for what is examined and how; call it between runs."""
        self._settings = settings
        self._scanner = self._new_scanner(settings)
        self.learning.configure(settings)
        old, self.pool = self.pool, self._new_pool(settings, self.rules)
        await old.close()

    async def close(self) -> None:
        """End the workers."""
        self.cancel()
        await self.pool.close()

    def _new_pool(self, settings: Settings, rules: tuple[RuleFile, ...]) -> WorkerPool:
        return WorkerPool(
            PoolSettings(
                workers=settings.analysis.worker_count(),
                file_timeout_s=settings.analysis.file_timeout_s,
                max_file_size=settings.scan.max_file_size,
                rules=encoded(rules),
                niceness=NICENESS if self._gives_way else 0,
            )
        )

    def cancel(self) -> None:
        """Ask the run that is under way to stop at the next file; what it has stored stays."""
        self._cancel.set()

    async def settle(self) -> None:
        """Give back what large runs left behind; for a process that goes on, when nobody waits."""
        if self._is_settled:
            return
        self._is_settled = self._rests = True
        try:
            await self.pool.renew()
            async with self._model:
                await anyio.to_thread.run_sync(self._rest)
        finally:
            self._rests = False
        with suppress(DriftdError):  # whoever reads or writes next hears of it
            await self._store.rest()
        memory.give_back()

    def _rest(self) -> None:
        self.project.rest()
        self._runner.rest()

    async def find_directories(self) -> None:
        """Find out which directories are examined, for whoever wants to watch them before the first run."""
        self.directories = await anyio.to_thread.run_sync(
            partial(self._scanner.directories, now_ns=self._clock.now() * NANOS)
        )
        self.on_directories(self.directories)

    async def scan(
        self, paths: Collection[str] | None = None, *, full: bool = False, found: Found | None = None
    ) -> ScanResult:
        """Look at the disk and say what differs from what is known; changes nothing.

        `found` hears, in another thread, of files that are probably new (see `Scanner.scan`).
        """
        return await anyio.to_thread.run_sync(
            partial(
                self._scanner.scan,
                self._known,
                now_ns=self._clock.now() * NANOS,
                paths=paths,
                full=full,
                cancelled=self._cancel.is_set,
                found=found,
            )
        )

    async def run(
        self,
        *,
        trigger: str,
        paths: Collection[str] | None = None,
        full: bool = False,
        record_always: bool = True,
        progress: Progress = no_progress,
    ) -> RunReport:
        """Make the model current and return what that took; `paths` limits where changes are looked for.

        `full` analyses every file again whatever is known of it.  With `record_always` unset a run that found nothing
        to do leaves no row.  Raises what makes the whole run impossible, after recording it.
        """
        async with self._model:
            return await self._run(
                trigger=trigger, paths=paths, full=full, record_always=record_always, progress=progress
            )

    async def _run(
        self, *, trigger: str, paths: Collection[str] | None, full: bool, record_always: bool, progress: Progress
    ) -> RunReport:
        self._cancel.clear()
        report = RunReport(0, trigger, self._clock.now())
        started = self._clock.monotonic()
        self.current = report
        try:
            if paths is None:
                await self._take_rules(report)
            if self._in_doubt:
                await self._restore_model()
            if record_always:
                await self._open(report)
            self._is_cold = not self._known
            progress("scan", 0, 0)
            async with AsyncExitStack() as stack:
                if self._is_cold or full:
                    stack.enter_context(memory.no_garbage_collection())
                # Of what is known, files may turn out to be unchanged or renamed: too much would be read ahead.
                extraction = await stack.enter_async_context(
                    Extraction(self.pool, ahead=CHUNKS_AHEAD if self._known else math.inf)
                )
                found = None if self._known else extraction.reader_ahead(self._early_task)
                result = await self.scan(paths, full=full, found=found)
                if self._is_large(result, full=full):
                    self._is_settled = False
                    stack.enter_context(memory.no_garbage_collection())
                await self._analyse(
                    result, extraction, report, full=full, record_always=record_always, progress=progress
                )
            if report.status == "running":
                report.status = "cancelled" if self._cancel.is_set() else "completed"
        except BaseException as raised:
            error = _first_leaf(raised)
            self._in_doubt = True
            report.status = "cancelled" if isinstance(error, anyio.get_cancelled_exc_class()) else "failed"
            report.error = str(error) or type(error).__name__
            if error is raised:
                raise
            raise error from raised
        finally:
            report.duration_ms = round((self._clock.monotonic() - started) * 1000)
            report.finished_at = self._clock.now()
            self.current = None
            with anyio.CancelScope(shield=True):
                await self._finish(report)
        return report

    async def _take_rules(self, report: RunReport) -> None:
        """Look whether the workspace's own rules are others now; all files are then looked at with them."""
        try:
            rules = await anyio.to_thread.run_sync(load_rules, self.root)
        except ConfigError as error:
            report.note({"file": "", "line": 0, "stage": "detections", "message": f"{error}; the old rules stay"})
            return
        if rules != self.rules:
            self.rules = rules
            use_custom(rules)
            old, self.pool = self.pool, self._new_pool(self._settings, rules)
            await old.close()
            self._in_doubt = True

    # -- one run, in the order of its steps ---------------------------------------------------------------------------

    async def _open(self, report: RunReport) -> None:
        row = ScanHistoryRow(
            started_at=report.started_at, root_path=str(self.root), trigger=report.trigger, status="running"
        )
        (result,) = await self._store.writer.submit(Append(ScanHistoryRow, (row,)))
        report.run_id = result.ids[0]

    async def _analyse(
        self,
        result: ScanResult,
        extraction: Extraction,
        report: RunReport,
        *,
        full: bool,
        record_always: bool,
        progress: Progress,
    ) -> None:
        self.directories = result.directories
        self.on_directories(result.directories)
        changed = [*result.added, *result.modified, *result.renamed]
        # Of many files this takes 10 ms each: in a thread, so that calls are answered meanwhile.
        again = await anyio.to_thread.run_sync(partial(self._to_analyse_again, result, full=full))
        known = await self.learning.before_run()
        news = (
            changed
            or again
            or result.removed
            or result.touched
            or self._is_new(result.errors)
            or self._runner.is_behind
            or known.version != self._learned
        )
        if not (news or self._is_first or record_always):
            return
        if not report.run_id:
            await self._open(report)
        report.files = {
            "total": result.total,
            "added": len(result.added),
            "modified": len(result.modified),
            "renamed": len(result.renamed),
            "removed": len(result.removed),
            "unchanged": result.unchanged + len(result.touched),  # in content; a time stamp is no change
        }
        for directory in result.unreadable_directories:
            self._note_failure(report, directory.path, "scan", directory.error)
        if result.unreadable_directories:
            report.status = "partial"
        async with anyio.create_task_group() as group:
            commits = Commits(group)
            change = await self._store_files(result, [*changed, *again], extraction, report, progress, commits)
            # While the last of many files are committed; if that fails, the run does, and the project is made anew.
            await self._run_stages(change, known, report, progress, commits)

    def _is_large(self, result: ScanResult, *, full: bool) -> bool:
        """Tell whether so many files are to be analysed that the run leaves much behind; one may count twice."""
        again = self._language if full else self._unparsed
        return len(result.added) + len(result.modified) + len(result.renamed) + len(again) >= LARGE_RUN

    def _to_analyse_again(self, result: ScanResult, *, full: bool) -> list[ScannedFile]:
        """Return known files that need analysing although their content is as it was."""
        paths: Iterable[str] = self._language if full else self._unparsed
        seen = {file.path for file in (*result.added, *result.modified, *result.renamed, *result.errors)}
        seen.update(result.removed)  # a file that is ignored now is removed, and can still be read
        found = []
        for path in sorted(paths):
            self.precedence.give_way()
            if path not in seen and (known := self._known.get(path)) is not None:
                found.append(ScannedFile(path, known.stat, known.content_hash, self._language.get(path)))
        return found

    def _is_new(self, errors: Sequence[ScannedFile]) -> bool:
        """Tell whether one of these read errors is not recorded yet."""
        return any((known := self._known.get(file.path)) is None or known.error != file.error for file in errors)

    async def _store_files(
        self,
        result: ScanResult,
        changed: Sequence[ScannedFile],
        extraction: Extraction,
        report: RunReport,
        progress: Progress,
        commits: Commits,
    ) -> Change:
        """Bring every per-file table up to date; return what that changed in the project.

        The last of many files may still be under way in `commits`.
        """
        entries: dict[str, FileEntry | None] = dict.fromkeys(result.removed)
        entries |= dict.fromkeys(file.renamed_from for file in result.renamed if file.renamed_from is not None)
        await self._forget(result)
        # What takes longer than a moment for thousands of files is done in threads: calls are answered meanwhile.
        plain, tasks = await anyio.to_thread.run_sync(self._split, changed)
        cached = await self._cached(tasks)
        changes: list[Change] = []
        if plain or result.touched or result.errors:
            commits.start(self._store_plain, plain, result, report)
        done = 0
        progress("files", 0, len(tasks))
        scanned = {file.path: file for file in tasks}
        together: list[Outcome] = []
        rows = 0
        are_many = len(tasks) >= LARGE_RUN
        work = await anyio.to_thread.run_sync(partial(self._tasks, tasks, cached, to_resolve=are_many))
        async for chunk in extraction.outcomes(work):
            for outcome in chunk:
                if outcome.error is None and not outcome.vanished:
                    path = intern(outcome.path)
                    entries[path] = FileEntry(
                        path, intern(outcome.language), outcome.facts, outcome.digest, outcome.ticket
                    )
            together += chunk
            rows += sum(map(row_count, chunk))
            done += len(chunk)
            if not are_many or len(together) >= STORED_TOGETHER or rows >= ROWS_TOGETHER:
                if are_many:  # what they replace goes before more comes in
                    changes.append(await self._apply(entries))
                    entries = {}
                await commits.wait(but=STORES_AHEAD)
                commits.start(self._store_chunk, together, scanned, report)
                together, rows = [], 0
            progress("files", done, len(tasks))
            if self._cancel.is_set():
                break
        if together:
            commits.start(self._store_chunk, together, scanned, report)
        for file in plain:  # a file that lost its language, or is skipped now, has left the project
            if file.path in self.project:
                entries[file.path] = None
        changes.append(await self._apply(entries))
        if not are_many:  # who saved a file asks about that file first: nothing is to compute beside its commit
            await commits.wait()
        return changes[0] if len(changes) == 1 else Change.of(changes)

    async def _apply(self, entries: Mapping[str, FileEntry | None]) -> Change:
        self._version += 1
        return await anyio.to_thread.run_sync(self.project.apply, entries)

    async def _forget(self, result: ScanResult) -> None:
        """Take removed files out of the tables; what is known about a renamed one moves with it."""
        renamed = [file for file in result.renamed if file.renamed_from is not None]
        commands: list[Command] = [RenameFile(str(file.renamed_from), file.path) for file in renamed]
        gone = [*result.removed, *(str(file.renamed_from) for file in renamed)]
        if gone:
            commands.append(DropFiles(tuple(gone)))
        if commands:
            await self._store.writer.submit(*commands)
        for path in gone:
            self._known.discard(path)
            self._language.pop(path, None)
            self._failed.pop(path, None)
            self._unparsed.discard(path)

    def _split(self, changed: Sequence[ScannedFile]) -> tuple[list[ScannedFile], list[ScannedFile]]:
        """Separate the files no language reads, which are only recorded, from those the workers take."""
        plain: list[ScannedFile] = []
        tasks: list[ScannedFile] = []
        for file in changed:
            self.precedence.give_way()
            language = self._language_to_read(file.path) if file.skip_reason is None else None
            if language is not None:
                tasks.append(file if file.language == language else msgspec.structs.replace(file, language=language))
            else:
                plain.append(file)
        return plain, tasks

    def _language_to_read(self, path: str) -> str | None:
        """Return the language of a file that is to be analysed if nothing speaks against it, else None."""
        language = languages.language_of(path)
        chosen = self._settings.analysis.languages
        return language if not chosen or language in chosen else None

    def _early_task(self, path: str, status: os.stat_result) -> Task | None:
        language = self._language_to_read(path)
        if language is None or not stat_module.S_ISREG(status.st_mode) or printable(path) != path:
            return None
        if status.st_size > self._settings.scan.max_file_size:
            return None
        return Task(path, self._absolute(path), language, status.st_size, to_resolve=True)

    def _absolute(self, path: str) -> bytes:
        return os.path.join(self._root_bytes, os.fsencode(path))  # noqa: PTH118 - bytes

    async def _cached(self, files: Sequence[ScannedFile]) -> dict[tuple[bytes, str], bytes]:
        """Return the compressed facts that are cached for files with these contents."""
        wanted = {(file.content_hash, str(file.language)) for file in files if file.content_hash}
        found: dict[tuple[bytes, str], bytes] = {}
        hashes = sorted({content for content, _ in wanted})
        versions = {language: languages.extractor_version(language) for language in {each for _, each in wanted}}
        for start in range(0, len(hashes), LOOKUP_BATCH):
            batch = hashes[start : start + LOOKUP_BATCH]
            marks = ",".join("?" * len(batch))
            rows = await self._store.reader.fetch(
                f"SELECT content_hash, language, extractor, facts FROM parse_cache WHERE content_hash IN ({marks})",  # noqa: S608
                batch,
            )
            for content, language, extractor, facts in rows:
                if (content, language) in wanted and versions[language] == extractor:
                    found[content, language] = facts
        return found

    def _tasks(
        self, files: Sequence[ScannedFile], cached: Mapping[tuple[bytes, str], bytes], *, to_resolve: bool
    ) -> list[Task]:
        found = []
        for file in files:
            self.precedence.give_way()
            language = str(file.language)
            found.append(
                Task(
                    path=file.path,
                    absolute=self._absolute(file.path),
                    language=language,
                    size=file.stat.size,
                    cached=cached.get((file.content_hash, language)),
                    cached_hash=file.content_hash,
                    to_resolve=to_resolve,
                )
            )
        return found

    async def _store_plain(self, files: Sequence[ScannedFile], result: ScanResult, report: RunReport) -> None:
        """Record files that are not analysed; rows they had when they were leave with the same submission."""
        now = self._clock.now()
        unread = [file for file in result.errors if file.path in self._known]
        files = [*files, *(file for file in result.errors if file.path not in self._known)]
        for some in self._portions(files):
            dropped = tuple(file.path for file in some if file.path in self._language)
            commands: list[Command] = [DropFiles(dropped)] if dropped else []
            commands.append(Upsert(FileMetadataRow, [plain_row(file, now) for file in some]))
            await self._store.writer.submit(*commands)
            for file in some:
                self._remember(file.path, file.stat, file.content_hash, now, file.skip_reason, file.error)
                self._language.pop(file.path, None)
                self._failed.pop(file.path, None)
                self._unparsed.discard(file.path)
        report.rows["file_metadata"] += len(files)
        # What cannot be read just now keeps its rows; the error says that they may be old.
        for some in self._portions(unread):
            await self._store.writer.submit(
                *[Update(FileMetadataRow, (file.path,), {"error": file.error}) for file in some]
            )
            for file in some:
                self._known[file.path] = msgspec.structs.replace(self._known[file.path], error=file.error)
        # The same content under another time stamp: the analysis stays true.
        for some in self._portions(result.touched):
            await self._store.writer.submit(
                *[Update(FileMetadataRow, (file.path,), times(file.stat, now)) for file in some]
            )
            for file in some:
                self._remember(file.path, file.stat, file.content_hash, now, file.skip_reason, None)
        for file in result.errors:
            self._note_failure(report, file.path, "scan", str(file.error))

    def _portions(self, files: Sequence[ScannedFile]) -> Iterator[Sequence[ScannedFile]]:
        """Yield the files so many at a time that what people type can go in between."""
        for at in range(0, len(files), self._portion.found):
            yield files[at : at + self._portion.found]

    async def _store_chunk(
        self, outcomes: Sequence[Outcome], scanned: Mapping[str, ScannedFile], report: RunReport
    ) -> None:
        """Store what the workers made of some files, a few at a time, so that what people type can go in between."""
        async with anyio.create_task_group() as stores:
            for some in slices(outcomes, row_count, self._portion.read, self._portion.rows):
                stores.start_soon(self._store_slice, some, scanned, report)

    async def _store_slice(
        self, outcomes: Sequence[Outcome], scanned: Mapping[str, ScannedFile], report: RunReport
    ) -> None:
        """Store what the workers made of a few files: all their rows and the rows that vouch for them, at once."""
        now = self._clock.now()
        good = [outcome for outcome in outcomes if outcome.error is None and not outcome.vanished]
        bad = [(scanned[outcome.path], str(outcome.error)) for outcome in outcomes if outcome.error is not None]
        stats = {outcome.path: proven_stat(outcome, scanned[outcome.path]) for outcome in good}
        commands: list[Command] = []
        if good:
            paths = tuple(outcome.path for outcome in good)
            rows: dict[str, list[list[Any]]] = {}
            for outcome in good:
                for table, values in outcome.rows.items():
                    rows.setdefault(table, []).extend(values)
            commands += [
                replacing(BY_NAME[table], paths, values, are_new=self._is_cold) for table, values in rows.items()
            ]
            commands.append(
                Upsert(FileMetadataRow, [analysed_row(outcome, stats[outcome.path], now) for outcome in good])
            )
            fresh = [cache_row(outcome) for outcome in good if outcome.is_parsed]
            if fresh:
                commands.append(Upsert(ParseCacheRow, fresh))
        # A file that could not be analysed keeps its last good rows; its error says that they are old.
        if bad:
            commands.append(Upsert(FileMetadataRow, [failed_row(file, error, now) for file, error in bad]))
        if not commands:
            return
        for command, result in zip(commands, await self._store.writer.submit(*commands), strict=True):
            if not isinstance(command, Update):
                for table, (written, _) in result.tables.items():
                    report.rows[table] += written
        for outcome in good:
            self._remember(outcome.path, stats[outcome.path], outcome.content_hash, now, None, None)
            self._language[intern(outcome.path)] = intern(outcome.language)
            self._failed.pop(outcome.path, None)
            self._unparsed.discard(outcome.path)
            for stage, message, line in outcome.problems:
                report.note({"file": outcome.path, "line": line, "stage": stage, "message": message})
        for file, error in bad:
            # Its content is known, so it is tried again when that changes or when the daemon starts, not before.
            self._remember(file.path, file.stat, file.content_hash, now, None, None)
            self._language[file.path] = str(file.language)
            self._failed[file.path] = error
            self._note_failure(report, file.path, "extract", error)

    async def _run_stages(
        self, change: Change, known: Briefing, report: RunReport, progress: Progress, commits: Commits
    ) -> None:
        """Run the project stages and store what they find; the first run of a process computes everything.

        Nothing of that is stored before the `commits` of the files it speaks of.
        """
        if self._is_first:
            change = self.project.everything()
        if not (change or self._runner.is_behind or known.version != self._learned):
            return
        self.project.learned = known.learned
        threads = 2 if len(change.changed) >= LARGE_RUN else 1
        # A first run replaces whole tables: not before all is there, unless there is nothing to lose.
        in_parts = self._is_cold or not self._is_first
        stages = self._runner.run(self.project, change, self._is_cancelled, threads=threads, in_parts=in_parts)
        done = 0
        stored: dict[str, Stored] = {}
        async with anyio.create_task_group() as stores:
            while True:
                progress("stages", done, len(self._runner.stages))
                stage: StageReport | None = await anyio.to_thread.run_sync(next, stages, None)
                if stage is None:
                    break
                everything = self._is_first and stage.name not in stored
                so_far = stored.setdefault(stage.name, Stored())
                store = partial(
                    self._store_stage, stage, change, report, known.through, so_far, commits, everything=everything
                )
                if everything and stage.goes_on:  # what follows is not to be replaced by this
                    await store()
                else:
                    stores.start_soon(store)
                done += not stage.goes_on
        if not self._cancel.is_set():
            self._is_first = False
            self._learned = known.version

    async def _store_stage(
        self,
        stage: StageReport,
        change: Change,
        report: RunReport,
        through: int,
        stored: Stored,
        commits: Commits,
        *,
        everything: bool,
    ) -> None:
        """Store what a stage, or a part of it, found; `everything`: rows of other files go, whichever that are."""
        error = stage.error
        findings = stage.findings
        earlier, ended = tuple(stored.under_way), anyio.Event()
        stored.under_way.append(ended)
        await commits.wait()
        if findings is not None:
            if findings.corrects:
                for part in earlier:
                    await part.wait()
            tables = next(s.tables for s in self._runner.stages if s.name == stage.name)
            by_table: dict[type[Row], list[Sequence[object]]] = {table: [] for table in tables}
            for row in findings.rows:
                by_table[type(row)].append(row_values(row))
            for table, values in findings.values.items():
                by_table[table] += values
            # Where the stage answers for every file, rows of files that left between two processes go as well.
            files = None if everything else findings.files
            are_new = self._is_cold and files is not None and not findings.corrects
            results: list[Result] = []
            try:
                for commands in submissions(by_table, files, self._portion, are_new=are_new):
                    if not _JUDGED.isdisjoint(by_table):  # what was said while the stages ran stands
                        commands.append(self.learning.catching_up(through))
                    results += await self._store.writer.submit(*commands)
            except StoreError as refused:
                if not contradicts_schema(refused):  # of no stage's making: a full disk, a damaged file
                    raise
                self._runner.missed(stage.name, change)
                error = str(refused)
            for result in results:
                for table_name, (written, removed) in result.tables.items():
                    count = written - removed - result.changed if findings.corrects else written
                    report.rows[table_name] += count
                    stored.rows += count
                self.learning.renamed(result.renamed)
            if error is None:
                self.learning.scored(by_table.get(PatternConfidenceRow, ()))
                if by_table.get(ConventionRow):
                    await self.learning.regularised()
            for problem in findings.problems:
                report.note(
                    {"file": problem.file, "line": problem.line, "stage": stage.name, "message": problem.message}
                )
        if error is not None:
            log.error("stage failed", stage=stage.name, error=error)
            stored.error = error
        stored.under_way.remove(ended)
        ended.set()
        if not stage.goes_on:
            stored.took_ms = round(stage.duration_ms, 3)
        if stored.took_ms is not None and not stored.under_way:
            report.stages.append(
                {"name": stage.name, "duration_ms": stored.took_ms, "rows": stored.rows, "error": stored.error}
            )

    async def _finish(self, report: RunReport) -> None:
        """Complete the run's row and make its report the last one."""
        report.files["failed"] = self.unexamined
        report.files["skipped"] = self._known.skipped
        if report.run_id:
            values = {
                "completed_at": report.finished_at,
                "total_files": report.files.get("total"),
                "added_files": report.files.get("added"),
                "modified_files": report.files.get("modified"),
                "removed_files": report.files.get("removed"),
                "unchanged_files": report.files.get("unchanged"),
                "failed_files": report.files.get("failed"),
                "skipped_files": report.files.get("skipped"),
                "duration_ms": report.duration_ms,
                "status": report.status,
                "error": report.error,
                "stages": json_text(report.stages),
            }
            try:
                await self._store.writer.submit(Update(ScanHistoryRow, (report.run_id,), values))
            except StoreError as error:  # the row stays `running` and is corrected at the next start
                log.error("the run could not be recorded", run_id=report.run_id, error=str(error))
            self.last = report

    # -- what is known ------------------------------------------------------------------------------------------------

    async def _close_dead_runs(self) -> None:
        rows = await self._store.reader.fetch("SELECT id FROM scan_history WHERE status = 'running'")
        if rows:
            await self._store.writer.submit(
                Update(
                    ScanHistoryRow,
                    [run for (run,) in rows],
                    {
                        "status": "failed",
                        "error": "the process ended during the run",
                        "completed_at": self._clock.now(),
                    },
                )
            )

    async def _restore_model(self) -> None:
        """Make the model in memory what the database says; the next run computes the project-wide tables anew."""
        self._known, self._language, self._failed = KnownFiles(), {}, {}
        self.project = Project(in_slabs=not self._once)
        self._version += 1
        self._runner = self._new_runner()
        self._is_first = True
        await self.learning.load()
        await self._restore_known()
        await self._restore_project()
        self._in_doubt = False

    async def _restore_known(self) -> None:
        rows = await self._store.reader.fetch(
            "SELECT path, language, file_size, content_hash, mtime_secs, mtime_nanos, ctime_secs, ctime_nanos, inode, "
            "last_scanned_at, skip_reason, error, analyzer FROM file_metadata"
        )
        for path, language, size, content, mtime, mtime_ns, ctime, ctime_ns, inode, scanned, skip, error, by in rows:
            path, language = intern(path), language and intern(language)  # noqa: PLW2901
            stat = Stat(size, mtime * NANOS + mtime_ns, ctime * NANOS + ctime_ns, inode)
            if by is not None:
                self._language[path] = language
                error = None  # noqa: PLW2901 - of the analysis, which is tried again: its facts are not cached
                if by != ANALYZER:  # analysed by another version: as good as changed
                    content, stat = b"", Stat(0, 0, 0, 0)  # noqa: PLW2901
            self._known[path] = Known(path, stat, content, scanned, skip, error)

    async def _restore_project(self) -> None:
        """Put the facts of every analysed file into the project; what the cache has lost is analysed again."""
        versions = {language: languages.extractor_version(language) for language in set(self._language.values())}
        rows = await self._store.reader.fetch(
            "SELECT m.path, m.language, c.extractor, c.facts FROM file_metadata m "
            "JOIN parse_cache c ON c.content_hash = m.content_hash AND c.language = m.language "
            "WHERE m.analyzer = ?",
            [ANALYZER],
        )
        self._unparsed = set(self._language)
        await anyio.to_thread.run_sync(self._restore_entries, rows, versions)

    def _restore_entries(self, rows: Sequence[tuple[str, str, str, bytes]], versions: Mapping[str, str]) -> None:
        files = [
            (path, language, facts) for path, language, extractor, facts in rows if versions.get(language) == extractor
        ]
        entries = {
            path: FileEntry(path, language, facts, digest)
            for (path, language, facts), digest in zip(files, self._digests(files), strict=True)
            if digest  # or the facts are damaged
        }
        self.project.apply(entries)
        self._unparsed.difference_update(entries)

    def _digests(self, files: Sequence[tuple[str, str, bytes]]) -> Sequence[bytes]:
        """Work out the digests of files again, of many in the workers, as far as those are there; b"" for damaged ones."""
        digests: list[bytes] = []
        if len(files) >= LARGE_RUN:
            chunks = [files[at : at + LARGE_RUN] for at in range(0, len(files), LARGE_RUN)]
            done = self.pool.map(digest_chunk, b"", [msgspec.msgpack.encode(chunk) for chunk in chunks])
            digests = [digest for chunk in done for digest in decode_digests(chunk)]
        return digests + [digest_if_sound(*file) for file in files[len(digests) :]]

    def knows(self, path: str) -> bool:
        """Tell whether a file or a directory of this path is in the model."""
        return path in self._known or path in self.directories

    def call_statistics(self) -> dict[str, dict[str, int]]:
        """Return how many call sites had which outcome, per language; "" counts all.

        While a run changes them, or what they are made of moves, those of before.
        """
        if self.current is None and not self._rests and self._statistics[0] != self._version:
            stages = (stage.statistics() for stage in self._runner.stages if isinstance(stage, CallEdges))
            self._statistics = (self._version, next(stages, {}))
        return dict(self._statistics[1])

    async def entry_points(self) -> list[EntryPoint] | None:
        """Return what is called from outside; of the model before while a run changes it, None if nothing is known yet.

        They are worked out when somebody asks, once for each state of the model.
        """
        if self.current is None and (self._entry_points is None or self._entry_points[0] != self._version):
            async with self._model:
                if self._entry_points is None or self._entry_points[0] != self._version:
                    found = await anyio.to_thread.run_sync(entry_points, self.project)
                    self._entry_points = (self._version, found)
        return None if self._entry_points is None else self._entry_points[1]

    def _remember(
        self, path: str, stat: Stat, content_hash: bytes, now: int, skip_reason: str | None, error: str | None
    ) -> None:
        path = intern(path)  # one string for all that is kept of a file
        self._known[path] = Known(path, stat, content_hash, now, skip_reason, error)

    def _note_failure(self, report: RunReport, path: str, stage: str, message: str) -> None:
        log.warning("file not examined", file=path, error=message)
        report.note({"file": path, "line": 0, "stage": stage, "message": message})


def _first_leaf(error: BaseException) -> BaseException:
    """Return the first error of a group, or the error itself if it is none: what failed first says why."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
