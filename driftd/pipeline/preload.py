"""Loads what a worker would load with its first files: the framework packs, and the rules of the commonest languages.

Import it in the process that the workers are forked from, because each of them would take as long otherwise.
"""

from __future__ import annotations

from driftd.pipeline.data.packs import packs as data_packs
from driftd.pipeline.detect.registry import index_of
from driftd.pipeline.entry_points.packs import packs as entry_point_packs

data_packs()
entry_point_packs()
for language in ("python", "typescript", "javascript"):
    index_of(language)
