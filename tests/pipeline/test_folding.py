"""What a value can be at a place, worked out from the constants of the file (see `detect.folding`)."""

from __future__ import annotations

import pytest

from driftd.pipeline.detect.names import Names
from driftd.pipeline.detect.operators import SAME
from driftd.pipeline.detect.rules import RoutedValue
from driftd.pipeline.facts.languages import registry


def possible(code: str) -> object:
    """Return what the argument of the last call of `use` can be; None for anything."""
    facts = registry.adapter_of("python").extract(code.encode(), "python")
    names = Names(facts, routed=[RoutedValue(values=("flask.request.path",), routes=("route", "get"), varying="<")])
    call = [call for call in facts.bodies.calls if call.callee.text == "use"][-1]
    assert names.folding is not None
    return names.folding.values(call.args[0].value, call.scope, call.line)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 'md5'\nuse(x)\n", ("md5",)),
        ("x = 'md'\nx = x + '5'\nuse(x)\n", ("md5",)),
        ("x = 'md'\nx += '5'\nuse(x)\n", ("md5",)),
        ("X = 1024\ndef f():\n    use(X * 2)\n", (2048,)),
        ("def f():\n    name = 'b'\n    use(f'a{name}')\n", ("ab",)),
        ("def f(p):\n    x = 'a'\n    use(p or x)\n", None),
        ("def f(p):\n    x = p\n    x = 'a'\n    use(x)\n", ("a",)),
        ("class A:\n    name = 'a'\n    def f(self):\n        use(self.name)\n", ("a",)),
        ("class A:\n    name = 'a'\n    def f(self, p):\n        self.name = p\n        use(self.name)\n", None),
        ("import base64\nx = 'a'\nuse(base64.b64decode(x))\n", (SAME,)),
        ("x = 'ABC'\nuse(x[1])\n", ("B",)),
        ("def f(p):\n    use(p)\n", None),
        ("def f(p='a'):\n    use(p)\n", None),
        ("x = load()\nuse(x)\n", None),
        ("from a import x\nuse(x)\n", None),
    ],
)
def test_names_and_operators(code: str, expected: object) -> None:
    """A name is what it was last given; a parameter, an import, the result of a call can be anything."""
    assert possible(code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(p):\n    x = 'a'\n    if p:\n        x = 'b'\n    use(x)\n", ("b", "a")),
        ("def f(p):\n    if p:\n        x = 'a'\n    else:\n        x = 'b'\n    use(x)\n", ("b", "a")),
        (
            "def f(p):\n    n = 86\n    if 7 * 42 - n > 200:\n        x = 'a'\n    else:\n        x = p\n    use(x)\n",
            ("a",),
        ),
        (
            "def f(p):\n    n = 300\n    if 7 * 42 - n > 200:\n        x = 'a'\n    else:\n        x = p\n    use(x)\n",
            None,
        ),
        ("def f(p):\n    x = 'a' if 3 > 2 else p\n    use(x)\n", ("a",)),
        ("def f(p):\n    x = 'safe'\n    if 'fe' in x:\n        x = p\n    use(x)\n", None),
        ("def f(p):\n    x = 'safe'\n    if 'no' in x:\n        x = p\n    use(x)\n", ("safe",)),
        ("def f(p):\n    x = 'a'\n    for y in p:\n        use(x)\n        x = y\n", None),
        ("def f(p):\n    x = 'a'\n    for y in p:\n        x = y\n    use(x)\n", None),
        ("def f(p):\n    if p:\n        x = p\n    else:\n        x = 'b'\n        use(x)\n", ("b",)),
        ("def f(p):\n    try:\n        x = 'a'\n    except ValueError:\n        x = 'b'\n    use(x)\n", ("b", "a")),
        (
            (
                "def f(p):\n    g = 'ABC'[1]\n    match g:\n        case 'A':\n            x = p\n        case 'B':\n"
                "            x = 'b'\n        case _:\n            x = p\n    use(x)\n"
            ),
            ("b",),
        ),
        (
            (
                "def f(p):\n    g = 'Z'\n    match g:\n        case 'A' | 'B':\n            x = p\n        case _:\n"
                "            x = 'z'\n    use(x)\n"
            ),
            ("z",),
        ),
        ("def f(p):\n    global X\n    X = p\nX = 'a'\ndef g():\n    use(X)\n", None),
    ],
)
def test_branches(code: str, expected: object) -> None:
    """A branch with a constant test is taken or not; of others, both are possible; a loop comes round again."""
    assert possible(code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(p):\n    m = {}\n    m['a'] = 'x'\n    m['b'] = p\n    use(m['a'])\n", ("x",)),
        ("def f(p):\n    m = {}\n    m['a'] = 'x'\n    m['b'] = p\n    use(m['b'])\n", None),
        ("def f(p):\n    m = {'a': 'x'}\n    change(m)\n    use(m['a'])\n", None),
        ("def f(p):\n    m = {'a': 'x'}\n    if p:\n        m['a'] = p\n    use(m['a'])\n", None),
        ("def f(p):\n    m = {'a': 'x'}\n    m[p] = p\n    use(m['a'])\n", None),
        (
            "def f(p):\n    k = []\n    k.append('a')\n    k.append(p)\n    k.append('b')\n    k.pop(0)\n    use(k[1])\n",
            ("b",),
        ),
        (
            "def f(p):\n    k = []\n    k.append('a')\n    k.append(p)\n    k.append('b')\n    k.pop(0)\n    use(k[0])\n",
            None,
        ),
        ("def f(p):\n    k = ['a']\n    k.extend(p)\n    use(k[0])\n", None),
        (
            (
                "import configparser\ndef f(p):\n    c = configparser.ConfigParser()\n    c.add_section('s')\n"
                "    c.set('s', 'a', 'x')\n    c.set('s', 'b', p)\n    use(c.get('s', 'a'))\n"
            ),
            ("x",),
        ),
        (
            "import configparser\ndef f(p):\n    c = configparser.ConfigParser()\n    c.read(p)\n    use(c.get('s', 'a'))\n",
            None,
        ),
    ],
)
def test_containers(code: str, expected: object) -> None:
    """What a container holds is known while all that is done with it is; handed on, it can hold anything."""
    assert possible(code) == expected


