"""JSX: elements are values, components are called."""

from __future__ import annotations

import pytest

from tests.pipeline.ecmascript_facts import assigns, calls, facts, functions


@pytest.mark.parametrize("language", ["tsx", "javascript"])
def test_an_element_is_a_markup_value_with_attributes_and_children(language: str) -> None:
    """Attributes are named items, a bare one is true; text and expressions are children."""
    found = facts("v = <a.B x='1' y={z} on {...p}>text {c.d}<i/></a.B>;", language)
    assert assigns(found) == [
        "assign v = (markup a.B (named x '1') (named y z) (named on true) ...p 'text' c.d (markup i))"
    ]
    assert [(each.value, each.context, each.name) for each in found.texts.literals] == [
        ("1", "markup", "x"),
        ("text", "markup", ""),
    ]


def test_a_component_is_called_with_its_attributes_and_an_element_of_the_platform_is_not() -> None:
    """React's rule: a lower-case tag without a dot is of the platform."""
    found = facts("v = <div><Button kind='x' {...p}/><ui.card/></div>;", "tsx")
    assert calls(found) == ["Button(kind='x', ...p)", "ui.card()"]
    assert [call.is_new for call in found.bodies.calls] == [False, False]


def test_functions_in_attributes_take_the_attributes_name() -> None:
    """A handler is known by what it handles."""
    found = facts("const V = () => <a onClick={() => go()}>{xs.map(x => <b key={x}/>)}</a>;", "tsx")
    assert [(name, kind) for name, kind, *_ in functions(found)] == [
        ("V", "function"),
        ("V.onClick", "function"),
        ("V.<lambda>", "lambda"),
    ]
    assert calls(found) == ["go()", "xs.map(<V.<lambda>>)"]


def test_fragments_and_blank_text_carry_nothing() -> None:
    """A fragment has no tag; white space between elements is no literal."""
    found = facts("v = <>\n  <a/>\n</>;", "javascript")
    assert assigns(found) == ["assign v = (markup (markup a))"]
    assert found.texts.literals == ()


def test_attribute_strings_have_no_escapes() -> None:
    """A backslash in a JSX attribute is a backslash."""
    assert facts(r"v = <a x='\n'/>", "tsx").texts.literals[0].value == r"\n"
