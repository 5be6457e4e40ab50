"""What a file without functions has: one `<module>`, as long as the file."""

from __future__ import annotations

from driftd.pipeline.facts.model import Function
from driftd.rows.ids import short_hash


def module_of(data: bytes) -> Function:
    """Return the top-level code of a file in which nothing can be defined that is called."""
    return Function(
        name="<module>",
        qualified_name="<module>",
        kind="module",
        line=1,
        column=1,
        end_line=max(1, data.count(b"\n") + (not data.endswith(b"\n"))),
        scope=-1,
        body_hash=short_hash(data),
        signature_hash=short_hash(b""),
    )
