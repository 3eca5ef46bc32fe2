from sqlalchemy import bindparam, select

from app.db.readers import Reads
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


_CURRENT = select(Tenant).where(Tenant.id == bindparam("id"))


class TenantReads:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def current(self) -> Tenant | None:
        found = await self._reads.rows(_CURRENT, id=self._reads.tenant_id)
        return found[0][0] if found else None
