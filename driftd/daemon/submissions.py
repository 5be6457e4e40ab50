"""How what a run found is cut into submissions to the writer, so that what people type can go in between.

Most of what is submitted at one time ends up in one transaction all the same, unless somebody waits for an answer
meanwhile (see `store.writer`).  Where nobody can, as in `driftd analyze`, it is cut into fewer pieces: each costs a look
at what is stored already, and what comes one after the other is a transaction each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple, TypeVar

from driftd.rows.declare import Row, Write, table_of
from driftd.store.commands import Append, Command, Replace, ReplaceAll, Track, Upsert

T = TypeVar("T")


class Portion(NamedTuple):
    """The most that is submitted together; a file's rows always are."""

    read: int  # files that workers have read
    found: int  # files that a stage found something about
    rows: int  # a few files can have a lot


AMONG_OTHERS: Final = Portion(6, 150, 200)  # a writer that people wait for as well
ALONE: Final = Portion(600, 600, 6_000)

# Files with findings: these are followed from one file to another, but not from one submission to another.
MOST_TRACKED: Final = 600


def submissions(
    by_table: Mapping[type[Row], Sequence[Sequence[object]]],
    files: Collection[str] | None,
    portion: Portion = AMONG_OTHERS,
    *,
    are_new: bool = False,
) -> Iterator[list[Command]]:
    """Yield the commands that store what a stage found; about many files in several submissions, each about some.

    Each is true by itself, and what people type can go in between.  `are_new`: nothing is stored about these files.
    """
    whole = [table for table in by_table if table_of(table).write is Write.UPSERT]
    by_file = all(table_of(table).file is not None for table in by_table if table not in whole)
    is_tracked = any(table_of(table).write is Write.FINDING for table in by_table)
    are_few = files is not None and (
        len(files) <= MOST_TRACKED
        if is_tracked
        else len(files) <= portion.found and sum(map(len, by_table.values())) <= portion.rows
    )
    command = partial(_stage_command, are_new=are_new)
    if files is None or are_few or not by_file:
        yield [command(table, files, rows) for table, rows in by_table.items()]
        return
    if whole:
        yield [command(table, files, by_table[table]) for table in whole]
    split: dict[type[Row], dict[str, list[Sequence[object]]]] = {}
    for table in by_table.keys() - set(whole):
        declared = table_of(table)
        place = declared.names.index(str(declared.file))
        of_file = split[table] = {}
        for row in by_table[table]:
            of_file.setdefault(str(row[place]), []).append(row)
    pieces = slices(
        sorted(files), lambda path: sum(len(rows.get(path, ())) for rows in split.values()), portion.found, portion.rows
    )
    for paths in pieces:
        yield [
            command(table, frozenset(paths), [row for path in paths for row in rows.get(path, ())])
            for table, rows in split.items()
        ]


def slices(files: Iterable[T], rows_of: Callable[[T], int], most: int, most_rows: int) -> Iterator[list[T]]:
    """Yield what is stored together: at most so many files, and of several not more than so many rows."""
    some: list[T] = []
    rows = 0
    for file in files:
        more = rows_of(file)
        if some and (rows + more > most_rows or len(some) == most):
            yield some
            some, rows = [], 0
        some.append(file)
        rows += more
    if some:
        yield some


def _stage_command(
    table: type[Row], files: Collection[str] | None, rows: Sequence[Sequence[object]], *, are_new: bool
) -> Command:
    """Return the command that makes these the rows about the files, or about everything, by how the table is written."""
    declared = table_of(table)
    if declared.write is Write.FINDING:
        return Track(table, files, rows)
    if declared.write is Write.UPSERT:
        return Upsert(table, rows)
    return ReplaceAll(table, rows) if files is None else replacing(table, files, rows, are_new=are_new)


def replacing(table: type[Row], files: Collection[str], rows: Sequence[Sequence[object]], *, are_new: bool) -> Command:
    """Return the command that makes these the rows about the files; `are_new`: there are none yet, so nobody looks."""
    return Append(table, rows) if are_new and not table_of(table).auto_id else Replace(table, files, rows)
