"""Keeps the garbage collector from looking at what is imported after it, all of which stays.

For the process that the workers are forked from, as the first thing that it imports; `tasks` says when a worker collects.
"""

from __future__ import annotations

import gc

gc.disable()
