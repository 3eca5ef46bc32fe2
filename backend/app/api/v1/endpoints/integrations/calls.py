"""Every call to a platform, successful or not."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.integrations.calls import CallRead
from app.schemas.pages import CursorPage
from app.services.integrations.calls.service import CallService

router = APIRouter(prefix="/integrations/calls", tags=["integrations"])


async def call_service(scope: ScopeDep) -> CallService:
    return CallService(scope)


Calls = Annotated[CallService, Depends(call_service)]
Reader = Annotated[Principal, requires("integrations.calls:read")]


class CallFilter(CursorParams):
    failed: bool | None = Field(None, description="Only those that failed, or only those that did not.")
    mutating: bool | None = Field(None, description="Only those that changed something there.")
    ad_account_id: UUID | None = Field(None, description="Only of this ad account.")


@router.get("")
async def list_calls(calls: Calls, asked: Annotated[CallFilter, Query()], _: Reader) -> CursorPage[CallRead]:
    """Newest first; kept for 30 days."""
    found, cursor = await calls.newest(
        cursor=asked.cursor,
        limit=asked.limit,
        failed=asked.failed,
        ad_account_id=asked.ad_account_id,
        mutating=asked.mutating,
    )
    return CursorPage(
        items=[CallRead.model_validate(each) for each in found], next_cursor=cursor, limit=asked.limit
    )
