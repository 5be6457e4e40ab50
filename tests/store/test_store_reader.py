"""Reading: typed rows, pages by key that show every row once, errors that name what is wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftd.errors import ClosedError, StoreError, UsageError
from driftd.rows.call_graph import CallEdgeRow
from driftd.rows.enforcement import ViolationRow
from driftd.rows.facts import FunctionRow, ParseCacheRow
from driftd.store.commands import Replace, ReplaceAll, Track, Upsert
from driftd.store.reader import Matching, Page
from driftd.store.store import Store
from tests.store.rows import a_function, a_violation, an_edge, empty_database

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


async def test_get_gives_a_typed_row(store: Store) -> None:
    """`get` returns the row that was written, or None; a composite key is a tuple."""
    f, g = a_function("a", "f", is_async=True, parameters='["x"]', body_hash=b"12345678"), a_function("a", "g")
    await store.writer.submit(ReplaceAll(FunctionRow, [f, g]), ReplaceAll(CallEdgeRow, [an_edge(f, g, 7)]))
    assert await store.reader.get(FunctionRow, f.id) == f
    assert await store.reader.get(CallEdgeRow, (f.id, g.id, 7)) == an_edge(f, g, 7)
    assert await store.reader.get(FunctionRow, 1) is None
    assert await store.reader.rows(FunctionRow, {"name": ["g", "h"]}) == [g]


async def test_items_are_decoded(store: Store) -> None:
    """In a page JSON is decoded, booleans are bool, bytes are hex, and NULL is None."""
    row = a_function("a", "f", is_async=True, parameters='[{"name":"x"}]', body_hash=b"\x01\xff")
    await store.writer.submit(ReplaceAll(FunctionRow, [row]))
    (item,) = (await store.reader.page(FunctionRow)).items
    assert item["parameters"] == [{"name": "x"}]
    assert item["is_async"] is True
    assert item["is_exported"] is False
    assert item["body_hash"] == "01ff"
    assert item["return_type"] is None
    assert item["id"] == row.id


async def test_filters(store: Store) -> None:
    """A filter is a value, a list of values, or None for NULL; all of them hold at once; total counts the matches."""
    rows = [a_violation(f"v{n}", file="ab"[n % 2], line=n, cwe_id=79 if n < 3 else None) for n in range(6)]
    await store.writer.submit(Track(ViolationRow, None, rows))

    async def found(**filters: Any) -> tuple[list[str], int]:
        page = await store.reader.page(ViolationRow, filters)
        return [item["id"] for item in page.items], page.total

    assert await found(file="a") == (["v0", "v2", "v4"], 3)
    assert await found(file="a", cwe_id=79) == (["v0", "v2"], 2)
    assert await found(cwe_id=None, resolved_at=None) == (["v3", "v4", "v5"], 3)
    assert await found(line=[1, 5]) == (["v1", "v5"], 2)
    assert await found(line=[]) == ([], 0)
    assert await found(suppressed=True) == ([], 0)
    assert await found(severity="warning", suppressed=False, line=4) == (["v4"], 1)


async def test_a_pattern_stands_for_anything_by_its_stars_only(store: Store) -> None:
    """In a `Matching` filter `*` stands for any characters, slashes too; what else SQLite's GLOB knows is plain text."""
    rows = [a_function(file, name) for file, name in (("app/[id]/a.py", "f?"), ("app/i/a.py", "fx"), ("b.py", "f"))]
    await store.writer.submit(ReplaceAll(FunctionRow, rows))

    async def found(**filters: Matching) -> list[str]:
        return [item["file"] for item in (await store.reader.page(FunctionRow, filters, along=("file",))).items]

    assert await found(file=Matching("app/*")) == ["app/[id]/a.py", "app/i/a.py"]
    assert await found(file=Matching("app/[id]/*")) == ["app/[id]/a.py"]
    assert await found(name=Matching("f*")) == ["app/[id]/a.py", "app/i/a.py", "b.py"]
    assert await found(name=Matching("*f?*")) == ["app/[id]/a.py"]
    with pytest.raises(UsageError, match="not integer"):
        await found(line=Matching("1*"))


