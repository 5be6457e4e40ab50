"""What driftd reads in Ruby."""

from __future__ import annotations

from tests.pipeline.languages.reading import (
    calls,
    class_,
    classes,
    function,
    functions,
    imports,
    members,
    reader,
    shows,
    signature,
    words,
)

read = reader("ruby")

ABSENT = {
    "types": "nothing is annotated",
    "decorators": "macros are calls in the scope of their class",
    "package": "modules are declarations, of which a file may open several",
    "exports": "every constant can be used elsewhere",
}

SAMPLE = r"""# frozen_string_literal: true

require "json"
require_relative "../lib/base"

LIMIT = 0x10

# Sells.
module Shop
  class Item < ApplicationRecord
    include Comparable
    extend Forwardable, Logs
    attr_reader :id, :title
    has_many :tags, dependent: :destroy, class_name: "Tag"
    before_save :check, if: -> { größe? }
    @@count = 1_000

    # Makes one.
    def initialize(id, title = "none", *rest, price:, tax: 1.5, **options, &block)
      super()
      @id, @title = id, title
      @price ||= price&.round(2)
    end

    def self.find!(id, (a, b), ...) = new(id) || raise(Missing.new("no #{id}"))

    class << self
      def all; yield 1, 2; end
      private
      def hidden = @hidden
    end

    def title=(value); @title = value; end
    def [](key) = @data[key]

    def save(retries: 3)
      items.each_with_index { |item, (i, *j); k| next if item.nil?; puts "#{i} #{item.name}" }
      for x in 1..10 do total += x end
      while busy? do sleep 1 end
      case state
      when :new, :old then create
      else update
      end
      case {name: "x", tags: [1]}
      in {name: String => n, tags: [first, *]} if n then first
      end
      text = <<~SQL.strip
        SELECT #{columns}
          FROM items
      SQL
      run(text, <<-'A', %w[a b], /re#{x}/i, :"dyn#{y}", ?c) rescue nil
        raw #{z}
      A
      total > 1 ? true : nil
    rescue IOError, Shop::Error => error
      retry if (retries -= 1) > 0
      raise ShopError, "bad", cause: error
    ensure
      logger.info("done")
    end

    private

    def check; end
    protected def guarded; end
    define_method(:dynamic) { |value| value }
  end

  Point = Struct.new(:x, :y) do
    def dist = Math.sqrt(x**2 + y**2)
  end
end

handler = lambda do |event| event.stop end
unless handler then p 1 else $stdout.puts(*args, **opts, &handler) end
__END__
data
"""


@shows("ruby", "functions")
def test_functions_are_named_after_what_is_around_them() -> None:
    """A class has static methods of its own, behind `self.`, in `class << self` and behind `module_function`."""
    found = read("""
        module A
          class B
            def initialize(x)
              run { |y| -> { y } }
            end
            def self.one; end
            class << self
              def two = 2
            end
            def name=(v); end
            def [](i) = @x[i]
            def ok?; end
            define_method(:dyn) { |x| x }
            define_method("#{x}") { }
          end
          module_function
          def three; end
        end
        def plain; end
        def Other.four; end
        class C::D
          def five; end
        end
    """)
    assert functions(found) == [
        ("A.B.initialize", "constructor", 3, 5),
        ("A.B.initialize.<lambda>", "lambda", 4, 4),
        ("A.B.initialize.<lambda>.<lambda>", "lambda", 4, 4),
        ("A.B.one", "static_method", 6, 6),
        ("A.B.two", "static_method", 8, 8),
        ("A.B.name=", "setter", 10, 10),
        ("A.B.[]", "method", 11, 11),
        ("A.B.ok?", "method", 12, 12),
        ("A.B.dyn", "method", 13, 13),
        ("A.B.<lambda>", "lambda", 14, 14),
        ("A.three", "static_method", 17, 17),
        ("plain", "function", 19, 19),
        ("Other.four", "static_method", 20, 20),
        ("C.D.five", "method", 22, 22),
    ]
    assert function(found, "A.B.one").column == 14
    assert function(found, "Other.four").receiver == "Other"


@shows("ruby", "functions")
def test_a_lambda_knows_what_it_is_bound_to() -> None:
    """A block of `lambda` and `proc` as well; any other block is bound to nothing."""
    found = read("f = -> { 1 }; @g = lambda { |x| x }; h = proc do end; i = each { }")
    assert [each.bound_to for each in found.outline.functions[1:]] == ["f", "self.g", "h", ""]


@shows("ruby", "functions")
def test_hashes_tell_body_and_signature_apart() -> None:
    """A changed body changes one, a changed parameter the other."""
    first, body, signature_ = (
        function(read(code), "f") for code in ("def f(a) = a + 1", "def f(a) = a + 2", "def f(b) = a + 1")
    )
    assert first.body_hash == signature_.body_hash != body.body_hash
    assert first.signature_hash == body.signature_hash != signature_.signature_hash


