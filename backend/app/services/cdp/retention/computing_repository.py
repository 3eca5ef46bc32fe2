"""Retention as one statement: who began in which period, and the later periods that they did something in."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Select,
    and_,
    cast,
    func,
    literal,
    null,
    select,
    true,
)

from app.db.session import TenantScope
from app.models.cdp.events import CdpEvent
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile
from app.schemas.cdp.retention import FirstEvent, PeriodKind, RetentionDefinition, ReturnEvent
from app.services.cdp.conditions.service import Span, answered_within, happened, spoken

_DAYS_OF_A_WEEK = 7
_MONTHS_OF_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Counts:
    """People by cohort, and by cohort and the period that they came back in."""

    sizes: dict[date, int]
    returns: dict[tuple[date, int], int]


class RetentionStatement:
    def __init__(
        self, definition: RetentionDefinition, span: Span, horizon: datetime, zone: str, tenant_id: int
    ) -> None:
        self._definition = definition
        self._span = span
        self._horizon = horizon
        self._zone = literal(zone)
        self._tenant_id = literal(tenant_id)

    def counts(self) -> CompoundSelect[Any]:
        """`cohort`, `place` (null for the cohort itself) and `people`."""
        began = self._began().cte("began")
        sizes = select(began.c.cohort, cast(null(), Integer).label("place"), func.count().label("people"))
        returned = self._returned(began).subquery("returned")
        returns = select(returned.c.cohort, returned.c.place, func.count()).group_by(
            returned.c.cohort, returned.c.place
        )
        return sizes.group_by(began.c.cohort).union_all(returns)

    def _began(self) -> Select[Any]:
        """`profile_id`, `at` and `cohort` of everybody who began in the time."""
        start = self._definition.start
        if isinstance(start, FirstEvent):
            first = func.min(CdpEvent.event_time)
            people = (
                select(CdpIdentifier.profile_id, first.label("at"))
                .select_from(CdpEvent)
                .join(CdpIdentifier, self._owner())
                .where(
                    CdpEvent.tenant_id == self._tenant_id,
                    CdpEvent.event_time < self._span.until,
                    spoken(start),
                )
                .group_by(CdpIdentifier.profile_id)
                .having(first >= self._span.since)
                .subquery("first")
            )
            return select(people.c.profile_id, people.c.at, self._period(people.c.at).label("cohort"))
        seen = CdpProfile.first_seen_at
        columns: list[ColumnElement[Any]] = [
            CdpProfile.id.label("profile_id"),
            seen.label("at"),
            self._period(seen).label("cohort"),
        ]
        return select(*columns).where(
            CdpProfile.tenant_id == self._tenant_id, seen >= self._span.since, seen < self._span.until
        )

    def _returned(self, began: Any) -> Select[Any]:
        """Each person's periods of return, once each; the last alone where later ones count too."""
        returning = self._definition.returning
        wanted = spoken(returning) if isinstance(returning, ReturnEvent) else true()
        at = CdpEvent.event_time
        visits = (
            select(CdpIdentifier.profile_id, began.c.cohort, self._period(at).label("period"))
            .select_from(CdpEvent)
            .join(CdpIdentifier, self._owner())
            .join(began, began.c.profile_id == CdpIdentifier.profile_id)
            .where(
                CdpEvent.tenant_id == self._tenant_id,
                happened(self._span.since, self._horizon),
                wanted,
                at > began.c.at,
            )
            .distinct()
            .subquery("visits")
        )
        place = _places(visits.c.period, visits.c.cohort, self._definition.period)
        near = place <= self._definition.periods
        if self._definition.counted == "on":
            return select(visits.c.cohort, place.label("place")).where(near)
        last = func.max(place).label("place")
        return select(visits.c.cohort, last).where(near).group_by(visits.c.profile_id, visits.c.cohort)

    def _owner(self) -> ColumnElement[bool]:
        return and_(CdpIdentifier.tenant_id == CdpEvent.tenant_id, CdpIdentifier.key == CdpEvent.person_key)

    def _period(self, at: Any) -> ColumnElement[date]:
        """The first day, by the company's clock, of the period that a time is in."""
        local = func.timezone(self._zone, at)
        return cast(func.date_trunc(self._definition.period, local), Date)


def _places(period: Any, cohort: Any, kind: PeriodKind) -> ColumnElement[int]:
    """How many periods after the cohort's own."""
    if kind == "month":
        years = func.date_part("year", period) - func.date_part("year", cohort)
        months = func.date_part("month", period) - func.date_part("month", cohort)
        return cast(years * _MONTHS_OF_A_YEAR + months, Integer)
    days: ColumnElement[int] = period.op("-", return_type=Integer())(cohort)
    return days if kind == "day" else days.op("/", return_type=Integer())(literal(_DAYS_OF_A_WEEK))


class RetentionComputing:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope

    async def counted(
        self,
        definition: RetentionDefinition,
        span: Span,
        *,
        horizon: datetime,
        zone: str,
        patience: timedelta,
    ) -> Counts:
        statement = RetentionStatement(definition, span, horizon, zone, self._scope.tenant_id).counts()
        async with answered_within(self._scope, patience):
            rows = (await self._scope.session.execute(statement)).all()
        return Counts(
            {cohort: people for cohort, place, people in rows if place is None},
            {(cohort, place): people for cohort, place, people in rows if place is not None},
        )
