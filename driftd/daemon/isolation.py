"""Keeps what is analysed apart from what is executed: no module is imported from a workspace.

Python looks for modules in the current folder first where it is started with `-m` or `-c`, and `-c` is how
multiprocessing starts its processes; a PYTHONPATH may name the workspace as well, often by an empty or a relative
entry.  A `msgspec.py` that lies there would run as a part of driftd.  Only the standard library is imported here, and of
it only what is loaded anyway: this comes before everything else.
"""

from __future__ import annotations

import os
import sys


def import_nothing_from(folder: str | os.PathLike[str] = "") -> None:
    """Import nothing from a folder (the current one where none is given) from now on, nor let started processes do it.

    What the environment put on the path is taken off it; where driftd itself lies there, that place stays.
    """
    here = os.path.realpath(folder)
    environ = os.environ
    environ["PYTHONSAFEPATH"] = "1"
    given = environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = [entry for entry in given if entry and not _lies_in(entry, here)]
    if kept != given:
        environ["PYTHONPATH"] = os.pathsep.join(kept)
    doubtful = {os.path.abspath(entry) for entry in given if entry not in kept}  # noqa: PTH100 - as Python does it
    first = sys.path[:1] if not sys.flags.safe_path and _lies_in("", here) else []  # of `python -m`
    doubtful.update(entry for entry in first if os.path.abspath(entry) == os.path.abspath(""))  # noqa: PTH100
    # Of two equal entries the first is the environment's: the workspace may be the standard library itself.
    for entry in doubtful:
        if entry in sys.path and not _is_own(entry):
            sys.path.remove(entry)
    while "" in sys.path:
        sys.path.remove("")


def _lies_in(entry: str, folder: str) -> bool:
    return not _is_own(entry) and (os.path.realpath(entry) + os.sep).startswith(folder.rstrip(os.sep) + os.sep)


def _is_own(entry: str) -> bool:
    return bool(entry) and os.path.realpath(entry) in _OWN


# Where driftd and the standard library lie.
_OWN = frozenset(
    (os.path.realpath(os.path.join(__file__, "..", "..", "..")), os.path.dirname(os.path.realpath(os.__file__)))  # noqa: PTH118, PTH120
)
