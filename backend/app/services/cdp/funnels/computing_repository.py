"""A funnel as one statement: windows over each person's events in order of time, one pass for each step.

ClickHouse's `windowFunnel` walks along the events and keeps, for each level, the latest start that leads there. That
latest start is a running maximum: a later start reaches whatever an earlier one does. So level `i` needs nothing but
the maximum of level `i - 1` so far, which is a window function; all share one sort. The strict modes only end the walk:
what lies after a person's first stop does not count. Events of the same time are taken in the order of the steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Float,
    FromClause,
    Integer,
    Interval,
    Result,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, array

from app.db.base import UtcDateTime
from app.db.session import TenantScope
from app.models.cdp.events import CdpEvent
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile
from app.schemas.cdp.breakdowns import ByProperty, GroupNamed
from app.schemas.cdp.funnels import FunnelDefinition, FunnelPeople
from app.services.cdp.breakdowns.service import beside, most_of, ranked, value_of, within
from app.services.cdp.conditions.service import Span, answered_within, happened, spoken
from app.services.cdp.funnels.rules import SPREAD_FROM, Counted, Person, Times

Truth = ColumnElement[bool]
Time = ColumnElement[datetime]

_SHARES = (0.5, 0.9)


@dataclass(frozen=True, slots=True)
class _Row:
    """The columns of one nesting of the statement."""

    source: Subquery

    def __getitem__(self, name: str) -> ColumnElement[Any]:
        column: ColumnElement[Any] = self.source.c[name]
        return column


class FunnelStatement:
    def __init__(self, definition: FunnelDefinition, span: Span, now: datetime, tenant_id: int) -> None:
        self._definition = definition
        self._span = span
        self._now = now
        self._tenant_id = literal(tenant_id)
        self._steps = len(definition.steps)
        self._window = literal(timedelta(seconds=definition.window_seconds), Interval)
        self._order = "strict_order" in definition.modes
        self._once = "strict_deduplication" in definition.modes
        self._increase = "strict_increase" in definition.modes

    def groups(self) -> Select[Any]:
        """A row for each group of people, and first one for everybody: counts and times of each step."""
        by = self._definition.breakdown
        if by is None:
            people = self.people().subquery("people")
            nothing: list[ColumnElement[Any]] = [
                cast(null(), Integer).label("rank"),
                literal(True, Boolean).label("everybody"),
                cast(null(), Text).label("value"),
            ]
            return select(*nothing, *self._measures(people))
        groups = ranked(self.people(), by)
        rank, named = groups.c.rank, case((groups.c.rank <= most_of(by), groups.c.value))
        return (
            select(
                rank,
                (func.grouping(rank) == 1).label("everybody"),
                func.min(named).label("value"),
                *self._measures(groups),
            )
            .group_by(func.grouping_sets(literal_column("()"), rank))
            .order_by(rank.nulls_first())
        )

    def people(self) -> Select[Any]:
        """A row for each person who entered: `level`, and seconds from the first and from the previous step."""
        grouped = self._grouped(self._walked())
        level = self._level(grouped)
        columns: list[ColumnElement[Any]] = [
            grouped.c.profile_id,
            level.label("level"),
            grouped.c.last_entered_at,
            self._is_open(grouped, level).label("is_open"),
        ]
        for step in range(1, self._steps):
            arrival = grouped.c[f"a{step}"]
            for name, place in (("s", 2), ("p", 3)):
                seconds = func.date_part("epoch", arrival[1] - arrival[place], type_=Float)
                columns.append(case((level > step, seconds)).label(f"{name}{step}"))
        source: FromClause = grouped
        if self._definition.breakdown is not None:
            source, value = beside(grouped, self._definition.breakdown, self._tenant_id)
            columns.append(value.label("value"))
        return select(*columns).select_from(source).where(level > 0)

    def chosen(self, asked: FunnelPeople) -> Select[Any]:
        """The people who got to a step, or to the one before it and no further; `of` how many, on every row."""
        by = self._definition.breakdown
        if by is None or asked.group is None:
            people: Any = self.people().subquery("people")
            truths: list[Truth] = []
        else:
            people = ranked(self.people(), by)
            truths = [_is_of(people, asked.group, most_of(by))]
        last = asked.step if asked.outcome == "reached" else asked.step - 1
        truths.append(people.c.level >= last if asked.outcome == "reached" else people.c.level == last)
        return select(people.c.profile_id, people.c.level, people.c.last_entered_at).where(*truths)

    # -- the walk

    def _read(self) -> Subquery:
        """The events that the steps speak of, as truths; in strict order every event of the time."""
        matches = [spoken(step) for step in self._definition.steps]
        until = self._span.until
        columns: list[ColumnElement[Any]] = [
            CdpIdentifier.profile_id.label("profile_id"),
            CdpEvent.event_time.label("at"),
            and_(matches[0], CdpEvent.event_time < until).label("m0"),
            *(match.label(f"m{step}") for step, match in enumerate(matches[1:], start=1)),
        ]
        if self._order:
            columns.append(or_(*matches).label("spoken"))
        by = self._definition.breakdown
        if isinstance(by, ByProperty):
            value = value_of(CdpEvent.properties, by.name)
            columns.append(case((matches[0], value)).label("value"))
        people: list[Truth] = []
        if self._definition.segment_id is not None:
            people = [within(CdpIdentifier.profile_id, self._definition.segment_id, self._tenant_id)]
        owner = and_(CdpIdentifier.tenant_id == CdpEvent.tenant_id, CdpIdentifier.key == CdpEvent.person_key)
        reach = until + timedelta(seconds=self._definition.window_seconds)
        wanted = true() if self._order else or_(*matches)
        return (
            select(*columns)
            .join(CdpIdentifier, owner)
            .where(CdpEvent.tenant_id == self._tenant_id, happened(self._span.since, reach), wanted, *people)
            .subquery("read")
        )

    def _walked(self) -> _Row:
        """Level by level: whether an event reaches it, and the latest start and step that lead there so far.

        Of level `i`: `r` says that this event reaches it, `f` the latest start so far, `t` when it was last reached,
        `b` when it was first.
        """
        row = _Row(self._read())
        entered = case((row["m0"], row["at"]))
        windows = [self._over(row, func.max(entered)).label("f0")]
        if self._order:
            windows.append(self._over(row, func.min(entered)).label("b0"))
        row = _Row(select(row.source, *windows).subquery("level0"))
        for step in range(1, self._steps):
            last = step == self._steps - 1
            reached = self._reached(row, step)
            columns: list[ColumnElement[Any]] = [reached.label(f"r{step}")]
            if not last:
                columns += self._running(row, step, reached)
            row = _Row(select(row.source, *columns).subquery(f"level{step}"))
        return row

    def _reached(self, row: _Row, step: int) -> Truth:
        start = row[f"f{step - 1}"]
        truths = [row[f"m{step}"], row["at"] <= start + self._window]
        if self._increase:
            truths.append(self._previous(row, step) < row["at"])
        return func.coalesce(and_(*truths), literal(False, Boolean))

    def _running(self, row: _Row, step: int, reached: Truth) -> list[ColumnElement[Any]]:
        now = case((reached, row["at"]))
        columns: list[ColumnElement[Any]] = [
            self._over(row, func.max(case((reached, row[f"f{step - 1}"])))).label(f"f{step}"),
            self._over(row, func.max(now)).label(f"t{step}"),
        ]
        if self._once:
            columns.append(self._over(row, func.min(now)).label(f"b{step}"))
        return columns

    @staticmethod
    def _previous(row: _Row, step: int) -> Time:
        return row["f0"] if step == 1 else row[f"t{step - 1}"]

    @staticmethod
    def _over(row: _Row, aggregate: Any) -> ColumnElement[Any]:
        column: ColumnElement[Any] = aggregate.over(partition_by=row["profile_id"], order_by=row["at"])
        return column

    # -- a row for each person

    def _stops(self, row: _Row) -> list[Truth]:
        """For each step, whether an event ends the walk before it is taken as this step."""
        if not (self._order or self._once):
            return []
        none = literal(False, Boolean)
        stops: list[Truth] = [and_(not_(row["spoken"]), row["b0"] < row["at"]) if self._order else none]
        for step in range(1, self._steps):
            ends: list[Truth] = []
            if self._once and step < self._steps - 1:
                ends.append(row[f"b{step}"] < row["at"])
            if self._order:
                ends.append(and_(row["b0"] <= row["at"], row[f"f{step - 1}"].is_(None)))
            stops.append(and_(row[f"m{step}"], or_(*ends)) if ends else none)
        return [func.coalesce(stop, none) for stop in stops]

    def _grouped(self, row: _Row) -> Subquery:
        """When each step was first reached, with the start and the step before; and the first stop."""
        stops = self._stops(row)
        columns: list[ColumnElement[Any]] = [
            row["profile_id"],
            func.max(case((row["m0"], row["at"]))).label("last_entered_at"),
        ]
        for step in range(1, self._steps):
            reached: Truth = row[f"r{step}"]
            if stops:
                reached = and_(reached, not_(or_(*stops[: step + 1])))
            arrival: Any = array(
                [row["at"], row[f"f{step - 1}"], self._previous(row, step)], type_=UtcDateTime()
            )
            first = func.min(arrival, type_=ARRAY(UtcDateTime())).filter(reached)
            columns.append(first.label(f"a{step}"))
        if stops:
            columns.append(func.min(row["at"]).filter(or_(*stops)).label("stopped_at"))
        if isinstance(self._definition.breakdown, ByProperty):
            values = func.array_agg(aggregate_order_by(row["value"], row["at"]), type_=ARRAY(Text))
            columns.append(values.filter(row["m0"])[1].label("value"))
        return select(*columns).group_by(row["profile_id"]).subquery("person")

    def _level(self, person: Subquery) -> ColumnElement[int]:
        levels = []
        for step in range(self._steps - 1, 0, -1):
            arrived: Truth = person.c[f"a{step}"].is_not(None)
            if "stopped_at" in person.c:
                in_time = person.c[f"a{step}"][1] <= person.c.stopped_at
                arrived = and_(arrived, or_(person.c.stopped_at.is_(None), in_time))
            levels.append((arrived, literal(step + 1, Integer)))
        return case(
            *levels, (person.c.last_entered_at.is_not(None), literal(1, Integer)), else_=literal(0, Integer)
        )

    def _is_open(self, person: Subquery, level: ColumnElement[int]) -> Truth:
        """Whether there is time left to get further: the window of the last entry has not ended, nor the walk."""
        truths: list[Truth] = [level < self._steps, person.c.last_entered_at + self._window > self._now]
        if "stopped_at" in person.c:
            truths.append(person.c.stopped_at.is_(None))
        return and_(*truths)

    # -- what people come to

    def _measures(self, people: Any) -> list[ColumnElement[Any]]:
        shares = literal(list(_SHARES), ARRAY(Float))
        columns: list[ColumnElement[Any]] = [
            func.count().label("n0"),
            func.count().filter(people.c.is_open).label("still_open"),
        ]
        for step in range(1, self._steps):
            columns.append(func.count().filter(people.c.level > step).label(f"n{step}"))
            for name in ("s", "p"):
                seconds = people.c[f"{name}{step}"]
                measured = func.percentile_cont(shares, type_=ARRAY(Float)).within_group(seconds)
                columns += [measured.label(f"{name}{step}"), _spread(seconds).label(f"h{name}{step}")]
        return columns


def _spread(seconds: Any) -> ColumnElement[Any]:
    """How many people took how long."""
    place = func.width_bucket(seconds, literal(list(SPREAD_FROM[1:]), ARRAY(Float)), type_=Integer)
    counts: Any = array(
        [func.count().filter(place == literal(each, Integer)) for each in range(len(SPREAD_FROM))],
        type_=Integer,
    )
    column: ColumnElement[Any] = counts
    return column


def _is_of(people: Any, group: GroupNamed, most: int) -> Truth:
    rest: Truth = people.c.rank > most
    if group.rest:
        return rest
    return and_(not_(rest), people.c.value.is_not_distinct_from(literal(group.value, Text)))


class FunnelComputing:
    """A statement at a time; `TookTooLong` past `patience`."""

    def __init__(
        self, scope: TenantScope, definition: FunnelDefinition, span: Span, patience: timedelta
    ) -> None:
        self._scope = scope
        self._definition = definition
        self._patience = patience
        self._statement = FunnelStatement(definition, span, scope.now(), scope.tenant_id)

    async def counted(self) -> Sequence[Counted]:
        """Everybody first, then the groups, the largest first and the rest last."""
        steps, by = len(self._definition.steps), self._definition.breakdown
        rows = (await self._run(self._statement.groups())).mappings().all()
        return [_counted(dict(row), steps, most_of(by) if by else 0) for row in rows]

    async def people(self, asked: FunnelPeople, most: int) -> tuple[int, Sequence[Person]]:
        """How many they are, and those who entered last."""
        chosen = self._statement.chosen(asked).cte("chosen")
        newest = (
            select(chosen, func.count().over().label("of"))
            .order_by(chosen.c.last_entered_at.desc(), chosen.c.profile_id)
            .limit(most)
            .subquery("newest")
        )
        profile = CdpProfile.__table__
        owner = and_(profile.c.tenant_id == self._scope.tenant_id, profile.c.id == newest.c.profile_id)
        statement = (
            select(newest, profile.c.lifecycle, profile.c.last_seen_at)
            .select_from(newest.outerjoin(profile, owner))
            .order_by(newest.c.last_entered_at.desc(), newest.c.profile_id)
        )
        rows = (await self._run(statement)).all()
        found = [
            Person(row.profile_id, row.level, row.last_entered_at, row.lifecycle, row.last_seen_at)
            for row in rows
        ]
        return (rows[0].of if rows else 0), found

    async def ids(self, asked: FunnelPeople, most: int) -> Sequence[UUID]:
        statement = self._statement.chosen(asked).limit(most)
        return (await self._run(statement)).scalars().all()

    async def _run(self, statement: Select[Any]) -> Result[Any]:
        async with answered_within(self._scope, self._patience):
            found: Result[Any] = await self._scope.session.execute(statement)
            return found


def _counted(row: Mapping[str, Any], steps: int, top: int) -> Counted:
    def times(name: str) -> tuple[Times | None, ...]:
        return (None, *(_times(row[f"{name}{step}"], row[f"h{name}{step}"]) for step in range(1, steps)))

    return Counted(
        everybody=row["everybody"],
        rest=not row["everybody"] and row["rank"] > top,
        value=row["value"],
        still_open=row["still_open"],
        people=tuple(row[f"n{step}"] for step in range(steps)),
        from_first=times("s"),
        from_previous=times("p"),
    )


def _times(measured: Sequence[float] | None, spread: Sequence[int]) -> Times | None:
    if measured is None or measured[0] is None:
        return None
    median, p90 = measured
    return Times(median, p90, spread)
