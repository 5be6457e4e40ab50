; What of a C file is a fact.  Flat patterns only: see `declared/__init__.py`.

(function_definition) @function.function

(struct_specifier) @class.struct
(union_specifier) @class.union
(enum_specifier) @class.enum
(type_definition) @class.type_alias

(field_declaration) @field
(enumerator) @field.enum

(preproc_include) @import

(call_expression) @call
(compound_literal_expression) @call.literal

(declaration) @assign.declaration
(assignment_expression) @assign
(update_expression) @assign.update

(return_statement) @return

(if_statement) @region.if
[(while_statement) (do_statement)] @region.while
(for_statement) @region.for
(case_statement) @region.case
(break_statement) @jump.break
(continue_statement) @jump.continue

[(string_literal) (char_literal)] @literal.string
(number_literal) @literal.number

(comment) @comment
