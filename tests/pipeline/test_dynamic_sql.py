"""SQL in XML: what a statement with conditions and loops can become."""

from __future__ import annotations

import pytest

from driftd.pipeline.facts.dynamic_sql import BadXmlError, element_of, renditions, renditions_of_text


def rendered(text: str) -> list[str]:
    """Return what a text becomes, with runs of white space as one blank."""
    return [" ".join(each.split()) for each in renditions_of_text(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select * from a where b = #{b,jdbcType=INT}", ["select * from a where b = ?"]),
        ("select * from log_${year} order by ${by}", ["select * from _p order by _p"]),
        (
            "<script>select * from a <where> <if test='b'>and b = 1</if> </where></script>",
            ["select * from a where b = 1", "select * from a"],
        ),
        (
            "<script>select * from a <where><if test='x'>order_no = 1</if></where></script>",
            ["select * from a where order_no = 1", "select * from a"],
        ),
        (
            "<script>update a <set> b = 1, <if test='c'>c = 2,</if> </set> where d = 3</script>",
            ["update a set b = 1, c = 2 where d = 3", "update a set b = 1 where d = 3"],
        ),
        (
            "<script>select <choose><when test='a'>a</when><when test='b'>b</when><otherwise>c</otherwise></choose> from d</script>",
            ["select a from d"],
        ),
        (
            "<script>select * from a where b in <foreach collection='x' open='(' close=')' item='i'>#{i}</foreach></script>",
            ["select * from a where b in (?)"],
        ),
        (
            "<script>insert into a <trim prefix='(' suffix=')' suffixOverrides=','>b, c,</trim> values (1, 2)</script>",
            ["insert into a ( b, c ) values (1, 2)"],
        ),
        ("<script>select a from b where c &lt; 1 and d <![CDATA[ < ]]> 2</script>", ["select a from b where c < 1 and d < 2"]),
        ("<script>select a</select>", []),
    ],
)  # fmt: skip
def test_what_a_statement_can_become(text: str, expected: list[str]) -> None:
    """All optional parts, then none; the first choice; parameters are placeholders."""
    assert rendered(text) == expected


def test_fragments_are_put_in() -> None:
    """A fragment that is not there may be anything; one that includes itself ends."""
    mapper = element_of(
        "<mapper><sql id='a'>x <include refid='a'/></sql><select>select <include refid='b'/></select></mapper>"
    )
    fragment, statement = mapper.elements()
    assert [" ".join(text.split()) for text in renditions(statement, {"a": fragment})] == ["select ?"]
    assert renditions(fragment, {"a": fragment})[0].startswith("x")


@pytest.mark.parametrize(
    ("text", "line"),
    [("<a>\n<b></a>", 2), ("", 1), ('<!DOCTYPE a [\n<!ENTITY b "c">]><a>&b;</a>', 2), ("<a>" * 100 + "</a>" * 100, 1)],
)
def test_what_is_no_xml_says_where(text: str, line: int) -> None:
    """Entities are not defined: what they stand for can grow without end; nor do elements nest without end."""
    with pytest.raises(BadXmlError) as raised:
        element_of(text)
    assert raised.value.line == line
