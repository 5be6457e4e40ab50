"""What calls of Java resolve to.  Each test is a small workspace and all of its edges."""

from __future__ import annotations

from driftd.pipeline.stages.call_edges import CallEdges
from tests.pipeline.in_memory import project_of, shown


def edges(files: dict[str, str]) -> list[str]:
    project = project_of(files)
    return shown(project, CallEdges().run(project, project.everything()).rows)


def outcomes(files: dict[str, str]) -> dict[str, int]:
    project, stage = project_of(files), CallEdges()
    stage.run(project, project.everything())
    return stage.statistics()[""]


USER = "package com.acme.model;\npublic class User { public void touch() {} public static User of() { return new User(); } }\n"


class TestNames:
    """Classes are found by package and name, wherever their files are."""

    def test_classes_of_the_same_package_need_no_import(self) -> None:
        """A field has the type that its declaration names."""
        found = edges(
            {
                "a/Service.java": """
                package com.acme;
                class Service {
                    private Repo repo;
                    void run() { repo.save(); this.repo.save(); }
                }
            """,
                "b/Repo.java": "package com.acme;\nclass Repo { void save() {} }\n",
            }
        )
        assert found == ["a/Service.java:Service.run -> b/Repo.java:Repo.save 4 type_inferred 0.8"]

    def test_imports_bring_classes_packages_and_static_members(self) -> None:
        """A single import, a star, static ones, and a full name; a package of that name elsewhere is not meant."""
        found = edges(
            {
                "User.java": USER,
                "Text.java": "package com.acme.util;\npublic class Text { public static String trim(String s) { return s; } }\n",
                "Num.java": "package com.acme.util;\npublic class Num { public static int twice(int n) { return n; } }\n",
                "Other.java": "package org.other;\nclass User { void touch() {} }\n",
                "Main.java": """
                package com.acme.app;
                import com.acme.model.User;
                import com.acme.util.*;
                import static com.acme.util.Text.trim;
                import static com.acme.util.Num.*;
                class Main {
                    void run(User user) {
                        user.touch();
                        Text.trim("");
                        trim("");
                        twice(1);
                        com.acme.model.User.of().touch();
                    }
                }
            """,
            }
        )
        assert found == [
            "Main.java:Main.run -> User.java:User.touch 8 type_inferred 0.8",
            "Main.java:Main.run -> Text.java:Text.trim 9 method_call 0.9",
            "Main.java:Main.run -> Text.java:Text.trim 10 import_based 0.75",
            "Main.java:Main.run -> Num.java:Num.twice 11 import_based 0.75",
            "Main.java:Main.run -> User.java:User.of 12 method_call 0.9",
            "Main.java:Main.run -> User.java:User.touch 12 type_inferred 0.8",
        ]

    def test_of_equal_names_the_nearest_is_meant(self) -> None:
        """Two modules of a tree may declare the same class."""
        files = {
            f"{module}/{name}.java": text
            for module in ("one", "two")
            for name, text in {
                "A": "package p;\nclass A { static void f() {} }\n",
                "B": "package p;\nclass B { void g() { A.f(); } }\n",
            }.items()
        }
        assert edges(files) == [
            "one/B.java:B.g -> one/A.java:A.f 2 method_call 0.9",
            "two/B.java:B.g -> two/A.java:A.f 2 method_call 0.9",
        ]

    def test_what_is_not_of_the_workspace_is_external(self) -> None:
        """Imported or of the default packages: there is no function to point to, and it counts as external."""
        files = {
            "A.java": """
                package a;
                import java.util.List;
                class A { void f(List<String> xs) { System.out.println(xs); new Thread(null).start(); } }
            """
        }
        assert edges(files) == []
        assert outcomes(files) == {"external": 3}


