"""Whatever happens to a tree, the live model equals one made from nothing: found out by a state machine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from driftd.errors import StoreError
from driftd.store.commands import Command
from tests.daemon.embedded_engine import Bench, bench

DIRECTORIES = ("", "pkg", "pkg/sub", "lib")
NAMES = ("a.py", "b.py", "__init__.py", "c.ts", "d.js", ".env", "notes.txt")
PATHS = [f"{directory}/{name}".lstrip("/") for directory in DIRECTORIES for name in NAMES]
TEXTS = (
    "",
    "def f():\n    return g()\n\n\ndef g():\n    return 1\n",
    "from pkg.a import f\nfrom . import b\n\n\ndef h(x):\n    f()\n    return b.g(x)\n",
    "import os\nfrom pkg import *\n\nLIMIT = 86400\n\n\nclass C:\n    def f(self):\n        return os.environ['HOME']\n",
    "import pkg.sub.a as m\nfrom lib.b import C as D\n\n\ndef run():\n    D().f()\n    return m.f()\n",
    "from pkg.sub.b import run\n\n__all__ = ['run']\n",
    "def broken(:\n    return (\n\n\ndef after():\n    return broken()\n",
    "import { f } from './c';\nimport d from '../d.js';\nexport function k(a) { return f(a) + d(a); }\n",
    "export function f(x) { return process.env.TOKEN; }\nexport default function (y) { return f(y); }\n",
    "export * from '../lib/c';\nexport class K { m() { return this.n(); } n() { return 3600; } }\n",
    "HOME=/x\nTOKEN=1\n",
    "\0binary",
    f"var x = [{'1,' * 6000}];\n",
)
FINDINGS = (
    "import hashlib\n\n\ndef f(x):\n    return hashlib.md5(x), hashlib.md5(x), hashlib.sha1(x)\n",
    "import hashlib\n\n\n# more\ndef g(x):\n    return hashlib.md5(\n        x,\n    )\n\n\ntry:\n    g(1)\nexcept:\n    count = 0\n",
    "import hashlib\nx = hashlib.md5(y)  # driftd: ignore[weak-hash] so\nz = 1  # driftd: ignore[errors] no\n",
)
IGNORES = ("", "*.ts\n", "pkg/\n", "/pkg/*\n!/pkg/sub/\n", "*.py\n!a.py\n", "lib\n.env\n", "sub/\n")

paths = st.sampled_from(PATHS)
directories = st.sampled_from(DIRECTORIES[1:])
texts = st.one_of(st.sampled_from(TEXTS), st.sampled_from(FINDINGS))


class Tree(RuleBasedStateMachine):
    """A small workspace, what is done to it, and an engine that follows."""

    bench: ClassVar[Bench]

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._root = self._folder / "w"
        self._root.mkdir()
        self._store = self._stack.enter_context(self.bench.store(self._folder / "live.db"))
        self._engine = self.bench.engine(self._root, self._store)
        self._touched: set[str] = set()
        self._is_current = False
        self._is_known = False  # whether `_touched` names everything that the engine has not seen

    def teardown(self) -> None:
        self._stack.close()

    # -- what happens to the tree -------------------------------------------------------------------------------------

    def _changed(self, *names: str) -> None:
        self._touched.update(names)
        self._is_current = False

    @rule(path=paths, text=texts)
    def write(self, path: str, text: str) -> None:
        place = self._root / path
        for above in reversed(place.relative_to(self._root).parents):
            if (self._root / above).is_file():
                (self._root / above).unlink()
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            shutil.rmtree(place)
        place.write_text(text)
        self._changed(path, *(str(above) for above in Path(path).parents if str(above) != "."))

    @rule(path=paths, text=texts)
    def save_atomically(self, path: str, text: str) -> None:
        place = self._root / path
        if place.parent.is_dir() and not place.is_dir():
            draft = place.with_name(".draft~")
            draft.write_text(text)
            draft.replace(place)
            self._changed(path)

    @rule(path=paths)
    def delete(self, path: str) -> None:
        if (self._root / path).is_file():
            (self._root / path).unlink()
            self._changed(path)

    @rule(old=paths, new=paths)
    def rename(self, old: str, new: str) -> None:
        source, target = self._root / old, self._root / new
        if source.is_file() and target.parent.is_dir() and not target.is_dir():
            source.replace(target)
            self._changed(old, new)

    @rule(old=directories, new=directories)
    def rename_directory(self, old: str, new: str) -> None:
        source, target = self._root / old, self._root / new
        if source.is_dir() and not target.exists() and target.parent.is_dir() and source not in target.parents:
            source.rename(target)
            self._changed(old, new)

    @rule(directory=directories)
    def delete_directory(self, directory: str) -> None:
        if (self._root / directory).is_dir():
            shutil.rmtree(self._root / directory)
            self._changed(directory)

    @rule(path=paths)
    def replace_by_directory(self, path: str) -> None:
        place = self._root / path
        if place.is_file():
            place.unlink()
            place.mkdir()
            (place / "inner.py").write_text(TEXTS[1])
            self._changed(path)

    @rule(path=paths)
    def replace_by_link(self, path: str) -> None:
        place = self._root / path
        if place.is_file():
            place.unlink()
            place.symlink_to("a.py")
            self._changed(path)

    @rule(path=paths)
    def touch(self, path: str) -> None:
        if (self._root / path).is_file():
            (self._root / path).touch()
            self._changed(path)

    @rule(text=st.sampled_from(IGNORES), directory=st.sampled_from(("", "pkg")))
    def ignore(self, text: str, directory: str) -> None:
        if (self._root / directory).is_dir():
            (self._root / directory / ".gitignore").write_text(text)
            self._changed(f"{directory}/.gitignore".lstrip("/"))

    # -- what people say ----------------------------------------------------------------------------------------------

    @rule(number=st.integers(0, 30), action=st.sampled_from(("dismiss", "dismiss", "fix", "suppress", "escalate")))
    def judge(self, number: int, action: str) -> None:
        if self.bench.judge(self._engine, self._store, number, action):
            self._is_current = False

    @rule(number=st.integers(0, 30), action=st.sampled_from(("ignored", "approved", "discovered")))
    def decide(self, number: int, action: str) -> None:
        if self.bench.judge(self._engine, self._store, number, action):
            self._is_current = False

    # -- what the daemon does -----------------------------------------------------------------------------------------

    @rule(by_path=st.booleans())
    def follow(self, by_path: bool) -> None:
        named = by_path and self._is_known
        report = self.bench.run(self._engine, frozenset(self._touched) if named else None)
        assert report.status == "completed"
        self._seen()

    @rule()
    def analyse_everything_again(self) -> None:
        assert self.bench.run(self._engine, full=True).status == "completed"
        self._seen()

    def _seen(self) -> None:
        self._touched.clear()
        self._is_current = self._is_known = True

    @rule()
    def restart(self) -> None:
        self._engine = self.bench.engine(self._root, self._store)
        self._is_current = self._is_known = False

    @rule(moment=st.sampled_from(("scan", "files", "stages")), later=st.integers(0, 2))
    def cancel_a_run(self, moment: str, later: int) -> None:
        """Cancel at the given report of progress; what is left is for the next run."""
        seen = 0

        def cancel(stage: str, _done: int, _total: int) -> None:
            nonlocal seen
            seen += stage == moment
            if seen > later:
                self._engine.cancel()

        report = self.bench.run(self._engine, progress=cancel)
        if report.status == "completed":
            self._seen()
        else:
            self._is_current = self._is_known = False

    @rule(path=paths, text=texts, before=paths)
    def save_during_a_run(self, path: str, text: str, before: str) -> None:
        """Save a file again after the scan and before the workers read it; its event causes another run."""
        place = self._root / path
        if not place.is_file() or place.is_symlink():
            return
        self.write(before, TEXTS[1])

        def save(stage: str, done: int, _total: int) -> None:
            if stage == "files" and not done and place.is_file():
                place.write_text(text)

        self.bench.run(self._engine, progress=save)
        self._seen()
        self._changed(path)

    @rule(number=st.integers(0, 5))
    def fail_to_write(self, number: int) -> None:
        """Have the writer refuse one submission of a run, as on a full disk; the next run makes up for it."""
        writer = self._store.writer
        submit, count = writer.submit, 0

        async def refuse(*commands: Command, durable: bool = False) -> Any:
            nonlocal count
            count += 1
            if count == number + 1:
                raise StoreError("the disk is full")
            return await submit(*commands, durable=durable)

        writer.submit = refuse  # type: ignore[method-assign]
        try:
            self.bench.run(self._engine)
        except StoreError:
            pass
        finally:
            del writer.submit
        self._is_current = self._is_known = False

    @precondition(lambda self: self._is_current)
    @invariant()
    def equals_an_analysis_from_nothing(self) -> None:
        assert self.bench.differences(self._root, self._store, self._folder / "fresh.db") == []
        self._is_current = False  # of no interest again before the next run


@pytest.fixture(scope="module", autouse=True)
def shared_bench() -> Iterator[None]:
    with bench() as made:
        Tree.bench = made
        yield


TestTree = Tree.TestCase
TestTree.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