async def test_pages_are_read_along_columns(store: Store) -> None:
    """With `along`, rows come by those columns and then by the key, and the pages show every row once."""
    rows = [a_function("ab"[n % 2], f"f{n}", line=n // 4 + 1) for n in range(12)]
    await store.writer.submit(ReplaceAll(FunctionRow, rows))
    expected = [row.name for row in sorted(rows, key=lambda row: (row.file, row.line, row.id))]
    found: list[str] = []
    after: str | None = None
    while True:
        page = await store.reader.page(FunctionRow, limit=5, after=after, along=("file", "line"))
        assert page.total == 12
        found += [item["name"] for item in page.items]
        after = page.next
        if after is None:
            break
    assert found == expected
    first = await store.reader.page(FunctionRow, limit=5, along=("file", "line"))
    with pytest.raises(UsageError, match="another question"):
        await store.reader.page(FunctionRow, limit=5, after=first.next)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": {"nope": 1}}, "filter 'nope': violations has no such column.*one of id, file, line"),
        ({"filters": {"line": "1"}}, "filter 'line': '1' is not integer"),
        ({"filters": {"file": 1}}, "filter 'file': 1 is not text"),
        ({"filters": {"severity": "fatal"}}, "filter 'severity': 'fatal'.*one of error, warning"),
        ({"filters": {"line": 1 << 70}}, "too large"),
        ({"filters": {"file": "\ud800"}}, "cannot be looked for"),
        ({"order": "nope"}, "order 'nope'"),
        ({"order": "-nope"}, "order 'nope'"),
        ({"limit": 0}, "1 to 1000"),
        ({"limit": 1001}, "1 to 1000"),
        ({"after": "not base64!"}, "no cursor"),
        ({"after": "é"}, "no cursor"),
        ({"after": "kg=="}, "no cursor"),
        ({"after": ""}, "no cursor"),
        ({"after": "gA=="}, "no cursor"),
        ({"after": "kA=="}, "no cursor"),
        ({"after": "kQE="}, "another question"),
    ],
)
async def test_bad_questions_are_usage_errors(store: Store, arguments: dict[str, Any], message: str) -> None:
    """An unknown column, a wrong value or a bad cursor names itself and what would be right."""
    with pytest.raises(UsageError, match=message):
        await store.reader.page(ViolationRow, **arguments)


async def test_cursor_belongs_to_its_question(store: Store) -> None:
    """A cursor of other filters, another order or another table is refused."""
    rows = [a_violation(f"v{n}", line=n) for n in range(3)]
    await store.writer.submit(Track(ViolationRow, None, rows))
    cursor = (await store.reader.page(ViolationRow, {"file": "a.py"}, limit=1)).next
    assert cursor is not None
    for row, filters, order in (
        (ViolationRow, {}, None),
        (ViolationRow, {"file": "b.py"}, None),
        (ViolationRow, {"file": "a.py"}, "line"),
        (FunctionRow, {"file": "a.py"}, None),
    ):
        with pytest.raises(UsageError, match="another question"):
            await store.reader.page(row, filters, after=cursor, order=order)


async def test_bytes_can_be_a_key(store: Store) -> None:
    """Pages follow keys of any type."""
    rows = [
        ParseCacheRow(cache_key=bytes([n]), content_hash=b"h", language="python", extractor="1", facts=b"", size=0)
        for n in range(3)
    ]
    await store.writer.submit(Upsert(ParseCacheRow, rows))
    first = await store.reader.page(ParseCacheRow, limit=2)
    rest = await store.reader.page(ParseCacheRow, limit=2, after=first.next)
    assert [item["cache_key"] for item in (*first.items, *rest.items)] == ["00", "01", "02"]
    assert rest.next is None


