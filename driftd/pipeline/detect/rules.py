"""What a rule is, and how rules are read.

The form is documented by the structs below; `docs/rules.md` is made from them.  A rule that is wrong (an unknown key,
a bad regular expression, nothing to match) is a `RuleError` that names file, rule and key.
"""

import re
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from driftd.pipeline.parsed import toml
from driftd.rows.patterns import PatternCategory

Severity = Literal["error", "warning", "info", "hint"]
Texts = tuple[str, ...]
Share = Annotated[float, Meta(ge=0, le=1)]


class RuleError(ValueError):
    """A rule that cannot be used, with where and why."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename={
    "is_": "is", "not_": "not", "class_": "class", "import_": "import", "raise_": "raise", "return_": "return",
    "async_": "async",
}):  # fmt: skip
    """What all parts of a rule have in common: an unknown key is an error."""


class Condition(_Part, frozen=True, kw_only=True):
    """Something that must hold.  All that is said of it must hold together.

    What it looks at, one of:

    - arg: an argument, by position (from 0), by name, or by several of these (the first that is there); `"*"`: any
    - value: true for the value that is assigned, returned, raised
    - receiver: true for what the method is called on
    - attribute: of a markup element, by name
    - none of these: the place as a whole (the keys under "about the place")

    What that must be:

    - is: a constant: true, false, null, undefined, ellipsis; one of several
    - text: a string (written there, or bound to the name there) in which the regular expression is found; where
      `built` is asked for, its text with `{}` for what is not constant
    - at_least, at_most, below: a number
    - permits: a number with one of these bits: file permissions (a TOML integer: 0o022)
    - name: something that resolves to one of these names
    - built: whether it is put together from constant text and something else (`+`, `%`, format, template)
    - constant: whether it is the same every time
    - empty: whether it is an empty string, list, dictionary
    - kind: how it is written: string, number, template, call, function, list, dict, path, operation, member …
    - has: entries of an object or dictionary (dotted: `cookie.secure`), or keyword arguments of a call, with conditions
    - lacks: entries that must not be there
    - items: at least one element is so
    - comparison: it is an operation with this operator
    - entry: the value of at least one entry of an object or dictionary is so
    - part: at least one part of it that is not constant is so, of a string that is put together (see `built`)
    - written: its name as it is written there (what is called, of a call) is found by this regular expression
    - mentions: a name that is read in it, dotted as it is written there, is found by this regular expression
    - comes_from: it, or something that its expression is made of, resolves to one of these names (see `origins`)
    - text_built: the constant text of a string that is put together is found by this regular expression
    - exponential: whether a regular expression, written there or as a string, is certain to take exponential time
    - async: whether a function that is written there is one that awaits
    - regex: a regular expression that is written there, in whose source this one finds something
    - calls: a call of one of these names; `call_where` are conditions on its arguments
    - gives: a function that returns this constant, wherever it returns
    - missing: whether it is not there at all
    - any, not: one of these conditions; not this one

    About the place:

    - count_at_least, count_at_most: how many arguments there are
    - decorated: the function around has a decorator that resolves to one of these
    - in_class: a class around has one of these among its bases
    - in_function: the name of the function around is found by this regular expression
    - in_loop, in_branch, in_handler, in_async: whether it stands in one
    - for_each: whether it is done for each element of something: in a `for` or a comprehension, not in a `while`
    - handed_to: the function around is written as an argument of a call of one of these
    - commented: whether a comment stands in the error handler
    - in_test: whether the file is a test
    - awaited, is_new: how the call is made
    - file: a glob of the path
    - imports: the file imports one of these modules
    - has_call: the file calls one of these names
    - beside: the same function calls one of these names, with what `call_where` says of that call
    - in_finally: whether it stands in a finally block
    - above: the decorator stands above another one that resolves to one of these
    - is_method: whether it is a method of an instance, or its decorator
    - caught_as: the name that an error handler gives the error is found by this regular expression
    - does, does_only: an error handler does one of these; these and nothing else (see `facts.model.Handler`)
    - changed: whether the parameter is changed in the function, kept by it, or returned
    - file_mentions: a name that is read anywhere in the file is found by this regular expression
    - does_nothing: the function around neither calls, assigns nor raises, and returns a constant or nothing
    - visibility: of the function around: public, protected, private …
    - used: whether anything is done with what the call returns
    - purpose: one of the names that tell what the call's result is for (see `purposes`) is found by this regular
      expression; they are in snake case
    """

    arg: int | str | tuple[int | str, ...] | None = None
    value: bool = False
    receiver: bool = False
    attribute: str = ""
    is_: str | Texts = ()
    text: str = ""
    at_least: float | None = None
    at_most: float | None = None
    below: float | None = None
    name: str | Texts = ()
    built: bool | None = None
    constant: bool | None = None
    empty: bool | None = None
    kind: str | Texts = ()
    has: dict[str, "Condition"] = {}  # msgspec copies the default
    lacks: Texts = ()
    items: "Condition | None" = None
    calls: str | Texts = ()
    call_where: tuple["Condition", ...] = ()
    missing: bool | None = None
    any: tuple["Condition", ...] = ()
    not_: "Condition | None" = None
    count_at_least: int | None = None
    count_at_most: int | None = None
    decorated: str | Texts = ()
    in_class: str | Texts = ()
    in_function: str = ""
    in_loop: bool | None = None
    for_each: bool | None = None
    in_handler: bool | None = None
    in_async: bool | None = None
    in_test: bool | None = None
    awaited: bool | None = None
    is_new: bool | None = None
    file: str | Texts = ()
    imports: str | Texts = ()
    has_call: str | Texts = ()
    beside: str | Texts = ()
    used: bool | None = None
    in_finally: bool | None = None
    purpose: str = ""
    part: "Condition | None" = None
    entry: "Condition | None" = None
    comparison: str | Texts = ()
    above: str | Texts = ()
    written: str = ""
    mentions: str = ""
    permits: int = 0
    is_method: bool | None = None
    does: Texts = ()
    does_only: Texts = ()
    changed: bool | None = None
    comes_from: str | Texts = ()
    text_built: str = ""
    regex: str = ""
    file_mentions: str = ""
    gives: str = ""
    does_nothing: bool | None = None
    visibility: str | Texts = ()
    in_branch: bool | None = None
    handed_to: str | Texts = ()
    commented: bool | None = None
    async_: bool | None = None
    caught_as: str = ""
    exponential: bool | None = None


class Match(_Part, frozen=True, kw_only=True):
    """What a rule is about: one of the subjects, all of `where`, and none of `unless`.

    - call: calls and constructions of these names
    - assign: assignments to these names or attributes
    - read: places that read one of these names, or name it as an argument
    - import: imports of these modules or names
    - class: classes with one of these among their bases (`*`: all)
    - function: functions whose name is found by the regular expression
    - decorator: functions and classes with one of these decorators
    - handler: error handlers that catch one of these (`*`: any, `bare`: everything); `body` is what it does, all of it
    - literal: strings in which the regular expression is found; `called` is a regular expression of what they are for
    - built: strings put together from constant text, in which the regular expression is found, and something else
    - entry: entries of objects and dictionaries with these keys, wherever they stand
    - markup: elements of these names
    - raise: raised errors of these names (`*`: all that is raised)
    - comment: comments in which the regular expression is found
    - operation: operations with these operators, wherever they stand; its operands are the `items` of the value
    - parameter: parameters with a default (the value) whose name is found by the regular expression
    - return: returned values that stand for one of these names (`*`: all)
    """

    call: str | Texts = ()
    assign: str | Texts = ()
    read: str | Texts = ()
    import_: str | Texts = ()
    class_: str | Texts = ()
    function: str = ""
    decorator: str | Texts = ()
    handler: str | Texts = ()
    body: Texts = ()
    literal: str = ""
    called: str = ""
    built: str = ""
    entry: str | Texts = ()
    markup: str | Texts = ()
    raise_: str | Texts = ()
    comment: str = ""
    operation: str | Texts = ()
    parameter: str = ""
    return_: str | Texts = ()
    where: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()


class Example(_Part, frozen=True, kw_only=True):
    """Code in which the rule finds something on exactly these lines; of what `path` is called, where that matters."""

    code: str
    lines: tuple[int, ...] = ()
    path: str = ""
    language: str = ""


FixAction = Literal["set_argument", "remove_argument", "replace_callee", "replace_value", "replace_text", "remove"]


class Fix(_Part, frozen=True, kw_only=True):
    """How it can be fixed: `strategy` and `description` for people, and, where that is safe, an edit.

    - set_argument: give the argument called `argument` the value `text`
    - remove_argument: take it out
    - replace_callee: call `text`, a name with its module, instead, where the first match found the call
    - replace_value: assign, or write, `text` instead
    - replace_text: replace what the regular expression `find` finds in the flagged code by `text`
    - remove: take the statement out

    `drop` are arguments, by name or position, that are taken out as well.
    """

    description: str
    strategy: Literal[
        "add_import", "rename", "extract_function", "wrap_in_try_catch", "add_type_annotation", "add_test",
        "add_documentation", "use_parameterized_query",
    ] | None = None  # fmt: skip
    action: FixAction | None = None
    argument: str = ""
    find: str = ""
    text: str = ""
    drop: Texts = ()


class Rule(_Part, frozen=True, kw_only=True):
    """A rule.

    - id: unique; words and hyphens, the area first: `python/weak-hash`
    - category: one of the 16
    - languages: those it looks at
    - severity: of the violation that it raises; without one it only records where something is
    - confidence: how often what it finds is right, as measured
    - cwe: numbers; the OWASP category follows from them
    - message: what is wrong, in one sentence; `{name}` is what was matched, `{text}` the code
    - about: why it matters; remediation: what to do
    - in_tests: whether code of tests violates it too
    - mask: whether the matched literal is a secret, not to be shown
    - choice: what the place decides, as `QUESTION/ALTERNATIVE` (see `docs/patterns.md`)
    - most: how many places it records in one file
    """

    id: str
    category: PatternCategory
    message: str
    match: tuple[Match, ...]
    languages: Texts = ()
    severity: Severity | None = None
    confidence: Share = 0.8
    cwe: tuple[int, ...] = ()
    about: str = ""
    remediation: str = ""
    fix: Fix | None = None
    in_tests: bool = False
    mask: bool = False
    choice: str = ""
    most: int = 100
    enabled: bool = True
    examples: tuple[Example, ...] = ()
    counterexamples: tuple[Example, ...] = ()


class HandedTo(_Part, frozen=True, kw_only=True):
    """What a framework gives to the functions that are handed to it: by first names of the callee and last ones."""

    symbols: Texts
    methods: Texts
    gives: Texts


class RoutedValue(_Part, frozen=True, kw_only=True):
    """What a request holds that its route decides: the same every time where no route of the function varies.

    `values` are full names (`flask.request.path`), `routes` the last names of the decorators that give a route to a
    function, `varying` a regular expression that is found in a route of which the request chooses a part.
    """

    values: Texts
    routes: Texts
    varying: str


class RuleFile(_Part, frozen=True, kw_only=True):
    """A file of rules; `languages` and `category` are those of rules that say none.

    Lists that several rules share stand under `[names]`; `"$input"` is the one called `input`.
    """

    languages: Texts = ()
    category: str = ""
    gives: tuple[HandedTo, ...] = ()
    routed: tuple[RoutedValue, ...] = ()
    rule: tuple[Rule, ...] = ()


SUBJECTS: Final = (
    "call", "assign", "read", "import_", "class_", "function", "decorator", "handler", "literal", "built", "entry",
    "markup", "raise_", "comment", "operation", "parameter", "return_",
)  # fmt: skip


def parse(text: str, where: str, *, is_trusted: bool = False) -> RuleFile:
    """Return the rules that a TOML text holds; `where` is what errors call it.  Raises RuleError.

    One that `is_trusted` is a pack's: each process reads it, but only the tests check what it says.
    """
    try:
        data = toml(text)
    except ValueError as error:
        raise RuleError(f"{where}: {error}") from None
    return parse_data(data, where, is_trusted=is_trusted)


def parse_data(data: dict[str, Any], where: str, *, is_trusted: bool = False) -> RuleFile:
    """Return the rules of a TOML text that was read already (see `parse`).  Raises RuleError."""
    names = data.pop("names", {})
    if names:
        data = _with_names(data, names, where)
    for rule in data.get("rule", ()):
        if isinstance(rule, dict):
            rule.setdefault("languages", data.get("languages", ()))
            if "category" in data:
                rule.setdefault("category", data["category"])
            _as_lists(rule)
    try:
        found = msgspec.convert(data, RuleFile)
    except msgspec.ValidationError as error:
        raise RuleError(f"{where}: {_placed(str(error), data)}") from None
    if not is_trusted:
        for rule in found.rule:
            _check(rule, where)
    return found


def _with_names(part: Any, names: Any, where: str) -> Any:
    """Put in what stands for `"$name"`: lists that many rules of the file share are written once, under `[names]`."""
    if isinstance(part, dict):
        return {key: _with_names(value, names, where) for key, value in part.items()}
    if isinstance(part, list):
        found: list[Any] = []
        for one in part:
            made = _with_names(one, names, where)
            if isinstance(one, str) and isinstance(made, list):
                found += made
            else:
                found.append(made)
        return found
    if isinstance(part, str) and _NAME.fullmatch(part):
        if part[1:] not in names:
            raise RuleError(f"{where}: {part} is not under [names]")
        return names[part[1:]]
    return part


_NAME: Final = re.compile(r"\$[a-z_]+")


def texts(value: str | Texts) -> Texts:
    """Return one or several as several."""
    return (value,) if isinstance(value, str) else value


def _as_lists(rule: dict[str, Any]) -> None:
    """Let an example be just its code."""
    for name in ("examples", "counterexamples"):
        given = rule.get(name)
        if isinstance(given, list):
            rule[name] = [{"code": one} if isinstance(one, str) else one for one in given]


_AT: Final = re.compile(r"\$\.rule\[(\d+)\](.*)")


def _placed(message: str, data: dict[str, Any]) -> str:
    match = _AT.search(message)
    if match is None:
        return message
    rule = data["rule"][int(match[1])]
    name = rule.get("id", f"number {int(match[1]) + 1}") if isinstance(rule, dict) else match[1]
    return f"rule {name}: {message}"


_ID: Final = re.compile(r"[a-z0-9]+(?:[-_/.][a-zA-Z0-9]+)*")


def _check(rule: Rule, where: str) -> None:
    def wrong(text: str) -> RuleError:
        return RuleError(f"{where}: rule {rule.id}: {text}")

    if not _ID.fullmatch(rule.id):
        raise wrong("its id is to be lower-case words joined by hyphens and slashes: python/weak-hash")
    if not rule.languages:
        raise wrong("it names no languages")
    if not rule.match:
        raise wrong("it has nothing to match")
    if any(number <= 0 for number in rule.cwe):
        raise wrong("a CWE is a number above 0")
    for match in rule.match:
        subjects = [name for name in SUBJECTS if getattr(match, name)]
        if len(subjects) != 1:
            raise wrong(f"a match has exactly one of {', '.join(s.rstrip('_') for s in SUBJECTS)}, not {subjects}")
        for name in ("function", "literal", "called", "built", "comment", "parameter"):
            _regex(getattr(match, name), wrong)
        for condition in (*match.where, *match.unless):
            _check_condition(condition, wrong)


def _check_condition(condition: Condition, wrong: Any) -> None:
    _regex(condition.text, wrong)
    _regex(condition.in_function, wrong)
    _regex(condition.purpose, wrong)
    _regex(condition.written, wrong)
    _regex(condition.mentions, wrong)
    _regex(condition.file_mentions, wrong)
    _regex(condition.caught_as, wrong)
    _regex(condition.text_built, wrong)
    _regex(condition.regex, wrong)
    nested = [*condition.has.values(), *condition.any, *condition.call_where]
    nested += [one for one in (condition.items, condition.not_, condition.part, condition.entry) if one is not None]
    for one in nested:
        _check_condition(one, wrong)


def _regex(pattern: str, wrong: Any) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise wrong(f"{pattern!r} is no regular expression: {error}") from None
