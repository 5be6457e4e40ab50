"""Types as written in any language, in one form: `path[argument, …]`, alternatives joined by `|`.

`canonical` drops what does not say whose members a value has: nullability, references, mutability, modifiers.  What
holds others keeps its name or gets one (`Array`, `Map`, `Tuple`) with what it holds.  A function type is "".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_MODIFIERS: Final = re.compile(
    r"(?:\b(?:const|constexpr|static|volatile|mutable|struct|class|enum|union|typename|unsigned|signed|register|inline"
    r"|extern|final|ref|out|in|params|readonly|scoped|this|mut|dyn|impl|some|any|inout|borrowing|consuming|vararg"
    r"|suspend|val|var|noinline|crossinline|unsafe|where)\b(?![.:<\[(])|@[\w.]+(?:\([^)]*\))?|'\w+\b)\s*"
)
_NAME: Final = re.compile(r"[^\W\d]\w*(?:\.\w+)*")
_GO_ARRAY: Final = re.compile(r"\[[^\[\]]*\]")
_NO_CLASS: Final = frozenset(
    ["void", "null", "nil", "None", "Any", "any", "object", "mixed", "auto", "var", "dynamic", "_", "Unit", "Nothing",
     "unit", "false", "true", "never", "iterable", "callable", "interface{}", "error"]
)  # fmt: skip
# Types of languages themselves that are written in lower case.
PRIMITIVES: Final = frozenset(
    ["bool", "boolean", "byte", "char", "decimal", "double", "float", "float32", "float64", "i128", "i16", "i32", "i64", "i8",
     "int", "int16", "int32", "int64", "int8", "isize", "f32", "f64", "long", "nint", "rune", "sbyte", "short", "size_t", "str",
     "string", "u128", "u16", "u32", "u64", "u8", "uint", "uint16", "uint32", "uint64", "uint8", "uintptr", "ulong", "ushort",
     "usize", "array", "object"]
)  # fmt: skip
# Types of C# of which a nullable one is another type.
VALUES: Final = PRIMITIVES - {"string", "object", "array"} | {
    "DateTime",
    "DateTimeOffset",
    "TimeSpan",
    "Guid",
    "DateOnly",
    "TimeOnly",
}
IS_CONST: Final = re.compile(r"\bconst\b")
_ARGUMENTS: Final = re.compile(r"<[^<>]*>")
_MOST: Final = 300  # characters; a longer type is generated


@lru_cache(maxsize=16384)
def canonical(language: str, text: str | None) -> str:
    """Return a type as written in the one form; "" if it says nothing usable."""
    if not text or len(text) > _MOST:
        return ""
    text = text.strip().replace("::", ".").replace("\\", ".").replace("->", "→").replace("=>", "→")
    return _type(language, text.lstrip("."))


def _type(language: str, text: str) -> str:
    text = text.strip()
    if language != "go":
        text = _MODIFIERS.sub("", text).strip()
    text = text.lstrip("&*?^ .").strip() if language != "php" else text.lstrip("?. ")
    if language == "csharp":
        if text.rstrip("?") == "object":
            return "object"
        if text[-1:] == "?" and text[:-1].strip() in VALUES:
            return f"{text[:-1].strip()}?"  # another type than without the mark
    while text[-1:] in {"?", "!", "&", "*"}:
        text = text[:-1].rstrip()
    if language == "go":
        return _go(text)
    if text.startswith("["):  # Rust, Swift
        inner = text[1:].rpartition("]")[0]
        parts = _split(inner, ":") if language == "swift" else _split(inner, ";")
        return _holding("Map" if language == "swift" and len(parts) > 1 else "Array", language, parts[-1 if language == "swift" else 0 :][:1])  # fmt: skip
    if text.startswith("("):
        if "→" in text or not text.endswith(")"):
            return ""
        parts = _split(text[1:-1], ",")
        if language == "csharp":
            parts = [part.rpartition(" ")[0] or part for part in parts]
        if len(parts) == 1:
            return _type(language, parts[0])
        return _holding("Tuple", language, parts)
    choices = _split(text, "|")
    if len(choices) > 1:
        found = [t for t in (_type(language, choice) for choice in choices) if t]
        return "|".join(dict.fromkeys(found))
    for joint in ("+", "&", " with "):
        first = _split(text, joint)
        if len(first) > 1:
            return _type(language, first[0])
    return _named(language, text)


def _named(language: str, text: str) -> str:
    if "→" in _outside(text):
        return ""
    if text.endswith("..."):
        return _holding("Array", language, [text[:-3]])
    if text.endswith("]") and language in {"java", "csharp", "php", "kotlin", "cpp", "c"}:
        return _holding("Array", language, [text[: text.rindex("[")]])
    match = _NAME.match(text)
    if match is None:
        return ""
    name, rest = match[0], text[match.end() :].strip()
    if name in _NO_CLASS:
        return ""
    if rest[:1] in {"<", "["}:
        closing = rest.rfind(">" if rest[0] == "<" else "]")
        tail = rest[closing + 1 :].strip()
        if tail.startswith("."):  # Outer<T>.Inner
            return _named(language, name + tail)
        parts = [_argument(part) for part in _split(rest[1:closing], ",")]
        return _holding(name, language, parts)
    return name


def _argument(text: str) -> str:
    text = text.strip()
    for bound in ("? extends ", "? super ", "out ", "in "):
        if text.startswith(bound):
            return text[len(bound) :]
    return "" if text == "?" else text.rpartition("=")[2]


def _go(text: str) -> str:
    text = text.lstrip("*&. ")
    for word in ("<-chan", "chan<-", "chan"):
        if text.startswith(word):
            return _holding("Chan", "go", [text[len(word) :]])
    if text.startswith("map["):
        depth = 0
        for at, char in enumerate(text):
            depth += (char == "[") - (char == "]")
            if char == "]" and depth == 0:
                return _holding("Map", "go", [text[at + 1 :]])
        return ""
    if text.startswith("["):
        return _holding("Array", "go", [_GO_ARRAY.sub("", text, count=1)])
    if text.startswith("("):
        parts = [
            part.rpartition(" ")[2] if " " in part and "(" not in part else part for part in _split(text[1:-1], ",")
        ]
        return _type("go", parts[0]) if len(parts) == 1 else _holding("Tuple", "go", parts)
    if text.startswith(("func", "struct", "interface")):
        return ""
    match = _NAME.match(text)
    if match is None:
        return ""
    rest = text[match.end() :].strip()
    if rest.startswith("["):
        return _holding(match[0], "go", _split(rest[1 : rest.rfind("]")], ","))
    return "" if match[0] in _NO_CLASS else match[0]


def _holding(name: str, language: str, parts: list[str]) -> str:
    inner = [_type(language, part) for part in parts]
    return f"{name}[{', '.join(part or '_' for part in inner)}]" if any(inner) else name


def _outside(text: str) -> str:
    """Return what stands outside of any bracket."""
    depth, found = 0, []
    for char in text:
        depth -= char in ">])"
        if depth <= 0:
            found.append(char)
        depth += char in "<[("
    return "".join(found)


def _split(text: str, separator: str) -> list[str]:
    if separator not in text:
        return [text.strip()]
    pieces, depth, start = [], 0, 0
    at = 0
    while at < len(text):
        char = text[at]
        if char in "[<({":
            depth += 1
        elif char in "]>)}":
            depth -= 1
        elif depth == 0 and text.startswith(separator, at):
            pieces.append(text[start:at])
            at += len(separator)
            start = at
            continue
        at += 1
    pieces.append(text[start:])
    return [piece.strip() for piece in pieces if piece.strip()]


def parts_of(canonical_type: str) -> list[tuple[str, list[str]]]:
    """Return the alternatives of a type in the one form: each its path and its arguments, "_" for unusable ones."""
    found = []
    for choice in _split(canonical_type, "|"):
        path, bracket, rest = choice.partition("[")
        found.append((path, _split(rest[:-1], ",") if bracket else []))
    return [(path, args) for path, args in found if path]


def form(annotation: str | None) -> str:
    """Return how a parameter of a type takes what it is given."""
    if not annotation:
        return ""
    plain = without_arguments(annotation)
    mark = "&&" if "&&" in plain else "&" if "&" in plain else "*" if "*" in plain else ""
    const = IS_CONST.search(plain.partition("*")[0] if mark == "*" else plain) is not None and mark != ""
    return f"const {mark}" if const else mark


def without_arguments(text: str) -> str:
    """Return a type as C++ writes it, without what stands in angle brackets."""
    while "<" in text:
        cut = _ARGUMENTS.sub("", text)
        if cut == text:
            break
        text = cut
    return text
