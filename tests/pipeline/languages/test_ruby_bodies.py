"""What driftd reads of the code in Ruby, and of its texts."""

from __future__ import annotations

import pytest

from tests.pipeline.languages.reading import (
    assigns,
    calls,
    comments,
    handlers,
    literals,
    raises,
    reader,
    regions,
    returns,
    shows,
)

read = reader("ruby")


@shows("ruby", "calls")
def test_calls_need_no_parentheses() -> None:
    """An access path has dots; keywords are named arguments, a block the argument `&`."""
    found = read("""
        def f(user, *rest, **options, &block)
          @repo.save(user, name: 1, :old => 2, "str" => 3, short:)
          user&.posts.where(x: 1).first
          Foo::Bar.baz!(*rest, **options, &block)
          user.map(&:name)
          user.each(1) { |item| item.run }
          block.(1)
          super
          super(1)
        end
    """)
    assert calls(found) == [
        "self.repo.save(user, name=1, old=2, {'str': 3}, short=short)",
        "user.posts.where(x=1).first()",
        "user.posts.where(x=1)",
        "user.posts()",
        "Foo.Bar.baz!(...rest, ...options, &=block)",
        "user.map(&='name')",
        "user.each(1, &=<f.<lambda>>)",
        "item.run()",
        "block.call(1)",
        "super()",
        "super(1)",
    ]
    assert [each.callee.text for each in found.bodies.calls if each.is_optional] == ["user.posts"]


@shows("ruby", "calls")
def test_a_bare_name_is_a_call_unless_something_binds_it() -> None:
    """In the method around it: a parameter, an assignment, a loop, a handler, a pattern, a block's parameter."""
    found = read("""
        def f(a, b: 1)
          c = d
          e, g = h
          i { |j| j + k }
          for l in m do l end
          case n
          in {o:, p: [q]} then o || q
          end
          a && b && c && e && g
        rescue => r
          r || s
        end
        def t = a
        private
        u.v = w
    """)
    assert [each.callee.text for each in found.bodies.calls] == ["d", "h", "i", "k", "m", "n", "s", "a", "u", "w"]


@shows("ruby", "calls")
def test_macros_are_calls_in_the_scope_of_their_class() -> None:
    """With their literal arguments."""
    found = read("""
        class A
          has_many :posts, dependent: :destroy
          validates :title, presence: true, length: { maximum: 5 }
          scope :active, -> { where(active: true) }
          private :x
        end
    """)
    assert calls(found) == [
        "has_many('posts', dependent='destroy')",
        "validates('title', presence=true, length={.maximum: 5})",
        "scope('active', <A.<lambda>>)",
        "where(active=true)",
        "private('x')",
    ]
    assert [each.scope for each in found.bodies.calls] == [~0, ~0, ~0, 1, ~0]


@shows("ruby", "constructions")
def test_new_constructs() -> None:
    """What it is sent to; a bare one the class itself."""
    found = read("A::B.new(1); C.new; def self.make(klass) = new(klass.new { 2 })")
    assert calls(found) == [
        "new A.B(1)",
        "new C()",
        "new self(new klass(&=<make.<lambda>>))",
        "new klass(&=<make.<lambda>>)",
    ]


@shows("ruby", "assignments")
def test_assignments_bind_and_change() -> None:
    """Instance and class variables are those of self; a constant is const; several are bound at once or one by one."""
    found = read("""
        K = 1
        a = b = 2
        @x ||= {}; @@y += 1; $z = a
        a.c = 3; a[:k] = 4; a&.d += 5
        a, b = b, a
        a, (b, *e), f.g = list()
        for i in a do end
        begin; rescue A, B::C => err; end
        case a
        in {n: String => s, t:} then 1
        end
    """)
    assert assigns(found) == [
        "assign const K = 1",
        "assign a = (named b 2)",
        "assign b = 2",
        "augmented self.x = {}",
        "augmented self.y = 1",
        "assign $z = a",
        "assign a.c = 3",
        "assign a['k'] = 4",
        "augmented a.d = 5",
        "assign a = b",
        "assign b = a",
        "assign (tuple a (tuple b ...e) f.g) = list()",
        "for i = a",
        "catch err: A | B.C",
        "declare s",
        "declare t",
    ]


