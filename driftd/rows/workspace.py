"""The table of v008 that is about the daemon itself."""

from driftd.rows.declare import AutoId, OptionalJson, Row, Stamp, Tier, Write, table


@table(
    "workspace_events",
    key=("id",),
    write=Write.APPEND,
    tier=Tier.MEDIUM,
    age="created_at",
    migration=8,
    indexes=(("event_type", "created_at"), ("created_at",)),
    series=("event_type",),
)
class WorkspaceEventRow(Row, frozen=True, kw_only=True):
    """Something that happened to the daemon.

    event_type: start, stop, recovery, sweep, degraded …
    details: object, what there is to say about it
    created_at: when it happened
    """

    id: AutoId = None
    event_type: str
    details: OptionalJson = None
    created_at: Stamp = 0
