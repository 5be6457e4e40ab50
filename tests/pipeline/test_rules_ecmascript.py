"""What conditions say about JavaScript: requests, local objects, functions that are handed over, elements of JSX."""

from __future__ import annotations

import pytest

from driftd.pipeline.detect.finding import RuleIndex, find
from driftd.pipeline.detect.rules import parse
from driftd.pipeline.facts.languages import registry

HEAD = """
languages = ["tsx"]
category = "security"
[[rule]]
id = "x/y"
message = "x"
"""


def lines(match: str, code: str) -> list[int]:
    """Return the lines on which a rule with one match finds something."""
    file = parse(f"{HEAD}match = [{{ {match} }}]", "test")
    facts = registry.adapter_of("tsx").extract(code.removeprefix("\n").encode(), "tsx")
    return [one.place.line for one in find("a.tsx", facts, RuleIndex((file,), "tsx"))]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("exports.handler = async (event) => { run(event.body); };", [1]),
        ("export const handler = async (event) => { run(event.body); };", [1]),
        ("const handler = async (event) => { run(event.body); };", []),  # handed to whom?
        ("exports.other = async (event) => { run(event.body); };", []),
        ("exports.handler = async (first, event) => { run(event.body); };", []),
    ],
)
def test_event_of_a_cloud_function(code: str, found: list[int]) -> None:
    """The first parameter of what a file exports as `handler` is what the sender of an event says."""
    assert lines('call = "run", where = [{ arg = 0, comes_from = "aws-lambda.Event.**" }]', code) == found


def test_request_in_calls_and_additions() -> None:
    """What a method of the request gives, and what is added to a text later, come from the request; a test does not."""
    code = """
function f(req, res) {
  run(req.param("x"));
  let text = "a";
  text += req.query.x;
  run(text);
  run(req.query.x ? "a" : "b");
}
"""
    wanted = '["express.Request.param", "express.Request.query.**"]'
    assert lines(f'call = "run", where = [{{ arg = 0, comes_from = {wanted} }}]', code) == [2, 5]


def test_module_that_is_called_at_once() -> None:
    """`require("express")()` makes what `express()` makes."""
    code = 'const app = require("express")();\napp.get("/x");\nconst other = make("express")();\nother.get("/x");'
    assert lines('call = "express.get"', code) == [2]


def test_entries_of_a_local_object() -> None:
    """An object is looked up by its name; entries that are added later may be those that are missing."""
    code = """
const a = { name: 1 };
run(a);
const b = { name: 1 };
b.secret = 2;
run(b);
run(unknown);
"""
    assert lines('call = "run", where = [{ arg = 0, has = { name = {} } }]', code) == [2, 5]
    assert lines('call = "run", where = [{ arg = 0, lacks = ["secret"] }]', code) == [2]


def test_key_of_a_lookup_is_not_its_text() -> None:
    """`env["SECRET"]` is not the string that is its key."""
    assert lines('call = "run", where = [{ arg = 0, text = "." }]', 'run(env["SECRET"]); run("x");') == [1]
    assert lines('call = "run", where = [{ arg = 0, text = "SECRET" }]', 'run(env["SECRET"]);') == []


def test_branch_and_function_that_awaits() -> None:
    """`in_branch` sees branches and loops of the same function; `async` looks at a function that is written there."""
    code = """
if (x) { run(async () => 1); }
run(async () => 1);
run(() => { if (x) { go(); } });
"""
    assert lines('call = "run", where = [{ in_branch = true }]', code) == [1]
    assert lines('call = "run", where = [{ arg = 0, async = true }]', code) == [1, 2]


def test_function_that_is_handed_over() -> None:
    """`handed_to` is about the call that the function around is an argument of."""
    code = "xs.map((x) => run(x));\nys.forEach((y) => run(y));\nrun(z);"
    assert lines('call = "run", where = [{ handed_to = "*.map" }]', code) == [1]


def test_elements() -> None:
    """Attributes are entries; an element stands where its first literal does, and with a spread nothing is missing."""
    code = """
const a = (
  <div>
    <img src="x" />
    <img src="x" alt="y" />
    <img {...rest} title="z" />
  </div>
);
"""
    assert lines('markup = "img", where = [{ value = true, lacks = ["alt"] }]', code) == [3]
    assert lines('markup = "img", where = [{ value = true, has = { alt = {} } }]', code) == [4]


def test_comment_in_a_handler() -> None:
    """A handler that is empty but for a comment is not the same as one that is just empty."""
    code = "try { go(); } catch {}\ntry { go(); } catch {\n  // gone already\n}"
    assert lines('handler = "*", where = [{ commented = false }]', code) == [1]
    assert lines('handler = "*", where = [{ commented = true }]', code) == [2]
