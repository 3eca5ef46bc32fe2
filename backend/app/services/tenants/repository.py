from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from app.db.readers import TenantReader
from app.db.session import GlobalSession
from app.models.tenants import Tenant


class TenantRepository:
    def __init__(self, session: GlobalSession) -> None:
        self._session = session

    async def add(self, tenant: Tenant) -> Tenant:
        """With its id, which the database gives."""
        self._session.add(tenant)
        await self._session.flush()
        return tenant

    async def by_slug(self, slug: str) -> Tenant | None:
        found: Tenant | None = await self._session.scalar(select(Tenant).where(Tenant.slug == slug))
        return found

    async def get(self, tenant_id: int) -> Tenant | None:
        return await self._session.get(Tenant, tenant_id)

    async def for_update(self, tenant_id: int) -> Tenant | None:
        found: Tenant | None = await self._session.scalar(
            select(Tenant).where(Tenant.id == tenant_id).with_for_update()
        )
        return found


class TenantRow(NamedTuple):
    id: int
    name: str
    slug: str
    timezone: str
    currency: str
    country: str | None
    created_at: datetime


class TenantReads:
    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def current(self) -> TenantRow | None:
        found = await self._reader.row(
            "select id, name, slug, timezone, currency, country, created_at from tenants where id = $1",
            self._reader.tenant_id,
        )
        return TenantRow(*found) if found is not None else None