orders = st.sampled_from([None, "id", "-id", "line", "-line", "cwe_id", "-cwe_id", "message", "-severity"])
violations = st.lists(
    st.builds(
        a_violation,
        st.text("abcdef", min_size=3, max_size=6),
        line=st.integers(0, 3),
        cwe_id=st.one_of(st.none(), st.integers(1, 2)),
        message=st.sampled_from("xy"),
        severity=st.sampled_from(["error", "hint"]),
    ),
    unique_by=lambda row: row.id,
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(violations, violations, orders, st.integers(1, 7))
def test_pages_show_every_row_once(
    rows: list[ViolationRow], more: list[ViolationRow], order: str | None, limit: int
) -> None:
    """Turning pages shows each row that was there from the start exactly once, in order, while others come in between."""

    async def check() -> None:
        with TemporaryDirectory() as folder:
            async with Store.open(empty_database(Path(folder) / "d.db")) as store:
                await store.writer.submit(Track(ViolationRow, None, rows))
                late = [row for row in more if row.id not in {old.id for old in rows}]
                seen: list[dict[str, Any]] = []
                page: Page | None = None
                while page is None or page.next:
                    page = await store.reader.page(
                        ViolationRow, limit=limit, after=page.next if page else None, order=order
                    )
                    seen.extend(page.items)
                    if late:
                        await store.writer.submit(Upsert(ViolationRow, [late.pop()]))
                ids = [item["id"] for item in seen]
                assert len(ids) == len(set(ids))
                assert {row.id for row in rows} <= set(ids)
                column = (order or "id").lstrip("-")
                values = [(item[column] is not None, item[column] or 0) for item in seen]
                if column == "id" or column in {"message", "severity"}:
                    values = [(True, item[column]) for item in seen]
                assert values == sorted(values, reverse=bool(order and order.startswith("-")))
                expected = sorted(row.id for row in rows)
                if not more and order is None:
                    assert ids == expected

    asyncio.run(check())


async def test_dump_is_what_is_true(store: Store) -> None:
    """Two databases with the same truth give the same dump, whatever their ids, times and resolved findings."""
    await store.writer.submit(Track(ViolationRow, None, [a_violation("v"), a_violation("w")], now=5))
    before = await store.reader.dump(ViolationRow)
    await store.writer.submit(Track(ViolationRow, None, [a_violation("w")], now=6))
    await store.writer.submit(Track(ViolationRow, None, [a_violation("w"), a_violation("v")], now=7))
    assert await store.reader.dump(ViolationRow) == before
    await store.writer.submit(Track(ViolationRow, None, [a_violation("v")], now=8))
    assert [row[0] for row in await store.reader.dump(ViolationRow)] == ["v"]


async def test_counts_name_every_table(store: Store) -> None:
    """`counts` has an entry for each of the 48 tables."""
    await store.writer.submit(Replace(FunctionRow, {"a"}, [a_function("a", "f"), a_function("a", "g")]))
    counts = await store.reader.counts()
    assert len(counts) == 48
    assert {name: count for name, count in counts.items() if count} == {"functions": 2}


async def test_query_has_a_deadline(path: Path) -> None:
    """A query that takes too long ends with a hint, and the connection goes on."""
    async with Store.open(path, deadline=0.05) as store:
        with pytest.raises(StoreError) as caught:
            await store.reader.fetch(ENDLESS)
        assert "took too long" in caught.value.hint
        assert await store.reader.fetch("SELECT 1") == [(1,)]


async def test_fetch_refuses_to_write(store: Store) -> None:
    """A reader cannot be talked into writing."""
    with pytest.raises(StoreError, match="readonly"):
        await store.reader.fetch("DELETE FROM functions")


async def test_integrity_and_size(store: Store) -> None:
    """A sound database has no faults, and its size is that of its pages."""
    assert await store.reader.integrity() == []
    size, free = await store.reader.size()
    assert size > 100_000
    assert free == 0


async def test_closed_reader_says_so(path: Path) -> None:
    """Reading after the store closed is a ClosedError."""
    async with Store.open(path) as store:
        pass
    with pytest.raises(ClosedError):
        await store.reader.counts()
