"""A large run keeps the garbage collector out: what it drops must not be in cycles, or it stays until the end."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from driftd.pipeline.call_graph.distribution import _State
from driftd.pipeline.call_graph.stretches import Job
from driftd.pipeline.digest import digest_of
from driftd.pipeline.facts.codec import encode
from driftd.pipeline.stages.call_edges import CallEdges
from tests.pipeline.in_memory import entries, facts_of, project_of

if TYPE_CHECKING:
    from collections.abc import Callable

BEFORE = """
    import hashlib
    TABLE = {'a': [len]}
    class A:
        kind = 'x'
        def go(self, n=1):
            algorithm = 'md5'
            return hashlib.new(algorithm, [n for n in TABLE['a']])
    def make(): return A()
    """
AFTER = BEFORE.replace("kind = 'x'", "kind = make").replace("return A()", "return [A(), TABLE]")


def left_behind(work: Callable[[], object]) -> list[str]:
    """Return the types of driftd's own objects that only the collector can free after `work`."""
    work()  # what is made once
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        work()
        gc.collect()
        return sorted({type(one).__name__ for one in gc.garbage if type(one).__module__.startswith("driftd")})
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("path", ["a.py", "a.ts"])
def test_a_digest_leaves_nothing(path: str) -> None:
    """What rules ask of a file refers back to its name tables."""
    text = (
        BEFORE
        if path.endswith(".py")
        else "import h from 'crypto';\nexport const f = (n) => h.createHash('md5', [n]);\n"
    )
    facts = facts_of(path, text)

    assert left_behind(lambda: digest_of(path, facts.language, facts, encode(facts))) == []


def test_a_changed_interface_leaves_nothing() -> None:
    """Two versions of a file are compared name by name."""

    def change() -> None:
        change = project_of({"a.py": BEFORE}).apply(entries({"a.py": AFTER}))
        assert {key.rpartition("\0")[2] for key in change.names_changed} >= {"A", "make"}

    assert left_behind(change) == []


CALLS = {
    "a.py": "class A:\n    def __init__(self): self.held = None\n    def go(self, called): called(); self.held.go(called)\n",
    "b.py": "from a import A\ndef f(): pass\na = A()\na.held = A()\na.go(f)\n",
}


def test_resolving_calls_leaves_nothing() -> None:
    """The daemon does it with each saved file, and what is in cycles would stay until the next large run."""

    def resolve() -> None:
        project = project_of(CALLS)
        assert len(CallEdges().run(project, project.everything()).rows) == 5

    assert left_behind(resolve) == []


def test_a_worker_that_gets_another_state_leaves_nothing_of_the_last() -> None:
    """It keeps questions, which refer back to whoever answers them."""

    def resolve() -> None:
        project = project_of(CALLS)
        state = _State(project.snapshot(), takes_notes=False)
        state.advance({})
        for path in CALLS:
            state.resolve(Job(path, project[path].facts, 0, None))
        assert set(state.open) == set(CALLS)
        state.close()

    assert left_behind(resolve) == []
