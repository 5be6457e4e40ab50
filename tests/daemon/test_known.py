"""What is known of files is counted as it changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driftd.daemon.known import KnownFiles
from driftd.watch.scan import Known, Stat

STAT = Stat(1, 2, 3, 4)
reasons = st.sampled_from([None, "binary"])
errors = st.sampled_from([None, "Permission denied"])
steps = st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.tuples(reasons, errors)))


@given(steps)
def test_the_numbers_are_those_of_the_files_that_are_known(
    steps: list[tuple[str, tuple[str | None, str | None] | None]],
) -> None:
    """However files came, changed and went; one that is not known can be forgotten."""
    known = KnownFiles()
    for path, said in steps:
        if said is None:
            known.discard(path)
        else:
            known[path] = Known(path, STAT, b"", 0, *said)

    assert known.skipped == sum(one.skip_reason is not None for one in known.values())
    assert known.unread == sum(one.error is not None for one in known.values())
