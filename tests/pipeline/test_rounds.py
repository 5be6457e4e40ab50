"""A round of resolving all files: what they gave, and what flows by that."""

from __future__ import annotations

from driftd.pipeline.call_graph.results import Result, Round
from driftd.pipeline.call_graph.stretches import REST, Stretch

X, Y, Z = "\1px", "\1py", "\1pz"  # places


def result(**flows: tuple[bytes, ...]) -> Result:
    return Result({REST: Stretch(b"", b"", b"", {f"\1p{name}": named for name, named in flows.items()}, b"")}, b"", b"")


def test_a_round_that_begins_as_another_works_out_only_what_differs() -> None:
    """What another round found is neither put nor merged again, and stays what it was there."""
    one, other = Round(), Round()
    one.put("a.py", result(x=(b"1",)))
    one.put("b.py", result(x=(b"2",), y=(b"3",)))
    one.settle({X, Y})

    other.begin_as(one)

    assert other.put("a.py", one.results["a.py"]) == ()
    assert sorted(other.put("b.py", result(x=(b"2",), z=(b"4",)))) == [Y, Z]
    assert other.settle({Y, Z}) == {Y, Z}
    assert other.content == {X: (b"1", b"2"), Z: (b"4",)}
    assert one.content == {X: (b"1", b"2"), Y: (b"3",)}
    assert one.sources == {X: {"a.py", "b.py"}, Y: {"b.py"}}
    assert other.settle({X}) == set()
