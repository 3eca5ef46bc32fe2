"""Tests of one JSON value, in SQL; never null: what is unknown does not hold."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Numeric, Text, and_, case, cast, false, func, literal, or_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute

from app.db.base import UtcDateTime
from app.schemas.cdp.conditions import Exists, HasText, IsNumber, IsText, IsTruth, IsWhen, OneOf, ValueTest
from app.services.cdp.conditions.rules import COMPARISONS

Truth = ColumnElement[bool]
Time = ColumnElement[datetime]

_TIME = r"^\d{4}-\d{2}-\d{2}"
_ZONE = r"(Z|[+-]\d{2}:?\d{2})$"


def compared(op: str, value: ColumnElement[Any], bound: Any) -> Truth:
    truth: Truth = COMPARISONS[op](value, bound)
    return truth


def certain(truth: Truth) -> Truth:
    """What is unknown does not hold."""
    return func.coalesce(truth, false())


def inside(document: ColumnElement[Any] | InstrumentedAttribute[Any], name: str) -> ColumnElement[Any]:
    """The value at a name; dots lead into objects."""
    path = name.split(".")
    if len(path) == 1:
        return document.op("->", return_type=JSONB())(literal(name, Text))
    return document.op("#>", return_type=JSONB())(literal(path, ARRAY(Text)))


def text_of(value: ColumnElement[Any]) -> ColumnElement[str]:
    return value.op("#>>", return_type=Text())(cast(literal("{}", Text), ARRAY(Text)))


def _json(value: str | Decimal) -> ColumnElement[Any]:
    if isinstance(value, str):
        return func.to_jsonb(literal(value, Text), type_=JSONB())
    return func.to_jsonb(literal(value, Numeric), type_=JSONB())


def is_a(value: ColumnElement[Any], kind: str) -> Truth:
    return func.jsonb_typeof(value) == literal(kind, Text)


def tested(test: ValueTest, value: ColumnElement[Any]) -> Truth:
    """A test of a JSON value; never null."""
    match test:
        case Exists():
            truth = func.jsonb_typeof(value) != literal("null", Text)
        case IsText():
            truth = value == _json(test.text)
        case OneOf():
            truth = or_(*[value == _json(each) for each in test.texts])
        case HasText(op="contains"):
            truth = and_(is_a(value, "string"), text_of(value).contains(test.text, autoescape=True))
        case HasText():
            truth = and_(is_a(value, "string"), text_of(value).startswith(test.text, autoescape=True))
        case IsNumber():
            truth = and_(is_a(value, "number"), compared(test.op, value, _json(test.number)))
        case IsTruth():
            truth = value == cast(literal(str(test.op == "is_true").lower(), Text), JSONB)
        case IsWhen():
            at = _as_time(value)
            truth = at < test.at if test.op == "before" else at >= test.at
    return certain(truth)


def _as_time(value: ColumnElement[Any]) -> Time:
    """ISO 8601 text as a time, UTC where it names no zone; null where it is none."""
    said = text_of(value)
    zoned = case((said.op("~")(_ZONE), said), else_=said.op("||")("Z"))
    is_time = and_(is_a(value, "string"), said.op("~")(_TIME), func.pg_input_is_valid(zoned, "timestamptz"))
    return case((is_time, cast(zoned, UtcDateTime())))
