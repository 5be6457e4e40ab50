; What of a Go file is a fact.  Flat patterns only: see `declared/__init__.py`.

(function_declaration) @function.function
[(method_declaration) (method_elem)] @function.method
(func_literal) @function.lambda
[(function_declaration) (method_declaration) (func_literal)] @assign.signature

[(type_spec) (type_alias)] @class
(type_spec type: (struct_type (field_declaration_list (field_declaration) @field)))

(package_clause) @package
(import_spec) @import

(call_expression) @call
(type_conversion_expression) @call.conversion
(composite_literal) @call.literal

(short_var_declaration) @assign.short
(var_spec) @assign.var
(const_spec) @assign.const
(assignment_statement) @assign
[(inc_statement) (dec_statement)] @assign.update
(range_clause) @assign.range
(receive_statement) @assign.receive
(type_switch_statement) @assign.switch

(return_statement) @return
(send_statement) @expression

(if_statement) @region.if
(for_statement) @region.for
[(expression_case) (type_case) (communication_case) (default_case)] @region.case
(if_statement) @handler.check
(break_statement) @jump.break
(continue_statement) @jump.continue

[(interpreted_string_literal) (raw_string_literal) (rune_literal)] @literal.string
[(int_literal) (float_literal) (imaginary_literal)] @literal.number

(comment) @comment
