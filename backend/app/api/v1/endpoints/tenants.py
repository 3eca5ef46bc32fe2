from typing import Annotated

from fastapi import APIRouter, Depends

from app.api.deps import ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.tenants import TenantPatch, TenantRead
from app.services.tenants.service import TenantService

router = APIRouter(prefix="/tenants", tags=["tenants"])


def tenant_service(scope: ScopeDep) -> TenantService:
    return TenantService(scope)


Current = Annotated[TenantService, Depends(tenant_service)]


@router.get("/current")
async def get_tenant(tenant: Current, _: Annotated[Principal, requires("tenants:read")]) -> TenantRead:
    return TenantRead.model_validate(await tenant.current())


@router.patch("/current")
async def change_tenant(
    body: TenantPatch, tenant: Current, _: Annotated[Principal, requires("tenants:write")]
) -> TenantRead:
    return TenantRead.model_validate(await tenant.change(body.model_dump(exclude_unset=True)))
