"""Where other things flow, what gives the same as before is not resolved again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftd.pipeline.call_graph import distribution
from driftd.pipeline.call_graph.declared import Declared
from driftd.pipeline.call_graph.declared_resolve import resolver_of
from driftd.pipeline.call_graph.flows import Flows, field_key, module_key
from driftd.pipeline.call_graph.stretches import key_hash
from driftd.pipeline.stages.call_edges import CallEdges
from driftd.rows.call_graph import CallEdgeRow, ExternalCallRow
from driftd.rows.declare import row_values
from tests.pipeline.in_memory import Elsewhere, name_of, project_of
from tests.pipeline.test_call_edges_incremental import PATHS, texts

if TYPE_CHECKING:
    from driftd.pipeline.call_graph.outcomes import Part
    from driftd.pipeline.project import Project

LIBRARY = """
    class A:
        def go(self): pass
    class B:
        def go(self): pass
    class Holder:
        def __init__(self): self.held, self.factory = A(), make
        def made(self): return self.factory()
    def make(): return A()
    def both(called):
        called()
    """


class Again:
    """Resolves one file while nothing is known to flow, and then while what another file hands over does."""

    def __init__(self, files: dict[str, str], path: str, other: str) -> None:
        self.project: Project = project_of(files)
        symbols = Declared(self.project)
        symbols.asks_again = True
        found, _ = resolver_of(self.project, self.project[other], symbols).resolve(None)
        content = {key: named for part in found.values() for key, named in part.flows.items()}
        resolver = resolver_of(self.project, self.project[path], symbols)
        self.before, _ = resolver.resolve(None)
        symbols.advance(Flows(content, symbols.names), content)
        moved = set(map(key_hash, content))
        reading = [group for group, part in self.before.items() if not part.reads.isdisjoint(moved)]
        self.after, _ = resolver.resolve(reading, moved)

    def callees(self, part: Part) -> list[str]:
        """Return what a stretch calls."""
        return sorted(name_of(self.project, callee) for _, callee, *_ in part.edges)


def put_into_held(made: str) -> Again:
    """Return what `use` gives before and after an instance of a class is put into `held`."""
    files = {
        "lib.py": LIBRARY,
        "use.py": "from lib import Holder\ndef use(): Holder().held.go()\n",
        "put.py": f"from lib import {made}, Holder\nholder = Holder()\nholder.held = {made}()\n",
    }
    return Again(files, "use.py", "put.py")


def test_another_thing_of_the_same_kind_in_a_field_changes_nothing() -> None:
    """`use` asks what `held` is, and that is an A before and after."""
    again = put_into_held("A")
    assert again.callees(again.before[1]) == ["lib.py:A.go", "lib.py:Holder.__init__"]
    assert [(group, part.is_same, part.reads) for group, part in again.after.items()] == [(1, True, set())]


def test_another_kind_of_thing_in_a_field_is_seen() -> None:
    """`held` can be a B as well now."""
    again = put_into_held("B")
    assert not again.after[1].is_same
    assert again.callees(again.after[1]) == ["lib.py:A.go", "lib.py:B.go", "lib.py:Holder.__init__"]


def test_what_reads_a_place_itself_is_resolved_again() -> None:
    """`both` calls its parameter, into which something flows now."""
    again = Again(
        {"lib.py": LIBRARY, "put.py": "from lib import both\ndef given(): pass\nboth(given)\n"}, "lib.py", "put.py"
    )
    (part,) = again.after.values()
    assert not part.is_same
    assert again.callees(part) == ["put.py:given"]


def test_what_the_same_answer_reads_now_is_told() -> None:
    """What `made` gives is an A as before, but by way of `inside` now: whoever asked is asked again when that changes."""
    again = Again(
        {
            "lib.py": LIBRARY,
            "use.py": "from lib import Holder\ndef use(): Holder().made().go()\n",
            "put.py": """
                from lib import A, Holder
                class Box:
                    def __init__(self): self.inside = A()
                def other(): return Box().inside
                holder = Holder()
                holder.factory = other
                """,
        },
        "use.py",
        "put.py",
    )
    reads = set(map(key_hash, [module_key("lib.py", "Holder"), *map(field_key, ("made", "factory", "go"))]))
    assert again.before[1].reads == reads
    (part,) = again.after.values()
    assert part.is_same
    assert part.reads == reads | {key_hash(field_key("inside")), key_hash(module_key("lib.py", "A"))}


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(PATHS), texts, min_size=1, max_size=len(PATHS)))
def test_nothing_is_missed(files: dict[str, str]) -> None:
    """Processes that resolve again only what has other answers find what one process finds that does it all."""
    project = project_of(files)
    here = CallEdges()
    rows = here.run(project, project.everything()).rows
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distribution, "MANY_FILES", 1)
        patch.setattr(distribution, "CHUNK", 2)
        there = CallEdges(Elsewhere())
        findings = there.run(project, project.everything())
    values = [tuple(row) for table in (CallEdgeRow, ExternalCallRow) for row in findings.values.get(table, ())]
    values += map(row_values, findings.rows)
    assert sorted(map(repr, values)) == sorted(repr(row_values(row)) for row in rows)
    assert there.statistics() == here.statistics()
    assert all(there.depends_on(path) >= here.depends_on(path) for path in project)
