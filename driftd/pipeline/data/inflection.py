"""English plurals as Sequelize's and Mongoose's naming rules form them."""

from __future__ import annotations

import re
from typing import Final


def plural(name: str) -> str:
    """Return the plural of a word, or of the last word of a name in camel or snake case."""
    match = _LAST.search(name)
    head, last = (name[: match.start()], match[0]) if match else ("", name)
    lower = last.lower()
    if lower in _UNCOUNTABLE:
        return name
    for singular, irregular in _IRREGULAR.items():
        if lower == singular:
            return head + last[0] + irregular[1:]
        if lower == irregular:
            return name
    for rule, ending in _RULES:
        if rule.search(last):
            return head + rule.sub(ending, last, count=1)
    return f"{name}s"


def underscored(name: str) -> str:
    """Return a name as `String#underscore` writes it: `HTTPRequest` is `http_request`."""
    return _BEFORE_CAPITAL.sub("_", name).lower()


def singular(name: str) -> str:
    """Return the word of which a name, or its last word in snake case, is the plural."""
    head, _, last = name.rpartition("_")
    for one, irregular in _IRREGULAR.items():
        if last == irregular:
            return f"{head}_{one}" if head else one
    if last in _UNCOUNTABLE or last.endswith(("ss", "us", "is")) or not last.endswith("s"):
        return name
    for ending, instead in _SINGULARS:
        if last.endswith(ending):
            return name.removesuffix(ending) + instead
    return name[:-1]


_SINGULARS: Final = (
    ("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("uses", "us"), ("yses", "ysis"),
    ("eses", "esis"), ("ices", "ex"), ("lves", "lf"), ("zzes", "z"),
)  # fmt: skip
_LAST: Final = re.compile(r"[A-Z]?[a-z0-9]+$")
_UNCOUNTABLE: Final = frozenset(
    {
        "advice", "energy", "equipment", "excretion", "digestion", "cooperation", "health", "justice", "labour", "machinery",
        "information", "pollution", "sewage", "paper", "money", "species", "series", "rain", "rice", "fish", "sheep", "moose",
        "deer", "bison", "news", "expertise", "media", "data", "software", "hardware", "feedback", "metadata", "staff",
    }
)  # fmt: skip
_IRREGULAR: Final = {
    "person": "people", "man": "men", "woman": "women", "child": "children", "tooth": "teeth", "foot": "feet",
    "goose": "geese", "mouse": "mice", "datum": "data", "criterion": "criteria", "leaf": "leaves",
}  # fmt: skip
_RULES: Final = tuple(
    (re.compile(rule, re.IGNORECASE), ending)
    for rule, ending in (
        (r"(quiz)$", r"\1zes"), (r"(matr|vert|ind)(ix|ex)$", r"\1ices"), (r"(x|ch|ss|sh)$", r"\1es"),
        (r"([^aeiouy]|qu)y$", r"\1ies"), (r"(?:([^f])fe|([lr])f)$", r"\1\2ves"), (r"sis$", "ses"),
        (r"(buffal|tomat|potat|her|ech)o$", r"\1oes"), (r"(bu|statu|alia|viru|campu|cactu)s$", r"\1ses"), (r"s$", "s"),
    )
)  # fmt: skip
_BEFORE_CAPITAL: Final = re.compile(r"(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z\d])(?=[A-Z])")
