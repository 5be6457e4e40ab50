"""What calls of Go resolve to.  Each test is a small workspace and all of its edges."""

from __future__ import annotations

from driftd.pipeline.stages.call_edges import CallEdges
from tests.pipeline.in_memory import project_of, shown

MODULE = "module github.com/acme/app\n\ngo 1.22\n"


def edges(files: dict[str, str]) -> list[str]:
    project = project_of({"go.mod": MODULE, **files})
    return shown(project, CallEdges().run(project, project.everything()).rows)


STORE = """
    package store

    type Repo interface { Save() error }
    type SQL struct{}
    func (s *SQL) Save() error { return nil }
    type User struct{}
    func (u *User) Touch() {}
    var Default = &User{}
    func Open(name string) (*User, error) { return &User{}, nil }
"""


class TestPackages:
    """A package is a folder; imports name it by the path of its module."""

    def test_files_of_a_folder_see_each_other(self) -> None:
        """A test package beside it does not."""
        found = edges(
            {
                "a.go": "package main\nfunc main() { help() }\n",
                "b.go": "package main\nfunc help() {}\n",
                "c_test.go": "package main_test\nfunc f() { help() }\n",
                "sub/d.go": "package sub\nfunc f() { help() }\n",
            }
        )
        assert found == ["a.go:main -> b.go:help 2 import_based 0.75"]

    def test_imports_are_found_below_the_module(self) -> None:
        """Under an alias, by the package's own name where that is not the folder's, and with a dot."""
        found = edges(
            {
                "main.go": """
                package main
                import (
                    "fmt"
                    "github.com/acme/app/store"
                    st "github.com/acme/app/store"
                    "github.com/acme/app/x-names"
                    . "github.com/acme/app/dotted"
                )
                func main() {
                    store.Open("a")
                    st.Default.Touch()
                    names.Get()
                    Dot()
                    fmt.Println()
                }
            """,
                "store/store.go": STORE,
                "x-names/n.go": "package names\nfunc Get() {}\n",
                "dotted/d.go": "package dotted\nfunc Dot() {}\n",
            }
        )
        assert found == [
            "main.go:main -> store/store.go:Open 10 import_based 0.75",
            "main.go:main -> store/store.go:User.Touch 11 type_inferred 0.8",
            "main.go:main -> x-names/n.go:Get 12 import_based 0.75",
            "main.go:main -> dotted/d.go:Dot 13 import_based 0.75",
        ]

    def test_files_for_other_builds_do_not_count(self) -> None:
        """Of files that exclude each other, the one of a default build is meant."""
        found = edges(
            {
                "a.go": "package main\nfunc main() { open() }\n",
                "open_windows.go": "package main\nfunc open() {}\n",
                "open_tag.go": "//go:build slow && !linux\n\npackage main\nfunc open() {}\n",
                "open.go": "//go:build !slow || windows\n\npackage main\nfunc open() {}\n",
            }
        )
        assert found == ["a.go:main -> open.go:open 2 import_based 0.75"]


class TestTypes:
    """Methods beside their types, embedded types, interfaces by structure."""

    def test_values_have_the_types_of_what_gives_them(self) -> None:
        """Receivers, fields, results of several values, ranges, maps, assertions, type switches and `new`."""
        found = edges(
            {
                "store/store.go": STORE,
                "main.go": """
                package main
                import "github.com/acme/app/store"
                type Base struct{}
                func (b *Base) Ping() {}
                type Server struct {
                    *Base
                    users []*store.User
                    byID map[string]*store.User
                }
                func (s *Server) Run(x any) {
                    s.Ping()
                    for i, u := range s.users { _ = i; u.Touch() }
                    s.byID["a"].Touch()
                    u, err := store.Open("a")
                    u.Touch()
                    if v, ok := s.byID["a"]; ok { v.Touch() }
                    x.(*store.User).Touch()
                    switch y := x.(type) {
                    case *store.User:
                        y.Touch()
                    }
                    n := new(store.User)
                    n.Touch()
                }
            """,
            }
        )
        assert [edge.partition(" -> ")[2] for edge in found] == [
            "main.go:Base.Ping 11 type_inferred 0.8",
            "store/store.go:User.Touch 12 type_inferred 0.8",
            "store/store.go:User.Touch 13 type_inferred 0.8",
            "store/store.go:Open 14 import_based 0.75",
            "store/store.go:User.Touch 15 type_inferred 0.8",
            "store/store.go:User.Touch 16 type_inferred 0.8",
            "store/store.go:User.Touch 17 type_inferred 0.8",
            "store/store.go:User.Touch 20 type_inferred 0.8",
            "store/store.go:User.Touch 23 type_inferred 0.8",
        ]

    def test_an_interface_stands_for_the_types_that_have_its_methods(self) -> None:
        """Own methods and those of embedded types; a type that lacks one is not meant."""
        found = edges(
            {
                "store/store.go": STORE,
                "main.go": """
                package main
                import "github.com/acme/app/store"
                type Half struct{}
                func (h Half) Load() {}
                type Both struct { Half }
                func (b Both) Save() error { return nil }
                type Full interface { store.Repo; Load() }
                func f(r store.Repo, b Full) {
                    r.Save()
                    b.Load()
                }
            """,
            }
        )
        assert found == [
            "main.go:f -> main.go:Both.Save 9 virtual_dispatch 0.35",
            "main.go:f -> store/store.go:SQL.Save 9 virtual_dispatch 0.35",
            "main.go:f -> main.go:Half.Load 10 virtual_dispatch 0.7",
        ]

    def test_functions_are_values(self) -> None:
        """A literal that is assigned, passed or deferred."""
        found = edges(
            {
                "main.go": """
                package main
                func each(f func(int)) { f(1) }
                func main() {
                    g := func(n int) {}
                    g(1)
                    each(func(n int) { help() })
                    defer func() { help() }()
                    go help()
                }
                func help() {}
            """
            }
        )
        assert found == [
            "main.go:each -> main.go:main.<lambda> 2 same_file 0.95",
            "main.go:main -> main.go:main.<lambda> 5 same_file 0.95",
            "main.go:main -> main.go:each 6 same_file 0.95",
            "main.go:main.<lambda> -> main.go:help 6 same_file 0.95",
            "main.go:main.<lambda> -> main.go:help 7 same_file 0.95",
            "main.go:main -> main.go:main.<lambda> 7 same_file 0.95",
            "main.go:main -> main.go:help 8 same_file 0.95",
        ]
