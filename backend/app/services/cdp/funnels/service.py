"""Funnels: kept by name, and answered."""

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from app.db.session import TenantScope
from app.models.cdp.funnels import CdpFunnel
from app.schemas.cdp.conditions import EventChoice
from app.schemas.cdp.funnels import FunnelDefinition, FunnelPeople, FunnelPeopleList, FunnelResult
from app.services.cdp.breakdowns.service import Breakdowns
from app.services.cdp.conditions.service import PATIENCE, Span, span_of
from app.services.cdp.funnels.computing_repository import FunnelComputing
from app.services.cdp.funnels.errors import FunnelNotFound, NameTaken, TooManyPeople
from app.services.cdp.funnels.rules import SPREAD_FROM, Funnel, Group, People, PeopleList, figures
from app.services.cdp.saved.service import SavedAnswers, SavedQuestions
from app.services.cdp.segments.service import SegmentService
from app.services.tenants.service import TenantService

__all__ = ["FunnelAnswers", "FunnelService"]

_SHOWN = 100
_MOST_LISTED = 1_000_000


class FunnelService(SavedQuestions[CdpFunnel, FunnelDefinition]):
    area = "cdp.funnels"
    model = CdpFunnel
    definition = FunnelDefinition
    missing = FunnelNotFound
    taken = NameTaken

    def __init__(self, scope: TenantScope, *, patience: timedelta = PATIENCE) -> None:
        super().__init__(scope)
        self._patience = patience
        self._tenants = TenantService(scope)
        self._breakdowns = Breakdowns(scope)

    async def check(self, definition: FunnelDefinition) -> Mapping[str, str]:
        choices: dict[str, EventChoice] = {
            f"steps.{place}": step for place, step in enumerate(definition.steps)
        }
        return await self._breakdowns.names(
            segment_id=definition.segment_id, by=definition.breakdown, choices=choices
        )

    async def compute(self, definition: FunnelDefinition) -> Funnel:
        """The answer as of now. `TookTooLong` where it would keep its reader waiting."""
        names = await self.check(definition)
        zone, span, computing = await self._begin(definition)
        everybody, *groups = await computing.counted()
        now = self._scope.now()
        return Funnel(
            first_day=span.first,
            last_day=span.last,
            timezone=zone,
            as_of=now,
            complete=span.until + timedelta(seconds=definition.window_seconds) <= now,
            people=everybody.people[0],
            still_open=everybody.still_open,
            spread_from=SPREAD_FROM,
            steps=figures(definition, everybody),
            groups=[
                Group(
                    value=each.value,
                    label=names.get(each.value, each.value) if each.value is not None else None,
                    rest=each.rest,
                    steps=figures(definition, each),
                    still_open=each.still_open,
                )
                for each in groups
            ]
            if definition.breakdown
            else None,
        )

    async def people(self, asked: FunnelPeople) -> People:
        """Who got to a step, or no further than the one before it: how many, and those who entered last."""
        await self.check(asked.definition)
        _, _, computing = await self._begin(asked.definition)
        total, items = await computing.people(asked, _SHOWN)
        return People(self._scope.now(), total, items)

    async def list_people(self, asked: FunnelPeopleList) -> PeopleList:
        """Put the same people on the list of a new segment: all of them, as they are now."""
        await self.check(asked.definition)
        _, _, computing = await self._begin(asked.definition)
        ids = await computing.ids(asked, _MOST_LISTED + 1)
        if len(ids) > _MOST_LISTED:
            raise TooManyPeople
        made = await SegmentService(self._scope).create_list(asked.name, asked.description, ids)
        return PeopleList(made.id, made.name, len(ids))

    async def _begin(self, definition: FunnelDefinition) -> tuple[str, Span, FunnelComputing]:
        zone = (await self._tenants.current()).timezone
        span = span_of(definition.days, ZoneInfo(zone), self._scope.now())
        return zone, span, FunnelComputing(self._scope, definition, span, self._patience)


class FunnelAnswers(SavedAnswers[CdpFunnel, FunnelDefinition, FunnelResult]):
    service = FunnelService
    answer = FunnelResult

    async def people(self, asked: FunnelPeople) -> People:
        async with self.turn() as scope:
            return await FunnelService(scope).people(asked)

    async def list_people(self, asked: FunnelPeopleList) -> PeopleList:
        async with self.turn() as scope:
            return await FunnelService(scope).list_people(asked)
