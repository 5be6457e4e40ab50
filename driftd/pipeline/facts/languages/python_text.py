"""Python source text: bytes of any encoding to UTF-8, and string tokens and docstrings to what they say.

Does not parse: the rules here are those of PEP 263, of the tokenizer's newlines, and of string literals.
"""

from __future__ import annotations

import re
import unicodedata

_BOM = b"\xef\xbb\xbf"
_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263
_BLANK = re.compile(rb"[ \t\f]*(?:#[^\n]*)?$")
_UTF8_NAMES = frozenset({b"utf-8", b"utf8", b"utf_8", b"utf-8-sig", b"u8"})
_ESCAPE = re.compile(r"\\(\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[\\'\"abfnrtv])")
_BYTES_ESCAPE = re.compile(r"\\(\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|[\\'\"abfnrtv])")
_SIMPLE = {"\n": "", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}  # fmt: skip


def to_utf8(data: bytes) -> bytes:
    """Return source bytes as the tokenizer reads them: UTF-8, no byte order mark, every line ended by a line feed.

    Bytes that do not fit their declared encoding are returned as they are.
    """
    if data.startswith(_BOM):
        data = data[len(_BOM) :]
    elif b"coding" in data[:400]:
        data = _decode_declared(data)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data


def _decode_declared(data: bytes) -> bytes:
    for line in data[:2000].splitlines()[:2]:
        if match := _COOKIE.match(line):
            encoding = match[1].lower()
            if encoding in _UTF8_NAMES:
                return data
            try:
                return data.decode(encoding.decode("ascii")).encode()
            except (LookupError, ValueError):
                return data
        if not _BLANK.match(line):
            break
    return data


def split_string(token: str) -> tuple[str, str]:
    """Split a string token into its lower-case prefix (`""`, `"rb"`, …) and the text between its quotes."""
    start = 0
    while start < len(token) and token[start] not in "'\"":
        start += 1
    prefix, rest = token[:start].lower(), token[start:]
    quote = rest[:3] if len(rest) > 2 and rest[:3] in ('"""', "'''") else rest[:1]
    width = len(quote)
    if len(rest) >= 2 * width and rest.endswith(quote):
        return prefix, rest[width:-width]
    return prefix, rest[width:]  # unterminated


def unescape(text: str, *, is_bytes: bool = False) -> str:
    """Replace the escape sequences of a string literal that is not raw; unknown ones stay as written.

    A lone surrogate stays an escape sequence too, because it has no UTF-8 form.
    """
    if "\\" not in text:
        return text
    return (_BYTES_ESCAPE if is_bytes else _ESCAPE).sub(_unescape_one, text)


def _unescape_one(match: re.Match[str]) -> str:
    escape = match[1]
    simple = _SIMPLE.get(escape)
    if simple is not None:
        return simple
    first = escape[0]
    if first == "N":
        try:
            return unicodedata.lookup(escape[2:-1])
        except KeyError:
            return match[0]
    code = int(escape[1:], 16) if first in "xuU" else int(escape, 8)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return match[0]
    return chr(code)


def clean_doc(text: str) -> str:
    """Remove a docstring's uniform indentation and outer blank lines (PEP 257)."""
    lines = text.expandtabs().split("\n")
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines[1:] if line.strip()), default=0)
    cleaned = [lines[0].strip(), *(line[margin:].rstrip() for line in lines[1:])]
    while cleaned and not cleaned[-1]:
        cleaned.pop()
    while cleaned and not cleaned[0]:
        cleaned.pop(0)
    return "\n".join(cleaned)


def number_value(raw: str) -> str:
    """Return a number's value as decimal text; what is no int or float (complex, Python 2 forms) stays as written."""
    if raw.isdecimal() and (raw[0] != "0" or len(raw) == 1):
        return raw
    try:
        return str(int(raw, 0))
    except ValueError:
        pass
    if "." not in raw and "e" not in raw and "E" not in raw:
        return raw
    try:
        return repr(float(raw))
    except ValueError:
        return raw