@pytest.mark.parametrize(
    ("routes", "use", "expected"),
    [
        ("@app.route('/about')\n", "request.path", (SAME,)),
        ("@app.route('/about')\n@app.get('/us')\n", "request.path", (SAME,)),
        ("@app.route('/about')\n", "request.path.split('/')[1]", (SAME,)),
        ("@app.route('/about')\n", "request.args", None),
        ("@app.route('/of/<name>')\n", "request.path", None),
        ("@app.route('/about')\n@app.get('/<path:rest>')\n", "request.path", None),
        ("@app.route(ROUTE)\n", "request.path", None),
        ("@app.route\n", "request.path", None),
        ("@cached\n", "request.path", None),
    ],
)
def test_the_path_of_a_view_is_as_fixed_as_its_routes(routes: str, use: str, expected: object) -> None:
    """A view at `/about` is only asked for `/about`; a part in angle brackets is the client's to choose."""
    assert possible(f"from flask import request\n{routes}def view():\n    use({use})\n") == expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("pass", (SAME,)),
        ("parts.index('a')", (SAME,)),
        ("parts.append(p)", None),
        ("parts[1] = p", None),
        ("change(parts)", None),
    ],
)
def test_the_parts_of_a_constant_text_are_constant_until_the_list_is_changed(step: str, expected: object) -> None:
    """`split` gives a list, and a list is only known as long as nothing is put into it."""
    assert possible(f"def f(p):\n    parts = 'a/b'.split('/')\n    {step}\n    use(parts[1])\n") == expected
