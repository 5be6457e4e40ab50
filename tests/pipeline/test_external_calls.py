"""external_calls: a call that leaves the workspace goes to a named function of a named package, not to nowhere."""

from __future__ import annotations

from textwrap import dedent

from driftd.pipeline.stages.call_edges import CallEdges
from driftd.rows.call_graph import ExternalCallRow
from tests.pipeline.in_memory import name_of, project_of


def external(files: dict[str, str]) -> list[tuple[str, str, str, int, int]]:
    """Return (caller, symbol, package, first line, calls) of every row, in order."""
    project = project_of({path: dedent(text) for path, text in files.items()})
    rows = CallEdges().run(project, project.everything()).rows
    return sorted(
        (name_of(project, row.caller_id), row.symbol, row.package, row.call_site_line, row.calls)
        for row in rows
        if isinstance(row, ExternalCallRow)
    )


def test_a_name_is_followed_to_its_import_and_built_ins_are_left_out() -> None:
    """An alias does not hide what is called; calls of one function are one row with the first line."""
    text = """\
        import os
        from os.path import join as j
        def f():
            os.path.join("a")
            j("b")
            len([])
        """
    assert external({"a.py": text}) == [("a.py:f", "os.path.join", "os", 4, 2)]


def test_what_a_call_gives_is_named_after_the_call() -> None:
    """One step is followed; after it only the package is known."""
    text = """\
        import requests
        def f():
            return requests.get("u").json().get("x")
        """
    assert external({"a.py": text}) == [
        ("a.py:f", "requests().get", "requests", 3, 1),
        ("a.py:f", "requests.get", "requests", 3, 1),
        ("a.py:f", "requests.get().json", "requests", 3, 1),
    ]


def test_an_inherited_method_is_that_of_the_external_base() -> None:
    """`self.assertEqual` of a test case is a method of unittest's class."""
    text = """\
        import unittest
        class T(unittest.TestCase):
            def test(self):
                self.assertEqual(1, 1)
                self.own()
            def own(self): pass
        """
    assert external({"a.py": text}) == [("a.py:T.test", "unittest.TestCase.assertEqual", "unittest", 4, 1)]


def test_a_package_of_npm_keeps_its_scope() -> None:
    """`@scope/name/part` is a part of the package `@scope/name`."""
    text = """\
        import { debounce } from "@scope/kit/fp";
        export const f = () => debounce(1);
        """
    assert external({"a.ts": text}) == [("a.ts:f", "@scope/kit/fp.debounce", "@scope/kit", 2, 1)]


def test_the_package_of_a_declared_language_is_the_one_that_is_imported() -> None:
    """A class says in its case where its package ends, a Go module in its path; a parameter has the type it declares."""
    java = """\
        package shop;
        import com.acme.kit.Tool;
        class Cart {
          void run(Tool tool) { tool.use(); new Tool(); java.util.List.of(); }
        }
        """
    go = """\
        package shop
        import ("fmt"; "github.com/gin-gonic/gin")
        func run() {
            r := gin.Default()
            r.GET("/", nil)
            fmt.Println("x")
        }
        """
    rust = """\
        use tokio::task;
        fn run() { task::spawn(later()); }
        fn later() {}
        """
    assert external({"shop/Cart.java": java}) == [
        ("shop/Cart.java:Cart.run", "com.acme.kit.Tool", "com.acme.kit", 4, 1),
        ("shop/Cart.java:Cart.run", "com.acme.kit.Tool.use", "com.acme.kit", 4, 1),
        ("shop/Cart.java:Cart.run", "java.util.List.of", "java.util", 4, 1),
    ]
    assert external({"shop/main.go": go}) == [
        ("shop/main.go:run", "fmt.Println", "fmt", 6, 1),
        ("shop/main.go:run", "github.com/gin-gonic/gin.Default", "github.com/gin-gonic/gin", 4, 1),
        ("shop/main.go:run", "github.com/gin-gonic/gin.Default().GET", "github.com/gin-gonic/gin", 5, 1),
    ]
    assert external({"src/lib.rs": rust}) == [("src/lib.rs:run", "tokio.task.spawn", "tokio", 2, 1)]


def test_a_package_is_not_guessed() -> None:
    """With two star imports of which nothing is known it is not said which one brings a class."""
    java = """\
        package shop;
        import org.acme.*;
        import org.other.*;
        class Cart { void run() { ToolFactory.getTool("x"); } }
        """
    assert external({"shop/Cart.java": java}) == []
