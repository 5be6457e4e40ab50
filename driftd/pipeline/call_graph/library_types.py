"""Types of standard libraries that hold others, and what their methods give, as data; names as written, no packages.

`WRAPPERS` hold one value whose members are reached through them or out of them; everything else with type arguments is
a collection.
"""

from __future__ import annotations

from typing import Final

# Members of what is inside are reached directly.
WRAPPERS: Final = frozenset(
    ["Arc", "Box", "Cell", "Cow", "LazyLock", "Mutex", "MutexGuard", "OnceCell", "OnceLock", "Option", "Pin", "Rc", "Ref",
     "RefCell", "RefMut", "Result", "RwLock", "RwLockReadGuard", "RwLockWriteGuard", "Weak", "auto_ptr", "optional",
     "shared_ptr", "unique_ptr", "weak_ptr", "reference_wrapper", "Task", "ValueTask", "Lazy", "Deferred", "Nullable",
     "Some", "Data", "State", "Extension", "Json"]
)  # fmt: skip
# The first argument is what counts; of other types it is the last.
FIRST: Final = frozenset(["Result", "Either", "Try", "unique_ptr", "vector", "set", "Cow"])

# Methods that give one of the values inside.
ELEMENT: Final = frozenset(
    ["get", "getFirst", "getLast", "first", "last", "next", "previous", "pop", "poll", "peek", "take", "remove", "element",
     "pollFirst", "pollLast", "peekFirst", "peekLast", "removeFirst", "removeLast", "elementAt", "ElementAt", "First", "FirstOrDefault",
     "Last", "LastOrDefault", "Single", "SingleOrDefault", "single", "singleOrNull", "firstOrNull", "lastOrNull", "getOrNull",
     "getOrDefault", "getOrElse", "getOrPut", "getValue", "orElse", "orElseGet", "orElseThrow", "computeIfAbsent", "putIfAbsent",
     "findFirst_", "find", "Find", "random", "min", "max", "Dequeue", "Pop", "Peek", "GetValueOrDefault", "FirstAsync",
     "FirstOrDefaultAsync", "SingleAsync", "SingleOrDefaultAsync", "FindAsync", "unwrap", "expect", "unwrap_or", "unwrap_or_default",
     "unwrap_or_else", "lock", "read", "write", "borrow", "borrow_mut", "upgrade", "back", "front", "at", "value", "join",
     "getNow", "block", "head", "headOption", "lastOption", "popLast", "removeLast", "randomElement", "deref", "load",
     "GetAwaiter", "GetResult", "Result", "Value", "into_inner", "get_or_init", "get_mut", "as_mut_", "nth", "reduce"]
)  # fmt: skip
# Methods that give something with the same values inside.
SAME: Final = frozenset(
    ["stream", "parallelStream", "filter", "sorted", "distinct", "limit", "skip", "peek_", "collect_", "toList", "iterator",
     "listIterator", "subList", "values", "iter", "iter_mut", "into_iter", "drain", "rev", "clone", "cloned", "copied",
     "as_ref", "as_mut", "as_deref", "as_deref_mut", "ok", "to_owned", "to_vec", "findFirst", "findAny", "takeWhile",
     "dropWhile", "Where", "OrderBy", "OrderByDescending", "ThenBy", "Take", "Skip", "ToList", "ToArray", "AsEnumerable",
     "AsQueryable", "ToListAsync", "ToArrayAsync", "Reverse", "Distinct", "Include", "AsNoTracking", "ConfigureAwait",
     "filterNotNull", "sortedBy", "sortedByDescending", "reversed", "drop", "take", "dropLast", "takeLast", "asSequence",
     "toMutableList", "toSet", "asIterable", "elements", "orEmpty", "plus", "minus", "shuffled", "Values", "reverse", "compactMap_",
     "prefix", "suffix", "dropFirst", "lazy", "all", "peekable", "chain", "by_ref", "map_err", "ok_or", "ok_or_else",
     "or_else", "context", "with_context", "or", "keySet_", "descendingIterator", "withIndex_", "onEach", "also", "apply",
     "sortBy", "sortWith", "toSeq", "toVector", "tail", "init", "filterNot", "synchronizedList"]
)  # fmt: skip
# Methods whose function argument gets one of the values inside.
APPLYING: Final = frozenset(
    ["forEach", "map", "filter", "flatMap", "anyMatch", "allMatch", "noneMatch", "ifPresent", "ifPresentOrElse", "removeIf",
     "mapToInt", "mapToLong", "mapToObj", "peek", "sorted", "computeIfPresent", "thenAccept", "thenApply", "thenCompose",
     "any", "all", "none", "find", "first", "firstOrNull", "let", "also", "apply", "run", "takeIf", "mapNotNull", "associateBy",
     "groupBy", "sortedBy", "sumOf", "maxBy", "minBy", "count", "forEachIndexed_", "Select", "Where", "Any", "All", "First",
     "FirstOrDefault", "Single", "SingleOrDefault", "ForEach", "OrderBy", "OrderByDescending", "GroupBy", "SelectMany", "Sum", "Max", "Min", "Count",
     "for_each", "filter_map", "flat_map", "find_map", "position", "and_then", "map_or", "is_some_and", "inspect", "each",
     "contains", "compactMap", "allSatisfy", "foreach", "exists", "forall", "collect", "partition", "takeWhile", "dropWhile"]
)  # fmt: skip