@shows("ruby", "returns")
def test_returns_have_their_values() -> None:
    """The last expression of a method or block is returned, unless it is an assignment; `yield` hands to the block."""
    found = read("""
        def a(x) = x.y
        def b(x); return 1 if x; return 1, 2; end
        def c; @x = 1; end
        def d(x); if x then 1 elsif x.y then { k: 2 } else [3] end; end
        def e(x); yield; yield x, 1; x.each { |z| z }; end
        def f(x); x.y; rescue E; 1; ensure g(x); end
        def h(x); case x when 1 then "a" else x ? -x : nil end; end
    """)
    assert returns(found) == [
        "a return x.y()",
        "b return 1",
        "b return (tuple 1 2)",
        "d return (conditional x 1 (conditional x.y() {.k: 2} [3]))",
        "e yield -",
        "e yield (tuple x 1)",
        "e return x.each(&=<e.<lambda>>)",
        "e.<lambda> return z",
        "f return x.y()",
        "h return (unknown x 'a' (conditional x (operation - x) null))",
    ]


@shows("ruby", "raises")
def test_raises_name_their_cause() -> None:
    """Given as `cause:`, or as the caught error among the arguments of the new one; a bare one raises again."""
    found = read("""
        begin
          raise "text"
        rescue => e
          raise
          raise A, "x"
          raise B.new(e)
          fail C.new("x"), cause: e
          e.raise(D)
        end
    """)
    assert raises(found) == ["'text'", "-", "A", "new B(e) from e", "new C('x') from e"]


@shows("ruby", "handlers")
@pytest.mark.parametrize(
    ("body", "does"),
    [
        ("", ("empty",)),
        ("# nothing", ("empty",)),
        ("Rails.logger.error(e.message)", ("log", "call", "uses_error")),
        ("warn e", ("log", "call", "uses_error")),
        ("raise B, e.message", ("raise", "call", "uses_error")),
        ("raise", ("raise",)),
        ("return nil", ("return",)),
        ("next", ("continue",)),
        ("retry", ("continue",)),
        ("while x do break end", ("call",)),
        ("@failed = true", ("assign",)),
    ],
)
def test_handlers_say_what_they_catch_and_do(body: str, does: tuple[str, ...]) -> None:
    """A jump counts if it leaves the handler; `retry` is one."""
    found = read(f"while true\n begin\n  f()\n rescue IOError, B::C => e\n  {body}\n end\nend")
    assert handlers(found) == [("rescue", ("IOError", "B.C"), "e", does)]
    (handler,) = found.bodies.handlers
    assert found.bodies.regions[handler.region].kind == "handler"
    assert (handler.line, handler.try_line) == (4, 2)


@shows("ruby", "handlers")
def test_methods_blocks_and_expressions_are_rescued() -> None:
    """A method needs no `begin`, an expression no `end`."""
    found = read("""
        def f
          a
        rescue *ERRORS
          b
        ensure
          c
        end
        d do
          e
        rescue
        end
        x = g rescue nil
    """)
    assert handlers(found) == [
        ("rescue", ("ERRORS",), "", ("call",)),
        ("rescue", (), "", ("empty",)),
        ("rescue", (), "", ("return",)),
    ]


@shows("ruby", "regions")
def test_regions_nest() -> None:
    """Modifiers and iterating blocks decide about code like the statements do."""
    found = read("""
        for b in bs do
          if ok? then c elsif d then e else g end
        end
        h while i
        begin; j; end until k
        l unless m
        case n when 1, 2 then o else p! end
        case q; in [r] then s end
        begin; t; rescue E => u; v; else w; ensure x; end
        ys.each { |y| z(y) }
        aa.map do |ab| ac if ab end
        loop { ad }
        ae { af }
    """)
    assert regions(found) == [
        ("loop", 1, 3, -1, "bs()"),
        ("branch", 2, 2, 0, "ok?()"),
        ("branch", 2, 2, 0, "d()"),
        ("else", 2, 2, 0, "-"),
        ("loop", 4, 4, -1, "i()"),
        ("loop", 5, 5, -1, "k()"),
        ("branch", 6, 6, -1, "m()"),
        ("case", 7, 7, -1, "1"),
        ("case", 7, 7, -1, "-"),
        ("case", 8, 8, -1, "-"),
        ("try", 9, 9, -1, "-"),
        ("handler", 9, 9, -1, "-"),
        ("else", 9, 9, -1, "-"),
        ("finally", 9, 9, -1, "-"),
        ("loop", 10, 10, -1, "ys()"),
        ("loop", 11, 11, -1, "aa()"),
        ("branch", 11, 11, 15, "ab"),
        ("loop", 12, 12, -1, "-"),
    ]
    where = {each.callee.text: each.region for each in found.bodies.calls}
    assert where == {
        "bs": -1, "ok?": 0, "c": 1, "d": 0, "e": 2, "g": 3, "h": 4, "i": 4, "j": 5, "k": 5, "l": 6, "m": -1, "n": -1,
        "o": 7, "p!": 8, "q": -1, "s": 9, "t": 10, "v": 11, "w": 12, "x": 13, "ys.each": -1, "ys": -1, "z": 14,
        "aa.map": -1, "aa": -1, "ac": 16, "loop": -1, "ad": 17, "ae": -1, "af": -1,
    }  # fmt: skip


