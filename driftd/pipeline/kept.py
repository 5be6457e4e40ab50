"""Files that a worker process has read and will be asked to resolve: decoded, with their name tables.

A large run reads every file first and resolves the calls of all of them then.  A process that still has what it made
of a file need not decode and bind it again, and shares the strings that the parser's output repeats.
"""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING, Final

from driftd.pipeline.facts.codec import encoded_size
from driftd.pipeline.facts.model import Bodies, FactsOfCalls, FileFacts, Texts
from driftd.pipeline.modules import ECMASCRIPT

if TYPE_CHECKING:
    from driftd.pipeline.binder import Binder

MOST_KEPT: Final = 20_000_000  # bytes of encoded facts that a process keeps decoded, as about six times that

_KEPT: Final[dict[str, tuple[int, int, int, Binder]]] = {}  # ticket, hash and size of the facts, and the rest
_NUMBERS: Final = count(1)
_PROCESS: Final = 32  # the process is in the bits above these
_size = 0  # of all of them


def new_ticket() -> int:
    """Return a number under which this process, and no other, has something, once."""
    return os.getpid() << _PROCESS | next(_NUMBERS)


def keeper_of(ticket: int) -> int:
    """Return the id of the process that gave a ticket; 0 for none."""
    return ticket >> _PROCESS


def keep(path: str, facts: bytes, binder: Binder) -> int:
    """Keep what was made of a file, of its facts only what resolving its calls reads; `facts` are all, compressed.

    Returns the ticket for it, 0 if there is no room.
    """
    global _size  # noqa: PLW0603 - of this process
    size = encoded_size(facts)
    if _size + size > MOST_KEPT:
        return 0
    drop(path)
    _size += size
    binder.facts = facts_of_calls(binder.facts)
    ticket = new_ticket()
    _KEPT[path] = (ticket, hash(facts), size, binder)
    return ticket


def kept_size(path: str, ticket: int) -> int:
    """Return the size of the encoded facts of a file that is kept under this ticket; 0 if it is not."""
    kept = _KEPT.get(path)
    return kept[2] if kept is not None and kept[0] == ticket else 0


def take(path: str, facts: bytes, ticket: int = 0) -> Binder | None:
    """Return what is kept of a file, and keep it no longer; None if that is nothing.

    It is known by its ticket or, without one, by its facts.
    """
    kept = _KEPT.get(path)
    drop(path)
    if kept is None or (kept[0] != ticket if ticket else kept[1] != hash(facts)):
        return None
    return kept[3]


def drop(path: str) -> None:
    """Keep nothing of a file any more."""
    global _size  # noqa: PLW0603 - as above
    kept = _KEPT.pop(path, None)
    if kept is not None:
        _size -= kept[2]


def drop_all() -> None:
    """Keep nothing any more."""
    global _size  # noqa: PLW0603 - as above
    _KEPT.clear()
    _size = 0


def facts_of_calls(facts: FileFacts | FactsOfCalls) -> FileFacts:
    """Return the part of a file's facts that resolving its calls reads."""
    bodies = facts.bodies
    return FileFacts(
        facts.language,
        facts.line_count,
        facts.outline,
        Bodies(bodies.calls, bodies.assigns, bodies.returns, bodies.raises, (), bodies.regions),
        Texts(facts.texts.literals, ()),
        facts.names if facts.language in ECMASCRIPT else (),
        (),
    )
