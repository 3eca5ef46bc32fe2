from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.db.session import TenantDoor, TenantScope
from app.models.cdp.sources import CdpSource
from app.models.tenants import Tenant
from app.services.cdp.sources.errors import SourcesUnavailable


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

    async def oldest_first(self) -> Sequence[CdpSource]:
        return (
            await self._session.scalars(select(CdpSource).order_by(CdpSource.created_at, CdpSource.id))
        ).all()

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
