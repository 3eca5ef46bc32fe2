"""Conditions as SQL, with bound parameters alone."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Numeric, Text, and_, case, cast, false, func, literal, or_, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError

from app.db.base import UtcDateTime
from app.db.session import TenantScope
from app.models.cdp.events import CdpEvent
from app.schemas.cdp.conditions import (
    EventChoice,
    Exists,
    HasText,
    IsNumber,
    IsText,
    IsTruth,
    IsWhen,
    OneOf,
    ValueTest,
)
from app.services.cdp.conditions.errors import TookTooLong

Truth = ColumnElement[bool]

PATIENCE = timedelta(seconds=20)
"""How long somebody waits for an answer; the database would go on for 30 seconds."""

_CANCELLED = "57014"
_AHEAD = timedelta(days=1)
"""No event happened later than so long after it was received: ingestion refuses it."""
_SET_PATIENCE = text("SELECT set_config('statement_timeout', :milliseconds, true)")
_TIME = r"^\d{4}-\d{2}-\d{2}"
_ZONE = r"(Z|[+-]\d{2}:?\d{2})$"


@asynccontextmanager
async def answered_within(scope: TenantScope, patience: timedelta) -> AsyncIterator[None]:
    """Raise `TookTooLong` where a statement takes longer. The transaction is of no more use then."""
    milliseconds = str(int(patience.total_seconds() * 1_000))
    await scope.session.execute(_SET_PATIENCE, {"milliseconds": milliseconds})
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _CANCELLED:
            raise TookTooLong from error
        raise


def happened(since: datetime, until: datetime) -> Truth:
    """Events of a time; the time of receipt leads to their partitions and pages."""
    return and_(
        CdpEvent.received_at >= since - _AHEAD, CdpEvent.event_time >= since, CdpEvent.event_time < until
    )


def spoken(choice: EventChoice) -> Truth:
    """Whether an event is one of these; never null."""
    where = [_tested(each.test, value_at(CdpEvent.properties, each.property)) for each in choice.where]
    return and_(CdpEvent.event_name == choice.event, *where)


def value_at(document: Any, name: str) -> ColumnElement[Any]:
    """The JSON value at a name; dots lead into objects."""
    path: Sequence[str] = name.split(".")
    value: ColumnElement[Any] = (
        document.op("->", return_type=JSONB())(literal(name, Text))
        if len(path) == 1
        else document.op("#>", return_type=JSONB())(literal(list(path), ARRAY(Text)))
    )
    return value


def text_of(value: ColumnElement[Any]) -> ColumnElement[str]:
    return value.op("#>>", return_type=Text())(cast(literal("{}", Text), ARRAY(Text)))


def _json(value: str | Decimal) -> ColumnElement[Any]:
    bound = literal(value, Text) if isinstance(value, str) else literal(value, Numeric)
    return func.to_jsonb(bound, type_=JSONB())


def _is_a(value: ColumnElement[Any], kind: str) -> Truth:
    return func.jsonb_typeof(value) == literal(kind, Text)


def _tested(test: ValueTest, value: ColumnElement[Any]) -> Truth:
    """What is unknown does not hold."""
    match test:
        case Exists():
            truth = func.jsonb_typeof(value) != literal("null", Text)
        case IsText():
            truth = value == _json(test.text)
        case OneOf():
            truth = or_(*[value == _json(each) for each in test.texts])
        case HasText(op="contains"):
            truth = and_(_is_a(value, "string"), text_of(value).contains(test.text, autoescape=True))
        case HasText():
            truth = and_(_is_a(value, "string"), text_of(value).startswith(test.text, autoescape=True))
        case IsNumber():
            truth = and_(_is_a(value, "number"), _compared(test.op, value, _json(test.number)))
        case IsTruth():
            truth = value == cast(literal(str(test.op == "is_true").lower(), Text), JSONB)
        case IsWhen():
            at = _as_time(value)
            truth = at < test.at if test.op == "before" else at >= test.at
    return func.coalesce(truth, false())


def _compared(op: str, value: ColumnElement[Any], bound: ColumnElement[Any]) -> Truth:
    match op:
        case "less_than":
            return value < bound
        case "at_most":
            return value <= bound
        case "more_than":
            return value > bound
        case "at_least":
            return value >= bound
        case _:
            return value == bound


def _as_time(value: ColumnElement[Any]) -> ColumnElement[datetime]:
    """ISO 8601 text as a time, UTC where it names no zone; null where it is none."""
    said = text_of(value)
    zoned = case((said.op("~")(_ZONE), said), else_=said.op("||")("Z"))
    is_time = and_(_is_a(value, "string"), said.op("~")(_TIME), func.pg_input_is_valid(zoned, "timestamptz"))
    return case((is_time, cast(zoned, UtcDateTime())))
