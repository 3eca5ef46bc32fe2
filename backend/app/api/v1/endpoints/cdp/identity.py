"""The rules by which identifiers become people."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.api.deps import ScopeDep
from app.api.ids import AssertionId, EventId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.identity import (
    DifferenceRead,
    IdentityRules,
    IdentityRulesRead,
    MatchPartRule,
    QuarantinedRead,
    QuarantinePage,
    QuarantineQuery,
    QuarantineRetried,
    RefusalQuery,
    RefusalRead,
)
from app.schemas.cdp.profiles import ChangedRead, Why
from app.schemas.pages import CursorPage
from app.services.cdp.identity.service import (
    Current,
    GraphChanges,
    MatchPart,
    Quarantine,
    Reason,
    Refusals,
    Rules,
    Ruling,
    rules_of,
)

router = APIRouter(prefix="/cdp/identity", tags=["cdp"])


async def ruling_service(scope: ScopeDep) -> Ruling:
    return Ruling(scope)


async def refusals_service(scope: ScopeDep) -> Refusals:
    return Refusals(scope)


async def graph_changes(scope: ScopeDep) -> GraphChanges:
    return GraphChanges(scope)


async def quarantine_service(scope: ScopeDep) -> Quarantine:
    return Quarantine(scope)


QuarantineDep = Annotated[Quarantine, Depends(quarantine_service)]
RulingDep = Annotated[Ruling, Depends(ruling_service)]
Reader = Annotated[Principal, requires("cdp.identity:read")]
Writer = Annotated[Principal, requires("cdp.identity:write")]
Admin = Annotated[Principal, requires("cdp.identity:admin")]


@router.get("/settings")
async def read_settings(ruling: RulingDep, _: Reader) -> IdentityRulesRead:
    """The rules by which identifiers become people."""
    return _shown(await ruling.current())


@router.put("/settings")
async def change_settings(body: IdentityRules, ruling: RulingDep, _: Admin) -> IdentityRulesRead:
    """Put rules in force, garbage list included; the graph follows within moments."""
    specs = [
        tuple(MatchPart(tuple(part.traits), phonetic=part.phonetic) for part in key)
        for key in body.match_keys
    ]
    return _shown(await ruling.change(_rules(body), specs))


@router.post("/dry-run")
async def dry_run(body: IdentityRules, ruling: RulingDep, _: Reader) -> DifferenceRead:
    """What these rules would make of today's graph; nothing changes."""
    return DifferenceRead.model_validate(await ruling.dry_run(_rules(body)))


@router.post("/links/{assertion_id}/undo")
async def undo(
    assertion_id: AssertionId, body: Why, changes: Annotated[GraphChanges, Depends(graph_changes)], _: Writer
) -> ChangedRead:
    """Take back what was asserted, by events or by a person; the same said again does not bring it back."""
    return ChangedRead.model_validate(await changes.undo(assertion_id, body.reason))


@router.get("/refusals")
async def list_refusals(
    query: Annotated[RefusalQuery, Query()],
    refusals: Annotated[Refusals, Depends(refusals_service)],
    _: Reader,
) -> CursorPage[RefusalRead]:
    """Links that the rules refused, the last decided first."""
    reason = Reason(query.reason) if query.reason else None
    found, cursor = await refusals.newest(reason=reason, cursor=query.cursor, limit=query.limit)
    items = [RefusalRead.model_validate(each) for each in found]
    return CursorPage(items=items, next_cursor=cursor, limit=query.limit)


@router.get("/quarantine")
async def list_quarantine(
    query: Annotated[QuarantineQuery, Query()], quarantine: QuarantineDep, _: Reader
) -> QuarantinePage:
    """Events that could not be counted for anybody, the last set aside first; they are stored all the same."""
    found, cursor, total = await quarantine.newest(cursor=query.cursor, limit=query.limit)
    items = [QuarantinedRead.model_validate(each) for each in found]
    return QuarantinePage(items=items, next_cursor=cursor, limit=query.limit, total=total)


@router.post("/quarantine/retry")
async def retry_quarantine(quarantine: QuarantineDep, _: Writer) -> QuarantineRetried:
    """Resolve all that stand apart again, once what broke is mended; within moments they count, or are back."""
    return QuarantineRetried(queued=await quarantine.retry_all())


@router.post("/quarantine/{event_id}/retry")
async def retry_quarantined(event_id: EventId, quarantine: QuarantineDep, _: Writer) -> QuarantineRetried:
    """Resolve this one again; within moments it counts, or is back."""
    return QuarantineRetried(queued=await quarantine.retry(event_id))


def _rules(body: IdentityRules) -> Rules:
    return rules_of(
        {str(kind): limit for kind, limit in body.limits.items()},
        max_merges=body.max_merges,
        max_identifiers=body.max_identifiers,
        garbage=body.garbage,
        churn_days=body.churn_days,
    )


def _shown(current: Current) -> IdentityRulesRead:
    rules = current.rules
    return IdentityRulesRead(
        limits={kind.value: limit for kind, limit in rules.limits.items() if kind.value != "user_id"},
        max_merges=rules.max_merges,
        max_identifiers=rules.max_identifiers,
        garbage=sorted(rules.garbage),
        churn_days=rules.churn_days,
        match_keys=[[MatchPartRule.model_validate(part) for part in key] for key in current.match_keys],
        version=current.version,
    )
