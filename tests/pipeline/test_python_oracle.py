"""The Python adapter against the interpreter's own parser, on real packages and on bytes made to break it."""

from __future__ import annotations

import random
import sysconfig
from pathlib import Path

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Parser

from driftd.pipeline.facts.languages import python as adapter
from driftd.pipeline.facts.languages.python_grammar import LANGUAGE
from driftd.pipeline.facts.languages.python_lowering import Lowering
from driftd.pipeline.facts.model import Assign, Call, FileFacts, LiteralFact, Raise, Region, Return, owner_function
from driftd.pipeline.facts.source import Source
from tests.pipeline.python_facts import facts_of, functions_by_ast, functions_by_facts

STDLIB = Path(sysconfig.get_paths()["stdlib"])
CLICK = Path(click.__file__).parent
PACKAGES = [CLICK, *(STDLIB / name for name in ("asyncio", "email", "json", "unittest", "xml", "importlib"))]
DEPTH = 10_000

ODD_SOURCES = [
    b"",
    b"\n\n# only a comment",
    b"def f(): pass;  # a; b;\n",
    b"def f():\n    x = 1 \\\n\n\ndef g(): pass\n",
    b"def f():\n\treturn {\n\t\t1: 2}  # c\n\t# d\n\n# e\n",
    b"class A:\n    def f(self):\n        pass\n\f\n    # x\n    def g(self): ...\n",
    b"match = type = case = print = 1\ndef match(type): return type\n",
    b"async def f():\n    async with a as b, c: return [x async for x in y]\n",
    b"def f(a, /, *b: *Ts, c=lambda: 1, **d): return f'{f\"{a}\"}'\n",
    b"match x:\n    case {'a': [1, *_]} if y:\n        def f(): pass\n    case _:\n        def f(): pass\n",
    b"try:\n    def f(): pass\nexcept* E:\n    def g(): pass\n",
    b"if x:\n    def f(): 'a' \\\n      'b'\nelse:\n    class B:\n        def f(self): pass\n",
    "def ﬁ(): pass\nclass \u210c:\n    def µ(self): pass\n".encode(),
    b"@a\n\n# c\n@b\nasync \\\n def f(): pass\n",
    b"def f():\n    exec('x')\n    print >>y, z\n",
    b"def f():\r\n    '''a\r\nb'''\r\n    # c\r\n",
]


def assert_sound(facts: FileFacts) -> None:
    """Assert that every index in the facts refers to something and every place is in the file."""
    outline, bodies, texts = facts.outline, facts.bodies, facts.texts
    last = facts.line_count + 1
    placed: list[Call | Assign | Return | Raise] = [*bodies.calls, *bodies.assigns, *bodies.returns, *bodies.raises]
    scoped: list[Call | Assign | Return | Raise | Region | LiteralFact] = [*placed, *bodies.regions, *texts.literals]
    for fact in scoped:
        assert owner_function(outline, fact.scope) < len(outline.functions)
        assert 1 <= fact.line <= last
    for statement in placed:
        assert -1 <= statement.region < len(bodies.regions)
    for index, region in enumerate(bodies.regions):
        assert -1 <= region.parent < index


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_functions_of_real_packages_are_exactly_those_of_the_interpreter(package: Path) -> None:
    """Qualified name, first and last line of every function agree with `ast`, file by file, without exception."""
    for path in sorted(package.rglob("*.py")):
        data = path.read_bytes()
        expected = functions_by_ast(data)
        if expected is not None:
            facts = facts_of(data)
            assert functions_by_facts(facts) == expected, path
            assert_sound(facts)


@pytest.mark.parametrize("data", ODD_SOURCES)
def test_functions_of_odd_sources_are_exactly_those_of_the_interpreter(data: bytes) -> None:
    """Where blocks end, what keywords are and how names are compared is as the interpreter has it."""
    expected = functions_by_ast(data)
    if expected is not None:  # some of these need a newer interpreter
        assert functions_by_facts(facts_of(data)) == expected


