"""Retention as one statement: who began in which period, and the later periods that they did something in."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.db.session import TenantScope
from app.models.cdp.events import CdpEvent
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile
from app.schemas.cdp.breakdowns import ByProperty
from app.schemas.cdp.retention import FirstEvent, FirstSeen, PeriodKind, RetentionDefinition, ReturnEvent
from app.services.cdp.breakdowns.service import beside, most_of, ranked, value_of, within
from app.services.cdp.conditions.service import Span, Truth, answered_within, happened, spoken

_DAYS_OF_A_WEEK = 7
_MONTHS_OF_A_YEAR = 12
_SIZE = -1


@dataclass(frozen=True, slots=True)
class Counts:
    """People by group, cohort and the period that they came back in; -1 for the cohort itself.

    Groups by rank: the largest is 1, the rest comes after `most`; without a breakdown there is the group 0 alone, and
    no value.
    """

    people: Mapping[tuple[int, date, int], int]
    values: Mapping[int, str | None]
    most: int

    def sizes(self, rank: int | None = None) -> dict[date, int]:
        """By cohort, of one group or of everybody."""
        return {cohort: people for (cohort, place), people in self._of(rank).items() if place == _SIZE}

    def returns(self, rank: int | None = None) -> dict[tuple[date, int], int]:
        return {key: people for key, people in self._of(rank).items() if key[1] != _SIZE}

    def _of(self, rank: int | None) -> Counter[tuple[date, int]]:
        found: Counter[tuple[date, int]] = Counter()
        for (group, cohort, place), people in self.people.items():
            if rank is None or group == rank:
                found[cohort, place] += people
        return found


class RetentionStatement:
    def __init__(
        self, definition: RetentionDefinition, span: Span, horizon: datetime, zone: str, tenant_id: int
    ) -> None:
        self._definition = definition
        self._by = definition.breakdown
        self._span = span
        self._horizon = horizon
        self._zone = literal(zone)
        self._tenant_id = literal(tenant_id)

    def counts(self) -> CompoundSelect[Any]:
        """`rank` and `value` of the group, `cohort`, `place` (-1 for the cohort itself) and `people`."""
        began = self._grouped()
        value = func.min(began.c.value)
        if self._by is not None:
            value = func.min(case((began.c.rank <= most_of(self._by), began.c.value)))
        sizes = select(
            began.c.rank,
            value.label("value"),
            began.c.cohort,
            literal(_SIZE, Integer).label("place"),
            func.count().label("people"),
        )
        returned = self._returned(began).subquery("returned")
        of = (returned.c.rank, returned.c.cohort, returned.c.place)
        returns = select(of[0], cast(null(), Text), of[1], of[2], func.count()).group_by(*of)
        return sizes.group_by(began.c.rank, began.c.cohort).union_all(returns)

    def _grouped(self) -> CTE:
        """`profile_id`, `at`, `cohort`, `value` and `rank` of everybody who began in the time."""
        people = self._began().subquery("began")
        if self._by is None:
            nothing = cast(null(), Text).label("value"), literal(0, Integer).label("rank")
            return select(people.c.profile_id, people.c.at, people.c.cohort, *nothing).cte("grouped")
        source, value = beside(people, self._by, self._tenant_id)
        columns = people.c.profile_id, people.c.at, people.c.cohort, value.label("value")
        return ranked(select(*columns).select_from(source), self._by)

    def _began(self) -> Select[Any]:
        start = self._definition.start
        return self._first_seen() if isinstance(start, FirstSeen) else self._started(start)

    def _first_seen(self) -> Select[Any]:
        seen = CdpProfile.first_seen_at
        columns: list[ColumnElement[Any]] = [
            CdpProfile.id.label("profile_id"),
            seen.label("at"),
            self._period(seen).label("cohort"),
        ]
        mine = CdpProfile.tenant_id == self._tenant_id, *self._chosen(CdpProfile.id)
        return select(*columns).where(*mine, seen >= self._span.since, seen < self._span.until)

    def _started(self, start: FirstEvent) -> Select[Any]:
        """Once for each person, by the first event of all; or once for each period, by the first one there."""
        columns: list[ColumnElement[Any]] = [
            CdpIdentifier.profile_id.label("profile_id"),
            CdpEvent.event_time.label("at"),
        ]
        if start.occurrence == "every":
            columns.append(self._period(CdpEvent.event_time).label("cohort"))
        if isinstance(self._by, ByProperty):
            columns.append(value_of(CdpEvent.properties, self._by.name).label("value"))
        wanted = [
            CdpEvent.tenant_id == self._tenant_id,
            CdpEvent.event_time < self._span.until,
            spoken(start),
            *self._chosen(CdpIdentifier.profile_id),
        ]
        if start.occurrence == "every":
            wanted.append(happened(self._span.since, self._span.until))
        said = select(*columns).select_from(CdpEvent).join(CdpIdentifier, self._owner()).where(*wanted)
        return self._firsts(said.subquery("said"), every=start.occurrence == "every")

    def _firsts(self, said: Subquery, *, every: bool) -> Select[Any]:
        first = func.min(said.c.at)
        period = said.c.cohort if every else self._period(first)
        columns: list[ColumnElement[Any]] = [said.c.profile_id, first.label("at"), period.label("cohort")]
        if "value" in said.c:
            values = func.array_agg(aggregate_order_by(said.c.value, said.c.at), type_=ARRAY(Text))
            columns.append(values[1].label("value"))
        if every:
            return select(*columns).group_by(said.c.profile_id, said.c.cohort)
        return select(*columns).group_by(said.c.profile_id).having(first >= self._span.since)

    def _chosen(self, profile_id: Any) -> list[Truth]:
        segment_id = self._definition.segment_id
        return [] if segment_id is None else [within(profile_id, segment_id, self._tenant_id)]

    def _returned(self, began: Any) -> Select[Any]:
        """Each person's periods of return, once each; the last alone where later ones count too."""
        returning = self._definition.returning
        wanted = spoken(returning) if isinstance(returning, ReturnEvent) else true()
        at = CdpEvent.event_time
        visits = (
            select(CdpIdentifier.profile_id, began.c.rank, began.c.cohort, self._period(at).label("period"))
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
            return select(visits.c.rank, visits.c.cohort, place.label("place")).where(near)
        person = visits.c.profile_id, visits.c.rank, visits.c.cohort
        return select(person[1], person[2], func.max(place).label("place")).where(near).group_by(*person)

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
        by = definition.breakdown
        return Counts(
            people={(rank, cohort, place): people for rank, _, cohort, place, people in rows},
            values={rank: value for rank, value, _, place, _ in rows if place == _SIZE},
            most=most_of(by) if by else 0,
        )
