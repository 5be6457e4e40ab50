"""Which analyses there are.  Adding one is a file and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.facts.model import FACTS_VERSION
from driftd.pipeline.stage import in_order
from driftd.pipeline.stages.call_edges import CallEdges
from driftd.pipeline.stages.constants import Constants
from driftd.pipeline.stages.data import Data
from driftd.pipeline.stages.detections import Detections
from driftd.pipeline.stages.env_variables import EnvVariables
from driftd.pipeline.stages.functions import Functions
from driftd.pipeline.stages.patterns import Patterns
from driftd.pipeline.stages.violations import Violations

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftd.pipeline.stage import FileStage, Mapper, ProjectStage

FILE_STAGES: Final[tuple[FileStage, ...]] = (Functions(),)
_PROJECT_STAGES: Final = (CallEdges, Constants, EnvVariables, Data, Detections, Patterns, Violations)

# Rows made under another version are stale.
ANALYZER: Final = "-".join(
    (
        f"facts{FACTS_VERSION}",
        *(f"{stage.name}{stage.version}" for stage in FILE_STAGES),
        *(f"{stage.name}{stage.version}" for stage in _PROJECT_STAGES),
    )
)


def project_stages(
    mapper: Mapper | None = None, cancelled: Callable[[], bool] | None = None, *, remember: bool = True
) -> list[ProjectStage]:
    """Return new project stages in the order to run them; they keep state, so each project has its own.

    `mapper` lets those that have much to do use other processes; `cancelled` says that nobody waits for them any more.
    Those that would take long to `remember` what their rows depend on need not, where there is no other run.
    """
    return in_order(
        [
            CallEdges(mapper, cancelled, remembers=remember),
            Constants(),
            EnvVariables(),
            Data(cancelled, remembers=remember),
            Detections(),
            Patterns(),
            Violations(),
        ]
    )
