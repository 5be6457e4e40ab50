"""The engine of declared languages: a language is one adapter file, one query file and one test file.

How a file is read
    `adapter` parses it and runs the language's query once, in C.  What a node is captured as says which fact it is;
    `file` puts the captured nodes in order and finds, in one sweep over byte ranges, the scope and region of every
    byte.  `bodies` and `outline` then ask the adapter's readers for the parts of each node and lower expressions
    through its table of forms (`values`); `texts` does literals, comments, docs and names.  Nobody walks the tree,
    and nothing recurses with the nesting of the source.

How to add a language, `x`
    1. `languages/x.scm`: one flat pattern per kind of node, captured as below.
    2. `languages/x.py`: a subclass of `language.Language` with tables and hooks, and `ADAPTER = DeclaredAdapter(X())`.
       Forms come from `values`, readers that suit most grammars from `language`: `call(…)` (with `owner=` where the
       receiver has a field of its own), `construction`, `named_argument`, `assignment`, `update`, `variable`, `IF`,
       `WHILE`.  A table that refers to readers further down in the file is filled in after them (`X.calls = {…}`).
    3. `languages/registry.py`: its suffixes in `SUFFIXES`, its module in `MODULES`; if its suffix is also another
       language's, `AMBIGUOUS` names the module whose `refined(data)` returns the language of a content.
    4. `tests/pipeline/languages/test_x.py`: a `SAMPLE` of sound source that has some of everything (the tests of
       `test_every_language.py` damage and nest it), what is `ABSENT` in the language and why, and tests marked
       `@shows("x", "capability")`; then `make docs` writes the matrix in `docs/languages.md`.
    `java.py` is the example of a language with classes, `go.py` of one whose errors are values.

Captures (`@fact` or `@fact.variant`; the variant picks the reader in the adapter's table of that fact)
    @function.KIND      a function, method, lambda: `Language.function`; by custom the variant is its `FunctionKind`
    @class.KIND         anything class-like: `Language.class_`; by custom the variant is its `ClassKind`
    @field[.v]          what adds members to the innermost class around it: `Language.members`
    @package            `Language.package`;  @import[.v] `Language.imports`;  @export[.v] `Language.exports`
    @call[.v]           `calls`; the variant `decorator` is for annotations with arguments
    @awaited            a call that is awaited
    @unevaluated        what is not run although it is written (for `Language.prepare`)
    @assign[.v]         `assigns`: whatever binds or changes a name
    @return[.yield]     its operands are the value;  @raise likewise; @raise.call is a call that raises its argument
    @region[.v]         `regions`: forms by field names, or a function
    @handler[.v]        `handlers`
    @jump.break, @jump.continue
    @literal.string, .bytes, .number, .regex, .template (`template` may hold the nodes of `substitutions`)
    @comment
    @silent             what is no code and no comment: the HTML around PHP, the data after Ruby's `__END__`
    @expression         what is lowered only so that the literals in it know what they are for
    ERROR and MISSING nodes are captured by the engine.
    Patterns are flat: one that names a later child stays in progress for as long as its node lasts, and the query
    takes quadratic time on deep nesting.  Ask for children in the reader, by field; what needs more than one node to
    tell, add to `file.captured` in `Language.prepare`.

Conventions of all these languages, beyond those of the model
    - Access paths have dots: `a::b`, `a->b`, `a?.b` are `a.b`; PHP's `$this->repo->save` is `this.repo.save`, and
      variables lose their `$`.  The receiver of a method is called `this`, or `self` where the language writes that.
    - Taking an address and following it are looked through: `&x`, `*p` and `p->x` are `x`, `p` and `p.x`.
    - Line and column of a function or class are those of its name, of an anonymous one those of its node; what a
      decorator says stands outside of it.
    - A constructor has kind "constructor" and the name it is written with: the class's, `__construct`, `init`,
      `initialize`.  A call that makes an object is `is_new`, whatever the syntax, if the syntax alone tells.
    - An anonymous function is `<lambda>`, an anonymous class `<anonymous>`; `bound_to` says what it is assigned to.
    - `Assign.declares` is "const" or "let" for every declaration in a language that has declarations: "const" if the
      name cannot be bound again (final, val, const, a loop variable the language does not let go), "let" otherwise.
      In a language without declarations it is "".
    - `annotation` is the type as written, None where it is inferred (`var`, `auto`, `:=`).
    - `is_exported`: other packages can see it.
    - A function whose last expression is its value has a `Return` with it (`FunctionParts.result`).
    - `package` is dotted; `Import.module` keeps the language's spelling of what is imported, with dots for `::` and
      backslashes, and slashes where it is a path (Go, C, Ruby).
"""
