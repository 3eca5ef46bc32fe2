"""What became of each conversion that was to be sent on."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep
from app.api.ids import DeliveryId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.integrations.conversions import DeliveryRead, DeliveryStatusName
from app.schemas.pages import CursorPage
from app.services.integrations.conversions.service import ConversionService

router = APIRouter(prefix="/integrations/conversions", tags=["integrations"])


async def conversion_service(scope: ScopeDep) -> ConversionService:
    return ConversionService(scope)


Conversions = Annotated[ConversionService, Depends(conversion_service)]
Reader = Annotated[Principal, requires("integrations.conversions:read")]
Writer = Annotated[Principal, requires("integrations.conversions:write")]


class DeliveryFilter(CursorParams):
    status: DeliveryStatusName | None = Field(None, description="Only in this state.")
    ad_account_id: UUID | None = Field(None, description="Only of this ad account.")


@router.get("")
async def list_deliveries(
    conversions: Conversions, asked: Annotated[DeliveryFilter, Query()], _: Reader
) -> CursorPage[DeliveryRead]:
    """Newest first."""
    found, cursor = await conversions.newest(
        status=asked.status, ad_account_id=asked.ad_account_id, cursor=asked.cursor, limit=asked.limit
    )
    return CursorPage(
        items=[DeliveryRead.model_validate(each) for each in found], next_cursor=cursor, limit=asked.limit
    )


@router.post("/{delivery_id}/replay", status_code=202)
async def replay_delivery(delivery_id: DeliveryId, conversions: Conversions, _: Writer) -> DeliveryRead:
    """Try once more what failed, was given up or was left out."""
    return DeliveryRead.model_validate(await conversions.replay(delivery_id))