@shows("ruby", "literals")
def test_literals_know_what_they_are_for() -> None:
    """Only double quotes have escapes; symbols are strings, numbers decimal."""
    found = read(r"""
        K = 1_000
        f("a\n\e\u00e9", 'b\n', :c, k: 0x1F, "d" => ?e)
        x = {:g => "h", i: %w[j k]}
        x == 3 || x + 1.5e3 || x["l"]
        %q(it's) + %Q{m "n"} + :"o p"
        x =~ /q\d/i
    """)
    assert literals(found) == [
        ("number", "1000", "assignment", "K"),
        ("string", "a\n\x1bé", "argument", ""),
        ("string", "b\\n", "argument", ""),
        ("string", "c", "argument", ""),
        ("number", "31", "argument", "k"),
        ("string", "d", "key", ""),
        ("string", "e", "property", "d"),
        ("string", "g", "key", ""),
        ("string", "h", "property", "g"),
        ("string", "j", "element", "i"),
        ("string", "k", "element", "i"),
        ("number", "3", "other", ""),
        ("number", "1500", "other", ""),
        ("string", "l", "other", ""),
        ("string", "it's", "other", ""),
        ("string", 'm "n"', "other", ""),
        ("string", "o p", "other", ""),
        ("regex", "q\\d", "other", ""),
    ]


@shows("ruby", "literals")
def test_strings_with_expressions_are_templates() -> None:
    """A heredoc is a value where it begins, and has its text from the lines behind; `~` takes the margin away."""
    found = read("""
        def f(a, b)
          x = "p #{a} q #{b.c}"
          y = <<~SQL.strip
            SELECT #{a}
              FROM t
          SQL
          g(<<-'ONE', <<~TWO)
            raw #{a}
          ONE
            two
          TWO
          :"z#{a}"
        end
    """)
    assert assigns(found) == ["assign x = `p {} q {}`%(a, b.c())", "assign y = `SELECT {}\n  FROM t\n`%(a).strip()"]
    assert calls(found)[-1] == "g('    raw #{a}\\n', 'two\\n')"
    assert [(each.kind, each.line, each.end_line) for each in found.texts.literals] == [
        ("template", 2, 2),
        ("template", 3, 6),
        ("string", 7, 9),
        ("string", 7, 11),
        ("template", 12, 12),
    ]


@shows("ruby", "comments")
def test_comments_lose_their_markers() -> None:
    """A trailing one has code before it; a block has lines of its own."""
    found = read("# D.\nclass A\n  x = 1 # why\nend\n=begin\nlong\nstory\n=end\n")
    assert comments(found) == [(1, "D.", "doc"), (3, "why", "trailing"), (5, "long\nstory", "")]


@shows("ruby", "names")
def test_names_are_those_that_are_read() -> None:
    """Not what is only assigned or declared; in strings only what is put in; a symbol reads what it spells."""
    found = read("""
        require "unused"
        class A
          before_save :check
          def f(p, q); v = p; @w = 1; s = "str #{inner}"; @g.h(B::C); end # com
        end
        __END__
        data
    """)
    assert found.names == ("B", "C", "before_save", "check", "g", "h", "inner", "p")


@shows("ruby", "errors")
def test_a_broken_file_keeps_the_facts_of_its_sound_parts() -> None:
    """The stretch that could not be read is an error."""
    found = read("""
        class A
          def f; g(1); end
          def broken; h(2)) ]; end
          def i; j(3); end
        end
    """)
    assert found.errors
    assert {"A.f", "A.i"} <= {each.qualified_name for each in found.outline.functions}
    assert {"g(1)", "j(3)"} <= {*calls(found)}
