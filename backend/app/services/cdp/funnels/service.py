"""Funnels: kept by name, and answered."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.db.session import TenantScope
from app.models.cdp.funnels import CdpFunnel
from app.schemas.cdp.funnels import FunnelDefinition
from app.services.cdp.conditions.service import PATIENCE, span_of
from app.services.cdp.funnels.computing_repository import FunnelComputing
from app.services.cdp.funnels.errors import FunnelNotFound, NameTaken
from app.services.cdp.funnels.rules import Funnel, Group, figures
from app.services.cdp.saved.service import SavedQuestions
from app.services.tenants.service import TenantService

__all__ = ["FunnelService"]


class FunnelService(SavedQuestions[CdpFunnel, FunnelDefinition]):
    area = "cdp.funnels"
    model = CdpFunnel
    definition = FunnelDefinition
    missing = FunnelNotFound
    taken = NameTaken

    def __init__(self, scope: TenantScope, *, patience: timedelta = PATIENCE) -> None:
        super().__init__(scope)
        self._patience = patience
        self._computing = FunnelComputing(scope)
        self._tenants = TenantService(scope)

    async def compute_saved(self, funnel_id: UUID) -> Funnel:
        return await self.compute(await self.asked(funnel_id))

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