@shows("ruby", "parameters")
def test_parameters_have_kinds_and_defaults() -> None:
    """A block is keyword-only; what is taken apart has its source as name; variables of a block are no parameters."""
    found = read("""
        def f(a, (b, c), d = 1, *e, g:, h: "x", **i, &j) = nil
        def g(*, **, &) = nil
        def h(...) = nil
        each { |k, (l, m), n = 2; o, p| }
    """)
    assert signature(found, "f") == "f(a, (b, c), d = 1, *e, =g, =h = 'x', **i, =j)"
    assert signature(found, "g") == "g(**, ****, =&)"
    assert signature(found, "h") == "h(*...)"
    assert signature(found, "<lambda>") == "<lambda>(k, (l, m), n = 2)"


@shows("ruby", "docs")
def test_comments_right_above_document() -> None:
    """Line for line; a blank line parts them, and what is said to tools is no documentation."""
    found = read("""
        # frozen_string_literal: true
        # A class.
        # It does.
        class A
          # Does it.
          private def f; end

          # About nothing.

          def g; end # trailing
          # :nodoc:
          def h; end
        end
    """)
    assert class_(found, "A").doc == "A class.\nIt does."
    assert [each.doc for each in found.outline.functions[1:]] == ["Does it.", None, None]


@shows("ruby", "visibility", "exported")
def test_visibility_is_what_words_say() -> None:
    """A word holds for what follows, for its argument, or for what it names; those of a class itself are apart."""
    found = read("""
        class A
          def a; end
          private
          def b; end
          attr_reader :c
          def self.d; end
          public def e; end
          protected
          def f; end
          public
          def g; end
          def h; end
          def self.i; end
          K = 1
          private :g, :h
          private_class_method :i
          private_constant :K
          class << self
            private
            def j; end
          end
        end
    """)
    assert {each.name: words(each) for each in found.outline.functions[1:]} == {
        "a": "public exported",
        "b": "private",
        "d": "public exported",
        "e": "public exported",
        "f": "protected",
        "g": "private",
        "h": "private",
        "i": "private",
        "j": "private",
    }
    assert members(found, "A") == ["private readonly c", "private static readonly K = 1"]


@shows("ruby", "modifiers")
def test_nothing_is_abstract_or_a_generator() -> None:
    """`yield` hands to the block."""
    assert words(function(read("def f; yield 1; end"), "f")) == "public exported"


@shows("ruby", "classes", "bases")
def test_classes_have_kinds_and_bases() -> None:
    """A module is one; what is included, extended or prepended is mixed in; some classes are made by a call."""
    found = read("""
        module A::B
          include C
          class D < E::F
            extend G, H
            prepend I
            include Module.new
          end
        end
        class M < ActiveRecord::Migration[7.0]; end
        class << self; end
        Point = Struct.new(:x) do
          include J
        end
        Bad = Class.new(StandardError)
        Pair = Data.define(:l, :r)
    """)
    assert classes(found) == [
        "mixin_module A.B mixin C",
        "class A.B.D extends E.F mixin G mixin H mixin I",
        "class M extends ActiveRecord.Migration",
        "struct Point mixin J",
        "class Bad extends StandardError",
        "struct Pair",
    ]
    assert [(each.line, each.end_line) for each in found.outline.classes][3] == (11, 13)


@shows("ruby", "members")
def test_members_are_attributes_constants_and_class_variables() -> None:
    """Not what a method assigns."""
    found = read("""
        class A
          attr_accessor :a, "b"
          attr_reader :c
          K = [1].freeze
          @@n = 0
          class << self
            attr_writer :d
          end
          def f; @x = 1; @@n = 2; end
        end
        P = Struct.new(:x, :y)
    """)
    assert members(found, "A") == [
        "public a",
        "public b",
        "public readonly c",
        "public static readonly K = [1].freeze()",
        "private static n = 0",
        "public static d",
    ]
    assert members(found, "P") == ["public x", "public y"]


@shows("ruby", "imports")
def test_imports_name_files() -> None:
    """A relative one starts with a dot; `autoload` binds a name; what is computed is a call."""
    found = read("""
        require 'json'
        require_relative "x/y"
        require_relative "../z"
        load("a.rb")
        autoload :Foo, "foo"
        require name
    """)
    assert imports(found) == [
        ("json", "", ""),
        ("./x/y", "", ""),
        ("../z", "", ""),
        ("a.rb", "", ""),
        ("foo", "Foo", "Foo"),
    ]
    assert calls(found) == ["require(name())", "name()"]
