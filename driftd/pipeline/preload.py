"""Loads what a worker would load with its first file: the framework packs.

Import it in the process that the workers are forked from; it costs tens of milliseconds, there once and here each time.
"""

from __future__ import annotations

from driftd.pipeline.data.packs import packs as data_packs
from driftd.pipeline.entry_points.packs import packs as entry_point_packs

data_packs()
entry_point_packs()
