"""The three grammars of the ECMAScript family, their one query each, and the node kinds that lowering asks about.

Compiled on first use, once per process.  Nothing here looks at a file.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Query

LANGUAGES = ("typescript", "tsx", "javascript")
SUFFIXES = {
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
}
GRAMMAR_VERSIONS = f"ts{version('tree-sitter-typescript')}-js{version('tree-sitter-javascript')}"

# Every pattern is flat or decides at the first named child (the anchor `.`): one that waits for a later child stays
# in progress for as long as its node lasts, and the query then takes quadratic time on deep nesting.
_COMMON = """
[(function_declaration) (generator_function_declaration) (function_expression) (generator_function)
 (arrow_function) (method_definition)] @function
[(class_declaration) (class)] @class
[(call_expression) (new_expression)] @call
(await_expression . [(call_expression) (new_expression)] @awaited)
(decorator . (call_expression) @decorating)
[(string) (template_string) (number) (regex)] @literal
[(lexical_declaration) (variable_declaration)] @declaration
(assignment_expression) @assignment
[(augmented_assignment_expression) (update_expression)] @mutation
"delete" @delete
[(return_statement) (yield_expression)] @return
(throw_statement) @throw
(import_statement) @import
(export_statement) @export
[(for_statement) (for_in_statement) (while_statement) (do_statement)] @loop
(if_statement) @if
[(switch_case) (switch_default)] @case
(try_statement) @try
[(break_statement) (continue_statement)] @jump
"instanceof" @instanceof
(expression_statement . (_) @expression)
[(comment) (hash_bang_line)] @comment
[(identifier) (shorthand_property_identifier)] @name
[(property_identifier) (private_property_identifier)] @property
(pair_pattern . key: (property_identifier) @name)
(variable_declarator . name: (identifier) @declared)
(function_declaration . name: (identifier) @declared)
(generator_function_declaration . name: (identifier) @declared)
(function_expression . name: (identifier) @declared)
(generator_function . name: (identifier) @declared)
(arrow_function . parameter: (identifier) @declared)
(import_specifier (identifier) @declared)
(import_clause (identifier) @declared)
(namespace_import (identifier) @declared)
(namespace_export (identifier) @declared)
(export_specifier alias: (identifier) @declared)
(catch_clause . parameter: (identifier) @declared)
(rest_pattern . (identifier) @declared)
(array_pattern (identifier) @declared)
(assignment_pattern . left: (identifier) @declared)
(pair_pattern value: (identifier) @declared)
(for_in_statement . left: (identifier) @declared)
(assignment_expression . left: (identifier) @declared)
(ERROR) @error
(MISSING) @missing
"""

_TYPESCRIPT = """
(abstract_method_signature) @function
[(abstract_class_declaration) (interface_declaration) (enum_declaration) (type_alias_declaration)
 (internal_module) (module)] @class
(literal_type . [(string) (number)] @type_literal)
(import_alias) @import_alias
(type_identifier) @name
(class_declaration . name: (type_identifier) @declared)
(abstract_class_declaration . name: (type_identifier) @declared)
(class . name: (type_identifier) @declared)
(interface_declaration . name: (type_identifier) @declared)
(type_alias_declaration . name: (type_identifier) @declared)
(enum_declaration . name: (identifier) @declared)
(type_parameter . name: (type_identifier) @declared)
(required_parameter pattern: (identifier) @declared)
(optional_parameter pattern: (identifier) @declared)
(function_signature . name: (identifier) @declared)
(index_signature . name: (identifier) @declared)
(import_alias . (identifier) @declared)
(import_require_clause . (identifier) @declared)
(internal_module . name: (identifier) @declared)
(module . name: (identifier) @declared)
"""

_JAVASCRIPT = """
(html_comment) @comment
(formal_parameters (identifier) @declared)
(class_declaration . name: (identifier) @declared)
(class . name: (identifier) @declared)
"""

_JSX = """
[(jsx_opening_element) (jsx_self_closing_element)] @markup
(jsx_attribute (string) @attribute)
(jsx_text) @literal
"""

# Fields that only some of the grammars have.
_OTHER_FIELDS = ("name", "open_tag", "parameter", "pattern", "property", "return_type", "type")


class Grammar:
    """One compiled grammar: its language, its query, and node kind and field ids by name."""

    __slots__ = ("fields", "ids", "language", "query")

    def __init__(self, language: Language, query: str) -> None:
        self.language = language
        self.query = Query(language, query)
        # Aliases give several ids to one name, so every id is listed.
        self.ids: dict[str, frozenset[int]] = {}
        kinds: dict[str, set[int]] = {}
        for number in range(language.node_kind_count):
            if language.node_kind_is_named(number):
                kinds.setdefault(language.node_kind_for_id(number) or "", set()).add(number)
        self.ids = {name: frozenset(numbers) for name, numbers in kinds.items()}
        names = (language.field_name_for_id(number) for number in range(1, language.field_count + 1))
        self.fields = dict.fromkeys(_OTHER_FIELDS, language.field_count + 1)  # no node has a child in that one
        self.fields |= {name: number for number, name in enumerate(names, 1) if name}

    def kinds(self, *names: str) -> frozenset[int]:
        """Return the ids of the named node kinds; a name this grammar does not have adds none."""
        return frozenset[int]().union(*(self.ids.get(name, frozenset()) for name in names))


@cache
def grammar_of(language: str) -> Grammar:
    """Return the compiled grammar of one of `LANGUAGES`."""
    if language == "typescript":
        return Grammar(Language(tree_sitter_typescript.language_typescript()), _COMMON + _TYPESCRIPT)
    if language == "tsx":
        return Grammar(Language(tree_sitter_typescript.language_tsx()), _COMMON + _TYPESCRIPT + _JSX)
    return Grammar(Language(tree_sitter_javascript.language()), _COMMON + _JAVASCRIPT + _JSX)
