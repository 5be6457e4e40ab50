"""What `apply` says about a change, which file a module name means, and what a project costs to ask."""

from __future__ import annotations

import msgspec
import pytest

from driftd.pipeline.facts.codec import compress
from driftd.pipeline.facts.model import FileFacts
from driftd.pipeline.interface import definition_key, name_key
from driftd.pipeline.modules import Found, ModuleIndex
from driftd.pipeline.project import Change, FileEntry, Project
from driftd.pipeline.scopes import annotation_paths
from driftd.rows.ids import function_id
from tests.pipeline.in_memory import entries, entry, project_of


class TestApply:
    """What a change says."""

    def test_a_new_file_changes_what_others_see(self) -> None:
        """New files are changed, and so are their interfaces."""
        change = Project().apply(entries({"a.py": "def f(): pass"}))
        assert change == Change(changed=frozenset({"a.py"}), interface_changed=frozenset({"a.py"}))

    @pytest.mark.parametrize(
        "text",
        [
            "def f(x):\n    return 2\n\n\nclass A:\n    def m(self): pass\n",
            "def f(x):\n    y = g()\n    print(y)\n    return 1\nclass A:\n    def m(self): print()\n",
            "# a comment\ndef f(x): return 1\nclass A:\n    def m(self): pass\n",
        ],
    )
    def test_an_edit_of_a_body_is_not_seen_by_others(self, text: str) -> None:
        """Other lines, other bodies and comments leave the interface as it is."""
        project = project_of({"a.py": "def f(x): return 1\nclass A:\n    def m(self): pass\n"})
        assert project.apply(entries({"a.py": text})) == Change(changed=frozenset({"a.py"}))

    @pytest.mark.parametrize(
        ("text", "names", "definitions"),
        [
            ("def g(x): return 1\nclass A:\n    def m(self): pass\n", {"f", "g"}, {"f", "g"}),
            ("class A:\n    def m(self): pass\ndef f(x): return 1\n", set(), set()),
            ("def f(x): return 1\nclass A(B):\n    def m(self): pass\n", set(), {"A"}),
            ("def f(x): return 1\nclass A:\n    def m(self): self.x = B()\n", set(), {"A"}),
            ("def f(x): return 1\nclass A:\n    def n(self): pass\n", set(), {"A", "A.m", "A.n"}),
            ("def f(x): return 1\nclass A:\n    def m(self): pass\nimport b\n", {"b"}, set()),
            ("def f(x) -> A: return 1\nclass A:\n    def m(self): pass\n", set(), {"f"}),
            ("def f(x): return 1\nclass A:\n    def m(self): pass\nh = f\n", {"h"}, set()),
        ],
    )
    def test_what_a_call_elsewhere_could_mean_is_seen(self, text: str, names: set[str], definitions: set[str]) -> None:
        """Names, bases, fields, imports, result types and aliases are seen by others, one by one; order is not."""
        project = project_of({"a.py": "def f(x): return 1\nclass A:\n    def m(self): pass\n"})
        change = project.apply(entries({"a.py": text}))
        expected = {name_key("a.py", name) for name in names} | {definition_key("a.py", d) for d in definitions}
        assert (change.interface_changed, change.names_changed) == (frozenset(), frozenset(expected))

    @pytest.mark.parametrize("text", ["from b import *\n", "def f(): pass\n__all__ = ['f']\n", "import b\nb.c = 1\n"])
    def test_another_way_to_look_names_up_is_a_changed_interface(self, text: str) -> None:
        """Star imports, `__all__` and assigned access paths decide about every name."""
        project = project_of({"a.py": "def f(): pass\nimport b\n"})
        assert project.apply(entries({"a.py": text})).interface_changed == {"a.py"}

    def test_the_same_facts_are_no_change(self) -> None:
        """Nothing is done for a file that was only touched."""
        project = project_of({"a.py": "def f(): pass"})
        assert not project.apply(entries({"a.py": "def f(): pass"}))
        assert not project.apply({"b.py": None})

    def test_a_removed_file_is_gone(self) -> None:
        """Its functions are not found any more."""
        project = project_of({"a.py": "def f(): pass"})
        assert project.function(function_id("a.py", "f", 0)) == ("a.py", 1)
        change = project.apply({"a.py": None})
        assert change == Change(removed=frozenset({"a.py"}), interface_changed=frozenset({"a.py"}))
        assert project.function(function_id("a.py", "f", 0)) is None
        assert (len(project), project.function_count) == (0, 0)

    def test_unreadable_facts_change_nothing(self) -> None:
        """Facts that are not FileFacts are refused before anything is taken in."""
        project = project_of({"a.py": "def f(): pass"})
        with pytest.raises(msgspec.DecodeError):
            project.apply({"a.py": None, "b.py": FileEntry("b.py", "python", compress(b"\x93\x01"))})
        assert list(project) == ["a.py"]

    def test_a_new_init_file_moves_the_home_of_its_package(self) -> None:
        """Absolute imports of a folder's files start elsewhere once it is a package."""
        project = project_of({"app/m.py": "import app"})
        change = project.apply(entries({"app/__init__.py": ""}))
        assert change.interface_changed == {"app/__init__.py", "app/m.py"}


