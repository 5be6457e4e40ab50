"""Source text of the ECMAScript family: decoding a file, positions, and the values of literals and comments.

Bytes and strings only; nothing here knows a syntax tree.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left

from driftd.pipeline.facts.source import Source

_ESCAPE = re.compile(
    r"\\(?:u\{([0-9A-Fa-f]{1,8})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(\r\n|[\n\r\u2028\u2029])|([0-7]{1,3})|(.))",
    re.DOTALL,
)
_SURROGATE = re.compile(f"[{chr(0xD800)}-{chr(0xDFFF)}]")
_SINGLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
_CONTINUATION = re.compile(rb"[\x80-\xbf]")
_FIRST_MARGIN = re.compile(r"[ \t]*\*[ \t]?")
_DOC_MARGIN = re.compile(r"\n[ \t]*\*[ \t]?")  # found by its first character, as `^` is not
_MAX_DIGITS = 1000  # Python refuses to print integers of more than 4300 digits


class EcmaSource(Source):
    """A `Source` whose columns cost O(log n) on non-ASCII lines of any length (minified bundles are one line)."""

    __slots__ = ("_continuations", "line_starts")

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.line_starts = self._line_starts
        self._continuations = (
            None if self._ascii else array("I", (match.start() for match in _CONTINUATION.finditer(data)))
        )

    @property
    def is_ascii(self) -> bool:
        """Tell whether bytes and code points are the same."""
        return self._ascii

    def column(self, line_start: int, offset: int) -> int:
        """Return the column, in code points, of `offset` on the line that starts at `line_start`."""
        skipped = self._continuations
        if skipped is None:
            return offset - line_start + 1
        return offset - line_start + 1 - (bisect_left(skipped, offset) - bisect_left(skipped, line_start))

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column (in code points) of the byte at `offset`."""
        line = self.line(offset)
        return line, self.column(self._start, offset)


def readable(data: bytes) -> bytes:
    """Return `data` as text for a grammar and `Source`: no byte order mark, UTF-16 transcoded, lines end in LF."""
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    if b"\n" not in data and b"\r" in data:
        return data.replace(b"\r", b"\n")
    return data


def unescaped(text: str) -> str:
    """Return the text that a string or template body stands for; a lone surrogate becomes U+FFFD."""
    if "\\" not in text:
        return text
    result = _ESCAPE.sub(_replacement, text)
    if "\\u" in text and _SURROGATE.search(result):
        result = result.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return result


def _replacement(match: re.Match[str]) -> str:
    braced, four, two, line_end, octal, single = match.groups()
    if line_end is not None:
        return ""
    if single is not None:
        return _SINGLE.get(single, single)
    code = int(octal, 8) if octal is not None else int(braced or four or two, 16)
    return chr(code) if code <= 0x10FFFF else "\ufffd"


def number_value(raw: str) -> str:
    """Return a number's value in decimal, without separators, base prefix or bigint suffix; unreadable ones as written."""
    text = raw.replace("_", "").lower()
    try:
        if text[:2] in {"0x", "0o", "0b"}:
            value = int(text.rstrip("n"), 0)
            return str(value) if value.bit_length() <= _MAX_DIGITS * 3 else raw
        if text.endswith("n"):
            return text[:-1].lstrip("0") or "0"
        if len(text) > 1 and text[0] == "0" and text.isdigit():  # a legacy octal such as 0755
            return str(int(text, 8)) if "8" not in text and "9" not in text else str(int(text))
        if text.isdigit():
            return text
        number = float(text)
    except ValueError:
        return raw
    if number.is_integer() and abs(number) < 1e21:  # from there on JavaScript itself prints an exponent
        return str(int(number))
    return repr(number)


def comment_text(text: str) -> str:
    """Return a comment without its markers; of a JSDoc block also without the margin of stars."""
    if text.startswith("/**") and len(text) > 4:
        inner = text[3:-2].replace("\r\n", "\n")
        first = _FIRST_MARGIN.match(inner)
        return _DOC_MARGIN.sub("\n", inner if first is None else inner[first.end() :]).strip()
    if text.startswith("/*"):
        return text[2:-2].strip() if text.endswith("*/") and len(text) > 3 else text[2:].strip()
    if text.startswith("<!--"):
        return text[4:].removesuffix("-->").strip()
    if text.startswith("//"):
        return text[2:].lstrip("/").strip()
    return text.lstrip("#").strip()
