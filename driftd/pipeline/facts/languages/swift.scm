; What of a Swift file is a fact.  Flat patterns only: see `declared/__init__.py`.

[(function_declaration) (protocol_function_declaration)] @function.function
(init_declaration) @function.constructor
(deinit_declaration) @function.deinit
[(computed_getter) (computed_property)] @function.getter
[(computed_setter) (willset_clause) (didset_clause)] @function.setter
(lambda_literal) @function.lambda

[(class_declaration) (protocol_declaration)] @class
[(typealias_declaration) (associatedtype_declaration)] @class.type_alias

(property_declaration) @field
(protocol_property_declaration) @field.required
(enum_entry) @field.case

(import_declaration) @import

(call_expression) @call
(constructor_expression) @call.new
(attribute) @call.decorator
(await_expression) @awaited

(property_declaration) @assign.property
(assignment) @assign
[(if_statement) (guard_statement) (while_statement)] @assign.condition
(for_statement) @assign.for
(catch_block) @assign.catch

(control_transfer_statement) @return

[(if_statement) (guard_statement)] @region.if
[(while_statement) (repeat_while_statement)] @region.while
(for_statement) @region.for
(switch_entry) @region.case
(do_statement) @region.do
(catch_block) @region.handler
(do_statement) @handler.do
(try_expression) @handler.try

[(line_string_literal) (multi_line_string_literal)] @literal.template
(raw_string_literal) @literal.string
(regex_literal) @literal.regex
[(integer_literal) (hex_literal) (bin_literal) (oct_literal) (real_literal)] @literal.number

[(comment) (multiline_comment)] @comment
