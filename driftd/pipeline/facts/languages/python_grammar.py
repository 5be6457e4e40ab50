"""The grammar of Python: the numbers of the node kinds and fields that lowering asks about.

Each is a name of its own, because compiled code reads one as it reads a constant, and looks up anything else by name.
"""

from __future__ import annotations

from typing import Final

import tree_sitter_python
from tree_sitter import Language

LANGUAGE: Final = Language(tree_sitter_python.language())


def kind(name: str, *, is_named: bool = True) -> int:
    """Return the number of a kind of node."""
    number = LANGUAGE.id_for_node_kind(name, is_named)
    if number is None:
        raise LookupError(f"the grammar has no node kind {name!r}")
    return number


def field(name: str) -> int:
    """Return the number of a field."""
    number = LANGUAGE.field_id_for_name(name)
    if number is None:
        raise LookupError(f"the grammar has no field {name!r}")
    return number


ERROR: Final = 0xFFFF  # in every grammar
EQUALS: Final = kind("=", is_named=False)

# What may stand anywhere.
COMMENT: Final = kind("comment")
LINE_CONTINUATION: Final = kind("line_continuation")

# Statements and clauses.
DECORATOR: Final = kind("decorator")
FUNCTION: Final = kind("function_definition")
CLASS: Final = kind("class_definition")
TYPE_ALIAS: Final = kind("type_alias_statement")
EXPRESSION_STATEMENT: Final = kind("expression_statement")
RETURN: Final = kind("return_statement")
RAISE: Final = kind("raise_statement")
ASSERT: Final = kind("assert_statement")
PRINT: Final = kind("print_statement")
EXEC: Final = kind("exec_statement")
DELETE: Final = kind("delete_statement")
GLOBAL: Final = kind("global_statement")
NONLOCAL: Final = kind("nonlocal_statement")
PASS: Final = kind("pass_statement")
BREAK: Final = kind("break_statement")
CONTINUE: Final = kind("continue_statement")
IMPORT: Final = kind("import_statement")
IMPORT_FROM: Final = kind("import_from_statement")
FUTURE_IMPORT: Final = kind("future_import_statement")
IF: Final = kind("if_statement")
ELIF: Final = kind("elif_clause")
ELSE: Final = kind("else_clause")
WHILE: Final = kind("while_statement")
FOR: Final = kind("for_statement")
WITH: Final = kind("with_statement")
TRY: Final = kind("try_statement")
EXCEPT: Final = kind("except_clause")
FINALLY: Final = kind("finally_clause")
MATCH: Final = kind("match_statement")
CASE: Final = kind("case_clause")

# Expressions.
CALL: Final = kind("call")
AWAIT: Final = kind("await")
INTEGER: Final = kind("integer")
FLOAT: Final = kind("float")
TRUE: Final = kind("true")
FALSE: Final = kind("false")
NONE: Final = kind("none")
SET: Final = kind("set")
DICTIONARY: Final = kind("dictionary")
LIST_COMPREHENSION: Final = kind("list_comprehension")
SET_COMPREHENSION: Final = kind("set_comprehension")
DICT_COMPREHENSION: Final = kind("dictionary_comprehension")
BINARY: Final = kind("binary_operator")
BOOLEAN: Final = kind("boolean_operator")
COMPARISON: Final = kind("comparison_operator")
NOT: Final = kind("not_operator")
UNARY: Final = kind("unary_operator")
CONDITIONAL: Final = kind("conditional_expression")
NAMED: Final = kind("named_expression")
YIELD: Final = kind("yield")
LAMBDA: Final = kind("lambda")
AUGMENTED: Final = kind("augmented_assignment")
IDENTIFIER: Final = kind("identifier")
ATTRIBUTE: Final = kind("attribute")
SUBSCRIPT: Final = kind("subscript")
SLICE: Final = kind("slice")
STRING: Final = kind("string")
CONCATENATED: Final = kind("concatenated_string")
STRING_CONTENT: Final = kind("string_content")
INTERPOLATION: Final = kind("interpolation")
FORMAT_SPECIFIER: Final = kind("format_specifier")
KEYWORD_ARGUMENT: Final = kind("keyword_argument")
GENERATOR: Final = kind("generator_expression")
LIST_SPLAT: Final = kind("list_splat")
DICT_SPLAT: Final = kind("dictionary_splat")
PAIR: Final = kind("pair")
PARENTHESIZED: Final = kind("parenthesized_expression")
TUPLE_NODE: Final = kind("tuple")
LIST_NODE: Final = kind("list")
EXPRESSION_LIST: Final = kind("expression_list")
ASSIGNMENT: Final = kind("assignment")
FOR_IN: Final = kind("for_in_clause")
IF_CLAUSE: Final = kind("if_clause")
AS_PATTERN: Final = kind("as_pattern")
AS_PATTERN_TARGET: Final = kind("as_pattern_target")
BLOCK: Final = kind("block")
WITH_CLAUSE: Final = kind("with_clause")
ELLIPSIS_NODE: Final = kind("ellipsis")
TYPED_PARAMETER: Final = kind("typed_parameter")
CONSTRAINED: Final = kind("constrained_type")
DEFAULT_PARAMETER: Final = kind("default_parameter")
TYPED_DEFAULT: Final = kind("typed_default_parameter")
LIST_SPLAT_PATTERN: Final = kind("list_splat_pattern")
DICT_SPLAT_PATTERN: Final = kind("dictionary_splat_pattern")
POSITIONAL_SEPARATOR: Final = kind("positional_separator")
KEYWORD_SEPARATOR: Final = kind("keyword_separator")
ALIASED_IMPORT: Final = kind("aliased_import")
WILDCARD: Final = kind("wildcard_import")
DOTTED_NAME: Final = kind("dotted_name")
CASE_PATTERN: Final = kind("case_pattern")
CLASS_PATTERN: Final = kind("class_pattern")
DICT_PATTERN: Final = kind("dict_pattern")
KEYWORD_PATTERN: Final = kind("keyword_pattern")
UNION_PATTERN: Final = kind("union_pattern")
SPLAT_PATTERN: Final = kind("splat_pattern")
STRINGS: Final = frozenset({STRING, CONCATENATED})
LIST_TARGETS: Final = frozenset({LIST_NODE, kind("list_pattern")})
TUPLE_TARGETS: Final = frozenset({TUPLE_NODE, EXPRESSION_LIST, kind("tuple_pattern"), kind("pattern_list")})
SPLAT_TARGETS: Final = frozenset({LIST_SPLAT, LIST_SPLAT_PATTERN, DICT_SPLAT_PATTERN})
TARGET_WRAPPERS: Final = frozenset({PARENTHESIZED, AS_PATTERN_TARGET, kind("type")})

