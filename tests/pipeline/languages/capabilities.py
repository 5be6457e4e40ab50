"""What driftd reads in which language: collected from the tests, written to docs/languages.md and capabilities.json.

    python -m tests.pipeline.languages.capabilities

A test says what it shows with `@shows("java", "parameters")`; what a language lacks stands in the `ABSENT` of its test
file.  The tests of Python and TypeScript are older than the marks, so `EARLIER` names them.
"""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from driftd.pipeline.facts.languages import registry
from driftd.watch.classify import UNSUPPORTED

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/languages.md"
DATA = ROOT / "driftd/pipeline/facts/languages/capabilities.json"
HERE = Path(__file__).parent

CAPABILITIES = {
    "functions": "functions, methods and lambdas: qualified names, kinds, lines, hashes",
    "parameters": "parameters with defaults, rests and keywords",
    "types": "types of parameters, results and variables, as written",
    "decorators": "decorators, annotations, attributes, with their calls",
    "docs": "documentation comments and strings",
    "visibility": "public, protected, private, internal",
    "exported": "what other packages can see",
    "modifiers": "async, generator, abstract",
    "classes": "classes and what is like them, with their kinds",
    "bases": "bases: extended, implemented, mixed in",
    "members": "fields, properties, enum members",
    "package": "the package, namespace or module a file says it belongs to",
    "imports": "imports with aliases",
    "exports": "export statements",
    "calls": "calls with receivers and arguments",
    "constructions": "constructions",
    "assignments": "assignments and declarations, of loops and handlers too",
    "returns": "returns and yields",
    "raises": "raises with their causes",
    "handlers": "error handlers: what they catch and do",
    "regions": "loops, branches, cases, tries",
    "literals": "literals: values and what they are for",
    "comments": "comments",
    "names": "which names are read",
    "errors": "the sound parts of broken files",
}

# Languages of other adapters than code: what they hold is told in a sentence.
OTHERS = {
    "dotenv": "names and values of environment variables (`.env`, `.env.*`)",
    "prisma": "models, fields, relations, attributes",
    "mybatis": "statements of XML mappers (`*Mapper.xml`, `*Dao.xml`, XML in folders `mapper`, `mappers`, `mybatis`)",
    "json": "what module names mean (`package.json`, `tsconfig*.json`, `jsconfig*.json`, `composer.json`); no other JSON",
    "toml": "crates (`Cargo.toml`); no other TOML",
    "gomod": "module path and local replacements (`go.mod`)",
    "yaml": "members of a workspace (`pnpm-workspace.yaml`); no other YAML",
}

