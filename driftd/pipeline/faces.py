"""What other files can see of a file, as structs: see `interface`, which makes them.

They have a module of their own because that one is compiled, and a compiled module must not declare structs.
"""

import msgspec

from driftd.pipeline.bindings import Binding, Display, Settled


class FunctionFace(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """What a caller in another file can know of a function.

    params: its parameters in order: `*name`, `**name` for the rest, `=name` if it can only be named
    gives: what it returns; yields: what it yields, if it is a generator
    locals: those of its names that are needed for that, and by the functions in it
    wraps: its decorators, the outermost first; in some languages they may replace it
    keyed: those of its parameters that are used as keys, so that literals matter
    is_arrow, is_async: ECMAScript only, as are
    homes: the object that it is written into, for `this`
    members: what is assigned to it, to its prototype and to its instances where it is defined
    uses_this: whether it reads its `this`; gives_by_this: whether what it returns depends on it
    types: of its parameters, where the language tells overloads apart; "?" before one that need not be given,
        `EXTENDS` before the one that the function is a method of
    is_local: whether other files cannot name it, where that is not said by where it stands (C's `static`)
    labels: what a caller writes before its arguments, where that is part of the function's name
    forms: in C++ its qualifiers, then how each parameter takes what it is given: `const &`, `&&`, `*`, …
    """

    name: str
    qualified_name: str
    kind: str
    scope: int
    returns: str | None
    params: tuple[str, ...] = ()
    gives: tuple[Binding, ...] = ()
    yields: tuple[Binding, ...] = ()
    locals: Settled = {}  # msgspec copies the default
    wraps: tuple[Binding, ...] = ()
    is_generator: bool = False
    is_abstract: bool = False
    keyed: tuple[str, ...] = ()
    is_arrow: bool = False
    is_async: bool = False
    homes: tuple[Binding, ...] = ()
    members: Settled = {}  # msgspec copies the default
    uses_this: bool = False
    gives_by_this: bool = False
    types: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    is_local: bool = False
    forms: tuple[str, ...] = ()


class ClassFace(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Heritage and names of a class.  `names` are bound in its body, `fields` on its instances.

    `marks` are the names of its annotations, where the language has packages.
    """

    name: str
    qualified_name: str
    kind: str
    scope: int
    bases: tuple[Binding, ...]
    names: Settled
    fields: Settled
    marks: tuple[str, ...] = ()


class Interface(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What other files can see of a file.

    `names` are the module's; `exports` the exported ones where the language has export syntax, else None.  `stars` are
    the modules everything is taken from, the last one first.  `public` is what a star import takes, None for every
    name without a leading underscore.  `displays` are those that the bindings mention, by number.  `package` is what
    the file says it belongs to; `is_default` whether a default build has the file, others exclude it.
    """

    functions: tuple[FunctionFace, ...]
    classes: tuple[ClassFace, ...]
    names: Settled
    exports: Settled | None
    stars: tuple[str, ...]
    public: frozenset[str] | None
    displays: dict[int, Display] = {}  # msgspec copies the default
    package: str = ""
    is_default: bool = True
