"""Stops: everything that is active paused at once, and given back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.api.deps import CursorQuery, PageQuery, ScopeDep
from app.api.ids import StopId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.autopilot.stops import (
    StopCampaignRead,
    StopCreate,
    StopGiveBack,
    StopReach,
    StopRead,
    TallyRead,
    UnreachedAccount,
)
from app.schemas.pages import CursorPage, Page
from app.services.autopilot.enforcement.freeze import Freeze
from app.services.autopilot.stops.service import (
    Line,
    StopKind,
    Stopped,
    StopService,
    StopWanted,
    sentence,
    unreached_accounts,
)

router = APIRouter(prefix="/autopilot/stops", tags=["autopilot"])

Reader = Annotated[Principal, requires("autopilot.stops:read")]
Writer = Annotated[Principal, requires("autopilot.stops:write")]


async def stops(scope: ScopeDep) -> StopService:
    return StopService(scope, Freeze(scope))


Stops = Annotated[StopService, Depends(stops)]


def _shown(found: Stopped) -> StopRead:
    row = found.row
    return StopRead(
        id=row.id,
        kind=row.kind,
        ad_account_id=row.ad_account_id,
        reason=row.reason,
        asked_by=row.asked_label,
        asked_at=row.asked_at,
        proposed_at=row.proposed_at,
        given_back_by=row.given_back_label,
        given_back_reason=row.given_back_reason,
        given_back_at=row.given_back_at,
        returned_at=row.returned_at,
        owed=found.owed,
        tally=TallyRead.model_validate(found.tally),
        out_of_reach=[UnreachedAccount.model_validate(each) for each in found.out_of_reach],
    )


def _line(found: Line) -> StopCampaignRead:
    row = found.row
    return StopCampaignRead(
        campaign_id=row.campaign_id,
        ad_account_id=found.ad_account_id,
        name=found.name,
        place=row.place,
        daily_micros=row.daily_micros,
        currency=row.currency,
        action_id=row.action_id,
        state=found.state,
        passed_over=row.passed_over,
        enable_action_id=row.enable_action_id,
        enable_state=found.enable_state,
        kept=row.kept,
        sentence=sentence(row.kept or row.passed_over),
    )


@router.get("")
async def list_stops(found: Stops, asked: CursorQuery, _: Reader) -> CursorPage[StopRead]:
    """Newest first, each with how far it got."""
    rows, cursor = await found.listed(cursor=asked.cursor, limit=asked.limit)
    return CursorPage(items=[_shown(row) for row in rows], next_cursor=cursor, limit=asked.limit)


@router.post("", status_code=202)
async def stop_everything(wanted: StopCreate, found: Stops, _: Writer) -> StopRead:
    """Pause everything that is active: one action for each campaign, safety class, the dearest first.

    It answers at once, with the campaigns that it is of; they follow after commit. A person's, as giving back is.
    """
    asked = StopWanted(**wanted.model_dump(exclude={"kind"}), kind=StopKind(wanted.kind))
    return _shown(await found.ask(asked))


@router.get("/reach")
async def get_reach(
    found: Stops,
    _: Reader,
    ad_account_id: Annotated[
        UUID | None, Query(description="Of this account; left out: of the company.")
    ] = None,
) -> StopReach:
    """What a stop would pause now, and which accounts it would not reach."""
    reach = await found.reach(ad_account_id)
    return StopReach(
        campaigns=reach.campaigns,
        accounts=len(reach.accounts),
        out_of_reach=[
            UnreachedAccount.model_validate(each) for each in unreached_accounts(reach.out_of_reach)
        ],
    )


@router.get("/{stop_id}")
async def get_stop(stop_id: StopId, found: Stops, _: Reader) -> StopRead:
    """One stop, with how far it got."""
    return _shown(await found.get(stop_id))


@router.get("/{stop_id}/campaigns")
async def list_stop_campaigns(
    stop_id: StopId, found: Stops, query: PageQuery, _: Reader
) -> Page[StopCampaignRead]:
    """Its campaigns in their turn, each with the actions that pause it and enable it again."""
    lines = await found.campaigns(stop_id, page=query.page, limit=query.limit)
    return Page[StopCampaignRead].of(lines, [_line(each) for each in lines.items])


@router.post("/{stop_id}/give-back", status_code=202)
async def give_back_stop(stop_id: StopId, said: StopGiveBack, found: Stops, _: Writer) -> StopRead:
    """Enable again what it paused and nobody has touched since: each through the gate, under your name.

    Asked for again, it tries those anew that were refused (`owed`).
    """
    return _shown(await found.give_back(stop_id, reason=said.reason))
