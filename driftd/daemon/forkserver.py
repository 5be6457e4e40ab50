"""The process that the worker processes are forked from.

It imports what a worker needs once.  A command that will need workers starts it before its own imports, so that both
run side by side; a pool starts it otherwise.  Neither it nor a worker imports anything from the current folder, which is
mostly the workspace: see `isolation`.
"""

from __future__ import annotations

import sys
from multiprocessing import forkserver, get_context
from typing import TYPE_CHECKING, Final

from driftd.daemon.isolation import import_nothing_from

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

PRELOADED: Final = [
    "driftd.daemon.uncollected",
    "driftd.daemon.tasks",
    "driftd.pipeline.extract",
    "driftd.pipeline.stages.registry",
    "driftd.pipeline.facts.languages.python",
    "driftd.pipeline.facts.languages.ecmascript",
    "sqlglot",  # takes 0.3 s, and every worker meets SQL sooner or later
    "driftd.pipeline.preload",
]


# Python's resource tracker outlives a daemon that was killed, removes its semaphores, and warns of them.
_NO_WARNING: Final = "ignore:resource_tracker:UserWarning"


def context() -> ForkServerContext:
    """Return the context in which worker processes start."""
    import_nothing_from()
    if _NO_WARNING not in sys.warnoptions:
        sys.warnoptions.append(_NO_WARNING)  # the tracker is started with them
    found = get_context("forkserver")
    found.set_forkserver_preload(PRELOADED)
    return found


def start() -> None:
    """Start the process without waiting for its imports; does nothing if it runs."""
    context()
    forkserver.ensure_running()
