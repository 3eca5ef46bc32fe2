"""How well the platforms answer."""

from typing import Annotated

from fastapi import APIRouter, Depends

from app.api.deps import PageQuery, ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.integrations.health import AccountHealthRead
from app.schemas.pages import Page
from app.services.integrations.health.service import HealthService

router = APIRouter(prefix="/integrations/health", tags=["integrations"])


def health_service(scope: ScopeDep) -> HealthService:
    return HealthService(scope)


Health = Annotated[HealthService, Depends(health_service)]
Reader = Annotated[Principal, requires("integrations.health:read")]


@router.get("")
async def list_health(query: PageQuery, health: Health, _: Reader) -> Page[AccountHealthRead]:
    """Of each enabled ad account: success, latency, the circuit, and how fresh its figures are."""
    found = await health.page(page=query.page, limit=query.limit)
    return Page[AccountHealthRead].of(found, [AccountHealthRead.model_validate(each) for each in found.items])
