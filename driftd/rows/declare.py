"""How a table is declared: a frozen struct for its row, and a decorator for everything else that is known about it.

From one declaration follow the CREATE text a migration starts from, the insert and upsert, the sweeps, the paged read,
the counters and the page of the schema document.  There is no SQL and no I/O here.

Column types come from the annotations: `int` and `bool` are INTEGER, `float` REAL, `str` TEXT, `bytes` BLOB;
`| None` makes a column nullable, a `Literal` of strings adds a CHECK.  The aliases `AutoId`, `Json`, `OptionalJson` and
`Stamp` mark the columns that need more than a type.  Modules of row classes do without `from __future__ import
annotations`: it makes texts of the annotations, and each start would compile those five hundred one by one.
"""

from __future__ import annotations

import re
import types
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Write(Enum):
    """How rows of a table come and go."""

    REPLACE = "replace"  # all rows of a file, or of the table, are replaced by a new analysis
    UPSERT = "upsert"  # one row per key, updated in place
    FINDING = "finding"  # tracked from first seen to resolved, under an identity that survives editing
    APPEND = "append"  # one row per run or per action of a user


class Tier(Enum):
    """How long rows are kept."""

    CURRENT = "current"  # as long as what they describe exists
    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"
    PERMANENT = "permanent"

    @property
    def timed(self) -> bool:
        """Whether rows of this tier grow old."""
        return self in {Tier.SHORT, Tier.MEDIUM, Tier.LONG}


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of every row class.  Fields stand in the order of the columns; values are what SQLite stores."""


class _Mark(Enum):
    AUTO = "auto"
    JSON = "json"
    STAMP = "stamp"


AutoId = Annotated[int | None, _Mark.AUTO]
"""An id that SQLite hands out on insert and never uses twice; None in a row that is not stored yet."""

Json = Annotated[str, _Mark.JSON]
"""JSON text, as `ids.json_text` writes it; reads give the decoded value."""

OptionalJson = Annotated[str | None, _Mark.JSON]
"""JSON text or NULL."""

Stamp = Annotated[int, _Mark.STAMP]
"""Unix seconds of the write: the writer fills in its clock's time where a row says 0, so analyses need no clock."""

NO_DEFAULT: Final = msgspec.NODEFAULT

_SQL_TYPES: Final[Mapping[Any, str]] = {int: "INTEGER", bool: "INTEGER", float: "REAL", str: "TEXT", bytes: "BLOB"}
_LIFECYCLE: Final = frozenset({"last_seen_at", "resolved_at", "resolved"})


class Column(msgspec.Struct, frozen=True):
    """One column.  `default` is the default of the row's field, or NO_DEFAULT; `references` is "table.column"."""

    name: str
    sql_type: str
    nullable: bool
    json: bool
    boolean: bool
    auto: bool
    stamp: bool
    enum: tuple[str, ...]
    default: Any
    references: str | None
    doc: str


