"""Tables of v007: simulations, mined decisions, delivered context, and migrations that people steer."""

from typing import Literal

from driftd.rows.declare import AutoId, OptionalJson, Row, Stamp, Tier, Write, table

TaskCategory = Literal[
    "add_feature",
    "fix_bug",
    "refactor",
    "migrate_framework",
    "add_test",
    "security_fix",
    "performance_optimization",
    "dependency_update",
    "api_change",
    "database_migration",
    "config_change",
    "documentation",
    "infrastructure",
]
ModuleStatus = Literal[
    "pending",
    "spec_generated",
    "spec_reviewed",
    "spec_approved",
    "rebuilding",
    "rebuilt",
    "verified",
    "complete",
]


@table(
    "simulations",
    key=("id",),
    write=Write.APPEND,
    tier=Tier.LONG,
    age="created_at",
    migration=7,
    indexes=(("task_category", "created_at"), ("created_at",)),
    series=("task_category",),
)
class SimulationRow(Row, frozen=True, kw_only=True):
    """An estimate that was asked for.

    task_category: what sort of task it was
    task_description: the task in the asker's words
    approach_count: approaches that were compared
    recommended_approach: name of the first ranked one, or NULL
    p10_effort, p50_effort, p90_effort: hours
    details: object: approaches, calibration, sample counts
    created_at: when it was asked for
    """

    id: AutoId = None
    task_category: TaskCategory
    task_description: str
    approach_count: int
    recommended_approach: str | None = None
    p10_effort: float
    p50_effort: float
    p90_effort: float
    details: OptionalJson = None
    created_at: Stamp = 0


@table(
    "decisions",
    key=("id",),
    write=Write.UPSERT,
    tier=Tier.LONG,
    age="created_at",
    migration=7,
    indexes=(("category", "created_at"), ("commit_sha",), ("created_at",)),
    unique=(("source", "category"),),
    series=("category",),
    first_seen="created_at",
)
class DecisionRow(Row, frozen=True, kw_only=True):
    """A decision that the history or a record of the project tells of.

    category: what it is about
    description: subject of the commit without its prefix, or title of the record
    source: full hash of the commit, or `PATH#TITLE` of the record; names the decision together with the category
    commit_sha: full hash, or NULL for a record
    related_patterns: array of pattern ids, or NULL
    author: who made it
    files_changed: array of paths, or NULL
    committed_at: time of the commit
    created_at: when it was mined
    """

    id: AutoId = None
    category: str
    description: str
    source: str
    commit_sha: str | None = None
    confidence: float
    related_patterns: OptionalJson = None
    author: str | None = None
    files_changed: OptionalJson = None
    committed_at: int | None = None
    created_at: Stamp = 0


@table(
    "context_cache",
    key=("id",),
    write=Write.APPEND,
    tier=Tier.LONG,
    age="created_at",
    migration=7,
    indexes=(("session_id", "content_hash"), ("intent",), ("created_at",)),
)
class ContextCacheRow(Row, frozen=True, kw_only=True):
    """What was delivered in which conversation; not the text itself.

    session_id: the caller's key of the conversation
    intent: what the context was for
    depth: how much was asked for
    token_count: tokens of the delivered text
    content_hash: hash of the delivered text, hex
    created_at: when it was delivered
    """

    id: AutoId = None
    session_id: str
    intent: Literal["fix_bug", "add_feature", "understand_code", "security_audit", "generate_spec"]
    depth: Literal["overview", "standard", "deep"]
    token_count: int
    content_hash: str
    created_at: Stamp = 0


@table(
    "migration_projects",
    key=("id",),
    write=Write.UPSERT,
    tier=Tier.PERMANENT,
    migration=7,
    indexes=(("status",),),
    unique=(("name",),),
    first_seen="created_at",
    kept_because="people wrote it",
)
class MigrationProjectRow(Row, frozen=True, kw_only=True):
    """A migration from one language or framework to another.

    name: names it
    source_language, target_language: language names
    source_framework, target_framework: frameworks, where they matter
    status: where it stands
    created_at: when it was started
    """

    id: AutoId = None
    name: str
    source_language: str
    target_language: str
    source_framework: str | None = None
    target_framework: str | None = None
    status: Literal["active", "paused", "completed", "abandoned"] = "active"
    created_at: Stamp = 0


@table(
    "migration_modules",
    key=("id",),
    write=Write.UPSERT,
    tier=Tier.PERMANENT,
    migration=7,
    indexes=(("status",),),
    unique=(("project_id", "module_name"),),
    first_seen="created_at",
    references={"project_id": "migration_projects.id"},
    kept_because="people wrote it",
)
class MigrationModuleRow(Row, frozen=True, kw_only=True):
    """One module of a migration.

    project_id: `migration_projects.id`
    module_name: names it within the project
    status: where it stands
    spec_content: the specification's text, or NULL
    created_at: when it was added
    """

    id: AutoId = None
    project_id: int
    module_name: str
    status: ModuleStatus = "pending"
    spec_content: str | None = None
    created_at: Stamp = 0
    updated_at: Stamp = 0


@table(
    "migration_corrections",
    key=("id",),
    write=Write.APPEND,
    tier=Tier.PERMANENT,
    migration=7,
    indexes=(("module_id",),),
    references={"module_id": "migration_modules.id"},
    kept_because="people wrote it",
)
class MigrationCorrectionRow(Row, frozen=True, kw_only=True):
    """What a person corrected in a module's specification.

    module_id: `migration_modules.id`
    section: section of the specification
    original_text, corrected_text: before and after
    reason: why
    created_at: when it was corrected
    """

    id: AutoId = None
    module_id: int
    section: str
    original_text: str
    corrected_text: str
    reason: str | None = None
    created_at: Stamp = 0
