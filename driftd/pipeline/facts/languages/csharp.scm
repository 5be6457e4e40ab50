; What of a C# file is a fact.  Flat patterns only: see `declared/__init__.py`.
; Accessors, property bodies and primary constructors become functions in `prepare`.

(method_declaration) @function.method
(constructor_declaration) @function.constructor
(destructor_declaration) @function.destructor
(operator_declaration) @function.operator
(conversion_operator_declaration) @function.conversion
(local_function_statement) @function.local
[(lambda_expression) (anonymous_method_expression)] @function.lambda

(class_declaration) @class.class
(struct_declaration) @class.struct
(record_declaration) @class.record
(interface_declaration) @class.interface
(enum_declaration) @class.enum
(delegate_declaration) @class.type_alias
(namespace_declaration) @class.namespace

[(field_declaration) (event_field_declaration)] @field
[(property_declaration) (event_declaration)] @field.property
(indexer_declaration) @field.indexer
(enum_member_declaration) @field.enum

(file_scoped_namespace_declaration) @package
(using_directive) @import
(extern_alias_directive) @import.extern

(invocation_expression) @call
(object_creation_expression) @call.new
(implicit_object_creation_expression) @call.implicit
(constructor_initializer) @call.constructor
(base_list (argument_list)) @call.base
(primary_constructor_base_type) @call.base
(attribute (attribute_argument_list)) @call.decorator
(await_expression (invocation_expression) @awaited)

(local_declaration_statement) @assign.local
(using_statement) @assign.using
[(for_statement) (fixed_statement)] @assign.variable
(foreach_statement) @assign.foreach
(catch_declaration) @assign.catch
(declaration_expression) @assign.declaration
(is_pattern_expression) @assign.is
[(declaration_pattern) (recursive_pattern) (list_pattern) (var_pattern)] @assign.pattern
[(from_clause) (join_clause)] @assign.from
(let_clause) @assign.let
(assignment_expression) @assign
[(prefix_unary_expression) (postfix_unary_expression)] @assign.update

(return_statement) @return
(yield_statement "return") @return.yield
(yield_statement "break") @return
[(throw_statement) (throw_expression)] @raise
[(initializer_expression) (with_initializer)] @expression.initializer
(switch_expression_arm) @expression

(if_statement) @region.if
[(while_statement) (do_statement)] @region.while
(for_statement) @region.for
(foreach_statement) @region.foreach
(query_expression) @region.query
(switch_section) @region.case
(switch_expression_arm) @region.arm
(try_statement) @region.try
(catch_clause) @region.handler
(finally_clause) @region.finally
[(using_statement) (lock_statement)] @region.with
(local_declaration_statement "using") @region.using
(try_statement) @handler.try
(break_statement) @jump.break
(continue_statement) @jump.continue

[(string_literal) (verbatim_string_literal) (raw_string_literal) (character_literal)] @literal.string
(interpolated_string_expression) @literal.template
[(integer_literal) (real_literal)] @literal.number

(comment) @comment
