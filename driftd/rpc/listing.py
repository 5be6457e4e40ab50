"""What lists there are: one declaration each, from which follow the method, the command and both their descriptions.

Data only, and nothing but the standard library is imported: the command line reads it at every start.
A new list is one entry of `LISTS`; with `shown` columns it is a command as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What a filter takes."""

    TEXT = "text"  # in which `*` stands for anything
    NULLABLE = "nullable"  # text, or null for the rows without one
    FLAG = "flag"
    INTEGER = "integer"
    FUNCTION = "function"  # an id, a qualified name, or file:line


class Filter(NamedTuple):
    """A filter: `column` where it is not called like the column that it looks at."""

    meaning: str
    kind: Kind = Kind.TEXT
    column: str = ""


class Listing(NamedTuple):
    """A list: `items` says what it lists, `shown` are the columns of the table for people, `about` the command's help."""

    table: str
    items: str
    filters: Mapping[str, Filter]
    shown: tuple[str, ...] = ()
    about: str = ""
    examples: tuple[str, ...] = ()


LISTS: Mapping[str, Listing] = {
    "files": Listing(
        "file_metadata",
        "tracked files",
        {
            "path": Filter("Path of the file."),
            "language": Filter("Language, null where it is unknown.", Kind.NULLABLE),
            "skip_reason": Filter("Why it was not analysed, null where it was.", Kind.NULLABLE),
            "error": Filter("Why reading or parsing it failed, null where it did not.", Kind.NULLABLE),
        },
    ),
    "functions": Listing(
        "functions",
        "functions, methods, lambdas and top-level code",
        {
            "file": Filter("Only those of this file."),
            "name": Filter("Only those of this name."),
            "qualified_name": Filter("Only those of this name with its classes: Service.pay."),
            "kind": Filter("function, method, constructor, lambda, module …"),
            "language": Filter("python, typescript, tsx, javascript …"),
            "visibility": Filter("public, protected, private, internal."),
            "is_exported": Filter("Can other files import it?", Kind.FLAG),
            "is_async": Filter("Is it declared async?", Kind.FLAG),
        },
        ("qualified_name", "kind", "file", "line", "end_line", "parameter_count", "is_exported", "is_async"),
        "List functions and methods, with one <module> row for the top-level code of each file.",
        ("driftd functions --file api/orders.py", "driftd functions --qualified-name 'Order*.place' --is-exported"),
    ),
    "scan_history": Listing(
        "scan_history",
        "runs",
        {
            "status": Filter("completed, partial, cancelled, failed, running."),
            "trigger": Filter("What started it: startup, watch …"),
        },
        (
            "id", "started_at", "trigger", "status", "total_files", "added_files", "modified_files", "removed_files",
            "unchanged_files", "duration_ms", "error",
        ),
        "List past scans with what each of them found changed.",
        ("driftd scan-history --limit 5",),
    ),
    "call_edges": Listing(
        "call_edges",
        "calls from one function to another",
        {
            "caller_id": Filter("`functions.id` of who calls.", Kind.INTEGER),
            "callee_id": Filter("`functions.id` of who is called.", Kind.INTEGER),
            "resolution": Filter("The strategy that found the callee."),
            "file": Filter("Only calls in this file."),
        },
    ),
    "external_calls": Listing(
        "external_calls",
        "calls of functions of other packages",
        {
            "function": Filter("Only calls of this function: an id, a qualified name or FILE:LINE.", Kind.FUNCTION,
                               "caller_id"),
            "file": Filter("Only calls in this file."),
            "package": Filter("Only calls of this package."),
            "symbol": Filter("Only calls of this function: requests.get, lodash.debounce …"),
        },
        ("symbol", "package", "caller", "file", "call_site_line", "calls"),
        "List which functions call what of other packages.",
        ("driftd external-calls --package requests", "driftd external-calls --symbol 'os.*'"),
    ),
    "boundaries": Listing(
        "boundaries",
        "data models and their fields, with what is sensitive about them",
        {
            "file": Filter("Only those declared in this file."),
            "framework": Filter("django, sqlalchemy, prisma, typeorm …"),
            "model": Filter("Only this model.", column="model_name"),
            "table": Filter("Only models of this table, null for those without one.", Kind.NULLABLE, "table_name"),
            "field": Filter("Only fields of this name, null for the rows of models.", Kind.NULLABLE, "field_name"),
            "sensitivity": Filter("pii, credentials, financial, health; null where nothing is.", Kind.NULLABLE),
        },
        ("model_name", "field_name", "sensitivity", "table_name", "framework", "confidence", "file"),
        "List data models with their tables and fields, and which fields hold sensitive data.",
        ("driftd boundaries --model User", "driftd boundaries --sensitivity credentials"),
    ),
    "data_access": Listing(
        "data_access",
        "places where a function reads or writes a table",
        {
            "function": Filter("Only accesses of this function: an id, a qualified name or FILE:LINE.", Kind.FUNCTION,
                               "function_id"),
            "file": Filter("Only accesses in this file."),
            "table": Filter("Only accesses to this table.", column="table_name"),
            "operation": Filter("select, insert, update, delete, upsert, count, aggregate, join, raw_query …"),
            "framework": Filter("Name of the ORM, null for a raw driver.", Kind.NULLABLE),
        },
        ("table_name", "operation", "function", "file", "line", "framework", "confidence"),
        "List which functions read or write which tables of a database.",
        ("driftd data-access --table orders", "driftd data-access --function OrderService.place"),
    ),
    "patterns": Listing(
        "pattern_confidence",
        "choices that the code makes again and again, and rules, with how sure each of them is",
        {
            "category": Filter("security, errors, logging, testing, types, structural …", Kind.NULLABLE),
            "pattern": Filter("Only this pattern: python/function-naming/snake_case.", column="pattern_id"),
            "kind": Filter("choice: one way among several; rule: a check for a fault."),
            "tier": Filter("established, emerging, tentative, uncertain."),
        },
        ("pattern_id", "kind", "title", "followed", "departs", "posterior_mean", "tier", "momentum"),
        "List what the code does again and again: how many places follow a pattern, how many do not, how sure it is.",
        ("driftd patterns --category errors", "driftd patterns --kind choice --tier established"),
    ),
    "confidence": Listing(
        "pattern_confidence",
        "the Beta posterior of each pattern with its factors",
        {
            "pattern": Filter("Only this pattern.", column="pattern_id"),
            "tier": Filter("established, emerging, tentative, uncertain."),
            "kind": Filter("choice or rule."),
        },
        (
            "pattern_id", "alpha", "beta", "posterior_mean", "credible_interval_low", "credible_interval_high", "tier",
            "momentum",
        ),
        "List how sure each pattern is, and what that comes from.",
        ("driftd confidence --pattern 'python/*'",),
    ),
    "outliers": Listing(
        "outliers",
        "places that depart from what is usual around them",
        {
            "file": Filter("Only those in this file."),
            "pattern": Filter("Only those that depart from this pattern.", column="pattern_id"),
            "significance": Filter("critical, high, moderate, low."),
            "method": Filter("rule_based, z_score, iqr, mad, grubbs, generalized_esd."),
        },
        ("file", "line", "actual", "expected", "scope", "deviation_score", "pattern_id"),
        "List places that go another way than the code around them, and what is usual there.",
        ("driftd outliers --file 'api/*'",),
    ),
    "conventions": Listing(
        "conventions",
        "what the project, or a directory of it, does regularly",
        {
            "pattern": Filter("Only this pattern.", column="pattern_id"),
            "category": Filter("universal, project_specific, emerging, legacy, contested."),
            "scope": Filter("project, or directory:DIR."),
            "status": Filter("discovered, approved, rejected, expired.", column="promotion_status"),
        },
        ("pattern_id", "category", "scope", "dominance_ratio", "sites", "promotion_status"),
        "List the conventions of the project and of its directories.",
        ("driftd conventions --scope project", "driftd conventions --category contested"),
    ),
    "detections": Listing(
        "detections",
        "places that rules found, harmless ones among them",
        {
            "file": Filter("Only those in this file."),
            "pattern": Filter("Only those of this pattern: a rule's id.", column="pattern_id"),
            "category": Filter("security, errors, testing, data_access …"),
            "detection_method": Filter("How it was found."),
        },
        ("file", "line", "column_num", "pattern_id", "category", "confidence", "cwe_ids", "matched_text"),
        "List what rules found, whether it is a violation or not.",
        ("driftd detections --category errors --file 'api/*'", "driftd detections --pattern python/weak-hash"),
    ),
    "feedback_history": Listing(
        "feedback",
        "what people said about violations",
        {
            "violation": Filter("Only what was said of this violation.", column="violation_id"),
            "pattern": Filter("Only what was said of violations of this pattern.", column="pattern_id"),
            "detector": Filter("Only what was said of findings of this detector.", column="detector_id"),
            "action": Filter("dismiss, fix, suppress, escalate."),
            "author": Filter("Only what this person said, null for what nobody signed.", Kind.NULLABLE),
        },
        ("id", "created_at", "violation_id", "pattern_id", "action", "dismissal_reason", "reason", "author", "undoes"),
        "List what people said about violations, with what was taken back.",
        ("driftd feedback-history --pattern python/weak-hash",),
    ),
    "pattern_statuses": Listing(
        "pattern_status",
        "patterns that somebody approved or ignores, or that were disabled for their false findings",
        {
            "pattern": Filter("Only this pattern.", column="pattern_id"),
            "status": Filter("approved, ignored, discovered."),
            "approved_by": Filter("user, or auto for those that were disabled.", Kind.NULLABLE),
        },
        ("pattern_id", "status", "approved_by", "approved_at", "confidence_at_approval", "reason"),
        "List patterns that somebody decided about, or that were disabled for their false findings.",
        ("driftd pattern-statuses --status ignored",),
    ),
    "alerts": Listing(
        "degradation_alerts",
        "what got worse, as long as it lasts and after",
        {
            "alert_type": Filter("false_positive_increase, health_drop …"),
            "severity": Filter("warning, critical."),
        },
        ("id", "created_at", "alert_type", "severity", "message", "current_value", "resolved_at"),
        "List what got worse: patterns with too many false findings, falling health.",
        ("driftd alerts --severity critical",),
    ),
    "constants": Listing(
        "constants",
        "named constants and magic numbers",
        {
            "file": Filter("Only those of this file."),
            "name": Filter("Only those of this name."),
            "language": Filter("python, typescript …"),
            "is_named": Filter("Is it a named constant, not a magic number?", Kind.FLAG),
            "is_used": Filter("Does anything refer to it?", Kind.FLAG),
        },
        ("name", "value", "is_named", "is_used", "file", "line"),
        "List named constants and magic numbers, with whether anything uses them.",
        ("driftd constants --name MAX_RETRIES",),
    ),
    "env_variables": Listing(
        "env_variables",
        "places that read an environment variable",
        {
            "file": Filter("Only those read in this file."),
            "name": Filter("Only this variable."),
            "framework_prefix": Filter("Only those with the prefix of this framework: Vite, Next.js …", Kind.NULLABLE),
            "has_default": Filter("Does the access have a fallback?", Kind.FLAG),
            "defined_in_env": Filter("Does an env file of the project define it?", Kind.FLAG),
        },
        ("name", "access_method", "has_default", "defined_in_env", "framework_prefix", "file", "line"),
        "List where environment variables are read, with whether they have a default or are defined anywhere.",
        ("driftd env --name DATABASE_URL",),
    ),
}  # fmt: skip
