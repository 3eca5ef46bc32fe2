"""What became of each conversion that was to be sent on."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep
from app.api.ids import DeliveryId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.integrations.conversions import AdjustmentRead, DeliveryRead, DeliveryStatusName
from app.schemas.pages import CursorPage
from app.services.integrations.conversions.service import Adjusted, ConversionService

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
    changed = await conversions.adjustments([each.id for each in found])
    items = [
        DeliveryRead.model_validate(each).model_copy(update={"adjustment": _adjustment(changed.get(each.id))})
        for each in found
    ]
    return CursorPage(items=items, next_cursor=cursor, limit=asked.limit)


def _adjustment(found: Adjusted | None) -> AdjustmentRead | None:
    if found is None:
        return None
    stands = ("status", "reason", "reported_micros", "reported_currency", "adjusted_at")
    return AdjustmentRead.model_validate(
        {name: getattr(found.adjustment, name) for name in stands}
        | {"worth_micros": found.value.value_micros, "worth_currency": found.value.currency}
    )


@router.post("/{delivery_id}/replay", status_code=202)
async def replay_delivery(delivery_id: DeliveryId, conversions: Conversions, _: Writer) -> DeliveryRead:
    """Try once more what failed, was given up or was left out."""
    return DeliveryRead.model_validate(await conversions.replay(delivery_id))
