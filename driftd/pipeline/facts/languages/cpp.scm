; What of a C++ file is a fact.  Flat patterns only: see `declared/__init__.py`.

(function_definition) @function
(lambda_expression) @function.lambda

(class_specifier) @class.class
(struct_specifier) @class.struct
(union_specifier) @class.union
(enum_specifier) @class.enum
[(type_definition) (alias_declaration)] @class.type_alias
(namespace_definition) @class.namespace

(field_declaration) @field
(enumerator) @field.enum

(preproc_include) @import
(using_declaration) @import.using
(namespace_alias_definition) @import.alias

(call_expression) @call
[(decltype) (noexcept) (requires_clause) (requires_expression) (sizeof_expression)] @unevaluated
(compound_literal_expression) @call.literal
(new_expression) @call.new
(field_initializer) @call.base
(co_await_expression) @awaited

(declaration) @assign.declaration
(assignment_expression) @assign
(update_expression) @assign.update
(for_range_loop) @assign.range
(catch_clause) @assign.catch

[(return_statement) (co_return_statement)] @return
(co_yield_statement) @return.yield
(throw_statement) @raise
(delete_expression) @expression

(if_statement) @region.if
[(while_statement) (do_statement)] @region.while
(for_statement) @region.for
(for_range_loop) @region.range
(case_statement) @region.case
(try_statement) @region.try
(catch_clause) @region.handler
(try_statement) @handler.try
(break_statement) @jump.break
(continue_statement) @jump.continue

[(string_literal) (raw_string_literal) (char_literal)] @literal.string
(number_literal) @literal.number

(comment) @comment
