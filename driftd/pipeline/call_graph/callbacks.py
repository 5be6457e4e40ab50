"""What functions of libraries do with the values that they are given, as data.

`CALLS` says which arguments a library function calls, `PASSES` which value comes back out, `TRANSPARENT_METHODS` which
methods of containers give their content.  Names are dotted as imported; built-ins have no package.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Called(NamedTuple):
    """The arguments that a function calls: positions from 0, keywords; `anything` for whichever can be called."""

    positions: tuple[int, ...] = ()
    keywords: tuple[str, ...] = ()
    anything: bool = False


_FIRST: Final = Called((0,))
_KEY: Final = Called((), ("key",))
_TARGET: Final = Called((1,), ("target",))

CALLS: Final[dict[str, Called]] = {
    "map": Called(anything=True),
    "filter": Called(anything=True),
    "sorted": _KEY,
    "min": _KEY,
    "max": _KEY,
    "iter": _FIRST,
    "functools.reduce": Called((0,), ("function",)),
    "functools.cmp_to_key": _FIRST,
    "itertools.accumulate": Called((1,), ("func",)),
    "itertools.dropwhile": _FIRST,
    "itertools.filterfalse": _FIRST,
    "itertools.groupby": Called((1,), ("key",)),
    "itertools.starmap": _FIRST,
    "itertools.takewhile": _FIRST,
    "heapq.merge": _KEY,
    "heapq.nlargest": Called((2,), ("key",)),
    "heapq.nsmallest": Called((2,), ("key",)),
    "hmac.new": Called((2,), ("digestmod",)),
    "collections.defaultdict": _FIRST,
    "threading.Thread": _TARGET,
    "threading.Timer": Called((1,), ("function",)),
    "multiprocessing.Process": _TARGET,
    "asyncio.to_thread": _FIRST,
    "asyncio.start_server": _FIRST,
    "asyncio.create_server": _FIRST,
    "anyio.run": _FIRST,
    "anyio.to_thread.run_sync": _FIRST,
    "trio.run": _FIRST,
    "atexit.register": _FIRST,
    "signal.signal": Called((1,)),
    "weakref.finalize": Called((1,)),
    "contextvars.copy_context": _FIRST,
    "re.sub": Called((1,), ("repl",)),
    "re.subn": Called((1,), ("repl",)),
    "timeit.timeit": _FIRST,
    "concurrent.futures.ThreadPoolExecutor": Called((), ("initializer",)),
    "concurrent.futures.ProcessPoolExecutor": Called((), ("initializer",)),
}

# Methods of values of unknown libraries that call what they are given, told by name and by what they are given.
CALLING_METHODS: Final[dict[str, Called]] = {
    "sort": _KEY,
    "submit": _FIRST,
    "run_in_executor": Called((1,)),
    "apply_async": _FIRST,
    "imap": _FIRST,
    "imap_unordered": _FIRST,
    "starmap": _FIRST,
    "call_soon": _FIRST,
    "call_soon_threadsafe": _FIRST,
    "call_later": Called((1,)),
    "call_at": Called((1,)),
    "start_soon": _FIRST,
    "add_done_callback": _FIRST,
    "add_signal_handler": Called((1,)),
    "map": _FIRST,
}

# Position of the argument that comes back as it is; "call": what calling it gives; "element": one of what is in it.
PASSES: Final[dict[str, tuple[str, int]]] = {
    "functools.partial": ("same", 0),
    "functools.partialmethod": ("same", 0),
    "functools.cache": ("same", 0),
    "functools.lru_cache": ("same", 0),
    "contextlib.contextmanager": ("same", 0),
    "contextlib.closing": ("same", 0),
    "staticmethod": ("same", 0),
    "classmethod": ("same", 0),
    "property": ("same", 0),
    "functools.cached_property": ("same", 0),
    "std.move": ("same", 0),
    "std.forward": ("same", 0),
    "std.as_const": ("same", 0),
    "copy.copy": ("same", 0),
    "copy.deepcopy": ("same", 0),
    "weakref.proxy": ("same", 0),
    "inspect.unwrap": ("same", 0),
    "functools.update_wrapper": ("same", 0),
    "typing.cast": ("same", 1),
    "cast": ("same", 1),
    "list": ("same", 0),
    "tuple": ("same", 0),
    "set": ("same", 0),
    "frozenset": ("same", 0),
    "dict": ("same", 0),
    "iter": ("same", 0),
    "reversed": ("same", 0),
    "sorted": ("same", 0),
    "filter": ("same", 1),
    "collections.OrderedDict": ("same", 0),
    "collections.deque": ("same", 0),
    "asyncio.create_task": ("same", 0),
    "asyncio.ensure_future": ("same", 0),
    "asyncio.wait_for": ("same", 0),
    "asyncio.run": ("same", 0),
    "pytest.param": ("same", 0),
    "next": ("element", 0),
    "min": ("element", 0),
    "max": ("element", 0),
    "enumerate": ("pairs", 0),
    "zip": ("rows", 0),
    "map": ("mapped", 0),
    "fastapi.Depends": ("call", 0),
    "fastapi.Security": ("call", 0),
    "threading.Thread": ("none", 0),
}

# What methods of lists, dictionaries and the like give: "content" one of the values, "same" the container itself.
TRANSPARENT_METHODS: Final[dict[str, str]] = {
    "get": "content",
    "pop": "content",
    "popleft": "content",
    "setdefault": "content",
    "__getitem__": "content",
    "copy": "same",
    "values": "values",
    "items": "items",
    "keys": "keys",
    "__iter__": "same",
}

# Methods that put an argument into a container: its position, and whether it is a container of what is put in.
ADDING_METHODS: Final[dict[str, tuple[int, bool]]] = {
    "append": (0, False),
    "add": (0, False),
    "appendleft": (0, False),
    "insert": (1, False),
    "setdefault": (1, False),
    "extend": (0, True),
    "update": (0, True),
}

# Operators and the methods that they run.
OPERATORS: Final[dict[str, str]] = {
    "+": "__add__", "-": "__sub__", "*": "__mul__", "/": "__truediv__", "//": "__floordiv__", "%": "__mod__",
    "**": "__pow__", "@": "__matmul__", "&": "__and__", "|": "__or__", "^": "__xor__", "<<": "__lshift__",
    ">>": "__rshift__", "==": "__eq__", "!=": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__",
    "in": "__contains__", "not in": "__contains__",
}  # fmt: skip
# Built-in functions and the method of their argument that they run.
PROTOCOLS: Final[dict[str, str]] = {
    "len": "__len__", "str": "__str__", "repr": "__repr__", "iter": "__iter__", "next": "__next__", "bool": "__bool__",
    "hash": "__hash__", "int": "__int__", "float": "__float__", "abs": "__abs__", "reversed": "__reversed__",
    "bytes": "__bytes__", "list": "__iter__", "tuple": "__iter__", "set": "__iter__", "sorted": "__iter__",
    "enumerate": "__iter__", "format": "__format__", "dir": "__dir__", "round": "__round__",
}  # fmt: skip

# Functions of libraries whose arguments matter.
KNOWN: Final = frozenset(CALLS) | frozenset(PROTOCOLS) | {"setattr"}

# Functions whose argument a framework calls before the function that has the call as a default or annotation.
INJECTING: Final = frozenset(
    {"fastapi.Depends", "fastapi.Security", "fastapi.params.Depends", "fastapi.params.Security"}
)

# Attributes of a function that are the function itself, or call it.
SAME_FUNCTION: Final = frozenset(
    ["__call__", "__wrapped__", "__func__", "delay", "apply_async", "apply", "s", "si", "fn", "func"]
)
