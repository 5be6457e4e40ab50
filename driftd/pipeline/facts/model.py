"""FileFacts: what one source file says, independent of its language and of its path.

The one intermediate form of the pipeline.  A language adapter produces it, `parse_cache` stores it, every analysis
consumes it.  It holds no syntax tree and nothing that depends on where the file lies, so equal bytes in the same
language give equal facts.

Conventions
- Lines and columns start at 1; a column counts Unicode code points.  `end_line` is inclusive.
- A `scope` is an int: >= 0 is an index into `functions` (0 is always the `<module>` row), < 0 is `~index` into
  `classes` (code that stands directly in a class body).  `owner_function` resolves it to the function that runs it.
- A `region` is an index into `regions`, or -1 outside of any.
- Expressions are `Value`s: an access path such as `self.repo.save` is ONE value (its text), not a chain of nodes;
  structure is kept only where an analysis needs it (calls, containers, operators, functions, subscripts).
- The structs are encoded as arrays (`array_like`): add fields only at the end, and raise `FACTS_VERSION` with every
  change of shape or meaning, so that stale cache entries are never read.
"""

from typing import Final, Literal

import msgspec

FACTS_VERSION = 5


class Kind:
    """What a `Value` is.  The numbers are stored: never reuse one.

    Plain numbers, because they are compared everywhere: a member of an enumeration takes 100 ns to look up.
    """

    UNKNOWN: Final = 0  # an expression no analysis needs to look into; items are its named operands, if any
    PATH: Final = 1  # text = access path of plain names: "x", "self.repo", "os.environ"
    STRING: Final = 2  # ref = index into literals
    NUMBER: Final = 3  # ref = index into literals
    CONSTANT: Final = (
        4  # text = "true" | "false" | "null" | "undefined" | "ellipsis" (the same words in every language)
    )
    CALL: Final = 5  # ref = index into calls (constructor calls included)
    FUNCTION: Final = 6  # ref = index into functions (a lambda or a function expression)
    CLASS: Final = 7  # ref = index into classes (a class expression)
    MEMBER: Final = 8  # text = attribute name, items = (object,) where the object is not a plain path: f().x, a[0].x
    INDEX: Final = 9  # items = (object, key): a[k]; a slice has further items
    LIST: Final = 10  # items = elements
    TUPLE: Final = 11
    SET: Final = 12
    DICT: Final = 13  # items = key, value, key, value …; a spread entry has a SPREAD key and its operand as value
    TEMPLATE: Final = 14  # f-string or template literal: ref = index into literals, items = substitutions
    OPERATION: Final = 15  # text = operator as written ("+", "and", "%", "not", "==", "??"), items = operands
    CONDITIONAL: Final = 16  # items = (test, if_true, if_false)
    AWAIT: Final = 17  # items = (operand,)
    SPREAD: Final = 18  # items = (operand,); text = "*" or "**" or "..."
    COMPREHENSION: Final = 19  # text = "list" | "set" | "dict" | "generator", items = (element[, value], iterables…)
    NAMED: Final = 20  # x := v;  text = name, items = (value,)
    YIELD: Final = 21  # items = (operand,) or ()
    MARKUP: Final = 22  # a JSX element: text = tag name, items = attribute values and children
    REGEX: Final = 23  # ref = index into literals
    CAST: Final = 24  # x as T, <T>x, x!, x satisfies T: text = the type, items = (operand,)


def kind_name(kind: int) -> str:
    """Return the name of a `Kind` in lower case, for people."""
    return next(name.lower() for name, number in vars(Kind).items() if number == kind and name.isupper())


