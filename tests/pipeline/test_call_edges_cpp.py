"""Call edges of C++: overloads that `const`, `&` and `&&` tell apart, members outside of their class, what does not run."""

from __future__ import annotations

from driftd.pipeline.stages.call_edges import CallEdges
from driftd.rows.call_graph import CallEdgeRow
from tests.pipeline.in_memory import project_of
from tests.pipeline.test_call_edges_declared import edges


def called(text: str, caller: str) -> list[str]:
    """Return name and line of what a function of one file calls, in order."""
    found = [edge.split(" ") for edge in edges({"a.cpp": text})]
    return [f"{callee.removeprefix('a.cpp:')} {line}" for who, _, callee, line, *_ in found if who == f"a.cpp:{caller}"]


BOX = """\
struct Box {
    int get() { return 1; }
    int get() const { return 2; }
    int get() && { return 3; }
    int one();
    int two() const;
};
"""


def targets_of(text: str, caller: str) -> list[int]:
    """Return the lines of the functions that a function of one file calls."""
    project = project_of({"a.cpp": text})
    file = project["a.cpp"]
    found = dict(zip(file.function_ids, file.all_facts().outline.functions, strict=True))
    rows = CallEdges().run(project, project.everything()).rows
    edges_ = [row for row in rows if isinstance(row, CallEdgeRow)]
    return sorted(found[row.callee_id].line for row in edges_ if found[row.caller_id].name == caller)


def targets(call: str, before: str = "") -> list[int]:
    """Return the lines of the `get` that a function of `Box` runs, by the edges of a file where only it is called."""
    project = project_of({"a.cpp": f"{BOX}{before}{call}\n"})
    file = project["a.cpp"]
    lines = dict(zip(file.function_ids, [f.line for f in file.all_facts().outline.functions], strict=True))
    rows = CallEdges().run(project, project.everything()).rows
    return sorted(lines[row.callee_id] for row in rows if isinstance(row, CallEdgeRow) and lines[row.callee_id] < 5)


def test_an_object_that_is_const_has_the_const_method() -> None:
    """A parameter, a variable and the object whose method runs say whether they are; a temporary is neither."""
    assert targets("void f(Box &b) { b.get(); }") == [2]
    assert targets("void f(const Box &b) { b.get(); }") == [3]
    assert targets("void f(Box const *b) { b->get(); }") == [3]
    assert targets("void f(Box b) { std::move(b).get(); }") == [4]
    assert targets("void f() { const Box b; b.get(); }") == [3]
    assert targets("int Box::one() { return get(); }") == [2]
    assert targets("int Box::two() const { return this->get(); }") == [3]


def test_where_it_is_not_known_whether_an_object_is_const_there_is_no_edge() -> None:
    """`auto &` may be either, and so may what a function gives."""
    assert targets("void f() { auto &b = made(); b.get(); }", "Box &made();\n") == []


def test_an_argument_without_a_name_goes_to_the_overload_that_takes_such() -> None:
    """A variable goes to `const &`, a literal and what is moved to `&&`; a call may give either."""
    text = """\
        struct Word {};
        struct Words {
            void add(const Word &w) { copy(w); }
            void add(Word &&w) { keep(w); }
            void copy(const Word &w) {}
            void keep(const Word &w) {}
        };
        void named(Words &words, Word w) { words.add(w); }
        void moved(Words &words, Word w) { words.add(std::move(w)); }
        """
    project = project_of({"a.cpp": text})
    file = project["a.cpp"]
    names = dict(zip(file.function_ids, [(f.name, f.line) for f in file.all_facts().outline.functions], strict=True))
    rows = [row for row in CallEdges().run(project, project.everything()).rows if isinstance(row, CallEdgeRow)]
    found = [(names[row.caller_id][0], names[row.callee_id]) for row in rows if names[row.callee_id][0] == "add"]
    assert sorted(found) == [("moved", ("add", 4)), ("named", ("add", 3))]


def test_templates_that_only_their_heads_tell_apart_get_no_edge() -> None:
    """Which one is meant depends on what they demand of the type."""
    text = """\
        template <class T, class = IsText<T>> void show(T t) {}
        template <class T, class = IsNumber<T>> void show(T t) {}
        template <class T> void only(T t) {}
        void run() { show(1); only(1); }
        """
    assert called(text, "run") == ["only 4"]


