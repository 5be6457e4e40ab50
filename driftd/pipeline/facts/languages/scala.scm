; What of a Scala file is a fact.  Flat patterns only: see `declared/__init__.py`.
; Primary constructors become functions in `prepare`.

[(function_definition) (function_declaration)] @function.method
(lambda_expression) @function.lambda

(class_definition) @class.class
(trait_definition) @class.trait
[(object_definition) (package_object)] @class.object
(enum_definition) @class.enum
(type_definition) @class.type_alias
(given_definition) @class.given
(instance_expression (template_body)) @class.anonymous

(template_body [(val_definition) (var_definition) (val_declaration) (var_declaration)] @field)
(with_template_body [(val_definition) (var_definition) (val_declaration) (var_declaration)] @field)
(enum_body [(val_definition) (var_definition)] @field)
(class_parameter) @field.parameter
[(simple_enum_case) (full_enum_case)] @field.enum

(package_clause (package_identifier) @package)
(import_declaration) @import

(call_expression) @call
(infix_expression) @call.infix
(instance_expression) @call.new
(extends_clause (arguments)) @call.base
(annotation (arguments)) @call.decorator

[(val_definition) (val_declaration) (var_definition) (var_declaration)] @assign.value
(assignment_expression) @assign
(infix_expression) @assign.update
(enumerator) @assign.enumerator
(typed_pattern) @assign.pattern
(arguments (assignment_expression) @expression.named)
(extension_definition) @expression.extension

(return_expression) @return
(throw_expression) @raise

(if_expression) @region.if
[(while_expression) (do_while_expression)] @region.while
(for_expression) @region.for
(case_clause) @region.case
(try_expression) @region.try
(finally_clause) @region.finally
(try_expression) @handler.try

[(string) (character_literal)] @literal.string
(interpolated_string_expression) @literal.template
[(integer_literal) (floating_point_literal)] @literal.number

[(comment) (block_comment)] @comment
