from typing import Annotated

from fastapi import APIRouter, Depends, status

from app.api.deps import DoorsDep, LimiterDep, ReaderDep, ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.tenants import TenantCreate, TenantPatch, TenantRead
from app.services.onboarding.service import NextCompany
from app.services.tenants.service import TenantReading, TenantService

router = APIRouter(prefix="/tenants", tags=["tenants"])


async def tenant_service(scope: ScopeDep) -> TenantService:
    return TenantService(scope)


async def next_company(doors: DoorsDep, limiter: LimiterDep) -> NextCompany:
    return NextCompany(doors, limiter)


Current = Annotated[TenantService, Depends(tenant_service)]
Next = Annotated[NextCompany, Depends(next_company)]


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_tenant(
    body: TenantCreate, companies: Next, principal: Annotated[Principal, requires("tenants:admin")]
) -> TenantRead:
    """Another company, with you as its first admin: sign in to it with `POST /auth/switch-tenant`."""
    made = await companies.create(
        principal, body.name, timezone=body.timezone, currency=body.currency, country=body.country
    )
    return TenantRead.model_validate(made)


async def tenant_reading(reader: ReaderDep) -> TenantReading:
    return TenantReading(reader)


Reading = Annotated[TenantReading, Depends(tenant_reading)]


@router.get("/current")
async def get_tenant(tenant: Reading, _: Annotated[Principal, requires("tenants:read")]) -> TenantRead:
    """The company that the caller acts for."""
    return TenantRead.model_validate(await tenant.current())


@router.patch("/current")
async def change_tenant(
    body: TenantPatch, tenant: Current, _: Annotated[Principal, requires("tenants:write")]
) -> TenantRead:
    """Change what is given of the company."""
    return TenantRead.model_validate(await tenant.change(body.model_dump(exclude_unset=True)))
