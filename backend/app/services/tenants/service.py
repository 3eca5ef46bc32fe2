"""Companies: made before they have a scope, then changed within it."""

import re
import secrets
from typing import Any

from app.db.readers import Reads
from app.db.session import GlobalSession, TenantScope
from app.models.tenants import Tenant
from app.services.audit_logs.service import AuditLog
from app.services.tenants.errors import TenantNotFound
from app.services.tenants.repository import TenantReads, TenantRepository

_SLUG_LENGTH = 40


class Tenants:
    """Making companies, on the global tables."""

    def __init__(self, session: GlobalSession) -> None:
        self._tenants = TenantRepository(session)

    async def create(self, name: str, *, slug: str | None = None, **settings: str | None) -> Tenant:
        given = {name: value for name, value in settings.items() if value is not None}
        return await self._tenants.add(Tenant(name=name, slug=slug or _slug(name), **given))

    async def by_slug(self, slug: str) -> Tenant | None:
        return await self._tenants.by_slug(slug)


class TenantReading:
    """The company of either door; the dashboard asks for it on every page, without a scope."""

    def __init__(self, reads: Reads) -> None:
        self._tenants = TenantReads(reads)

    async def current(self) -> Tenant:
        tenant = await self._tenants.current()
        if tenant is None:
            raise TenantNotFound
        return tenant


class TenantService:
    """The company of the scope."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._tenants = TenantRepository(scope.session)

    async def current(self) -> Tenant:
        tenant = await self._tenants.get(self._scope.tenant_id)
        if tenant is None:
            raise TenantNotFound
        return tenant

    async def change(self, changes: dict[str, Any]) -> Tenant:
        tenant = await self._tenants.for_update(self._scope.tenant_id)
        if tenant is None:
            raise TenantNotFound
        before = {name: getattr(tenant, name) for name in changes}
        for name, value in changes.items():
            setattr(tenant, name, value)
        await AuditLog(self._scope).record(
            "tenants.changed", entity="tenants", entity_id=tenant.id, before=before, after=changes
        )
        return tenant


def _slug(name: str) -> str:
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_SLUG_LENGTH]
    return "-".join(part for part in (readable, secrets.token_hex(4)) if part)
