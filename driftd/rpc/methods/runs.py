"""`analyze` and `scan`: runs that can take long, report progress and can be cancelled."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from driftd.rpc.method import Method, Params, Session
from driftd.rpc.results import AnalyzeResult, ScanResult

Paths = Annotated[
    tuple[Annotated[str, Meta(min_length=1)], ...] | None,
    Meta(description="Files and folders relative to the workspace; all of it where absent or null."),
]
ProgressToken = Annotated[
    int | str | None,
    Meta(description="With a token, `$/progress {token, stage, done, total}` notifications come meanwhile."),
]


class ScanParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `scan`."""

    paths: Paths = None
    progress_token: ProgressToken = None


class AnalyzeParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `analyze`."""

    paths: Paths = None
    full: Annotated[bool, Meta(description="Ignores the cache.")] = False
    progress_token: ProgressToken = None


async def analyze(session: Session, params: AnalyzeParams) -> object:
    """Make the analysis current."""
    result = await session.service.analyze(params.paths, params.full, session.progress(params.progress_token))
    return {**result, "as_of": await session.service.as_of()}


async def scan(session: Session, params: ScanParams) -> object:
    """Compare the disk with the model."""
    as_of = await session.service.as_of()
    return {**await session.service.scan(params.paths, session.progress(params.progress_token)), "as_of": as_of}


ANALYZE = Method("analyze", "Makes the analysis current.", AnalyzeParams, AnalyzeResult, analyze)
SCAN = Method("scan", "Tells which files differ from the model, without analysing them.", ScanParams, ScanResult, scan)