# Fields.
F_ALIAS: Final = field("alias")
F_BODY: Final = field("body")
F_CAUSE: Final = field("cause")
F_CONDITION: Final = field("condition")
F_CONSEQUENCE: Final = field("consequence")
F_GUARD: Final = field("guard")
F_LEFT: Final = field("left")
F_MODULE: Final = field("module_name")
F_NAME: Final = field("name")
F_OPERATOR: Final = field("operator")
F_PARAMETERS: Final = field("parameters")
F_RETURN: Final = field("return_type")
F_RIGHT: Final = field("right")
F_SUBJECT: Final = field("subject")
F_SUPERCLASSES: Final = field("superclasses")
F_TYPE: Final = field("type")
F_TYPE_PARAMETERS: Final = field("type_parameters")
F_VALUE: Final = field("value")

# What is walked to find statements.
STATEMENTS: Final = frozenset(
    {
        DECORATOR,
        FUNCTION,
        CLASS,
        TYPE_ALIAS,
        EXPRESSION_STATEMENT,
        RETURN,
        RAISE,
        ASSERT,
        PRINT,
        EXEC,
        DELETE,
        GLOBAL,
        NONLOCAL,
        PASS,
        BREAK,
        CONTINUE,
        IMPORT,
        IMPORT_FROM,
        FUTURE_IMPORT,
        IF,
        ELIF,
        ELSE,
        WHILE,
        FOR,
        WITH,
        TRY,
        EXCEPT,
        FINALLY,
        MATCH,
        CASE,
        ERROR,
    }
)
COMPOUND: Final = frozenset(
    {
        kind("module"), BLOCK, kind("decorated_definition"), FUNCTION, CLASS, IF, ELIF, ELSE, WHILE, FOR, WITH, TRY, EXCEPT,
        FINALLY, MATCH, CASE,
    }
)  # fmt: skip
STATEMENT_KINDS: Final = tuple([LANGUAGE.node_kind_for_id(number) for number in STATEMENTS if number != ERROR])
NOT_EXPRESSIONS: Final = STATEMENTS | {BLOCK, kind("module"), kind("decorated_definition")}
EXPRESSIONS: Final = frozenset(
    {
        IDENTIFIER, DOTTED_NAME, ATTRIBUTE, CALL, KEYWORD_ARGUMENT, AWAIT, STRING, CONCATENATED, INTEGER, FLOAT, TRUE, FALSE,
        NONE, ELLIPSIS_NODE, LIST_NODE, TUPLE_NODE, SET, EXPRESSION_LIST, DICTIONARY, LIST_COMPREHENSION, SET_COMPREHENSION,
        DICT_COMPREHENSION, GENERATOR, PARENTHESIZED, LIST_SPLAT, DICT_SPLAT, SUBSCRIPT, SLICE, BINARY, BOOLEAN, COMPARISON,
        NOT, UNARY, CONDITIONAL, NAMED, YIELD, LAMBDA, ASSIGNMENT, AUGMENTED,
    }
)  # fmt: skip
# What stands behind `=` in no plain assignment: another one, or no value at all.
UNUSUAL: Final = frozenset({ASSIGNMENT, ERROR, COMMENT, LINE_CONTINUATION})
