"""What the result of a call is for (see `detect.purposes`)."""

from __future__ import annotations

import pytest

from driftd.pipeline.detect.purposes import Purposes
from driftd.pipeline.facts.languages import registry


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("token = make()\n", {"token"}),
        ("user.resetToken = str(make())[2:]\n", {"reset_token", "str"}),
        ("value = make()\nsession[key] = value\n", {"value", "session", "key"}),
        ("send(token=make())\n", {"token"}),
        ("data = {'salt': make()}\n", {"salt", "data"}),
        ("def password():\n    return ''.join(make() for _ in range(8))\n", {"password", "join"}),
        ("jar.set_cookie('sid', make())\n", {"set_cookie", "sid"}),
        ("h = make()\nh.update(b'x')\netag = h.hexdigest()\n", {"h", "etag"}),
        ("if make() == token:\n    pass\n", set()),
        ("User(name=make())\n", {"name"}),
        ("print(1, other)\nmake()\n", set()),
    ],
)
def test_purposes(code: str, expected: set[str]) -> None:
    """The names that a value meets on its way: where it is kept, for what it is given, who returns it."""
    facts = registry.adapter_of("python").extract(code.encode(), "python")
    number = next(i for i, call in enumerate(facts.bodies.calls) if call.callee.text == "make")
    assert Purposes(facts).of(number) == expected
