"""What one file says about data, as structs: see `facts`, which makes them.

They have a module of their own because that one is compiled, and a compiled module must not declare structs.
"""

import msgspec

from driftd.pipeline.data.expressions import Expr


class Mark(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """A decorator and its arguments."""

    name: str
    call: Expr | None = None


class Attribute(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """An attribute of a class."""

    name: str
    annotation: str = ""
    value: Expr | None = None
    marks: tuple[Mark, ...] = ()


class Shape(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """A class.  `around` is the index of the class that it stands in, or -1; `line` is its own.

    `body` are calls in the class itself that say something of a model: `has_many :posts`, the constructor of its base.
    `methods` are those of an interface whose statements may stand elsewhere: name, number of the function, line.
    """

    name: str
    qualified_name: str
    line: int
    around: int = -1
    bases: tuple[Expr, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    marks: tuple[Mark, ...] = ()
    kind: str = "class"
    body: tuple[Expr, ...] = ()
    methods: tuple[tuple[str, int, int], ...] = ()
    is_abstract: bool = False


class Imported(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an import binds: `name` of `module`; "" is the module itself, "*" its namespace."""

    module: str
    name: str
    alias: str


class Declarations(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """What other files can depend on.

    names: values of the module's names, functions as what they return
    exports: outside names by inside ones
    stars: modules of which everything is taken
    statements: calls at the top level that declare a model: `User.init(…)`
    package: what the file says it belongs to, in languages whose names are found by packages
    columns: of tables that the file makes by calls (`create_table "users"`)
    mapped: tables that calls give to classes, by the class as written (`builder.ToTable("orders")`)
    """

    shapes: tuple[Shape, ...] = ()
    imports: tuple[Imported, ...] = ()
    names: dict[str, Expr] = {}
    exports: dict[str, Expr] = {}
    stars: tuple[str, ...] = ()
    statements: tuple[Expr, ...] = ()
    package: str = ""
    columns: dict[str, tuple[tuple[str, str], ...]] = {}
    mapped: dict[str, str] = {}


class Touch(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """A call that may read or write data, with its whole chain: `function` is the index of the function around it.

    `below` is how many calls the chain goes through as it is written, without those of its variables.
    """

    function: int
    line: int
    call: Expr
    below: int = 0


class DataFacts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a file says about data; `mentions` is whether it imports a package that a pack of its language knows."""

    declarations: Declarations = Declarations()
    touches: tuple[Touch, ...] = ()
    mentions: bool = True
