; What of a PHP file is a fact.  Flat patterns only: see `declared/__init__.py`.

[(text) (php_tag) (php_end_tag)] @silent

(function_definition) @function.function
(method_declaration) @function.method
[(anonymous_function) (arrow_function)] @function.lambda
(property_hook) @function.hook

(class_declaration) @class.class
(interface_declaration) @class.interface
(trait_declaration) @class.trait
(enum_declaration) @class.enum
(anonymous_class) @class.anonymous

(property_declaration) @field
(const_declaration) @field.const
(enum_case) @field.enum
(property_promotion_parameter) @field.promoted

(namespace_definition) @package
(namespace_use_declaration) @import
[(require_expression) (require_once_expression) (include_expression) (include_once_expression)] @import.file

(function_call_expression) @call
[(member_call_expression) (nullsafe_member_call_expression)] @call.member
(scoped_call_expression) @call.scoped
(object_creation_expression) @call.new
(attribute) @call.decorator

[(assignment_expression) (reference_assignment_expression) (augmented_assignment_expression)] @assign
(update_expression) @assign.update
(foreach_statement) @assign.foreach
(catch_clause) @assign.catch
(static_variable_declaration) @assign.static
(global_declaration) @assign.global
(unset_statement) @assign.unset
(const_declaration) @assign.const

(return_statement) @return
(yield_expression) @return.yield
(throw_expression) @raise
[(echo_statement) (print_intrinsic) (exit_statement)] @expression

[(if_statement) (else_if_clause)] @region.if
(else_clause) @region.else
[(while_statement) (do_statement)] @region.while
(for_statement) @region.for
(foreach_statement) @region.foreach
[(case_statement) (default_statement) (match_conditional_expression) (match_default_expression)] @region.case
(try_statement) @region.try
(catch_clause) @region.handler
(finally_clause) @region.finally
(try_statement) @handler.try
(break_statement) @jump.break
(continue_statement) @jump.continue

[(string) (nowdoc)] @literal.string
[(encapsed_string) (heredoc) (shell_command_expression)] @literal.template
[(integer) (float)] @literal.number

(comment) @comment
