"""The cut of a stream into frames."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftd.rpc.framing import Decoder, Framing
from driftd.rpc.limits import Limits
from driftd.rpc.protocol import Problem

SMALL = Limits(max_frame_bytes=40, max_header_bytes=64)

Outcome = list[bytes | int]


def outcome(chunks: list[bytes], limits: Limits = SMALL) -> tuple[Outcome, bool]:
    """Return frames and codes of problems, and whether the stream is broken."""
    decoder = Decoder(limits)
    found = [frame for chunk in chunks for frame in decoder.feed(chunk)] + decoder.finish()
    return [frame.code if isinstance(frame, Problem) else frame for frame in found], decoder.broken


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(edges)]


_PIECES = st.sampled_from(
    [
        *(b'{"a":1}', b"[]", b"\n", b"\r\n", b" ", b"{" * 41, b"x" * 39, b"\r", b"\xff"),
        *(b"Content-Length: 2\r\n\r\n{}", b"content-length:7\r\nContent-Type: x; charset=utf-8\r\n\r\n[1,2,3]"),
        *(
            b"Content-Length: 41\r\n\r\n",
            b"Content-Length: -1\r\n\r\n",
            b"C" * 70,
            b"\r\n\r\n",
            b"Content-Length: 0\r\n\r\n",
        ),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES, max_size=12).map(b"".join), st.lists(st.integers(0, 600), max_size=20))
def test_the_cut_does_not_depend_on_chunks(data: bytes, cuts: list[int]) -> None:
    """However a stream arrives, its frames and problems are the same."""
    assert outcome(split(data, cuts)) == outcome([data])


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(Framing),
    st.lists(st.binary(min_size=1, max_size=30).map(lambda raw: b"{" + raw.hex().encode() + b"}"), min_size=1),
    st.lists(st.integers(0, 2000), max_size=20),
)
def test_what_is_wrapped_comes_out(framing: Framing, messages: list[bytes], cuts: list[int]) -> None:
    """Every message that is sent comes out as it went in."""
    stream = b"".join(map(framing.wrap, messages))
    assert outcome(split(stream, cuts), Limits()) == (messages, False)


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b'{"a":1}\r\n\n \n[2]\n', ([b'{"a":1}', b"[2]"], False)),
        (b'{"a":1}', ([b'{"a":1}'], False)),  # the end of the stream ends a line
        (b"{" * 40 + b"\n", ([b"{" * 40], False)),
        (b"{" * 41 + b"\n{}\n", ([-32014, b"{}"], False)),  # an over-long line is skipped
        (b"{" * 500, ([-32014], False)),
        (b"x{}\n{}\n", ([-32700], True)),
        (b"\x00", ([-32700], True)),
        (b"Content-Length: 2\r\n\r\n{}", ([b"{}"], False)),
        (b"Content-Length: 2\r\n\r\n{", ([], False)),
        (b"Content-Length: 41\r\n\r\n", ([-32014], True)),
        (b"Content-Length: x\r\n\r\n{}", ([-32700], True)),
        (b"Content-Length: +2\r\n\r\n{}", ([-32700], True)),
        (b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", ([-32700], True)),
        (b"Content-Type: x\r\n\r\n{}", ([-32700], True)),
        (b"Content-Length: 2\r\nContent-Type: x; charset=latin-1\r\n\r\n{}", ([-32700], True)),
        (b"Content-Length: 2\r\nnonsense\r\n\r\n{}", ([-32700], True)),
        (b"C" * 65, ([], False)),
        (b"C" * 68, ([-32700], True)),
    ],
)
def test_exact_outcomes(stream: bytes, expected: tuple[Outcome, bool]) -> None:
    """Hand-checked streams and what they give."""
    assert outcome([stream]) == expected
    assert outcome([bytes([byte]) for byte in stream]) == expected