EARLIER: dict[str, dict[str, str]] = {
    "python": {
        "functions": "test_python_functions.py::test_qualified_names_join_enclosing_names_without_locals",
        "parameters": "test_python_functions.py::test_parameters_have_kinds_annotations_and_defaults",
        "types": "test_python_bodies.py::test_annotation_of_an_assign_is_kept_as_written",
        "decorators": "test_python_functions.py::test_decorators_have_dotted_names_and_their_calls",
        "docs": "test_python_functions.py::test_docstring_is_cleaned",
        "visibility": "test_python_functions.py::test_visibility_follows_underscores",
        "exported": "test_python_functions.py::test_exported_with_all_means_listed",
        "modifiers": "test_python_functions.py::test_flags_tell_async_generator_and_abstract",
        "classes": "test_python_outline.py::test_class_kind_follows_bases_and_decorators",
        "bases": "test_python_outline.py::test_class_has_lines_bases_and_decorators",
        "members": "test_python_outline.py::test_members_are_class_level_bindings_only",
        "imports": "test_python_outline.py::test_imports_name_module_thing_and_local_name",
        "exports": "test_python_outline.py::test_exports_are_what_all_lists",
        "calls": "test_python_bodies.py::test_calls_have_place_scope_region_and_await",
        "assignments": "test_python_bodies.py::test_every_binding_is_an_assign",
        "returns": "test_python_bodies.py::test_returns_and_yields",
        "raises": "test_python_bodies.py::test_raises_have_value_and_cause",
        "handlers": "test_python_bodies.py::test_handler_body_says_what_it_does",
        "regions": "test_python_bodies.py::test_regions_tell_loops_branches_and_protection",
        "literals": "test_python_texts.py::test_literals_know_what_they_are_for",
        "comments": "test_python_texts.py::test_comments_are_found_outside_of_strings_only",
        "names": "test_python_texts.py::test_names_are_those_read_not_those_declared",
        "errors": "test_python_texts.py::test_sound_parts_of_a_broken_file_are_read",
    },
    "typescript": {
        "functions": "test_ecmascript_functions.py::test_every_form_of_function_is_found_with_its_name_kind_and_lines",
        "parameters": "test_ecmascript_functions.py::test_parameters_keep_types_defaults_patterns_and_rest",
        "types": "test_ecmascript_functions.py::test_parameters_keep_types_defaults_patterns_and_rest",
        "decorators": (
            "test_ecmascript_functions.py"
            "::test_decorators_are_kept_with_their_calls_on_classes_methods_fields_and_parameters"
        ),
        "docs": "test_ecmascript_functions.py::test_jsdoc_is_the_doc_of_what_it_stands_before",
        "visibility": "test_ecmascript_functions.py::test_flags_tell_async_generator_and_visibility",
        "exported": "test_ecmascript_modules.py::test_functions_and_classes_know_that_they_are_exported",
        "modifiers": "test_ecmascript_functions.py::test_flags_tell_async_generator_and_visibility",
        "classes": "test_ecmascript_classes.py::test_every_class_like_declaration_is_found_with_its_kind_and_place",
        "bases": "test_ecmascript_classes.py::test_heritage_is_split_into_extends_and_implements_without_type_arguments",
        "members": "test_ecmascript_classes.py::test_fields_keep_type_value_and_modifiers",
        "imports": "test_ecmascript_modules.py::test_every_form_of_import_statement_is_read",
        "exports": "test_ecmascript_modules.py::test_every_form_of_es_export_is_read",
        "calls": "test_ecmascript_calls.py::test_every_form_of_call_is_a_call_in_source_order",
        "constructions": "test_ecmascript_calls.py::test_every_form_of_call_is_a_call_in_source_order",
        "assignments": "test_ecmascript_assigns.py::test_declarations_tell_how_a_name_came_to_be",
        "returns": "test_ecmascript_assigns.py::test_returns_yields_and_arrow_bodies",
        "raises": "test_ecmascript_assigns.py::test_throws_keep_what_is_thrown_and_its_cause",
        "handlers": "test_ecmascript_control_flow.py::test_the_body_of_a_handler_is_classified",
        "regions": "test_ecmascript_control_flow.py::test_every_statement_that_decides_about_code_opens_a_region",
        "literals": "test_ecmascript_texts.py::test_a_literal_knows_what_it_is_for",
        "comments": "test_ecmascript_texts.py::test_comments_lose_their_markers_and_know_their_place",
        "names": "test_ecmascript_texts.py::test_names_are_what_is_read_not_what_is_only_declared",
        "errors": "test_ecmascript_robustness.py::test_the_sound_parts_of_a_broken_file_are_there",
    },
}

ABSENT_EARLIER: dict[str, dict[str, str]] = {
    "python": {"package": "a file does not say it", "constructions": "a construction is written as a call"},
    "typescript": {"package": "a file does not say it"},
}


