"""Questions about violations: the list, worst and surest first, and everything there is to say about one."""
# ruff: noqa: S608 - identifiers come from declarations and from this module, values are bound

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from driftd.daemon.feedback import SHORTEST_PREFIX
from driftd.errors import NotFoundError, UsageError
from driftd.pipeline.detect.marks import UNUSED_SUPPRESSION
from driftd.pipeline.detect.registry import rules_by_id
from driftd.pipeline.detect.severity import ORDER
from driftd.pipeline.patterns.confidence import counted
from driftd.rows.declare import table_of
from driftd.rows.enforcement import FeedbackRow, ViolationRow
from driftd.rows.ids import fingerprint
from driftd.rows.patterns import PatternConfidenceRow
from driftd.rpc.service import Filter, Page
from driftd.store import sql
from driftd.store.reader import Matching, Reader

_TABLE: Final = table_of(ViolationRow)
_RANK: Final = "CASE severity " + " ".join(f"WHEN '{s}' THEN {rank}" for rank, s in enumerate(ORDER, 1)) + " END"
_ORDER: Final = f"{_RANK}, -coalesce(confidence, 0.0), file, line, id"
_STATUS: Final[Mapping[str, str]] = {
    "open": "resolved_at IS NULL AND suppressed = 0",
    "suppressed": "resolved_at IS NULL AND suppressed = 1",
    "resolved": "resolved_at IS NOT NULL",
    "all": "TRUE",
}
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "file": ("file",),
    "severity": ("severity",),
    "rule": ("rule_id", "detector_id"),
    "pattern": ("pattern_id",),
    "is_new": ("is_new",),
    "cwe": ("cwe_id",),
}
SIMILAR: Final = 5  # places that do it right, at most


async def page(reader: Reader, filters: Mapping[str, Filter], limit: int, after: str | None) -> Page:
    """Return one page of the violations that match all filters, worst first, of equals the surest first.

    A `*` in a text stands for anything; `status` is open unless another is asked for.
    """
    where, parameters = _where(filters)
    token = fingerprint("violations", sorted(filters.items()))
    beyond, position = ("", ()) if after is None else (f" AND ({_ORDER}) > (?, ?, ?, ?, ?)", _position(after, token))
    ((total,),) = await reader.fetch(f"SELECT count(*) FROM violations WHERE {where}", parameters)
    rows = await reader.fetch(
        f"SELECT {sql.comma(_TABLE.names)}, {_RANK} FROM violations WHERE {where}{beyond} ORDER BY {_ORDER} LIMIT ?",
        (*parameters, *position, limit + 1),
    )
    items = [item(row) for row in rows[:limit]]
    following = None
    if len(rows) > limit:
        last, rank = items[-1], rows[limit - 1][-1]
        place = [token, rank, -(last["confidence"] or 0.0), last["file"], last["line"], last["id"]]
        following = urlsafe_b64encode(msgspec.msgpack.encode(place)).decode()
    return Page(items=items, next=following, total=total)


def item(row: Sequence[Any]) -> dict[str, Any]:
    """Return the columns of a violation by name, decoded."""
    found = dict(zip(_TABLE.names, row, strict=False))
    for column in _TABLE.columns:
        if column.boolean:
            found[column.name] = bool(found[column.name])
        elif column.json and found[column.name] is not None:
            found[column.name] = msgspec.json.decode(found[column.name])
    return found


async def find(reader: Reader, text: str) -> dict[str, Any]:
    """Return the violation that is meant: its id, or the beginning of exactly one; raises as `feedback` does."""
    select = sql.select(_TABLE)
    rows = await reader.fetch(f"{select} WHERE id = ?", [text])
    if not rows and len(text) >= SHORTEST_PREFIX:
        rows = await reader.fetch(f"{select} WHERE id >= ? AND id < ? LIMIT 2", [text, text + "\U0010ffff"])
    if not rows:
        raise NotFoundError(f"there is no violation {text!r}", hint="driftd violations lists them")
    if len(rows) > 1:
        raise UsageError(f"several violations begin with {text!r}", hint="write more of its id")
    return item(rows[0])


async def explain(reader: Reader, text: str) -> dict[str, Any]:
    """Return what a violation is, why it is one, how sure that is and from what, and what was said of it."""
    violation = await find(reader, text)
    detector = violation["detector_id"] or violation["rule_id"]
    rule = rules_by_id().get(detector)
    code = await reader.fetch("SELECT matched_text FROM detections WHERE id = ?", [violation["id"]])
    function = await reader.fetch(
        "SELECT qualified_name FROM functions WHERE file = ? AND line <= ? AND end_line >= ? ORDER BY line DESC, end_line "
        "LIMIT 1",
        [violation["file"], violation["line"], violation["line"]],
    )
    return {
        "violation": violation,
        "what": violation["message"],
        "code": code[0][0] if code else None,
        "where": f"{violation['file']}:{violation['line']}:{violation['column_num'] or 1}",
        "function": function[0][0] if function else None,
        "why": _why(violation, rule.about if rule else ""),
        "confidence": await _confidence(reader, violation),
        "what_to_do": (rule.remediation if rule else "") or violation["quick_fix_description"],
        "silence_with": f"driftd: ignore[{detector}] the reason",
        "similar": await _similar(reader, violation),
        "feedback": await _feedback(reader, violation["id"]),
    }