class TestMembers:
    """Methods of the class, its bases and the classes around it."""

    def test_a_bare_name_is_a_method_of_the_class_its_bases_or_the_class_around(self) -> None:
        """A variable of the same name is no method."""
        found = edges(
            {
                "A.java": """
                package p;
                class A extends B {
                    int size() { return 0; }
                    void run() {
                        int size = size();
                        inherited();
                        super.inherited();
                        Runnable r = () -> size();
                        r.run();
                    }
                    class In { void go() { size(); } }
                }
            """,
                "B.java": "package p;\nclass B { void inherited() {} }\n",
            }
        )
        assert found == [
            "A.java:A.run -> A.java:A.size 5 method_call 0.9",
            "A.java:A.run -> B.java:B.inherited 6 method_call 0.9",
            "A.java:A.run -> B.java:B.inherited 7 method_call 0.9",
            "A.java:A.run.<lambda> -> A.java:A.size 8 method_call 0.9",
            "A.java:A.run -> A.java:A.run.<lambda> 9 callback 0.7",
            "A.java:A.In.go -> A.java:A.size 11 method_call 0.9",
        ]

    def test_constructors_call_each_other(self) -> None:
        """`this(…)`, `super(…)`, `new`; a class without a constructor has nothing to point to."""
        found = edges(
            {
                "A.java": """
                package p;
                class A extends B {
                    A() { this(1); }
                    A(int n) { super(n); }
                    static void f() { new A(); new C(); }
                }
                class B { B(int n) {} }
                class C {}
            """
            }
        )
        assert found == [
            "A.java:A.A -> A.java:A.A 3 constructor 0.85",
            "A.java:A.A -> A.java:B.B 4 constructor 0.85",
            "A.java:A.f -> A.java:A.A 5 constructor 0.85",
        ]

    def test_values_have_the_types_of_what_gives_them(self) -> None:
        """Results of methods, `var`, loops, collections, streams and the parameters of lambdas."""
        found = edges(
            {
                "User.java": USER,
                "A.java": """
                package p;
                import com.acme.model.User;
                import java.util.*;
                class A {
                    List<User> users = new ArrayList<>();
                    Map<String, List<User>> groups;
                    Optional<User> first() { return Optional.empty(); }
                    void run() {
                        var user = User.of();
                        user.touch();
                        for (User u : users) { u.touch(); }
                        users.get(0).touch();
                        groups.get("a").get(0).touch();
                        first().get().touch();
                        users.stream().filter(u -> true).forEach(u -> u.touch());
                        users.forEach(User::touch);
                    }
                }
            """,
            }
        )
        assert [edge.partition(" -> ")[2] for edge in found] == [
            "User.java:User.of 9 method_call 0.9",
            "User.java:User.touch 10 type_inferred 0.8",
            "User.java:User.touch 11 type_inferred 0.8",
            "User.java:User.touch 12 type_inferred 0.8",
            "User.java:User.touch 13 type_inferred 0.8",
            "A.java:A.first 14 method_call 0.9",
            "User.java:User.touch 14 type_inferred 0.8",
            "User.java:User.touch 15 type_inferred 0.8",
            "User.java:User.touch 16 callback 0.7",
        ]

    def test_fields_and_methods_of_one_name_are_told_apart(self) -> None:
        """`a.next` is the field, `a.next()` the method."""
        found = edges(
            {
                "A.java": """
                package p;
                class A {
                    B next;
                    A next() { return this; }
                    static void f(A a) { a.next.go(); a.next().next(); }
                }
                class B { void go() {} }
            """
            }
        )
        assert found == [
            "A.java:A.f -> A.java:A.next 5 type_inferred 0.8",
            "A.java:A.f -> A.java:B.go 5 type_inferred 0.8",
        ]


class TestOverloads:
    """Of several methods of one name the arguments choose."""

    def test_by_number_then_by_type(self) -> None:
        """What is not known of an argument leaves the choice open, and the confidence is shared."""
        text = """
            package p;
            class A {
                void put(String s) {}
                void put(int n) {}
                void put(long n) {}
                void put(A a) {}
                void put(String s, Object... rest) {}
                void run(Object unknown) {
                    put("text");
                    put(1);
                    put(2L);
                    put(this);
                    put("a", 1, 2);
                    put("a" + 1);
                }
            }
        """
        project = project_of({"A.java": text})
        rows = CallEdges().run(project, project.everything()).rows
        lines = {
            row.call_site_line: project["A.java"].outline().functions[at.number].line  # type: ignore[attr-defined]
            for row in rows
            if (at := project.function(row.callee_id)) is not None  # type: ignore[attr-defined]
        }
        assert lines == {9: 3, 10: 4, 11: 5, 12: 6, 13: 7, 14: 3}


FILES = {
    "Repo.java": "package p;\ninterface Repo { void save(); }\n",
    "Sql.java": "package p;\nclass Sql implements Repo { public void save() {} }\n",
    "Mem.java": "package p;\nclass Mem implements Repo { public void save() {} }\n",
    "User.java": "package p;\nclass User { void go(Repo repo) { repo.save(); } }\n",
}  # fmt: skip


class TestDispatch:
    """A declared type stands for the classes in use that extend it."""

    def test_an_interface_stands_for_the_classes_that_are_made(self) -> None:
        """One that nobody makes an instance of is not meant; without any the interface's method is."""
        main = "package p;\nclass Main { void f() { new User().go(new Sql()); } }\n"
        found = edges({**FILES, "Main.java": main})
        assert "User.java:User.go -> Sql.java:Sql.save 2 virtual_dispatch 0.7" in found
        assert edges(FILES) == ["User.java:User.go -> Repo.java:Repo.save 2 type_inferred 0.8"]

    def test_anonymous_classes_and_bodies_of_constants_are_made(self) -> None:
        """They are instances where they stand."""
        found = edges(
            {
                "A.java": """
                package p;
                abstract class A {
                    abstract void f();
                    static A make() { return new A() { void f() {} }; }
                    void run() { f(); }
                }
                enum E {
                    ONE { void g() {} };
                    abstract void g();
                    static void h(E e) { e.g(); }
                }
            """
            }
        )
        assert found == [
            "A.java:A.run -> A.java:A.make.<anonymous>.f 5 virtual_dispatch 0.7",
            "A.java:E.h -> A.java:E.ONE.g 10 virtual_dispatch 0.7",
        ]

    def test_a_container_passes_the_classes_that_are_marked_for_it(self) -> None:
        """Spring makes instances of components: fields and parameters of their interfaces get them."""
        found = edges(
            {
                **FILES,
                "Sql.java": """
                package p;
                import org.springframework.stereotype.Repository;
                @Repository
                class Sql implements Repo { public void save() {} }
            """,
                "User.java": """
                package p;
                @org.springframework.stereotype.Service
                class User {
                    private final Repo repo;
                    User(Repo repo) { this.repo = repo; }
                    void go() { repo.save(); }
                }
            """,
            }
        )
        assert found == ["User.java:User.go -> Sql.java:Sql.save 6 di_injection 0.75"]
