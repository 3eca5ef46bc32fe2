"""From a definition to SQL: a row for each person of whom there is a value, and when time may change it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Float,
    FromClause,
    Interval,
    Numeric,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    column,
    extract,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.db.base import UtcDateTime
from app.models.cdp.events import CdpEvent
from app.models.cdp.identity import CdpIdentifier
from app.schemas.cdp.conditions import Exists
from app.schemas.cdp.segments_tree import Between, LastDays
from app.schemas.cdp.traits import TraitDefinition
from app.services.cdp.conditions.service import (
    Truth,
    events_by_profile,
    happened,
    inside,
    is_a,
    received_for,
    spoken,
    tested,
    text_of,
)
from app.services.cdp.traits.rules import ORDERS_FOR_A_RHYTHM, slides

NEVER = literal_column("'infinity'::timestamptz", UtcDateTime())
_EVENTS = CdpEvent.__table__
_LONGEST_TEXT = 500
_PLACES = 6
_SECONDS_OF_A_DAY = 86_400


def values(
    definition: TraitDefinition, tenant_id: int, now: datetime, touched: ColumnElement[Any] | None = None
) -> Select[Any]:
    """`profile_id`, `value` and `flips_at`: of all profiles, or of those that are named."""
    wanted, newest = counted(definition, tenant_id, now), definition.kind == "exists"
    event = events_by_profile(_EVENTS, literal(tenant_id), wanted, touched, newest=newest)
    value = _value(definition, event)
    window = slides(definition)
    time = event.c.event_time
    flips: ColumnElement[Any] = NEVER
    if window is not None:
        border = func.max(time) if definition.kind in {"last", "exists"} else func.min(time)
        flips = border + literal(window, Interval)
    return (
        select(event.c.profile_id, value.label("value"), flips.label("flips_at"))
        .group_by(event.c.profile_id)
        .having(value.is_not(None))
    )


def rhythm(tenant_id: int, touched: ColumnElement[Any] | None = None) -> Select[Any]:
    """What is stored of each customer's orders: how many, the last, and the median gap of three or more."""
    # In this form no plan can go by the index of all orders instead of the person's.
    ordered: Truth = and_(CdpEvent.is_order) if touched is None else func.coalesce(CdpEvent.is_order, false())
    event = events_by_profile(_EVENTS, literal(tenant_id), ordered, touched)
    profile_id, time = event.c.profile_id, event.c.event_time
    before = func.lag(time).over(partition_by=profile_id, order_by=time)
    gaps = cast(extract("epoch", time - before), Float).label("gap")
    orders = select(profile_id, time.label("at"), gaps).subquery("ordered")
    gap = func.percentile_cont(0.5).within_group(orders.c.gap.asc())
    days = func.round(cast(gap / _SECONDS_OF_A_DAY, Numeric), _PLACES)
    value = func.jsonb_strip_nulls(
        func.jsonb_build_object(
            "orders",
            func.count(),
            "last_order_at",
            func.to_char(func.timezone("UTC", func.max(orders.c.at)), 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
            "median_gap_days",
            case((func.count() >= ORDERS_FOR_A_RHYTHM, days)),
        ),
        type_=JSONB(),
    )
    return select(orders.c.profile_id, value.label("value"), NEVER.label("flips_at")).group_by(
        orders.c.profile_id
    )


def evidence(
    definition: TraitDefinition, tenant_id: int, now: datetime, profile_id: UUID, most: int
) -> Select[Any]:
    """The newest events that count for one profile: `id`, `event_time`, `of` how many."""
    columns: list[Any] = [CdpEvent.id, CdpEvent.event_time, func.count().over().label("of")]
    return (
        select(*columns)
        .select_from(_whose())
        .where(counted(definition, tenant_id, now), CdpIdentifier.profile_id == profile_id)
        .order_by(CdpEvent.event_time.desc(), CdpEvent.id.desc())
        .limit(most)
    )


def counted(definition: TraitDefinition, tenant_id: int, now: datetime) -> Truth:
    """Whether an event is one of those that the value rests on."""
    parts = [CdpEvent.tenant_id == tenant_id, spoken(definition), _within(definition, now)]
    if definition.currency is not None:
        parts += [CdpEvent.currency == definition.currency, CdpEvent.value_micros.is_not(None)]
    elif definition.property is not None:
        held = inside(CdpEvent.properties, definition.property)
        if definition.kind in {"first", "last", "unique_count"}:
            short = and_(is_a(held, "string"), func.length(text_of(held)) <= _LONGEST_TEXT)
            parts += [or_(short, is_a(held, "number"), is_a(held, "boolean"))]
        else:
            parts += [tested(Exists(op="exists"), held), is_a(held, "number")]
    return and_(*parts)


def _whose() -> FromClause:
    return CdpEvent.__table__.join(
        CdpIdentifier.__table__,
        and_(CdpIdentifier.tenant_id == CdpEvent.tenant_id, CdpIdentifier.key == CdpEvent.person_key),
    )


def _within(definition: TraitDefinition, now: datetime) -> Truth:
    time = CdpEvent.event_time
    match definition.window:
        case LastDays():
            since = now - timedelta(days=definition.window.days)
            return and_(received_for(since), time > since)
        case Between():
            return happened(definition.window.since, definition.window.until)
        case _:
            return true()


def _value(definition: TraitDefinition, event: FromClause) -> ColumnElement[Any]:
    """As JSON; null of nothing."""
    match definition.kind:
        case "count":
            found: ColumnElement[Any] = func.count()
        case "exists":
            found = true()
        case "unique_count":
            found = func.count(inside(event.c.properties, definition.property or "").distinct())
        case "first" | "last":
            return _end(definition, event)
        case "average":
            mean = func.avg(_number(definition, event))
            found = func.round(mean, 0 if definition.currency else _PLACES)
        case _:
            found = getattr(func, definition.kind)(_number(definition, event))
    return func.to_jsonb(found, type_=JSONB())


def _number(definition: TraitDefinition, event: FromClause) -> ColumnElement[Any]:
    if definition.currency is not None:
        return cast(event.c.value_micros, BigInteger)
    held = inside(event.c.properties, definition.property or "")
    return case((is_a(held, "number"), cast(text_of(held), Numeric)))


def _end(definition: TraitDefinition, event: FromClause) -> ColumnElement[Any]:
    """The value of the first or the last event; of one moment, by the events' ids."""
    held = inside(event.c.properties, definition.property or "")
    time, tie = event.c.event_time, event.c.id
    order = (time.asc(), tie.asc()) if definition.kind == "first" else (time.desc(), tie.desc())
    found: ColumnElement[Any] = func.array_agg(aggregate_order_by(held, *order), type_=ARRAY(JSONB))[1]
    return found


def pairs(trait_ids: Sequence[UUID], names: Sequence[str], profile_ids: Sequence[UUID]) -> Select[Any]:
    """`trait_id`, `name` and `profile_id` of each that is asked for."""
    rows = (
        func.unnest(
            literal(list(trait_ids), ARRAY(Uuid())),
            literal(list(names), ARRAY(Text())),
            literal(list(profile_ids), ARRAY(Uuid())),
        )
        .table_valued(
            column("trait_id", Uuid()), column("name", Text()), column("profile_id", Uuid()), name="asked"
        )
        .render_derived()
    )
    return select(rows.c.trait_id, rows.c.name, rows.c.profile_id)