class Value(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """An expression, reduced to what analyses read."""

    kind: int
    text: str = ""
    ref: int = -1
    items: tuple["Value", ...] = ()


class Arg(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """One argument of a call: `name` is set for a keyword argument, a `*args`-like one has a SPREAD value."""

    value: Value
    name: str = ""


class Decorator(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A decorator, annotation or attribute: its dotted name without arguments, its line, and its call if it is one."""

    name: str
    line: int
    call: int  # index into calls, or -1


class Param(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A declared parameter.  A destructured one has the pattern's source text as `name` and the pattern as `pattern`.

    `label` is what a caller must write before the argument, where that is part of the function's name (Swift): "_" for
    nothing.
    """

    name: str
    annotation: str | None
    default: Value | None
    kind: Literal["positional_only", "positional", "keyword_only", "rest", "keyword_rest"]
    decorators: tuple[Decorator, ...] = ()
    pattern: Value | None = None
    label: str = ""


FunctionKind = Literal[
    "module", "function", "method", "constructor", "static_method", "class_method", "getter", "setter", "lambda"
]
Visibility = Literal["public", "protected", "private", "internal"]


class Function(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A function, method, lambda, or the file's top-level code.

    That is `<module>`, always at index 0; nothing is around it, so its `scope` is -1 and means no class.

    `line` is the line of the `def`/`function`/name itself, not of a decorator.  `qualified_name` joins the names of
    the enclosing classes and functions with dots (`Class.method`, `outer.inner`, `outer.<lambda>`).
    `bound_to` is the name or path an anonymous function was assigned to, if any.
    `receiver` is the type as written, without pointers and type arguments, of a method that is declared outside of
    its type: Go's `func (s *Server) Run()`, Kotlin's `fun String.shout()`, C++'s `void Server::run()`.  Such a
    function is qualified by it (`Server.Run`), and its scope is where it stands.
    An arrow function (`is_arrow`) has the `this` and the `arguments` of the function around it.  `uses_this` is set where
    the function or an arrow function in it may read its `this`; languages that name it as a parameter leave it out.
    `qualifiers` are what C++ writes behind the parameters (`const`, `&`, `&&`), with `friend` and `template` before them
    where it is one.
    """

    name: str
    qualified_name: str
    kind: FunctionKind
    line: int
    column: int
    end_line: int
    scope: int
    params: tuple[Param, ...] = ()
    return_type: str | None = None
    decorators: tuple[Decorator, ...] = ()
    doc: str | None = None
    visibility: Visibility = "public"
    is_exported: bool = False
    is_async: bool = False
    is_generator: bool = False
    is_abstract: bool = False
    body_hash: bytes = b""  # 8 bytes, blake2b of the body's source text
    signature_hash: bytes = b""  # 8 bytes, blake2b of name, parameters and return type as written
    bound_to: str = ""
    receiver: str = ""
    is_arrow: bool = False
    uses_this: bool = False
    qualifiers: str = ""


class Base(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entry of a class's heritage.  In Java, a path has its type arguments as items: `JpaRepository<Owner, Long>`."""

    value: Value
    relation: Literal["extends", "implements", "metaclass", "mixin"]


class Member(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A declared attribute of a class: a field, property, enum member or annotated name (methods are functions)."""

    name: str
    line: int
    annotation: str | None
    value: Value | None
    visibility: Visibility = "public"
    is_static: bool = False
    is_readonly: bool = False
    decorators: tuple[Decorator, ...] = ()


ClassKind = Literal["class", "interface", "struct", "enum", "trait", "record", "union", "type_alias", "namespace",
                    "annotation", "object", "mixin_module", "extension"]  # fmt: skip


class Class(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A class or anything class-like.

    An `object` is a singleton (Kotlin, Scala), a `mixin_module` Ruby's module.  An `extension` adds to the type that
    it is named after, which may be declared elsewhere: Rust's `impl`, Swift's `extension`; several may bear one name.
    Its bases are the traits or protocols it implements.  A `namespace` is one that does not hold the whole file.
    """

    name: str
    qualified_name: str
    kind: ClassKind
    line: int
    column: int
    end_line: int
    scope: int
    bases: tuple[Base, ...] = ()
    members: tuple[Member, ...] = ()
    decorators: tuple[Decorator, ...] = ()
    doc: str | None = None
    visibility: Visibility = "public"
    is_exported: bool = False
    is_abstract: bool = False


class Import(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One imported binding.

    `module` is the source as written, relative dots or path kept (`..pkg.mod`, `./x`, `react`).  `name` is what is
    taken from it: a name, "default", "*" (star import: everything; with an alias: the namespace object), or "" for
    the module itself (`import a.b` binds `a`; its `alias` is then "a").  `alias` is the local name, "" if none is
    bound (a side-effect import, a star import).
    """

    module: str
    name: str
    alias: str
    line: int
    scope: int
    is_type_only: bool = False
    is_dynamic: bool = False  # import(), require() inside an expression, importlib.import_module("literal")


class Export(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One exported name.

    `name` is the outside name ("default", "*" for `export * from`, "export=" for `module.exports = …`/`export =`);
    `local` the inside name or path, "" if anonymous; `source` the module re-exported from, or "".  `value` is set for
    anonymous or computed ones.
    """

    name: str
    local: str
    source: str
    line: int
    is_type_only: bool = False
    value: Value | None = None


class Outline(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What other files can see or must know.

    `package` is what the file itself says it belongs to, dotted, "" where the language has no such declaration: the
    package of Java, Kotlin, Scala and Go (its name only), the namespace of C# and PHP that holds the whole file.
    """

    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    package: str = ""


class Call(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A call or construction.  `callee` is a PATH (`a.b.c`), a MEMBER (`f().x`), or any other value.

    A decorator written with arguments is a call; one written without is not (its name is in `Decorator`).
    A tagged template calls its tag with the template and then with each substitution.
    """

    callee: Value
    args: tuple[Arg, ...]
    line: int
    column: int
    end_line: int
    scope: int
    region: int
    is_new: bool = False
    is_await: bool = False
    is_optional: bool = False  # f?.()


class Assign(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A binding of a name or place to a value.

    `target` is a PATH, MEMBER, INDEX, or a pattern (TUPLE, LIST, DICT).  Kinds: `assign`, `augmented` (`+=`),
    `declare` (annotation or `let x;` without value), `for` (value = the iterable), `with` (value = the context
    manager), `catch` (the caught error), `named` (`:=`), `delete`, `global`, `nonlocal`.
    `declares` tells how a name came to be: "const", "let", "var", or "" where the language has no such word.
    """

    target: Value
    value: Value | None
    line: int
    column: int
    scope: int
    region: int
    kind: Literal["assign", "augmented", "declare", "for", "with", "catch", "named", "delete", "global", "nonlocal"] = (
        "assign"
    )
    annotation: str | None = None
    declares: str = ""


class Return(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A return or yield; an expression-bodied lambda has one with its expression."""

    value: Value | None
    line: int
    scope: int
    region: int
    kind: Literal["return", "yield", "yield_from"] = "return"


class Raise(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A raise or throw; `value` is None for a bare re-raise."""

    value: Value | None
    cause: Value | None
    line: int
    scope: int
    region: int


class Handler(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An error handler: an except, catch or rescue clause, `.catch(fn)`, or what takes its place in the language.

    An `error_check` looks at an error value (Go's `if err != nil`, Rust's `if let Err(e)` and `Err(e) =>` arm); a
    `propagate` hands it to the caller at once (Rust's `?`, Swift's `try`): its body is ("raise",).

    `caught` lists the types as written, () for a bare one.  `body` says what the handler does: any of "empty" (nothing,
    or only pass/comments/...), "log", "raise" (the same or another error), "return", "continue", "break", "call",
    "assign", "uses_error" (reads the caught variable).
    """

    kind: Literal["try_except", "try_except_star", "try_catch", "promise_catch", "rescue", "error_check", "propagate"]
    caught: tuple[str, ...]
    name: str
    body: tuple[str, ...]
    line: int
    end_line: int
    scope: int
    region: int  # the region of the handler itself
    try_line: int


class Region(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A stretch of code that decides whether, how often or how protected the code in it runs.

    `parent` is the enclosing region of the same function, or -1.  `value` is the loop's iterable or condition, the
    branch's test, the context manager of a `with`; None for try, handler, finally, else.
    """

    kind: Literal["loop", "branch", "else", "case", "try", "handler", "finally", "with", "comprehension"]
    line: int
    end_line: int
    scope: int
    parent: int
    value: Value | None = None
    is_async: bool = False


class Bodies(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the code does, each list in source order."""

    calls: tuple[Call, ...]
    assigns: tuple[Assign, ...]
    returns: tuple[Return, ...]
    raises: tuple[Raise, ...]
    handlers: tuple[Handler, ...]
    regions: tuple[Region, ...]


LiteralContext = Literal["argument", "assignment", "property", "decorator", "return", "element", "default", "key",
                         "comparison", "operation", "index", "docstring", "annotation", "enum", "markup", "other"]  # fmt: skip


class LiteralFact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A literal.  Strings are unescaped (implicit concatenation joined); a template keeps `{}` for a substitution.

    `name` is what the value is for, where the code says so: the assigned name, the keyword or property, the
    parameter whose default it is.  `raw` is the source text of a number.
    """

    kind: Literal["string", "bytes", "template", "regex", "number"]
    value: str
    line: int
    column: int
    end_line: int
    scope: int
    context: LiteralContext = "other"
    name: str = ""
    raw: str = ""


class Comment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A comment without its markers.  `is_trailing` if code stands before it on its line; `is_doc` for `/** */`."""

    text: str
    line: int
    column: int
    end_line: int
    is_trailing: bool
    is_doc: bool = False


class ParseError(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A stretch the grammar could not read; the facts of the sound parts around it are still there."""

    line: int
    column: int
    end_line: int
    end_column: int
    kind: Literal["error", "missing"]


class Texts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is written in the file besides code, each list in source order."""

    literals: tuple[LiteralFact, ...]
    comments: tuple[Comment, ...]


class FileFacts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All facts of one file."""

    language: str
    line_count: int
    outline: Outline
    bodies: Bodies
    texts: Texts
    names: tuple[str, ...]  # every identifier that is read (not only declared) somewhere in the file; sorted, unique
    errors: tuple[ParseError, ...]


class _BodiesOfCalls(msgspec.Struct, frozen=True, array_like=True, gc=False):
    calls: tuple[Call, ...]
    assigns: tuple[Assign, ...]
    returns: tuple[Return, ...]
    raises: tuple[Raise, ...]
    handlers: msgspec.Raw
    regions: tuple[Region, ...]


class _Literals(msgspec.Struct, frozen=True, array_like=True, gc=False):
    literals: tuple[LiteralFact, ...]


class FactsOfCalls(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`FileFacts` of which only what resolving calls reads is decoded."""

    language: str
    line_count: int
    outline: Outline
    bodies: _BodiesOfCalls
    texts: _Literals
    names: tuple[str, ...]


class OutlineOnly(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`FileFacts` of which nothing after the outline is decoded."""

    language: str
    line_count: int
    outline: Outline


def owner_function(outline: Outline, scope: int) -> int:
    """Return the index of the function whose execution runs code standing in `scope`."""
    while scope < 0:
        scope = outline.classes[~scope].scope
    return scope
