from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute

from app.db.session import TenantDoor, TenantScope
from app.db.utils import Slice, in_order, paginate
from app.models.cdp.sources import CdpSource
from app.models.tenants import Tenant
from app.services.cdp.sources.errors import SourcesUnavailable

_SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "name": CdpSource.name,
    "created_at": CdpSource.created_at,
}


async def find_sender(door: TenantDoor, tenant_id: int, source_id: UUID) -> CdpSource | None:
    """The source of a live tenant. `SourcesUnavailable` while the database is away: no key is called wrong then."""
    try:
        async with door(tenant_id) as scope:
            return await SourceRepository(scope).of_live_tenant(tenant_id, source_id)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        raise SourcesUnavailable from error


class SourceRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def add(self, source: CdpSource) -> None:
        self._session.add(source)

    async def page(
        self, *, page: int, limit: int, sort: str, search: str | None, kind: str | None, enabled: bool | None
    ) -> Slice[CdpSource]:
        statement = in_order(select(CdpSource), sort, _SORTS, then=CdpSource.id)
        if search:
            statement = statement.where(CdpSource.name.icontains(search, autoescape=True))
        if kind:
            statement = statement.where(CdpSource.kind == kind)
        if enabled is not None:
            statement = statement.where(CdpSource.enabled == enabled)
        return await paginate(self._session, statement, page=page, limit=limit)

    async def has_one(self) -> bool:
        return await self._session.scalar(select(CdpSource.id).limit(1)) is not None

    async def find(self, source_id: UUID) -> CdpSource | None:
        found: CdpSource | None = await self._session.scalar(
            select(CdpSource).where(CdpSource.id == source_id)
        )
        return found

    async def for_update(self, source_id: UUID) -> CdpSource | None:
        found: CdpSource | None = await self._session.scalar(
            select(CdpSource).where(CdpSource.id == source_id).with_for_update()
        )
        return found

    async def of_live_tenant(self, tenant_id: int, source_id: UUID) -> CdpSource | None:
        found: CdpSource | None = await self._session.scalar(
            select(CdpSource)
            .join(Tenant, Tenant.id == CdpSource.tenant_id)
            .where(CdpSource.id == source_id, Tenant.id == tenant_id, Tenant.is_active)
        )
        return found
