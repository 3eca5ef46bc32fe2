"""A query against the catalogue: what may be asked for, and how each condition reads its values."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.vendors.google.errors import AdsError, query_fault
from sandbox.vendors.google.fields import (
    ATTRIBUTED,
    CONVERSION_METRICS,
    CONVERSION_SEGMENTS,
    DATE_SEGMENTS,
    FIELDS,
    MEASURED,
    NOT_EMULATED,
    Field,
    Type,
)
from sandbox.vendors.google.gaql import LISTS, Condition, Query, Value

Test = Callable[[Any], bool]
_EQUAL = frozenset({"=", "!="})
_ORDER = frozenset({">", ">=", "<", "<="})
_LIST = frozenset({"IN", "NOT IN"})
_NULL = frozenset({"IS NULL", "IS NOT NULL"})
_TEXT = frozenset({"LIKE", "NOT LIKE", "REGEXP_MATCH", "NOT REGEXP_MATCH"})
_OPERATORS: dict[Type, frozenset[str]] = {
    Type.STRING: _EQUAL | _LIST | _NULL | _TEXT,
    Type.RESOURCE_NAME: _EQUAL | _LIST | _NULL,
    Type.ENUM: _EQUAL | _LIST | _NULL,
    Type.BOOLEAN: _EQUAL | _NULL,
    Type.INT64: _EQUAL | _ORDER | _LIST | _NULL | {"BETWEEN"},
    Type.INT32: _EQUAL | _ORDER | _LIST | _NULL | {"BETWEEN"},
    Type.DOUBLE: _EQUAL | _ORDER | _NULL | {"BETWEEN"},
    Type.DATE: _EQUAL | _ORDER | {"BETWEEN", "DURING"},
    Type.MESSAGE: frozenset(),
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2}(\.\d{1,6})?)?")


@dataclass(frozen=True, slots=True)
class Plan:
    """`tests` hold for a row of flat values; `since` and `until` bound its days where dates are filtered."""

    query: Query
    fields: tuple[Field, ...]
    tests: tuple[tuple[str, Test], ...]
    since: date | None
    until: date | None

    @property
    def metrics(self) -> list[str]:
        return [f.name for f in self.fields if f.of == "metrics"]

    @property
    def segments(self) -> list[str]:
        return [f.name for f in self.fields if f.of == "segments"]

    @property
    def measured(self) -> bool:
        return bool(self.metrics or self.segments)


def plan(query: Query, today: date) -> Plan:
    if query.resource not in ATTRIBUTED:
        known = query.resource in NOT_EMULATED
        code = "PROHIBITED_RESOURCE_TYPE_IN_FROM_CLAUSE" if known else "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"
        raise query_fault(code, f"Error in query: {query.resource} is not supported.", query.resource)
    fields = tuple(_field(name) for name in query.select)
    for field in fields:
        _check_resource(query, field, "SELECT")
    for condition in query.where:
        _check_condition(query, condition)
    for ordering in query.order:
        _check_ordering(query, ordering.field)
    _check_measures(query)
    since, until = _days(query, today)
    tests = [(c.field, _test(_field(c.field), c, today)) for c in query.where]
    return Plan(query, fields, tuple(tests), since, until)


def _field(name: str) -> Field:
    field = FIELDS.get(name)
    if field is None:
        raise query_fault("UNRECOGNIZED_FIELD", f"Unrecognized field in the query: '{name}'.", name)
    return field


def _check_resource(query: Query, field: Field, clause: str) -> None:
    if field.of in {"metrics", "segments"}:
        if query.resource not in MEASURED:
            what = "METRIC" if field.of == "metrics" else "SEGMENT"
            raise query_fault(
                f"PROHIBITED_{what}_IN_SELECT_OR_WHERE_CLAUSE",
                f"Cannot select or filter on '{field.name}', which is incompatible with {query.resource}.",
                field.name,
            )
        return
    if field.of not in ATTRIBUTED[query.resource]:
        raise query_fault(
            f"PROHIBITED_RESOURCE_TYPE_IN_{clause}_CLAUSE",
            f"Cannot use '{field.name}' with {query.resource} in the FROM clause.",
            field.name,
        )


def _check_condition(query: Query, condition: Condition) -> None:
    field = _field(condition.field)
    _check_resource(query, field, "WHERE")
    if not field.filterable:
        raise query_fault(
            "PROHIBITED_FIELD_IN_WHERE_CLAUSE", f"'{field.name}' cannot be filtered on.", field.name
        )
    if condition.operator not in _OPERATORS[field.type]:
        raise query_fault(
            "OPERATOR_FIELD_MISMATCH",
            f"The operator {condition.operator} does not apply to '{field.name}'.",
            field.name,
        )
    if field.of == "segments" and field.name not in DATE_SEGMENTS | set(query.select):
        raise _not_selected(field.name)


def _check_ordering(query: Query, name: str) -> None:
    field = _field(name)
    _check_resource(query, field, "WHERE")
    if field.type is Type.MESSAGE:
        raise query_fault("PROHIBITED_FIELD_IN_ORDER_BY_CLAUSE", f"'{name}' cannot be ordered by.", name)
    if field.of in {"metrics", "segments"} and name not in query.select:
        raise _not_selected(name)


def _not_selected(name: str) -> AdsError:
    return query_fault(
        "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE",
        f"'{name}' must be present in the SELECT clause.",
        name,
    )


def _check_measures(query: Query) -> None:
    used = {*query.select, *(c.field for c in query.where)}
    metrics = {name for name in used if name.startswith("metrics.")}
    segments = used & CONVERSION_SEGMENTS
    others = sorted(metrics - CONVERSION_METRICS)
    if segments and others:
        raise query_fault(
            "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE",
            f"Cannot select '{min(segments)}' together with '{others[0]}'.",
            others[0],
        )


def _days(query: Query, today: date) -> tuple[date | None, date | None]:
    """The days that the conditions on dates leave; both, or the query is refused where it shows dates."""
    since: date | None = None
    until: date | None = None
    dated = [c for c in query.where if c.field in DATE_SEGMENTS]
    for condition in dated:
        first, last = _bounds(condition, today)
        since = first if since is None or (first is not None and first > since) else since
        until = last if until is None or (last is not None and last < until) else until
    if since is not None and until is not None and since > until:
        raise query_fault("DATE_RANGE_TOO_NARROW", "The start date is after the end date.")
    shown = DATE_SEGMENTS & set(query.select)
    if (shown or dated) and (since is None or until is None):
        raise query_fault(
            "EXPECTED_FILTERS_ON_DATE_RANGE",
            "A finite date range is needed in the WHERE clause where dates are selected or filtered.",
        )
    return since, until


def _bounds(condition: Condition, today: date) -> tuple[date | None, date | None]:
    if condition.operator == "DURING":
        return during(condition.values[0].text, today)
    days = [_day(value) for value in condition.values]
    if condition.operator == "BETWEEN":
        return days[0], days[1]
    one = timedelta(days=1)
    return {
        "=": (days[0], days[0]),
        ">=": (days[0], None),
        ">": (days[0] + one, None),
        "<=": (None, days[0]),
        "<": (None, days[0] - one),
        "!=": (None, None),
    }[condition.operator]


def _day(value: Value) -> date:
    if value.kind != "string" or not _DATE.fullmatch(value.text):
        raise _no_date(value)
    try:
        return date.fromisoformat(value.text)
    except ValueError as error:
        raise _no_date(value) from error


def _no_date(value: Value) -> AdsError:
    return query_fault("INVALID_DATE_FORMAT", "Invalid date format. Expected 'YYYY-MM-DD'.", value.text)


def during(name: str, today: date) -> tuple[date, date]:
    one = timedelta(days=1)
    yesterday, monday = today - one, today - timedelta(days=today.weekday())
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    first = today.replace(day=1)
    last_month_end = first - one
    known = {
        "TODAY": (today, today),
        "YESTERDAY": (yesterday, yesterday),
        "LAST_7_DAYS": (today - 7 * one, yesterday),
        "LAST_14_DAYS": (today - 14 * one, yesterday),
        "LAST_30_DAYS": (today - 30 * one, yesterday),
        "THIS_MONTH": (first, today),
        "LAST_MONTH": (last_month_end.replace(day=1), last_month_end),
        "THIS_WEEK_MON_TODAY": (monday, today),
        "THIS_WEEK_SUN_TODAY": (sunday, today),
        "LAST_WEEK_MON_SUN": (monday - 7 * one, monday - one),
        "LAST_WEEK_SUN_SAT": (sunday - 7 * one, sunday - one),
        "LAST_BUSINESS_WEEK": (monday - 7 * one, monday - 3 * one),
    }
    if name not in known:
        raise query_fault("INVALID_VALUE_WITH_DURING_OPERATOR", f"{name} is no date range literal.", name)
    return known[name]


def _test(field: Field, condition: Condition, today: date) -> Test:
    operator = condition.operator
    if operator in _NULL:
        wanted = operator == "IS NULL"
        return lambda value: (value is None) == wanted
    if operator == "DURING":
        first, last = during(condition.values[0].text, today)
        return lambda value: value is not None and first.isoformat() <= str(value)[:10] <= last.isoformat()
    values = [_typed(field, value) for value in condition.values]
    if operator in LISTS:
        return (lambda value: value in values) if operator == "IN" else (lambda value: value not in values)
    if operator in _TEXT:
        return _textual(operator, values[0])
    return _comparing(operator, values)


def _typed(field: Field, value: Value) -> Any:
    """The condition's value as the rows hold it."""
    if field.type in {Type.INT64, Type.INT32, Type.DOUBLE}:
        return _number(field, value)
    if field.type is Type.BOOLEAN:
        if value.text.upper() not in {"TRUE", "FALSE"}:
            raise query_fault("BAD_VALUE", f"Invalid value for '{field.name}'.", value.text)
        return value.text.upper() == "TRUE"
    if field.type is Type.ENUM:
        if value.text not in field.values:
            raise query_fault(
                "BAD_ENUM_CONSTANT", f"Invalid enum value for '{field.name}': '{value.text}'.", value.text
            )
        return value.text
    if value.kind != "string":
        raise query_fault("INVALID_STRING_VALUE", f"'{field.name}' needs a string.", value.text)
    return _moment(field, value) if field.type is Type.DATE else value.text


