"""What can become of a call: the functions it runs, how they were found, how sure that is, or why there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from driftd.pipeline.call_graph.entities import MANY, NONE, Is

if TYPE_CHECKING:
    from driftd.pipeline.call_graph.entities import Entities, Entity
    from driftd.pipeline.call_graph.flows import Contributions
    from driftd.rows.call_graph import Resolution

CONFIDENCE: Final[dict[Resolution, float]] = {
    "same_file": 0.95,
    "decorator": 0.95,
    "method_call": 0.90,
    "constructor": 0.85,
    "type_inferred": 0.80,
    "import_based": 0.75,
    "di_injection": 0.75,
    "virtual_dispatch": 0.70,
    "callback": 0.70,
    "fuzzy": 0.40,
}

# Why a call has no edge.  The first three are no gaps: there is no function of the project to point to.
IMPLICIT: Final = "implicit_constructor"
EXTERNAL: Final = "external"
BUILTIN_CALL: Final = "builtin"
UNKNOWN_NAME: Final = "unknown_name"
LOCAL_VALUE: Final = "local_value"
UNKNOWN_RECEIVER: Final = "unknown_receiver"
MISSING_MEMBER: Final = "missing_member"
POLYMORPHIC: Final = "too_polymorphic"
DYNAMIC: Final = "dynamic"
RESOLVED: Final = "resolved"

MANY_ALTERNATIVES: Final = 3  # functions of which one other function gives one each time
MOST_TARGETS: Final = 10  # of one call; with more of them nothing is said

# A call edge in column order: caller, callee, line, resolution, confidence, file.
EdgeValues: TypeAlias = "tuple[int, int, int, str, float, str]"
# A function that calls one of another package, in column order: file, caller, symbol, package, first line, how often.
ExternalValues: TypeAlias = "tuple[str, int, str, str, int, int]"


class Part:
    """What was found out about a stretch of a file: an outermost function, or the code outside of any.

    edges: in order; outcomes: how many call sites fared how; reads: hashes of the flows that were read; flows: what flows out;
    external: calls of functions of other packages; is_same: all is as it was before, `reads` aside, if that is given
    """

    __slots__ = ("edges", "external", "flows", "is_same", "outcomes", "reads")

    def __init__(
        self,
        edges: list[EdgeValues],
        outcomes: dict[str, int],
        reads: set[int],
        flows: Contributions,
        external: list[ExternalValues],
        *,
        is_same: bool = False,
    ) -> None:
        self.edges = edges
        self.outcomes = outcomes
        self.reads = reads
        self.flows = flows
        self.external = external
        self.is_same = is_same


class Target:
    """A function that a call runs."""

    __slots__ = ("confidence", "function", "how")

    def __init__(self, function: Entity, how: Resolution, confidence: float) -> None:
        self.function = function
        self.how = how
        self.confidence = confidence


class Outcome:
    """What a call runs: `callees` are what is called, classes among them, `targets` the functions that run.

    `hands_over` says whether the arguments of the call may matter, `external` is what is called of another package.
    """

    __slots__ = ("callees", "external", "hands_over", "outcome", "targets")

    def __init__(
        self,
        targets: tuple[Target, ...],
        outcome: str,
        callees: Entities = NONE,
        hands_over: bool = False,
        external: Entity | None = None,
    ) -> None:
        self.targets = targets
        self.outcome = outcome
        self.callees = callees
        self.hands_over = hands_over
        self.external = external


def reason_of(entity: Entity, reason: str) -> str:
    """Return why a call of an entity has no edge; `reason` if the entity does not say."""
    if entity.what is Is.EXTERNAL:
        return EXTERNAL
    if entity == MANY:
        return POLYMORPHIC
    return BUILTIN_CALL if entity.what in _BUILTINS else reason


_BUILTINS: Final = frozenset({Is.BUILTIN, Is.CONSTANT, Is.ACTION, Is.SETTLER})
# With several owners the most telling outcome counts.
RANK: Final = (
    RESOLVED,
    POLYMORPHIC,
    IMPLICIT,
    EXTERNAL,
    BUILTIN_CALL,
    MISSING_MEMBER,
    UNKNOWN_RECEIVER,
    LOCAL_VALUE,
    DYNAMIC,
    UNKNOWN_NAME,
)
