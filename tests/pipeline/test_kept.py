"""Files kept decoded between reading and resolving: resolved from that, they have the same edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from driftd.pipeline import kept
from driftd.pipeline.call_graph import distribution
from driftd.pipeline.digest import digest_of
from driftd.pipeline.facts.codec import compress, encode, encoded_size
from driftd.pipeline.project import FileEntry, Project
from driftd.pipeline.stages.call_edges import CallEdges
from driftd.rows.call_graph import CallEdgeRow, ExternalCallRow
from driftd.rows.declare import row_values
from tests.pipeline.in_memory import Elsewhere, facts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.binder import Binder

PYTHON = {
    "lib.py": "def last(c): c()\ndef table(): return {'a': last, 'b': [last]}\ndef pair(x): return [x, last]\n",
    "mid.py": """
        from lib import last, pair, table
        class A:
            hooks = [last]
            def go(self):
                for hook in self.hooks:
                    hook(self.step)
                pair(self.step)[0]()
        """,
    "m.py": """
        import os
        from mid import A
        from lib import table
        class B(A):
            def step(self): os.getcwd()
        B().go()
        table()['a'](print)
        local = {'x': [B]}
        local['x'][0]().go()
        """,
}
TYPESCRIPT = {
    "lib.ts": "export const make = () => ({ run() { helper(); }, list: [helper] });\nfunction helper() {}\n",
    "m.ts": "import { make } from './lib';\nconst made = make();\nmade.run();\nmade.list.forEach(f => f());\n"
    "export default { later: () => made.run(), all: [make] };\n",
    "n.ts": "import all from './m';\nall.later();\nfor (const f of all.all) f();\n",
}


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    kept.drop_all()
    yield
    kept.drop_all()


def entries(files: dict[str, str], *, are_kept: bool) -> dict[str, FileEntry | None]:
    found: dict[str, FileEntry | None] = {}
    for path, text in files.items():
        facts = facts_of(path, text)
        encoded = encode(facts)
        compressed = compress(encoded)
        tickets = [0]

        def keep(binder: Binder, path: str = path, facts: bytes = compressed, tickets: list[int] = tickets) -> None:
            if are_kept:
                tickets.append(kept.keep(path, facts, binder))

        digest = digest_of(path, facts.language, facts, encoded, keep)
        found[path] = FileEntry(path, facts.language, compressed, digest, tickets[-1])
    return found


@pytest.mark.parametrize("files", [PYTHON, TYPESCRIPT], ids=["python", "typescript"])
def test_what_is_kept_gives_the_edges_that_the_encoded_facts_give(
    files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables made for the digest, cut back to what resolving calls starts from, number further displays the same."""
    plain = Project()
    plain.apply(entries(files, are_kept=False))
    here = CallEdges()
    expected = [row_values(row) for row in here.run(plain, plain.everything()).rows]
    monkeypatch.setattr(distribution, "MANY_FILES", 1)
    project = Project()
    project.apply(entries(files, are_kept=True))
    there = CallEdges(Elsewhere())

    values = there.run(project, project.everything()).values

    assert sorted(map(tuple, [*values[CallEdgeRow], *values[ExternalCallRow]]), key=repr) == sorted(expected, key=repr)
    assert len(expected) >= 7
    assert there.statistics() == here.statistics()
    assert all(there.depends_on(path) == here.depends_on(path) for path in project)
    assert all(kept.take(path, project[path].facts) is None for path in project)  # each was used, and let go of


def test_it_is_used_for_the_same_facts_only_and_once() -> None:
    """Whatever the file says now was read by somebody else."""
    (entry,) = entries({"a.py": "def f(): pass\n"}, are_kept=True).values()
    assert entry is not None
    assert kept.take("a.py", entry.facts + b"x") is None
    entries({"a.py": "def f(): pass\n"}, are_kept=True)
    found = kept.take("a.py", entry.facts)
    assert found is not None
    assert [function.name for function in found.facts.outline.functions] == ["<module>", "f"]
    assert kept.take("a.py", entry.facts) is None


def test_there_is_room_for_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit is not kept; a newer version of a file takes the place of the older one."""
    sizes = [
        encoded_size(one.facts)
        for one in entries({"a.py": "a = 1\n", "b.py": "b = 2\n"}, are_kept=False).values()
        if one is not None
    ]
    monkeypatch.setattr(kept, "MOST_KEPT", sizes[0])
    (first,) = entries({"a.py": "a = 1\n"}, are_kept=True).values()
    entries({"b.py": "b = 2\n"}, are_kept=True)
    assert first is not None
    assert kept.take("b.py", compress(encode(facts_of("b.py", "b = 2\n")))) is None
    assert kept.take("a.py", first.facts) is not None


def test_chunks_of_files_that_are_kept_go_to_their_keepers_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk has one keeper, and later rounds keep to the homes that the first one gave."""
    monkeypatch.setattr(distribution, "MANY_FILES", 1)
    monkeypatch.setattr(distribution, "CHUNK", 2)
    files = {f"m{n}.py": f"from m{(n + 1) % 6} import f as g\ndef f(h=g): h(g)\n" for n in range(6)}
    made = entries(files, are_kept=False)
    project = Project()
    project.apply({
        path: FileEntry(path, one.language, one.facts, one.digest, 10 + n % 2 << 32 | n)
        for n, (path, one) in enumerate(made.items()) if one is not None
    })  # fmt: skip
    elsewhere = Elsewhere()

    CallEdges(elsewhere).run(project, project.everything())

    first, *later = elsewhere.trips
    assert (first.homes, first.keepers) == ([1, 2, 3, 4], [10, 11, 10, 11])
    assert all(set(trip.homes) <= {1, 2, 3, 4} and not any(trip.keepers) for trip in later)


@pytest.mark.parametrize("have_them", [True, False])
def test_facts_are_sent_only_to_processes_that_do_not_have_them(
    *, have_them: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ticket is sent for a file that a process has; one that another process got comes back and goes with facts."""
    monkeypatch.setattr(distribution, "MANY_FILES", 1)
    expected = project_rows(CallEdges(), PYTHON, are_kept=False)
    elsewhere = Elsewhere(before=(lambda: None) if have_them else kept.drop_all)

    assert project_rows(CallEdges(elsewhere), PYTHON, are_kept=True) == expected
    sent = [
        [(job.path, bool(job.facts), bool(job.ticket), job.groups is None) for job in jobs]
        for trip in elsewhere.trips
        for jobs in trip.chunks
    ]
    whole = [trip for trip in sent if trip[0][3]]
    by_ticket = [[(path, False, True, True) for path in sorted(PYTHON)]]
    by_facts = [[(path, True, False, True) for path in sorted(PYTHON)]]
    assert whole == (by_ticket if have_them else by_ticket + by_facts)
    assert all(not facts and ticket for trip in sent if not trip[0][3] for _, facts, ticket, _ in trip)


def project_rows(stage: CallEdges, files: dict[str, str], *, are_kept: bool) -> list[str]:
    project = Project()
    project.apply(entries(files, are_kept=are_kept))
    findings = stage.run(project, project.everything())
    values = [tuple(row) for table in (CallEdgeRow, ExternalCallRow) for row in findings.values.get(table, ())]
    return sorted(map(repr, [*values, *map(row_values, findings.rows)]))
