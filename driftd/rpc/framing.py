"""Messages out of a byte stream and into it, in either of the two framings.

The connection's first byte decides: `{`, `[` or white space starts newline-delimited JSON (one message a line, CRLF
and empty lines tolerated); `C` starts `Content-Length` headers.  The decoder takes chunks as they come and gives whole
frames; it reads no socket and no JSON.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from driftd.rpc.limits import Limits
from driftd.rpc.protocol import PARSE_ERROR, REFUSED, Problem

_WHITE_SPACE: Final = b" \t\r\n"
_END_OF_HEADERS: Final = b"\r\n\r\n"
# 15 digits: more than any limit, and far from where int() gets slow
_LENGTH: Final = re.compile(rb"[0-9]{1,15}", re.ASCII)
_CHARSET: Final = re.compile(rb"charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)


class Framing(Enum):
    """How messages are told apart on a connection."""

    NEWLINE = "newline"
    HEADERS = "headers"

    def wrap(self, message: bytes) -> bytes:
        """Return `message` as it goes over the wire."""
        if self is Framing.HEADERS:
            return b"Content-Length: %d\r\n\r\n%b" % (len(message), message)
        return message + b"\n"


class Decoder:
    """Cuts a stream of chunks into frames; the cut does not depend on where the chunks end.

    A Problem stands in the output where a frame could not be had.  After one that leaves no way to find the next frame,
    `broken` is true, and whatever follows is ignored.  An over-long line is skipped, and reading goes on after it.
    """

    def __init__(self, limits: Limits) -> None:
        self.framing = Framing.NEWLINE
        self.broken = False
        self._limits = limits
        self._buffer = bytearray()
        self._started = False
        self._searched = 0  # newline framing: bytes of the buffer known to hold no newline
        self._skipping = False  # newline framing: inside an over-long line
        self._expected: int | None = None  # headers: length of the body that comes next

    def feed(self, chunk: bytes) -> list[bytes | Problem]:
        """Take the next bytes and return the frames that are now complete."""
        if self.broken or not chunk:
            return []
        if not self._started:
            self._started = True
            if chunk[:1] in b"Cc":
                self.framing = Framing.HEADERS
            elif chunk[:1] not in b"{[" + _WHITE_SPACE:
                return [self._give_up("a message starts neither with JSON nor with a Content-Length header")]
        self._buffer += chunk
        return self._lines() if self.framing is Framing.NEWLINE else self._bodies()

    def finish(self) -> list[bytes | Problem]:
        """Return what the end of the stream completes: a last line without its newline."""
        if self.broken or self.framing is Framing.HEADERS or not self._buffer:
            return []
        return self.feed(b"\n")

    def _lines(self) -> list[bytes | Problem]:
        frames: list[bytes | Problem] = []
        buffer = self._buffer
        start = 0
        while (end := buffer.find(b"\n", max(start, self._searched))) >= 0:
            if self._skipping:
                self._skipping = False
            elif end - start > self._limits.max_frame_bytes:
                frames.append(self._too_large())
            elif line := bytes(buffer[start:end]).strip(_WHITE_SPACE):
                frames.append(line)
            start = end + 1
        del buffer[:start]
        if not self._skipping and len(buffer) > self._limits.max_frame_bytes:
            frames.append(self._too_large())
            self._skipping = True
        if self._skipping:
            buffer.clear()
        self._searched = len(buffer)
        return frames

    def _bodies(self) -> list[bytes | Problem]:
        frames: list[bytes | Problem] = []
        buffer = self._buffer
        while not self.broken:
            if self._expected is None:
                end = buffer.find(_END_OF_HEADERS)
                # an end mark that is not complete yet may still begin within the limit
                longest = self._limits.max_header_bytes
                if end > longest or (end < 0 and len(buffer) >= longest + len(_END_OF_HEADERS)):
                    frames.append(self._give_up(f"the headers are longer than {longest} bytes"))
                    break
                if end < 0:
                    break
                length = self._content_length(bytes(buffer[:end]))
                if isinstance(length, Problem):
                    frames.append(length)
                    break
                del buffer[: end + len(_END_OF_HEADERS)]
                self._expected = length
            if len(buffer) < self._expected:
                break
            frames.append(bytes(buffer[: self._expected]))
            del buffer[: self._expected]
            self._expected = None
        return frames

    def _content_length(self, headers: bytes) -> int | Problem:
        length: int | None = None
        for line in headers.split(b"\r\n"):
            name, colon, value = line.partition(b":")
            value = value.strip(b" \t")
            if not colon or not name or name != name.strip():
                return self._give_up("a header line is not of the form `Name: value`")
            match name.lower():
                case b"content-length":
                    if length is not None:
                        return self._give_up("there are two Content-Length headers")
                    if not _LENGTH.fullmatch(value):
                        return self._give_up("Content-Length is not a number of bytes")
                    length = int(value)
                case b"content-type":
                    charset = _CHARSET.search(value)
                    if charset and charset[1].lower() not in {b"utf-8", b"utf8"}:
                        return self._give_up("the only charset is utf-8")
                case _:
                    pass
        if length is None:
            return self._give_up("there is no Content-Length header")
        if length > self._limits.max_frame_bytes:
            # skipping so many bytes could take for ever, and look to the client like silence
            self._break_off()
            return self._too_large()
        return length

    def _too_large(self) -> Problem:
        limit = self._limits.max_frame_bytes
        return Problem(REFUSED, "refused", f"the message is longer than {limit} bytes", "raise rpc.max_frame_bytes")

    def _give_up(self, detail: str) -> Problem:
        self._break_off()
        return Problem(PARSE_ERROR, "parse", detail, "one JSON message a line, or Content-Length headers before each")

    def _break_off(self) -> None:
        self.broken = True
        self._buffer.clear()
