"""Funnels: kept by name, and answered."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.cdp.funnels import CdpFunnel
from app.schemas.cdp.funnels import FunnelDefinition
from app.services.audit_logs.service import AuditLog
from app.services.cdp.conditions.service import PATIENCE, span_of
from app.services.cdp.funnels.computing_repository import FunnelComputing
from app.services.cdp.funnels.errors import FunnelNotFound
from app.services.cdp.funnels.repository import FunnelRepository
from app.services.cdp.funnels.rules import Funnel, Group, figures
from app.services.tenants.service import TenantService

__all__ = ["FunnelService"]


class FunnelService:
    def __init__(self, scope: TenantScope, *, patience: timedelta = PATIENCE) -> None:
        self._scope = scope
        self._patience = patience
        self._funnels = FunnelRepository(scope)
        self._computing = FunnelComputing(scope)
        self._tenants = TenantService(scope)
        self._audit = AuditLog(scope)

    async def page(self, *, page: int, limit: int, sort: str, search: str | None) -> Slice[CdpFunnel]:
        return await self._funnels.page(page=page, limit=limit, sort=sort, search=search)

    async def get(self, funnel_id: UUID) -> CdpFunnel:
        return self._there(await self._funnels.find(funnel_id), funnel_id)

    async def create(self, name: str, definition: FunnelDefinition) -> CdpFunnel:
        now = self._scope.now()
        funnel = CdpFunnel(
            id=uuid7(),
            name=name,
            definition=definition.model_dump(mode="json"),
            created_by=self._scope.actor.id,
            created_at=now,
            updated_at=now,
            updated_by=self._scope.actor.label,
        )
        await self._funnels.add(funnel)
        await self._audit.record(
            "cdp.funnels.created", entity="cdp_funnels", entity_id=funnel.id, after=_said(funnel)
        )
        return funnel

    async def change(
        self, funnel_id: UUID, *, name: str | None, definition: FunnelDefinition | None
    ) -> CdpFunnel:
        funnel = self._there(await self._funnels.for_update(funnel_id), funnel_id)
        before = _said(funnel)
        if name is not None:
            funnel.name = name
        if definition is not None:
            funnel.definition = definition.model_dump(mode="json")
        if (after := _said(funnel)) != before:
            funnel.updated_at = self._scope.now()
            funnel.updated_by = self._scope.actor.label
            await self._funnels.save()
            await self._audit.record(
                "cdp.funnels.changed",
                entity="cdp_funnels",
                entity_id=funnel.id,
                before=before,
                after=after,
            )
        return funnel

    async def remove(self, funnel_id: UUID) -> None:
        funnel = self._there(await self._funnels.for_update(funnel_id), funnel_id)
        await self._funnels.remove(funnel)
        await self._audit.record(
            "cdp.funnels.removed", entity="cdp_funnels", entity_id=funnel_id, before=_said(funnel)
        )

    async def compute_saved(self, funnel_id: UUID) -> Funnel:
        funnel = await self.get(funnel_id)
        return await self.compute(FunnelDefinition.model_validate(funnel.definition))

    async def compute(self, definition: FunnelDefinition) -> Funnel:
        """The answer as of now. `TookTooLong` where it would keep its reader waiting."""
        zone = (await self._tenants.current()).timezone
        span = span_of(definition.days, ZoneInfo(zone), self._scope.now())
        everybody, *groups = await self._computing.counted(definition, span, self._patience)
        broken_down = [Group(each.value, each.rest, figures(definition, each)) for each in groups]
        return Funnel(
            first_day=span.first,
            last_day=span.last,
            timezone=zone,
            steps=figures(definition, everybody),
            groups=broken_down if definition.breakdown else None,
        )

    @staticmethod
    def _there(funnel: CdpFunnel | None, funnel_id: UUID) -> CdpFunnel:
        if funnel is None:
            raise FunnelNotFound(funnel_id=str(funnel_id))
        return funnel


def _said(funnel: CdpFunnel) -> dict[str, object]:
    return {"name": funnel.name, "definition": funnel.definition}