class Table(msgspec.Struct, frozen=True, eq=False, dict=True):  # there is one of a kind, and it is looked up often
    """What is known about a table.

    `age` is the column that a timed tier measures, `file` the one that says which file a row is about, `first_seen`
    the one that an update of a row leaves alone, `function_ids` those that hold a `functions.id`.  `volatile` columns
    say when or in which order a row was written, not what is true: comparisons leave them out.  `without_rowid` stores
    the rows in the index of the key, which suits narrow rows with a key of several columns.

    `series` names the columns by which rows follow each other: the newest row of a series is current, older ones are
    superseded.  None: rows do not supersede each other; (): all rows written at the newest time are current.  `thinned`
    series keep fewer rows the older they are.  `partial` are indexes of single columns that leave NULL out.  `guarded`
    columns belong to retention: an upsert leaves them alone, and comparisons leave them out.
    """

    name: str
    row: type[Row]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    write: Write
    tier: Tier
    age: str | None
    file: str | None
    migration: int
    indexes: tuple[tuple[str, ...], ...]
    unique: tuple[tuple[str, ...], ...]
    volatile: frozenset[str]
    first_seen: str | None
    function_ids: tuple[str, ...]
    without_rowid: bool
    series: tuple[str, ...] | None
    thinned: bool
    partial: tuple[str, ...]
    guarded: tuple[str, ...]
    kept_because: str
    doc: str

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The column names in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def auto_id(self) -> bool:
        """Whether SQLite hands out the key."""
        return self.columns[self.names.index(self.key[0])].auto

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """The columns that say which row is meant: the key, or the first unique set where the key is handed out."""
        if not self.auto_id:
            return self.key
        return self.unique[0] if self.unique else self.key

    @cached_property
    def by_function(self) -> str | None:
        """The function by which a file's rows are found, where no index begins with the file; None where one does."""
        leading = {columns[0] for columns in (self.key, *self.indexes, *self.unique)}
        is_of_function = self.key[0] in self.function_ids
        return self.key[0] if self.file is not None and self.file not in leading and is_of_function else None

    def column(self, name: str) -> Column:
        """Return the column called `name`; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


R = TypeVar("R", bound=Row)

_declared: dict[type[Row], Table] = {}

row_values: Final[Callable[[Any], tuple[Any, ...]]] = msgspec.structs.astuple
"""Return the values of a row in column order."""


def table(
    name: str,
    *,
    key: tuple[str, ...],
    write: Write,
    tier: Tier,
    migration: int,
    age: str | None = None,
    file: str | None = None,
    indexes: Iterable[tuple[str, ...]] = (),
    unique: Iterable[tuple[str, ...]] = (),
    volatile: Iterable[str] = (),
    first_seen: str | None = None,
    function_ids: tuple[str, ...] = (),
    without_rowid: bool = False,
    references: Mapping[str, str] | None = None,
    series: tuple[str, ...] | None = None,
    thinned: bool = False,
    partial: Iterable[str] = (),
    guarded: tuple[str, ...] = (),
    kept_because: str = "",
) -> Callable[[type[R]], type[R]]:
    """Declare the decorated row class to be the table `name`; TypeError or ValueError if the declaration is wrong."""

    def declare(row: type[R]) -> type[R]:
        summary, meanings = _parse_doc(row.__doc__ or "")
        columns = tuple(_columns(row, references or {}, meanings))
        own_volatile = {column.name for column in columns if column.auto or column.stamp or column.name in _LIFECYCLE}
        declared = Table(
            name=name,
            row=row,
            columns=columns,
            key=key,
            write=write,
            tier=tier,
            age=age,
            file=file,
            migration=migration,
            indexes=tuple(indexes),
            unique=tuple(unique),
            volatile=frozenset(own_volatile | set(volatile) | set(guarded)),
            first_seen=first_seen,
            function_ids=function_ids,
            without_rowid=without_rowid,
            series=series,
            thinned=thinned,
            partial=(*_ends(write, columns), *partial),
            guarded=guarded,
            kept_because=kept_because,
            doc=summary,
        )
        _validate(declared, meanings, references or {}, volatile=set(volatile))
        _declared[row] = declared
        return row

    return declare


def _ends(write: Write, columns: Iterable[Column]) -> Iterable[str]:
    """Return the column by which a sweep finds findings that ended long ago: an index of it is small, most have not."""
    return [column.name for column in columns if write is Write.FINDING and column.name == "resolved_at"]


def table_of(row: type[Row]) -> Table:
    """Return the declaration of a row class; TypeError if it has none."""
    try:
        return _declared[row]
    except KeyError:
        raise TypeError(f"{row.__name__} is not declared as a table") from None


def _columns(row: type[Row], references: Mapping[str, str], meanings: Mapping[str, str]) -> Iterable[Column]:
    for field in msgspec.structs.fields(row):
        annotation, marks = _strip(field.type)
        base, nullable = _optional(annotation)
        enum: tuple[str, ...] = ()
        if get_origin(base) is Literal:
            enum = get_args(base)
            if not all(isinstance(value, str) for value in enum):
                raise TypeError(f"{row.__name__}.{field.name}: a Literal column holds strings only")
            base = str
        if base not in _SQL_TYPES:
            raise TypeError(f"{row.__name__}.{field.name}: {base!r} has no column type")
        yield Column(
            name=field.name,
            sql_type=_SQL_TYPES[base],
            nullable=nullable,
            json=_Mark.JSON in marks,
            boolean=base is bool,
            auto=_Mark.AUTO in marks,
            stamp=_Mark.STAMP in marks,
            enum=enum,
            default=field.default,
            references=references.get(field.name),
            doc=meanings.get(field.name, _COMMON.get(field.name, "")),
        )


def _strip(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    if get_origin(annotation) is Annotated:
        base, *marks = get_args(annotation)
        return base, tuple(marks)
    return annotation, ()


def _optional(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) not in {Union, types.UnionType}:
        return annotation, False
    rest = [arm for arm in get_args(annotation) if arm is not type(None)]
    if len(rest) != 1:
        raise TypeError(f"{annotation!r}: a column has one type, or one type and None")
    return rest[0], True


def _validate(
    declared: Table, meanings: Mapping[str, str], references: Mapping[str, str], *, volatile: set[str]
) -> None:
    names = set(declared.names)
    mentioned: dict[str, set[str]] = {
        "key": set(declared.key),
        "age": {declared.age} if declared.age else set(),
        "file": {declared.file} if declared.file else set(),
        "first_seen": {declared.first_seen} if declared.first_seen else set(),
        "function_ids": set(declared.function_ids),
        "indexes": {column for index in declared.indexes for column in index},
        "unique": {column for index in declared.unique for column in index},
        "volatile": volatile,
        "series": set(declared.series or ()),
        "partial": set(declared.partial),
        "guarded": set(declared.guarded),
        "references": set(references),
        "docstring": set(meanings),
    }
    for part, columns in mentioned.items():
        if unknown := columns - names:
            raise ValueError(f"{declared.name}: {part} names {sorted(unknown)}, which are not columns")
    if not declared.key:
        raise ValueError(f"{declared.name}: a table has a key")
    if declared.tier.timed and declared.age is None:
        raise ValueError(f"{declared.name}: tier {declared.tier.value} needs an age column")
    if declared.age is None and declared.file is None and not declared.kept_because:
        raise ValueError(f"{declared.name}: no age and no file column; say kept_because")
    if declared.write is Write.FINDING and not (declared.first_seen and {"last_seen_at", "resolved_at"} <= names):
        raise ValueError(f"{declared.name}: a finding has first_seen, last_seen_at and resolved_at")
    if declared.series is not None and declared.age is None:
        raise ValueError(f"{declared.name}: a series needs an age column")
    if declared.thinned and not declared.series:
        raise ValueError(f"{declared.name}: only a series is thinned")
    if any(column.auto and declared.key != (column.name,) for column in declared.columns):
        raise ValueError(f"{declared.name}: an AutoId is the whole key")
    if any(
        other.name == declared.name and other.row.__qualname__ != declared.row.__qualname__
        for other in _declared.values()
    ):
        raise ValueError(f"{declared.name}: declared twice")


_MEANING: Final = re.compile(r"^((?:[a-z]\w*)(?:, [a-z]\w*)*): (.+)$")


def _parse_doc(text: str) -> tuple[str, dict[str, str]]:
    """Split a row's docstring into what the table is and, from lines like `line, end_line: …`, what its columns mean."""
    summary: list[str] = []
    meanings: dict[str, str] = {}
    names: list[str] = []
    for line in text.strip().splitlines():
        stripped = line.strip()
        if match := _MEANING.match(stripped):
            names = match[1].split(", ")
            meanings.update(dict.fromkeys(names, match[2]))
        elif not stripped:
            names = []
        elif names:
            meanings.update({name: f"{meanings[name]} {stripped}" for name in names})
        else:
            summary.append(stripped)
    return " ".join(summary), meanings


_COMMON: Final[Mapping[str, str]] = {
    "id": "handed out on insert",
    "file": "path relative to the workspace, with forward slashes",
    "line": "line, from 1; 0 = the whole file",
    "column_num": "column in code points, from 1",
    "end_line": "last line, inclusive",
    "end_column": "column after the last one",
    "created_at": "when it was first seen or stored",
    "updated_at": "when it last changed",
    "last_seen_at": "when an analysis last confirmed it",
    "resolved_at": "when an analysis no longer found it; NULL while it is true",
    "function_id": "`functions.id`",
    "pattern_id": "the pattern it belongs to",
    "confidence": "0 to 1",
    "language": "language name, lower case",
    "run_id": "the run that wrote it, `scan_history.id`",
    "cwe_id": "CWE number",
    "framework": "the library or framework that was recognised",
    "severity": "how bad it is",
    "description": "a sentence for people",
    "message": "a sentence for people",
    "name": "its name",
    "category": "its kind",
    "remediation": "what to do about it",
}