def test_a_template_that_takes_a_view_is_as_near_to_a_literal_as_a_function_that_takes_a_string() -> None:
    """So the other argument decides."""
    text = """\
        struct Span {};
        template <class T> bool parse(std::string_view text, T *to) { return true; }
        bool parse(const std::string &text, Span *to) { return false; }
        void run() { double value; parse("1", &value); }
        """
    found = {edge.split(" ")[2]: edge for edge in edges({"a.cpp": text})}
    assert list(found) == ["a.cpp:parse"]
    assert len(edges({"a.cpp": text})) == 1


def test_a_parameter_whose_default_stands_at_the_declaration_may_be_left_out() -> None:
    """The definition outside of the class does not repeat it; what the arguments are decides."""
    text = """\
        struct Code {};
        struct Place {};
        struct Status { Status(); void set(Code code, std::string text, int place = 0); void set(const Status &base, Place place); };
        void Status::set(Code code, std::string text, int place) {}
        void Status::set(const Status &base, Place place) {}
        void run(Status &status, Code code) { status.set(code, "text"); }
        """
    assert called(text, "run") == ["Status.set 6"]
    assert targets_of(text, "run") == [4]


def test_a_name_of_a_template_says_nothing_of_what_it_takes() -> None:
    """Neither the class's parameter nor the method's is nearer to a number."""
    text = """\
        template <class TKey> struct Map {
            bool has(const TKey &key) const { return true; }
            template <class K> bool has(const K &key) const { return false; }
        };
        void run(const Map<int> &map) { map.has(1); }
        """
    assert called(text, "run") == []


def test_a_friend_is_no_member() -> None:
    """It is found by the types of its arguments, so a call in it is not a call of itself."""
    text = """\
        struct Box {
            int inner;
            friend void swap(Box &a, Box &b) { swap(a.inner, b.inner); }
            void both(Box &b) { swap(*this, b); }
        };
        """
    assert edges({"a.cpp": text}) == []


def test_what_hides_a_function_does_not_override_it() -> None:
    """Without `virtual` a class calls its own, whatever extends it."""
    text = """\
        struct Base {
            template <class T> int find(T t) { return 1; }
            template <class T, class = Only<T>> int find(T t) { return 2; }
            int has(int key) { return find(key); }
        };
        struct Map : Base { int find(int key) { return 3; } };
        int run() { Map map; return map.has(1); }
        """
    assert called(text, "Base.has") == []


def test_a_member_that_stands_outside_of_its_class_sees_the_others() -> None:
    """They count before what its namespace has; a function of the namespace is meant where the class has none."""
    text = """\
        namespace n {
        class Job { int step(); void run(); int left; };
        int step() { return 0; }
        int rest() { return 0; }
        int Job::step() { return 1; }
        void Job::run() { step(); rest(); }
        }
        """
    assert called(text, "n.Job.run") == ["n.Job.step 6", "n.rest 6"]


def test_what_only_a_type_is_asked_of_does_not_run() -> None:
    """`decltype`, `sizeof`, `noexcept` and `requires` do not evaluate their operands."""
    text = """\
        int make() { return 1; }
        int size() { return sizeof(make()); }
        decltype(make()) type() noexcept(noexcept(make())) { return 1; }
        template <class T> requires requires { make(); } void want() {}
        int run() { return make(); }
        """
    assert [edge.split(" ")[0] for edge in edges({"a.cpp": text})] == ["a.cpp:run"]


def test_a_macro_before_the_name_of_a_class_does_not_hide_it() -> None:
    """Exported classes bear one: without it the class would be read as a function."""
    text = """\
        class API_EXPORT Shape : public Base {
         public:
            void draw() { fill(); }
            void fill() {}
        };
        struct ALIGNED(8) Line final { void draw() {} };
        void run(Shape &s, Line l) { s.draw(); l.draw(); }
        """
    assert called(text, "run") == ["Line.draw 7", "Shape.draw 7"]
    assert called(text, "Shape.draw") == ["Shape.fill 3"]


def test_variables_of_namespaces_that_are_made_of_each_other_end() -> None:
    """A cycle of them has no answer, and does not run out of stack."""
    assert edges({"a.cpp": "namespace n { auto a = b(); auto b = a(); void f() { a.go(); } }\n"}) == []
    nested = "auto x = b::x(); auto y = x.y(); auto z = y(z); struct b { void f(); }; void b::f() { y.q(); z(); }"
    assert edges({"a.cpp": f"namespace a {{ namespace b {{ {nested} }} }}\n"}) == []


def test_classes_of_one_name_in_two_programs_are_two() -> None:
    """Each source means its own."""
    one = "class Probe { public: void go() {} };\nint main() { Probe p; p.go(); }\n"
    assert [edge.split(" ")[2] for edge in edges({"a.cpp": one, "b.cpp": one})] == ["a.cpp:Probe.go", "b.cpp:Probe.go"]
