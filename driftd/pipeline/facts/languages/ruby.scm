; What of a Ruby file is a fact.  Flat patterns but for bare names: see `declared/__init__.py`, and `ruby.Ruby.prepare`.

(uninterpreted) @silent
(heredoc_body) @expression.heredoc
(singleton_class) @expression.singleton
[(method_parameters) (block_parameters) (lambda_parameters)] @expression.parameters

(method) @function.method
(singleton_method) @function.static_method
(lambda) @function.lambda
[(block) (do_block)] @function.block

(class) @class.class
(module) @class.mixin_module

(call) @call
(super) @call.super
[
  (program (identifier) @call.bare)
  (body_statement (identifier) @call.bare)
  (block_body (identifier) @call.bare)
  (then (identifier) @call.bare)
  (else (identifier) @call.bare)
  (ensure (identifier) @call.bare)
  (do (identifier) @call.bare)
  (begin (identifier) @call.bare)
  (parenthesized_statements (identifier) @call.bare)
  (interpolation (identifier) @call.bare)
  (argument_list (identifier) @call.bare)
  (array (identifier) @call.bare)
  (binary (identifier) @call.bare)
  (unary (identifier) @call.bare)
  (conditional (identifier) @call.bare)
  (if_modifier (identifier) @call.bare)
  (unless_modifier (identifier) @call.bare)
  (rescue_modifier (identifier) @call.bare)
  (while_modifier (identifier) @call.bare)
  (until_modifier (identifier) @call.bare)
  (call receiver: (identifier) @call.bare)
  (element_reference object: (identifier) @call.bare)
  (assignment right: (identifier) @call.bare)
  (operator_assignment right: (identifier) @call.bare)
  (pair value: (identifier) @call.bare)
  (if condition: (identifier) @call.bare)
  (elsif condition: (identifier) @call.bare)
  (unless condition: (identifier) @call.bare)
  (while condition: (identifier) @call.bare)
  (until condition: (identifier) @call.bare)
  (case value: (identifier) @call.bare)
  (case_match value: (identifier) @call.bare)
  (in (identifier) @call.bare)
  (method body: (identifier) @call.bare)
  (singleton_method body: (identifier) @call.bare)
]

[(assignment) (operator_assignment)] @assign
(rescue) @assign.rescue
(for) @assign.for
[(in_clause) (match_pattern) (test_pattern)] @assign.pattern

(return) @return
(yield) @return.yield

[(if) (unless) (elsif) (if_modifier) (unless_modifier)] @region.if
(else) @region.else
[(while) (until) (while_modifier) (until_modifier)] @region.while
(for) @region.for
[(case) (case_match)] @region.case
[(begin) (body_statement)] @region.try
(rescue) @region.handler
(ensure) @region.finally
(rescue) @handler.rescue
(rescue_modifier) @handler.modifier
(break) @jump.break
[(next) (redo) (retry)] @jump.continue

[(simple_symbol) (bare_string) (bare_symbol) (character)] @literal.string
[(string) (delimited_symbol) (subshell) (heredoc_beginning)] @literal.template
(regex) @literal.regex
[(integer) (float)] @literal.number

(comment) @comment