def test_functions_survive_where_only_the_grammar_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the interpreter's parser accepts has all its functions, even if the grammar reports errors."""
    data = b"def a():\n    x = 1\n\nclass B:\n    def c(self): return 2\n"
    source = Source(data.replace(b"x = 1", b"x = = ").replace(b"def c(self)", b"def c(self"))
    root = Parser(LANGUAGE).parse(source.data).root_node
    assert root.has_error
    lowering = Lowering(source, adapter._known_functions(data))
    adapter._lower_broken(root, lowering)
    functions = lowering.finished_functions(None)
    assert sorted((f.qualified_name, f.line, f.end_line) for f in functions if f.kind != "module") == [
        ("B.c", 5, 5),
        ("a", 1, 2),
    ]


@pytest.mark.parametrize("package", PACKAGES[:2], ids=lambda path: path.name)
def test_walk_and_query_give_the_same_facts(package: Path) -> None:
    """The query that reads broken files and the walk that reads sound ones agree on the sound ones."""
    for path in sorted(package.rglob("*.py")):
        source = Source(path.read_bytes())
        root = Parser(LANGUAGE).parse(source.data).root_node
        walked, queried = Lowering(source), Lowering(source)
        walked.walk(root)
        _, comments = adapter._lower_broken(root, queried)
        assert walked.find_comments() == comments, path
        assert walked.calls == queried.calls
        assert walked.assigns == queried.assigns
        assert walked.literals == queried.literals
        assert walked.finished_functions(None) == queried.finished_functions(None)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_facts(data: bytes) -> None:
    """Random bytes never raise."""
    assert_sound(facts_of(data))


WORDS = (
    b"def class ( ) [ ] { } : = := . , ; # @ * ** -> \\ ' \" ''' f' rb' lambda match case except try: with for in if "
    b"else: elif import from yield await async return raise del global type print not and is 0 x \x00 \xff"
).split()
TOKENS = [*WORDS, b"\n", b"\r", b"\t", b"    ", b" "]


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=60))
def test_any_tokens_give_facts(tokens: list[bytes]) -> None:
    """Python tokens in any order never raise."""
    assert_sound(facts_of(b" ".join(tokens)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32))
def test_mutated_sources_give_facts(seed: int) -> None:
    """Real source with pieces cut, doubled and replaced never raises."""
    rng = random.Random(seed)
    data = bytearray((CLICK / rng.choice(["core.py", "types.py", "parser.py"])).read_bytes())
    start = rng.randrange(len(data))
    data = data[start : start + 3000]
    for _ in range(rng.randint(1, 20)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(3):
            case 0:
                data[at:at] = rng.choice(TOKENS)
            case 1:
                del data[at : at + rng.randint(1, 40)]
            case _:
                other = rng.randrange(len(data) + 1)
                data[at:at] = data[other : other + rng.randint(1, 60)]
    assert_sound(facts_of(bytes(data)))


@pytest.mark.parametrize(
    "source",
    [
        "(" * DEPTH + "x" + ")" * DEPTH,
        "[" * DEPTH + "]" * DEPTH,
        "f(" * DEPTH + ")" * DEPTH,
        "f(" * DEPTH,
        "a" + ".b()" * DEPTH,
        "a" + ".b" * DEPTH,
        "+".join(["x"] * DEPTH),
        "not " * DEPTH + "x",
        "x = " * DEPTH + "1",
        "[" * DEPTH + "x" + "]" * DEPTH + " = 1",
        "if x: pass\n" + "elif x: pass\n" * DEPTH,
        "".join(" " * i + f"def f{i}():\n" for i in range(500)) + " " * 500 + "pass",
        "match x:\n  case " + "[" * DEPTH + "]" * DEPTH + ": pass\n",
    ],
    ids=lambda source: source[:12],
)
def test_deep_nesting_meets_no_recursion_limit(source: str) -> None:
    """Nesting a thousand times deeper than people write is read, and its facts survive a round trip."""
    assert_sound(facts_of(source))


def test_calls_beyond_the_depth_limit_are_facts_still() -> None:
    """Only the value of a very deep expression is cut; the calls in it are all there."""
    assert len(facts_of("f(" * 500 + ")" * 500).bodies.calls) == 500
