; What of a Kotlin file is a fact.  Flat patterns only: see `declared/__init__.py`.
; Accessors and primary constructors become functions in `prepare`, which also finds the jumps.

(source_file) @expression.root

(function_declaration) @function.method
(secondary_constructor) @function.constructor
(primary_constructor) @function.primary
[(lambda_literal) (anonymous_function)] @function.lambda

(class_declaration) @class.class
[(object_declaration) (companion_object)] @class.object
(object_literal) @class.anonymous
(type_alias) @class.type_alias

(class_body (property_declaration) @field)
(enum_class_body (property_declaration) @field)
(class_parameter) @field.parameter
(enum_entry) @field.enum

(package_header) @package
(import) @import

(call_expression) @call
(binary_expression) @call.generic
(infix_expression) @call.infix
(delegation_specifier (constructor_invocation) @call.new)
(constructor_delegation_call) @call.constructor
(annotation (constructor_invocation) @call.decorator)
(file_annotation (constructor_invocation) @call.decorator)

(property_declaration) @assign.property
(assignment) @assign
(unary_expression) @assign.update
(for_statement) @assign.for
(catch_block) @assign.catch
(when_subject "val") @assign.subject

(return_expression) @return
(throw_expression) @raise
(when_subject) @expression

(if_expression) @region.if
[(while_statement) (do_while_statement)] @region.while
(for_statement) @region.for
(when_entry) @region.case
(try_expression) @region.try
(catch_block) @region.handler
(finally_block) @region.finally
(try_expression) @handler.try

[(string_literal) (multiline_string_literal)] @literal.template
(character_literal) @literal.string
[(number_literal) (float_literal)] @literal.number

[(line_comment) (block_comment)] @comment
