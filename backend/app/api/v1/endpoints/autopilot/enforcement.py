"""Limits on what may be changed, the kill switch, and what they did."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.api.deps import CursorQuery, PageQuery, ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.autopilot.enforcement import (
    InFlight,
    InterventionRead,
    KillSwitchRead,
    KillSwitchSet,
    LimitsPatch,
    LimitsRead,
    OverrideRead,
    SwitchRead,
)
from app.schemas.pages import CursorPage, Page
from app.services.autopilot.enforcement.freeze import Freeze, Frozen
from app.services.autopilot.enforcement.service import EnforcementService

router = APIRouter(prefix="/autopilot", tags=["autopilot"])

Reader = Annotated[Principal, requires("autopilot.enforcement:read")]
Writer = Annotated[Principal, requires("autopilot.enforcement:write")]
Stopper = Annotated[Principal, requires("autopilot.kill_switch:write")]
PlatformStopper = Annotated[Principal, requires("autopilot.platform_kill_switch:write")]


async def enforcement(scope: ScopeDep) -> EnforcementService:
    return EnforcementService(scope)


async def freeze(scope: ScopeDep) -> Freeze:
    return Freeze(scope)


Enforcement = Annotated[EnforcementService, Depends(enforcement)]
FreezeDep = Annotated[Freeze, Depends(freeze)]


def _shown(frozen: Frozen) -> KillSwitchRead:
    return KillSwitchRead(
        engaged=frozen.state.engaged,
        tenant=SwitchRead.model_validate(frozen.state.tenant),
        platform=SwitchRead.model_validate(frozen.state.platform),
        in_flight=[InFlight.model_validate(each) for each in frozen.in_flight],
    )


@router.get("/enforcement")
async def get_limits(
    limits: Enforcement,
    _: Reader,
    ad_account_id: Annotated[UUID | None, Query(description="Those of this ad account.")] = None,
    campaign_id: Annotated[UUID | None, Query(description="Those of this campaign.")] = None,
) -> LimitsRead:
    """The limits in force for the tenant, an account or a campaign."""
    return LimitsRead.model_validate(await limits.limits(ad_account_id, campaign_id))


@router.put("/enforcement")
async def set_limits(changes: LimitsPatch, limits: Enforcement, _: Writer) -> LimitsRead:
    """Change what one layer says of the limits."""
    said = changes.model_dump(exclude={"applies_to", "entity_id"}, exclude_unset=True)
    found = await limits.set_limits(said, applies_to=changes.applies_to, entity_id=changes.entity_id)
    return LimitsRead.model_validate(found)


@router.get("/enforcement/overrides")
async def list_overrides(query: PageQuery, limits: Enforcement, _: Reader) -> Page[OverrideRead]:
    """The accounts and campaigns that differ from the tenant."""
    found = await limits.overrides(page=query.page, limit=query.limit)
    return Page[OverrideRead].of(found, [OverrideRead.model_validate(each) for each in found.items])


@router.get("/kill-switch")
async def get_kill_switch(switch: FreezeDep, _: Reader) -> KillSwitchRead:
    """Whether automation is frozen, by whom and why, and what is on its way to a platform."""
    return _shown(await switch.state())


@router.post("/kill-switch")
async def set_kill_switch(asked: KillSwitchSet, switch: FreezeDep, _: Stopper) -> KillSwitchRead:
    """Stop or allow every change but safety actions, from this commit on."""
    return _shown(await switch.set(engaged=asked.engaged, reason=asked.reason))


@router.post("/kill-switch/platform")
async def set_platform_kill_switch(
    asked: KillSwitchSet, switch: FreezeDep, _: PlatformStopper
) -> KillSwitchRead:
    """The switch over every tenant: a superadmin's."""
    return _shown(await switch.set_for_platform(engaged=asked.engaged, reason=asked.reason))


@router.get("/interventions")
async def list_interventions(
    limits: Enforcement, asked: CursorQuery, _: Reader
) -> CursorPage[InterventionRead]:
    """What limits and the kill switch did, newest first."""
    rows, cursor = await limits.interventions(cursor=asked.cursor, limit=asked.limit)
    return CursorPage(
        items=[InterventionRead.model_validate(row) for row in rows], next_cursor=cursor, limit=asked.limit
    )
