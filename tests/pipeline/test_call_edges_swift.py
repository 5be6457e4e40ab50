"""What calls of Swift and Scala resolve to.  Each test is a small workspace and all of its edges."""

from __future__ import annotations

from driftd.pipeline.stages.call_edges import CallEdges
from tests.pipeline.in_memory import project_of, shown


def edges(files: dict[str, str]) -> list[str]:
    project = project_of(files)
    return shown(project, CallEdges().run(project, project.everything()).rows)


class TestSwift:
    """Labels, modules, trailing closures."""

    def test_labels_are_part_of_a_functions_name(self) -> None:
        """A call means the function of its labels; no other of that name, if there is none."""
        found = edges(
            {
                "Buffer.swift": """
                struct Buffer {
                    init(capacity: Int) {}
                    func reserve(_ count: Int) {}
                    func reserve(minimum count: Int) {}
                    func write(_ text: String, at index: Int, endianness: Int = 0) {}
                    func all(_ parts: Int..., by step: Int) {}
                    func first(where test: (Int) -> Bool) {}
                }
                func use(buffer: Buffer) {
                    buffer.reserve(minimum: 1)
                    buffer.reserve(2)
                    buffer.write("a", at: 1)
                    buffer.write("a", to: 1)
                    buffer.all(1, 2, by: 3)
                    buffer.first(of: 3)
                    buffer.first { $0 > 1 }
                    Buffer(capacity: 1)
                    Buffer(size: 1)
                }
                """,
            }
        )
        assert found == [
            "Buffer.swift:use -> Buffer.swift:Buffer.reserve 10 type_inferred 0.8",
            "Buffer.swift:use -> Buffer.swift:Buffer.reserve 11 type_inferred 0.8",
            "Buffer.swift:use -> Buffer.swift:Buffer.write 12 type_inferred 0.8",
            "Buffer.swift:use -> Buffer.swift:Buffer.all 14 type_inferred 0.8",
            "Buffer.swift:use -> Buffer.swift:Buffer.first 16 type_inferred 0.8",
            "Buffer.swift:use -> Buffer.swift:Buffer.init 17 constructor 0.85",
        ]

    def test_a_call_with_nothing_but_a_closure_is_the_callers(self) -> None:
        """The call stands before the closure that trails it, and what the closure calls is in the closure."""
        found = edges(
            {
                "Lock.swift": """
                func locked(_ body: () -> Void) {}
                func work() {}
                func run() {
                    locked {
                        work()
                    }
                }
                """,
            }
        )
        assert found == [
            "Lock.swift:run -> Lock.swift:locked 4 same_file 0.95",
            "Lock.swift:run.<lambda> -> Lock.swift:work 5 same_file 0.95",
        ]

    def test_modules_see_what_they_import(self) -> None:
        """Of two modules with the same names, the imported one is meant; a name of its own comes first."""
        found = edges(
            {
                "Sources/Old/Files.swift": "public func open() {}\npublic class Handle { public init() {} }\n",
                "Sources/New/Files.swift": "public func open() {}\npublic class Handle { public init() {} }\n",
                "Sources/Other/Only.swift": "public func single() {}\n",
                "Tests/AppTests/Util.swift": "func helper() {}\n",
                "Tests/LibTests/Util.swift": "func helper() {}\n",
                "Tests/AppTests/Main.swift": """
                import New
                func run() {
                    open()
                    _ = Handle()
                    helper()
                    single()
                }
                """,
                "Tests/NoneTests/Main.swift": """
                func run() {
                    open()
                }
                """,
            }
        )
        assert found == [
            "Tests/AppTests/Main.swift:run -> Sources/New/Files.swift:open 3 import_based 0.75",
            "Tests/AppTests/Main.swift:run -> Sources/New/Files.swift:Handle.init 4 constructor 0.85",
            "Tests/AppTests/Main.swift:run -> Tests/AppTests/Util.swift:helper 5 import_based 0.75",
            "Tests/AppTests/Main.swift:run -> Sources/Other/Only.swift:single 6 import_based 0.75",
        ]


class TestScala:
    """Objects that are applied to types."""

    def test_an_object_applied_to_a_type_is_not_the_object(self) -> None:
        """`Show[Int].show` is a method of what `Show.apply` gives; `Show.of[Int](…)` is one of the object."""
        found = edges(
            {
                "Show.scala": """
                package app
                trait Show[A] { def render(a: A): String }
                object Show {
                  def apply[A](implicit s: Show[A]): Show[A] = s
                  def show(a: Int): String = "x"
                  def of[A](a: A): String = "y"
                }
                class Use {
                  def run(): Unit = {
                    Show[Int].show(1)
                    Show.of[Int](1)
                  }
                }
                """,
            }
        )
        assert found == ["Show.scala:Use.run -> Show.scala:Show.of 11 method_call 0.9"]
