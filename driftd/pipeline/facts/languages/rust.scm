; What of a Rust file is a fact.  Flat patterns only: see `declared/__init__.py`.

[(function_item) (function_signature_item)] @function
(closure_expression) @function.lambda

(struct_item) @class.struct
(enum_item) @class.enum
(union_item) @class.union
(trait_item) @class.trait
[(type_item) (associated_type)] @class.type_alias
(impl_item) @class.extension
(mod_item) @class.namespace

(struct_item body: [(field_declaration_list) (ordered_field_declaration_list)] @field.fields)
(union_item body: (field_declaration_list) @field.fields)
(enum_variant) @field.variant
(const_item) @field.const

(use_declaration) @import
(use_declaration) @export
(extern_crate_declaration) @import.crate

(call_expression) @call
(struct_expression) @call.new
(macro_invocation) @call.macro
(attribute_item) @call.decorator
(await_expression) @awaited

(let_declaration) @assign.let
(let_condition) @assign.condition
(match_expression) @assign.match
(for_expression) @assign.for
[(const_item) (static_item)] @assign.const
[(assignment_expression) (compound_assignment_expr)] @assign

(return_expression) @return
(yield_expression) @return.yield


(if_expression) @region.if
(while_expression) @region.while
(loop_expression) @region.loop
(for_expression) @region.for
(match_arm) @region.case
(let_declaration) @region.let
(if_expression) @handler.if
(match_expression) @handler.match
(let_declaration) @handler.let
(try_expression) @handler.propagate
(break_expression) @jump.break
(continue_expression) @jump.continue

[(string_literal) (raw_string_literal) (char_literal)] @literal.string
[(integer_literal) (float_literal)] @literal.number

[(line_comment) (block_comment)] @comment
