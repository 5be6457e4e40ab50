; What of a Java file is a fact.  Flat patterns only: see `declared/__init__.py`.

(method_declaration) @function.method
(annotation_type_element_declaration) @function.method
[(constructor_declaration) (compact_constructor_declaration)] @function.constructor
(lambda_expression) @function.lambda

(class_declaration) @class.class
(interface_declaration) @class.interface
(enum_declaration) @class.enum
(record_declaration) @class.record
(annotation_type_declaration) @class.annotation

[(field_declaration) (constant_declaration)] @field
(enum_constant) @field.enum
(record_declaration parameters: (formal_parameters (_) @field.record))

(package_declaration) @package
(import_declaration) @import

(method_invocation) @call
(object_creation_expression) @call.new
(explicit_constructor_invocation) @call.constructor
(annotation) @call.decorator

(local_variable_declaration) @assign.local
(assignment_expression) @assign
(update_expression) @assign.update
(enhanced_for_statement) @assign.for
(resource) @assign.with
(catch_formal_parameter) @assign.catch
(instanceof_expression) @assign.instanceof
(type_pattern) @assign.pattern

(return_statement) @return
(throw_statement) @raise
[(yield_statement) (assert_statement)] @expression

(if_statement) @region.if
[(while_statement) (do_statement)] @region.while
(for_statement) @region.for
(enhanced_for_statement) @region.for_each
[(switch_rule) (switch_block_statement_group)] @region.case
(try_statement) @region.try
(try_with_resources_statement) @region.with
(catch_clause) @region.handler
(finally_clause) @region.finally
[(try_statement) (try_with_resources_statement)] @handler.try
(break_statement) @jump.break
(continue_statement) @jump.continue

[(string_literal) (character_literal)] @literal.string
[(decimal_integer_literal) (hex_integer_literal) (octal_integer_literal) (binary_integer_literal)
 (decimal_floating_point_literal) (hex_floating_point_literal)] @literal.number

[(line_comment) (block_comment)] @comment
