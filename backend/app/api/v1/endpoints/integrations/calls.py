"""Every call to a platform, successful or not; one that failed is made again by the way that is safe for it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep
from app.api.ids import CallId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.integrations.calls import CallAgain, CallDetail, CallOutcomeName, CallRead, CallReplay
from app.schemas.integrations.connections import PlatformName
from app.schemas.pages import CursorPage
from app.schemas.times import Moment
from app.services.integrations.calls.replaying import CallReplays, CallView
from app.services.integrations.calls.service import CallFilter, CallService

router = APIRouter(prefix="/integrations/calls", tags=["integrations"])


async def call_service(scope: ScopeDep) -> CallService:
    return CallService(scope)


async def call_replays(scope: ScopeDep) -> CallReplays:
    return CallReplays(scope)


Calls = Annotated[CallService, Depends(call_service)]
Replays = Annotated[CallReplays, Depends(call_replays)]
Reader = Annotated[Principal, requires("integrations.calls:read")]
Writer = Annotated[Principal, requires("integrations.calls:write")]


class CallQuery(CursorParams):
    failed: bool | None = Field(None, description="Only those that failed, or only those that did not.")
    mutating: bool | None = Field(None, description="Only those that changed something there.")
    ad_account_id: UUID | None = Field(None, description="Only of this ad account.")
    platform: PlatformName | None = Field(None, description="Only of this ad platform.")
    outcome: CallOutcomeName | None = Field(None, description="Only those that ended so.")
    since: Moment | None = Field(None, description="Begun then or later, UTC.")
    until: Moment | None = Field(None, description="Begun before then, UTC.")


@router.get("")
async def list_calls(calls: Calls, asked: Annotated[CallQuery, Query()], _: Reader) -> CursorPage[CallRead]:
    """Newest first; kept for 30 days."""
    wanted = CallFilter(**asked.model_dump(exclude={"cursor", "limit"}))
    found, cursor = await calls.newest(wanted, cursor=asked.cursor, limit=asked.limit)
    return CursorPage(
        items=[CallRead.model_validate(each) for each in found], next_cursor=cursor, limit=asked.limit
    )


def _detail(view: CallView) -> CallDetail:
    return CallDetail(
        **CallRead.model_validate(view.call).model_dump(),
        asked=view.call.asked,
        meaning=view.meaning,
        again=CallAgain.model_validate(view.again),
        action_id=view.action_id,
        replays=[CallRead.model_validate(each) for each in view.replays],
    )


@router.get("/{call_id}")
async def get_call(call_id: CallId, replays: Replays, _: Reader) -> CallDetail:
    """One call: what was asked, what came of it in plain words, and whether it may be made again."""
    return _detail(await replays.look(call_id))


@router.post("/{call_id}/replay", status_code=202)
async def replay_call(call_id: CallId, replays: Replays, _: Writer) -> CallReplay:
    """Have a failed call made again: a read is asked once more, conversions and audiences go their own safe way.

    A change of an ad account never is: only a new permit of the gate changes one.
    """
    return CallReplay.model_validate(await replays.replay(call_id))
