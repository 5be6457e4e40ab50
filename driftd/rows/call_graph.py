"""Tables of v002 about calls: who calls whom, and which function touches which table of a database."""

from typing import Literal

from driftd.rows.declare import Row, Tier, Write, table

Resolution = Literal[
    "same_file",
    "method_call",
    "di_injection",
    "import_based",
    "export_based",
    "fuzzy",
    "constructor",
    "type_inferred",
    "virtual_dispatch",
    "callback",
    "decorator",
]
DataOperation = Literal[
    "select",
    "insert",
    "update",
    "delete",
    "upsert",
    "count",
    "aggregate",
    "join",
    "transaction",
    "migration",
    "raw_query",
    "unknown",
]


@table(
    "call_edges",
    key=("caller_id", "callee_id", "call_site_line"),
    write=Write.REPLACE,
    tier=Tier.CURRENT,
    file="file",
    migration=2,
    indexes=(("callee_id",),),  # of files as well, every row's path would be there twice: a tenth of the database
    function_ids=("caller_id", "callee_id"),
    without_rowid=True,
)
class CallEdgeRow(Row, frozen=True, kw_only=True):
    """One resolved call site.

    caller_id, callee_id: `functions.id` of each end
    call_site_line: line of the call
    resolution: the strategy that found the callee
    confidence: 0 to 1; the strategy's own, lower where several targets are possible
    file: the caller's file
    """

    caller_id: int
    callee_id: int
    call_site_line: int
    resolution: Resolution
    confidence: float
    file: str


@table(
    "external_calls",
    key=("file", "caller_id", "symbol"),
    write=Write.REPLACE,
    tier=Tier.CURRENT,
    file="file",
    migration=9,
    function_ids=("caller_id",),
    without_rowid=True,
)
class ExternalCallRow(Row, frozen=True, kw_only=True):
    """A function that calls something outside of the workspace; calls of built-ins are not listed.

    file: the caller's file
    caller_id: `functions.id` of the caller
    symbol: what is called, dotted as imported; `requests.get().json` is a method of what a call gave
    package: the package it is imported from
    call_site_line: line of the first call
    calls: how many there are
    """

    file: str
    caller_id: int
    symbol: str
    package: str
    call_site_line: int
    calls: int


@table(
    "data_access",
    key=("function_id", "table_name", "operation", "line"),
    write=Write.REPLACE,
    tier=Tier.CURRENT,
    file="file",
    migration=2,
    indexes=(("table_name",), ("file",)),
    function_ids=("function_id",),
    without_rowid=True,
)
class DataAccessRow(Row, frozen=True, kw_only=True):
    """One place where a function reads or writes a table of a database.

    function_id: `functions.id` of the innermost function around the call
    table_name: table or model; `unknown` where it cannot be told
    operation: what is done to it
    framework: name of the ORM; NULL for a raw driver
    line: line of the call
    file: the function's file
    """

    function_id: int
    table_name: str
    operation: DataOperation
    line: int
    framework: str | None = None
    confidence: float = 0.8
    file: str
