"""Retention reports: kept by name, and answered."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.errors import FieldError
from app.db.session import TenantScope
from app.models.cdp.retention import CdpRetentionReport
from app.schemas.cdp.retention import RetentionDefinition
from app.services.cdp.conditions.service import PATIENCE, Span, span_of, starts_at
from app.services.cdp.retention.computing_repository import RetentionComputing
from app.services.cdp.retention.errors import NameTaken, RetentionNotFound, TooManyCohorts
from app.services.cdp.retention.rules import (
    MOST_COHORTS,
    Retention,
    cohorts,
    later,
    overall,
    periods_between,
)
from app.services.cdp.saved.service import SavedQuestions
from app.services.tenants.service import TenantService

__all__ = ["RetentionService"]

_TOO_MANY = FieldError(
    "body.definition.days",
    f"Ask for {MOST_COHORTS} periods at most: fewer days, or longer periods.",
    "too_many_cohorts",
)


class RetentionService(SavedQuestions[CdpRetentionReport, RetentionDefinition]):
    area = "cdp.retention"
    model = CdpRetentionReport
    definition = RetentionDefinition
    missing = RetentionNotFound
    taken = NameTaken

    def __init__(self, scope: TenantScope, *, patience: timedelta = PATIENCE) -> None:
        super().__init__(scope)
        self._patience = patience
        self._computing = RetentionComputing(scope)
        self._tenants = TenantService(scope)

    async def compute_saved(self, report_id: UUID) -> Retention:
        return await self.compute(await self.asked(report_id))

    async def compute(self, definition: RetentionDefinition) -> Retention:
        """The answer as of now. `TookTooLong` where it would keep its reader waiting."""
        name = (await self._tenants.current()).timezone
        zone, now = ZoneInfo(name), self._scope.now()
        asked = span_of(definition.days, zone, now)
        begins = periods_between(asked.first, asked.last, definition.period)
        if len(begins) > MOST_COHORTS:
            raise TooManyCohorts(fields=[_TOO_MANY])
        kind = definition.period
        first, ends = begins[0], later(begins[-1], kind, 1)
        whole = Span(first, ends - timedelta(days=1), starts_at(first, zone), starts_at(ends, zone))
        horizon = starts_at(later(ends, kind, definition.periods), zone)
        counts = await self._computing.counted(
            definition, whole, horizon=horizon, zone=name, patience=self._patience
        )
        today = now.astimezone(zone).date()
        rows = cohorts(definition, begins, counts.sizes, counts.returns, today)
        shares = overall(rows, definition.periods)
        return Retention(whole.first, whole.last, name, kind, rows, shares)