def _where(filters: Mapping[str, Filter]) -> tuple[str, tuple[Any, ...]]:
    status = str(filters.get("status", "open"))
    if status not in _STATUS:
        raise UsageError(f"filter 'status': {status!r}", hint=f"one of {', '.join(_STATUS)}")
    severity = filters.get("severity")
    if severity is not None and severity not in ORDER:
        raise UsageError(f"filter 'severity': {severity!r}", hint=f"one of {', '.join(ORDER)}")
    conditions: list[str] = [_STATUS[status]]
    parameters: list[Filter] = []
    for name, wanted in filters.items():
        if name == "category":
            conditions.append("rule_id GLOB ?")
            parameters.append(Matching(f"{wanted}/*").pattern)
        elif name != "status":
            is_pattern = isinstance(wanted, str) and "*" in wanted
            test = "GLOB" if is_pattern else "="
            conditions.append("(" + " OR ".join(f"{column} {test} ?" for column in _COLUMNS[name]) + ")")
            value = Matching(str(wanted)).pattern if is_pattern else wanted
            parameters += [value] * len(_COLUMNS[name])
    return " AND ".join(conditions), tuple(parameters)


def _position(after: str, token: str) -> tuple[Any, ...]:
    try:
        found, *position = msgspec.msgpack.decode(urlsafe_b64decode(after.encode()), type=list[Any])
    except (ValueError, TypeError, msgspec.DecodeError):
        raise UsageError("`after` is no cursor", hint="pass the `next` of the page before, or nothing") from None
    if found != token or len(position) != 5:
        raise UsageError("`after` belongs to another question", hint="keep the filters, or start anew")
    return tuple(position)


def _why(violation: Mapping[str, Any], about: str) -> str:
    weakness = f"CWE-{violation['cwe_id']}" if violation["cwe_id"] else ""
    classes = ", ".join(part for part in (weakness, violation["owasp_category"] or "") if part)
    if violation["rule_id"] == UNUSED_SUPPRESSION:
        about = "A comment that silences nothing hides the next finding on its line, and reads as if there were one."
    return " ".join(part for part in (about, f"({classes})" if classes else "") if part)


async def _confidence(reader: Reader, violation: Mapping[str, Any]) -> dict[str, Any]:
    stored = await reader.get(PatternConfidenceRow, violation["pattern_id"])
    if stored is None:
        return {
            "value": violation["confidence"],
            "from": "the rule's measured confidence; nobody has said anything of it",
        }
    sites, followed = counted(stored.kind, stored.sites, stored.followed)
    against = stored.beta - stored.prior_beta - (sites - followed)
    return {
        "value": violation["confidence"],
        "pattern": stored.pattern_id,
        "mean": stored.posterior_mean,
        "interval": [stored.credible_interval_low, stored.credible_interval_high],
        "tier": stored.tier,
        "alpha": stored.alpha,
        "beta": stored.beta,
        "shares": {
            "prior": [stored.prior_alpha, stored.prior_beta],
            "code": [followed, sites - followed],
            "feedback": [round(stored.alpha - stored.prior_alpha - followed, 6), round(against, 6)],
        },
        "factors": None if stored.factors is None else msgspec.json.decode(stored.factors),
    }


async def _similar(reader: Reader, violation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return calls of the same function, or of what to call instead, that the rule has nothing to say about."""
    detector = violation["detector_id"] or violation["rule_id"]
    rule = rules_by_id().get(detector)
    symbols = await reader.fetch(
        "SELECT DISTINCT symbol FROM external_calls WHERE file = ? AND call_site_line = ?",
        [violation["file"], violation["line"]],
    )
    wanted = [symbol for (symbol,) in symbols]
    if rule is not None and rule.fix is not None and rule.fix.action == "replace_callee":
        wanted.insert(0, rule.fix.text)
    if not wanted:
        return []
    marks = ", ".join("?" * len(wanted))
    rows = await reader.fetch(
        f"SELECT c.file, c.call_site_line, c.symbol, f.qualified_name FROM external_calls AS c "
        f"LEFT JOIN functions AS f ON f.id = c.caller_id WHERE c.symbol IN ({marks}) AND NOT EXISTS "
        "(SELECT 1 FROM detections AS d WHERE d.file = c.file AND d.line = c.call_site_line AND d.pattern_id = ? "
        "AND d.resolved_at IS NULL) ORDER BY c.symbol <> ?, c.file <> ?, c.file, c.call_site_line LIMIT ?",
        [*wanted, detector, wanted[0], violation["file"], SIMILAR],
    )
    return [
        {"file": file, "line": line, "calls": symbol, "function": function} for file, line, symbol, function in rows
    ]


async def _feedback(reader: Reader, violation: str) -> list[dict[str, Any]]:
    rows = await reader.rows(FeedbackRow, {"violation_id": violation})
    return [msgspec.structs.asdict(row) for row in rows]
