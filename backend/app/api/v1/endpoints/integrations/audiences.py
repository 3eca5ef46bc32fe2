"""Audiences as the platforms have them, read when they are asked for."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from app.api.deps import ScopesDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.integrations.audiences import RemoteAudienceRead, RemoteAudiencesRead
from app.services.integrations.audiences.service import AudienceService

router = APIRouter(prefix="/integrations/audiences", tags=["integrations"])


async def audience_service(scopes: ScopesDep) -> AudienceService:
    return AudienceService(scopes)


Audiences = Annotated[AudienceService, Depends(audience_service)]
Reader = Annotated[Principal, requires("integrations.audiences:read")]


class OfAccount(BaseModel):
    ad_account_id: UUID = Field(description="The ad account's id here.")


@router.get("")
async def list_remote_audiences(
    asked: Annotated[OfAccount, Query()], audiences: Audiences, _: Reader
) -> RemoteAudiencesRead:
    """What the ad account has at its platform now, made here or elsewhere."""
    found = await audiences.listed(asked.ad_account_id)
    return RemoteAudiencesRead(items=[RemoteAudienceRead.model_validate(each) for each in found])
