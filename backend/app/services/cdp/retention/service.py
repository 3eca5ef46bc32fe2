"""Retention reports: kept by name, and answered."""

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from app.core.errors import FieldError
from app.db.session import TenantScope
from app.models.cdp.retention import CdpRetentionReport
from app.schemas.cdp.conditions import EventChoice
from app.schemas.cdp.retention import RetentionDefinition, RetentionResult
from app.services.cdp.breakdowns.service import Breakdowns
from app.services.cdp.conditions.service import PATIENCE, Span, span_of, starts_at
from app.services.cdp.retention.computing_repository import RetentionComputing
from app.services.cdp.retention.errors import NameTaken, RetentionNotFound, TooManyCohorts
from app.services.cdp.retention.rules import (
    MOST_COHORTS,
    Group,
    Retention,
    cohorts,
    curve,
    later,
    periods_between,
)
from app.services.cdp.saved.service import SavedAnswers, SavedQuestions
from app.services.tenants.service import TenantService

__all__ = ["RetentionAnswers", "RetentionService"]

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
        self._breakdowns = Breakdowns(scope)

    async def check(self, definition: RetentionDefinition) -> Mapping[str, str]:
        events = {"start.event": definition.start, "returning.event": definition.returning}
        return await self._breakdowns.names(
            segment_id=definition.segment_id,
            by=definition.breakdown,
            choices={place: each for place, each in events.items() if isinstance(each, EventChoice)},
        )

    async def compute(self, definition: RetentionDefinition) -> Retention:
        """The answer as of now. `TookTooLong` where it would keep its reader waiting."""
        names = await self.check(definition)
        name = (await self._tenants.current()).timezone
        zone, now = ZoneInfo(name), self._scope.now()
        asked = span_of(definition.days, zone, now)
        kind, periods = definition.period, definition.periods
        begins = periods_between(asked.first, asked.last, kind)
        if len(begins) > MOST_COHORTS:
            raise TooManyCohorts(fields=[_TOO_MANY])
        first, ends = begins[0], later(begins[-1], kind, 1)
        whole = Span(first, ends - timedelta(days=1), starts_at(first, zone), starts_at(ends, zone))
        horizon = starts_at(later(ends, kind, periods), zone)
        counts = await self._computing.counted(
            definition, whole, horizon=horizon, zone=name, patience=self._patience
        )
        today = now.astimezone(zone).date()
        rows = cohorts(definition, begins, counts.sizes(), counts.returns(), today)
        groups = []
        for rank, value in sorted(counts.values.items()):
            own = cohorts(definition, begins, counts.sizes(rank), counts.returns(rank), today)
            label = names.get(value, value) if value is not None else None
            groups.append(Group(value, label, rank > counts.most, curve(own, periods)))
        return Retention(
            first_day=whole.first,
            last_day=whole.last,
            timezone=name,
            period=kind,
            as_of=now,
            complete=rows[-1].complete > periods,
            curve=curve(rows, periods),
            cohorts=rows,
            groups=groups if definition.breakdown else None,
        )


class RetentionAnswers(SavedAnswers[CdpRetentionReport, RetentionDefinition, RetentionResult]):
    service = RetentionService
    answer = RetentionResult