def _number(field: Field, value: Value) -> int | float:
    if value.kind != "number":
        raise query_fault("BAD_VALUE", f"Invalid value for '{field.name}'.", value.text)
    return float(value.text) if "." in value.text else int(value.text)


def _moment(field: Field, value: Value) -> str:
    if field.of == "segments":
        return _day(value).isoformat()
    if not _MOMENT.fullmatch(value.text):
        raise _no_date(value)
    return value.text


def _textual(operator: str, pattern: str) -> Test:
    if operator.endswith("LIKE"):
        form = like(pattern)
    else:
        try:
            form = re.compile(pattern)
        except re.error as error:
            raise query_fault("BAD_VALUE", "The regular expression is invalid.", pattern) from error
    negated = operator.startswith("NOT")
    return lambda value: (value is not None and form.fullmatch(value) is not None) != negated


def like(pattern: str) -> re.Pattern[str]:
    """`%` and `_`, each literal in brackets; case does not matter."""
    shown = ""
    for part in re.split(r"(\[[\[\]%_]\]|%|_)", pattern):
        if part in {"%", "_"}:
            shown += ".*" if part == "%" else "."
        else:
            literal = part[1:-1] if re.fullmatch(r"\[[\[\]%_]\]", part) else part
            shown += re.escape(literal)
    return re.compile(shown, re.IGNORECASE | re.DOTALL)


def _comparing(operator: str, values: list[Any]) -> Test:
    first, last = values[0], values[-1]
    tests: dict[str, Test] = {
        "=": lambda value: value == first,
        "!=": lambda value: value != first,
        ">": lambda value: value is not None and value > first,
        ">=": lambda value: value is not None and value >= first,
        "<": lambda value: value is not None and value < first,
        "<=": lambda value: value is not None and value <= first,
        "BETWEEN": lambda value: value is not None and first <= value <= last,
    }
    return tests[operator]
