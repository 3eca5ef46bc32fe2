"""The autopilot's queue: what it or a person wants changed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep, ScopesDep
from app.api.ids import ActionId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.autopilot.actions import (
    ActionCreate,
    ActionDetail,
    ActionRead,
    ActionStep,
    Approve,
    BulkRead,
    BulkResult,
    BulkStatus,
    Dismiss,
    MoveCreate,
    MoveRead,
)
from app.schemas.pages import CursorPage
from app.services.autopilot.actions.bulk import BulkRequests
from app.services.autopilot.actions.requests import ActionRequests, BudgetMove, CampaignChange
from app.services.autopilot.actions.service import ActionState, AutopilotActions

router = APIRouter(prefix="/autopilot/actions", tags=["autopilot"])

Reader = Annotated[Principal, requires("autopilot.actions:read")]
Writer = Annotated[Principal, requires("autopilot.actions:write")]
Approver = Annotated[Principal, requires("autopilot.actions:approve")]


async def actions(scope: ScopeDep) -> AutopilotActions:
    return AutopilotActions(scope)


async def action_requests(scope: ScopeDep) -> ActionRequests:
    return ActionRequests(scope)


Actions = Annotated[AutopilotActions, Depends(actions)]
Requests = Annotated[ActionRequests, Depends(action_requests)]


async def bulk_requests(scopes: ScopesDep) -> BulkRequests:
    return BulkRequests(scopes)


Bulk = Annotated[BulkRequests, Depends(bulk_requests)]


class ActionFilter(CursorParams):
    status: list[ActionState] = Field(default_factory=list, max_length=12, description="Any of these states.")
    campaign_id: UUID | None = Field(None, description="Only of this campaign.")


@router.get("")
async def list_actions(
    queue: Actions, asked: Annotated[ActionFilter, Query()], _: Reader
) -> CursorPage[ActionRead]:
    """Newest first."""
    rows, cursor = await queue.listed(
        states=asked.status, campaign_id=asked.campaign_id, cursor=asked.cursor, limit=asked.limit
    )
    return CursorPage(
        items=[ActionRead.model_validate(row) for row in rows], next_cursor=cursor, limit=asked.limit
    )


@router.post("", status_code=202)
async def propose_action(wanted: ActionCreate, requests: Requests, _: Writer) -> ActionRead:
    """Ask for a change of a campaign; the gate answers at once, the platform follows after commit."""
    change = CampaignChange(
        **wanted.model_dump(exclude={"justified_by"}), justified_by=tuple(wanted.justified_by)
    )
    return ActionRead.model_validate(await requests.change_campaign(change))


@router.post("/moves", status_code=202)
async def propose_move(wanted: MoveCreate, requests: Requests, _: Writer) -> MoveRead:
    """Move daily budget from one account to another: both halves pass, or neither does.

    The gate reads both accounts and the roll-up of all of them. The raise starts once the platform holds the cut.
    """
    move = BudgetMove(**wanted.model_dump(exclude={"justified_by"}), justified_by=tuple(wanted.justified_by))
    cut, raised = await requests.move_budget(move)
    return MoveRead(cut=ActionRead.model_validate(cut), raised=ActionRead.model_validate(raised))


@router.post("/bulk", status_code=202)
async def propose_many(wanted: BulkStatus, requests: Bulk, _: Writer) -> BulkRead:
    """Ask for one status of many campaigns: the gate decides on each by itself, and one hinders no other."""
    changes = [
        CampaignChange(
            each,
            wanted.reason,
            status=wanted.status,
            justified_by=tuple(wanted.justified_by),
            spend_only=wanted.spend_only,
            idempotency_key=f"{wanted.idempotency_key}:{each}" if wanted.idempotency_key else None,
        )
        for each in dict.fromkeys(wanted.campaign_ids)
    ]
    results = [
        BulkResult(
            action=None if each.action is None else ActionRead.model_validate(each.action),
            error_code=each.error_code,
            error=each.error,
        )
        for each in await requests.change(changes)
    ]
    return BulkRead(results=results)


@router.get("/{action_id}")
async def get_action(action_id: ActionId, queue: Actions, _: Reader) -> ActionDetail:
    """The action with every step of its life."""
    action = await queue.get(action_id)
    steps = [ActionStep.model_validate(step) for step in await queue.timeline(action_id)]
    return ActionDetail(**ActionRead.model_validate(action).model_dump(), timeline=steps)


@router.post("/{action_id}/approve")
async def approve_action(action_id: ActionId, said: Approve, queue: Actions, _: Approver) -> ActionRead:
    """Say yes: the gate decides again, on today's evidence."""
    return ActionRead.model_validate(await queue.approve(action_id, reason=said.reason))


@router.post("/{action_id}/dismiss")
async def dismiss_action(action_id: ActionId, said: Dismiss, queue: Actions, _: Approver) -> ActionRead:
    """Say no to an action that waits; it is not proposed again for the same reason at once."""
    return ActionRead.model_validate(await queue.dismiss(action_id, reason=said.reason))
