"""Imports and exports, as ES modules and as CommonJS."""

from __future__ import annotations

from driftd.pipeline.facts.model import FileFacts
from tests.pipeline.ecmascript_facts import facts, show


def imports(found: FileFacts) -> list[tuple[str, str, str]]:
    return [(each.module, each.name, each.alias) for each in found.outline.imports]


def exports(found: FileFacts) -> list[tuple[str, str, str, str]]:
    return [(each.name, each.local, each.source, show(each.value, found)) for each in found.outline.exports]


def exported(found: FileFacts) -> list[str]:
    outline = found.outline
    functions = [each.qualified_name for each in outline.functions if each.is_exported]
    return functions + [each.qualified_name for each in outline.classes if each.is_exported]


def test_every_form_of_import_statement_is_read() -> None:
    """Default, named, renamed, namespace and side-effect imports, and `import x = require()`."""
    found = facts(
        """
        import def, { named, other as alias, default as again } from "pkg";
        import * as ns from '../up';
        import './effect';
        import legacy = require("legacy");
        """
    )
    assert imports(found) == [
        ("pkg", "default", "def"),
        ("pkg", "named", "named"),
        ("pkg", "other", "alias"),
        ("pkg", "default", "again"),
        ("../up", "*", "ns"),
        ("./effect", "", ""),
        ("legacy", "", "legacy"),
    ]
    assert [each.line for each in found.outline.imports] == [1, 1, 1, 1, 2, 3, 4]
    assert found.texts.literals == ()


def test_type_only_imports_and_exports_are_marked() -> None:
    """The mark may stand on the statement or on one specifier; exported types are type-only themselves."""
    found = facts(
        """
        import type { A } from "a";
        import { type B, c } from "b";
        export type { D } from "d";
        export interface I {}
        export type T = string;
        export class C {}
        """
    )
    assert [each.is_type_only for each in found.outline.imports] == [True, True, False]
    assert [(each.name, each.is_type_only) for each in found.outline.exports] == [
        ("D", True),
        ("I", True),
        ("T", True),
        ("C", False),
    ]


def test_require_binds_the_module_its_parts_or_one_member() -> None:
    """Destructuring and `.member` name what is taken; compiler helpers around the call are looked through."""
    found = facts(
        """
        const whole = require('a');
        const { x, y: z, ...rest } = require('b');
        const one = require('c').part;
        const helped = __importDefault(require('d'));
        require('e');
        run(require('f'));
        """,
        "javascript",
    )
    assert imports(found) == [
        ("a", "", "whole"),
        ("b", "x", "x"),
        ("b", "y", "z"),
        ("b", "*", "rest"),
        ("c", "part", "one"),
        ("d", "", "helped"),
        ("e", "", ""),
        ("f", "", ""),
    ]
    assert [each.is_dynamic for each in found.outline.imports] == [False] * 7 + [True]


def test_a_dynamic_import_is_an_import_in_its_function() -> None:
    """An awaited one binds the namespace or its parts; only a literal source is known."""
    found = facts(
        """
        async function f() {
          const ns = await import('a');
          const { b } = await import(`b`);
          import('c').then(go);
          import(name);
        }
        """
    )
    assert imports(found) == [("a", "*", "ns"), ("b", "b", "b"), ("c", "*", "")]
    assert [(each.is_dynamic, each.scope) for each in found.outline.imports] == [(True, 1)] * 3


def test_every_form_of_es_export_is_read() -> None:
    """Declarations, lists, re-exports, namespaces, destructuring and `export =`."""
    found = facts(
        """
        export { a, b as c };
        export { x as default } from 'y';
        export * from 'q';
        export * as w from 'q';
        export const { d, e: [f, ...g], h = 2 } = z, i = 3;
        export function fn() {}
        export async function* gen() {}
        export enum E {}
        export namespace N {}
        export declare function amb(): void;
        export = whole;
        """
    )
    assert exports(found) == [
        ("a", "a", "", "-"),
        ("c", "b", "", "-"),
        ("default", "x", "y", "-"),
        ("*", "", "q", "-"),
        ("w", "*", "q", "-"),
        ("d", "d", "", "-"),
        ("f", "f", "", "-"),
        ("g", "g", "", "-"),
        ("h", "h", "", "-"),
        ("i", "i", "", "-"),
        ("fn", "fn", "", "-"),
        ("gen", "gen", "", "-"),
        ("E", "E", "", "-"),
        ("N", "N", "", "-"),
        ("amb", "amb", "", "-"),
        ("export=", "whole", "", "-"),
    ]


def test_default_exports_name_a_local_or_carry_their_value() -> None:
    """An anonymous function or class is called `default`."""
    assert exports(facts("export default function named() {}")) == [("default", "named", "", "-")]
    assert exports(facts("export default class {}")) == [("default", "", "", "<class default>")]
    assert exports(facts("export default () => 1")) == [("default", "", "", "<default>")]
    assert exports(facts("export default local")) == [("default", "local", "", "-")]
    assert exports(facts("export default make(1)")) == [("default", "", "", "make(1)")]


def test_functions_and_classes_know_that_they_are_exported() -> None:
    """By their own statement, by a list anywhere in the file, as a default, or from a namespace; members do not."""
    found = facts(
        """
        export function a() {}
        function b() {}
        export { b as renamed };
        function c() { function b() {} }
        export const d = () => 1;
        class E { m() {} }
        export default E;
        namespace N { export function f() {} export const g = () => 1; function h() {} }
        """
    )
    assert exported(found) == ["a", "b", "d", "N.f", "N.g", "E"]


def test_common_js_exports_are_read() -> None:
    """An exported object has one export a property; a spread require() re-exports everything."""
    found = facts(
        """
        module.exports = { short, key: local.path, fn() {}, arrow: () => 1, n: 1, ...require('./more') };
        exports.single = function () {};
        module.exports.other = short;
        Object.defineProperty(exports, "__esModule", { value: true });
        Object.defineProperty(exports, "lazy", { get });
        __exportStar(require('./star'), exports);
        """,
        "javascript",
    )
    assert exports(found) == [
        ("short", "short", "", "-"),
        ("key", "local.path", "", "-"),
        ("fn", "", "", "<fn>"),
        ("arrow", "", "", "<arrow>"),
        ("n", "", "", "1"),
        ("*", "", "./more", "-"),
        ("single", "", "", "<single>"),
        ("other", "short", "", "-"),
        ("lazy", "", "", "{.get: get}"),
        ("*", "", "./star", "-"),
    ]
    assert exported(found) == ["fn", "arrow", "single"]


def test_module_exports_of_one_value_is_an_export_assignment() -> None:
    """A class, a name or a whole required module."""
    assert exports(facts("class A {}\nmodule.exports = A;", "javascript")) == [("export=", "A", "", "-")]
    assert exports(facts("module.exports = class B {}", "javascript")) == [("export=", "B", "", "<class B>")]
    assert exports(facts("exports = module.exports = require('./x')", "javascript")) == [("export=", "", "./x", "-")]
    assert exported(facts("function a() {}\nmodule.exports = a;", "javascript")) == ["a"]