class Matrix:
    """What was collected: the tests of each capability by language, and what languages lack."""

    def __init__(self) -> None:
        self.proofs: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.absent: dict[str, dict[str, str]] = {language: dict(lacks) for language, lacks in ABSENT_EARLIER.items()}
        names = {path.name: set(_tests(path)) for path in sorted(HERE.parent.glob("test_*.py"))}
        for language, proofs in EARLIER.items():
            for capability, proof in proofs.items():
                file, _, test = proof.partition("::")
                if test not in names[file]:
                    raise LookupError(f"{proof} is not there to show {capability} of {language}")
                self.proofs[language][capability].add(proof)
        for path in sorted(HERE.glob("test_*.py")):
            for test, marks in _tests(path).items():
                for language, *shown in marks:
                    for capability in shown:
                        self.proofs[language][capability].add(f"{path.name}::{test}")
            language = path.stem.removeprefix("test_")
            lacks = _absent(path)
            if lacks:
                self.absent[language] = lacks
        for language in {*self.proofs, *self.absent}:
            unknown = ({*self.proofs[language]} | {*self.absent.get(language, {})}) - {*CAPABILITIES}
            both = {*self.proofs[language]} & {*self.absent.get(language, {})}
            if unknown or both:
                raise LookupError(f"{language}: no such capability, or shown and absent: {sorted(unknown | both)}")

    @property
    def languages(self) -> list[str]:
        return sorted(language for language in self.proofs if self.proofs[language])

    def data(self) -> str:
        """Return capabilities.json."""
        shown = {
            language: [each for each in CAPABILITIES if each in self.proofs[language]] for language in self.languages
        }
        # TSX is TypeScript with markup: the same adapter and tables.
        if "typescript" in shown:
            shown["tsx"] = shown["typescript"]
        return json.dumps(dict(sorted(shown.items())), indent=2) + "\n"

    def page(self) -> str:
        """Return docs/languages.md."""
        languages = self.languages
        lines = [
            "# Languages",
            "",
            "<!-- Generated by `python -m tests.pipeline.languages.capabilities`; do not edit. -->",
            "",
            "What driftd reads in each language.",
            "A number counts the tests that show it; nothing is listed that no test shows.",
            "A dash means that the language has no such thing (see below), an empty cell that driftd does not read it.",
            "",
            f"| | {' | '.join(languages)} |",
            f"|---|{'---|' * len(languages)}",
        ]
        for capability, meaning in CAPABILITIES.items():
            cells = [self._cell(language, capability) for language in languages]
            lines.append(f"| **{capability}**: {meaning} | {' | '.join(cells)} |")
        lines += ["", "## What is absent", ""]
        for language in languages:
            lacks = self.absent.get(language, {})
            if lacks:
                lines.append(f"- {language}: {'; '.join(f'{each} ({why})' for each, why in lacks.items())}.")
        lines += ["", "## Files", "", "| language | suffixes |", "|---|---|"]
        for language in sorted({*registry.SUFFIXES.values()}):
            suffixes = [f"`{suffix}`" for suffix, name in registry.SUFFIXES.items() if name == language]
            lines.append(f"| {language} | {', '.join(suffixes)} |")
        lines += ["", *(f"- {language}: {what}." for language, what in OTHERS.items()), "", "## What is not read", ""]
        lines += _not_read()
        return "\n".join(lines) + "\n"

    def _cell(self, language: str, capability: str) -> str:
        count = len(self.proofs[language][capability])
        return str(count) if count else "-" if capability in self.absent.get(language, {}) else ""


def _not_read() -> Iterator[str]:
    named = ", ".join(f"`{suffix}`" for suffix in sorted(UNSUPPORTED))
    yield (
        f"- {named}: components that mix languages, and notebooks. They are recorded in `file_metadata` with"
        " `skip_reason` `unsupported_language`, and count as skipped in every run."
    )
    if ".h" in registry.SUFFIXES:
        yield "- `.h` is read as C or C++, whichever its content is."
    else:
        yield "- `.h` is recorded without a language, as the languages it may be in are not read."
    yield "- Any other file is recorded without a language; binary, minified and too large ones with that reason."


def _tests(path: Path) -> dict[str, list[tuple[str, ...]]]:
    """Return the tests of a file that run, with the arguments of their `shows` marks."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
            continue
        written = [ast.unparse(each) for each in node.decorator_list]
        if any("skip" in each or "xfail" in each for each in written):
            continue
        found[node.name] = [
            tuple(str(ast.literal_eval(argument)) for argument in each.args)
            for each in node.decorator_list
            if isinstance(each, ast.Call) and ast.unparse(each.func) in {"shows", "pytest.mark.shows"}
        ]
    return found


def _absent(path: Path) -> dict[str, str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ABSENT":
            found: dict[str, str] = ast.literal_eval(node.value)
            return found
    return {}


def main() -> None:
    matrix = Matrix()
    PAGE.write_text(matrix.page(), encoding="utf-8")
    DATA.write_text(matrix.data(), encoding="utf-8")


if __name__ == "__main__":
    main()
