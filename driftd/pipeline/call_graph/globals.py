"""Functions that languages with packages offer everywhere, by family: a call of one goes to no code of the workspace."""

from __future__ import annotations

from typing import Final

# Methods that every object has.
OBJECT_MEMBERS: Final[dict[str, frozenset[str]]] = {
    "jvm": frozenset(["toString", "hashCode", "equals", "getClass", "clone", "notify", "notifyAll", "wait", "finalize", "name",
                      "ordinal", "values", "valueOf", "compareTo", "getDeclaringClass", "copy", "asInstanceOf", "isInstanceOf"]),
    "csharp": frozenset(["ToString", "GetHashCode", "Equals", "GetType", "MemberwiseClone", "ReferenceEquals", "HasFlag",
                         "GetValueOrDefault", "CompareTo", "Invoke", "BeginInvoke", "EndInvoke"]),
    "ruby": frozenset(["send", "public_send", "respond_to?", "is_a?", "kind_of?", "instance_of?", "nil?", "to_s", "inspect", "class",
                       "dup", "clone", "freeze", "frozen?", "tap", "then", "object_id", "hash", "eql?", "equal?", "instance_eval",
                       "instance_exec", "class_eval", "class_exec", "module_eval", "define_method", "instance_variable_get",
                       "instance_variable_set", "method", "methods", "extend", "include", "prepend", "const_get", "name",
                       "allocate", "superclass", "ancestors", "instance_method", "method_defined?", "display", "itself",
                       "singleton_class", "define_singleton_method", "attr_accessor", "alias_method", "to_enum", "enum_for"]),
    "rust": frozenset(["clone", "into", "try_into", "to_string", "to_owned", "borrow", "borrow_mut", "as_ref", "as_mut", "fmt",
                       "eq", "cmp", "partial_cmp", "hash", "default", "from", "type_id", "clone_from"]),
    "swift": frozenset(["description", "hashValue", "hash", "encode"]),
}  # fmt: skip

GLOBALS: Final[dict[str, frozenset[str]]] = {
    "go": frozenset(
        ["append", "cap", "clear", "close", "complex", "copy", "delete", "imag", "len", "make", "max", "min", "new", "panic",
         "print", "println", "real", "recover", "any", "bool", "byte", "comparable", "complex64", "complex128", "error",
         "float32", "float64", "int", "int8", "int16", "int32", "int64", "rune", "string", "uint", "uint8", "uint16",
         "uint32", "uint64", "uintptr"]
    ),
    "jvm": frozenset(
        ["println", "print", "require", "requireNotNull", "check", "checkNotNull", "error", "TODO", "listOf", "mutableListOf",
         "mapOf", "mutableMapOf", "setOf", "mutableSetOf", "arrayOf", "emptyList", "emptyMap", "emptySet", "lazy", "run", "with",
         "repeat", "assert", "buildString", "sequence", "maxOf", "minOf", "runCatching", "synchronized", "arrayListOf",
         "hashMapOf", "linkedMapOf", "listOfNotNull", "generateSequence", "readLine", "readln", "buildList", "buildMap",
         "implicitly", "identity", "intArrayOf", "byteArrayOf", "sequenceOf", "emptyArray", "apply", "also", "let"]
    ),
    "ruby": frozenset(
        ["require", "require_relative", "load", "autoload", "puts", "print", "p", "pp", "printf", "sprintf", "format", "raise",
         "fail", "loop", "lambda", "proc", "catch", "throw", "attr_reader", "attr_writer", "attr_accessor", "include", "extend",
         "prepend", "private", "public", "protected", "module_function", "private_constant", "alias_method", "define_method",
         "block_given?", "binding", "caller", "exit", "abort", "at_exit", "sleep", "rand", "srand", "gets", "open", "system",
         "exec", "fork", "spawn", "trap", "warn", "freeze", "frozen?", "nil?", "is_a?", "kind_of?", "instance_of?", "respond_to?",
         "send", "public_send", "__send__", "method", "methods", "instance_variable_get", "instance_variable_set", "instance_variables",
         "instance_variable_defined?", "object_id", "dup", "clone", "tap", "then", "itself", "hash", "inspect", "to_s", "class",
         "Integer", "Float", "String", "Array", "Hash", "Rational", "Complex", "private_class_method", "public_class_method",
         "remove_method", "undef_method", "instance_eval", "class_eval", "module_eval", "instance_exec", "class_exec", "const_get",
         "const_set", "const_missing", "ancestors", "superclass", "name", "new", "allocate", "using", "refine", "eval",
         "callcc", "select", "syscall", "test", "`", "putc", "readline", "readlines", "set_trace_func", "trace_var", "untrace_var",
         "global_variables", "local_variables", "__method__", "__callee__", "__dir__", "enum_for", "to_enum", "singleton_class",
         "define_singleton_method", "singleton_method", "extend_object", "display", "eql?", "equal?", "instance_methods", "method_defined?"]
    ),
    "swift": frozenset(
        ["abs", "assert", "assertionFailure", "debugPrint", "defer", "dump", "fatalError", "getVaList", "isKnownUniquelyReferenced",
         "max", "min", "numericCast", "precondition", "preconditionFailure", "print", "readLine", "repeatElement", "sequence",
         "stride", "swap", "transcode", "type", "unsafeBitCast", "unsafeDowncast", "withCheckedContinuation",
         "withCheckedThrowingContinuation", "withExtendedLifetime", "withTaskGroup", "withThrowingTaskGroup",
         "withUnsafeBytes", "withUnsafeMutableBytes", "withUnsafeMutablePointer", "withUnsafePointer", "withVaList",
         "withoutActuallyEscaping", "zip"]
    ),
    "rust": frozenset(
        ["all", "any", "not", "allow", "deny", "doc", "derive", "feature", "target_os", "repr", "must_use", "inline", "cfg_attr",
         "docsrs", "expect", "warn", "forbid", "ignore", "should_panic", "serde", "error", "clap", "arg", "command", "quote",
         "Some", "Ok", "Err", "None", "drop", "Box", "Vec", "String", "println", "print", "eprintln", "eprint", "format", "panic",
         "assert", "assert_eq", "assert_ne", "debug_assert", "debug_assert_eq", "unreachable", "unimplemented", "todo", "vec",
         "write", "writeln", "matches", "dbg", "include_str", "include_bytes", "concat", "env", "option_env", "line", "file",
         "cfg", "compile_error", "thread_local", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
         "i128", "isize", "f32", "f64", "bool", "char", "Option", "Result"]
    ),
}  # fmt: skip