class TestModules:
    """Which file a module name means."""

    @pytest.mark.parametrize(
        ("importer", "module", "found"),
        [
            ("src/app/a.py", "app.b", Found("src/app/b.py")),
            ("src/app/a.py", ".b", Found("src/app/b.py")),
            ("src/app/a.py", ".", Found("src/app/__init__.py")),
            ("src/app/sub/c.py", "..b", Found("src/app/b.py")),
            ("tests/t.py", "app", Found("src/app/__init__.py")),
            ("tests/t.py", "helper", Found("tests/helper.py")),
            ("src/app/a.py", "helper", None),
            ("src/app/a.py", "b", None),
            ("src/app/a.py", "ns", Found("ns", is_folder=True)),
            ("src/app/a.py", "ns.x", Found("ns/x.py")),
            ("src/app/a.py", "app.gone", None),
        ],
    )
    def test_python(self, importer: str, module: str, found: Found | None) -> None:
        """Source roots, relative imports, folders without `__init__.py`, neighbours of scripts."""
        index = ModuleIndex()
        for path in ("src/app/__init__.py", "src/app/a.py", "src/app/b.py", "src/app/sub/c.py", "tests/t.py",
                     "tests/helper.py", "ns/x.py"):  # fmt: skip
            index.add(path)
        assert index.look_up(importer, "python", module).found == found

    @pytest.mark.parametrize(
        ("module", "found", "package"),
        [
            ("./b", Found("src/b.ts"), ""),
            ("./b.js", Found("src/b.ts"), ""),
            ("./dir", Found("src/dir/index.tsx"), ""),
            ("../lib/x.js", Found("lib/x.js"), ""),
            ("..", Found("index.js"), ""),
            ("./gone", None, ""),
            ("react/jsx-runtime", None, "react"),
            ("@scope/pkg/deep", None, "@scope/pkg"),
        ],
    )
    def test_ecmascript(self, module: str, found: Found | None, package: str) -> None:
        """Suffixes, index files, the name of the output for the source, packages."""
        index = ModuleIndex()
        for path in ("src/a.ts", "src/b.ts", "src/dir/index.tsx", "lib/x.js", "index.js"):
            index.add(path)
        lookup = index.look_up("src/a.ts", "typescript", module)
        assert (lookup.found, lookup.package) == (found, package)

    def test_an_answer_that_changes_is_reported_by_its_key(self) -> None:
        """A file that comes or goes changes the lookups it is the answer to, and no others."""
        index = ModuleIndex()
        index.add("a.py")
        index.settle()
        first, second = (index.look_up("a.py", "python", name) for name in ("b", "c"))
        index.add("b.py")
        assert index.settle() == (frozenset({first.key}), False)
        index.add("d.py")
        assert index.settle() == (frozenset(), False)
        index.remove("b.py")
        index.add("c/__init__.py")
        assert index.settle() == (frozenset({first.key, second.key}), True)


class TestFacts:
    """What a file of the project still knows."""

    def test_the_facts_can_be_read_back(self) -> None:
        """The project keeps the facts whole."""
        facts = entry("a.py", "def f(): return g(1)\n").facts
        file = project_of({"a.py": "def f(): return g(1)\n"}).file("a.py")
        assert file is not None
        assert compress(msgspec.msgpack.encode(file.view(FileFacts))) == facts
        assert [f.name for f in file.outline().functions] == ["<module>", "f"]
        assert file.all_facts().names == ("g",)


@pytest.mark.parametrize(
    ("annotation", "paths"),
    [
        ("A", ("A",)),
        ("a.b.C", ("a.b.C",)),
        ("'A'", ("A",)),
        ("Optional[A]", ("A",)),
        ("typing.Union[A, 'B', None]", ("A", "B")),
        ("A | None", ("A",)),
        ("Annotated[A, Depends(f)]", ("A",)),
        ("list[A]", ("list",)),
        ("Promise<A | undefined>", ("A",)),
        ("Box<T>", ("Box",)),
        ("A[]", ()),
        ("() => A", ()),
        ("Any", ()),
        ("", ()),
    ],
)
def test_the_classes_an_annotation_names(annotation: str, paths: tuple[str, ...]) -> None:
    """Wrappers are looked into, generics name themselves, what is no class names nothing."""
    assert annotation_paths(annotation) == paths
