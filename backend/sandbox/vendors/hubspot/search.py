"""The search: groups of filters, one order, pages of up to 200, and nothing beyond the ten thousandth result."""

from collections.abc import Callable
from typing import Any

from sandbox.vendors.hubspot import schema
from sandbox.vendors.hubspot.constants import MODIFIED
from sandbox.vendors.hubspot.errors import HubError
from sandbox.vendors.hubspot.records import Record

MOST_RESULTS = 10_000
_MOST_PAGE, _DEFAULT_PAGE = 200, 10
_MOST_GROUPS, _MOST_FILTERS, _MOST_IN_ALL = 5, 10, 25
_MOST_VALUES = 100
_DIGITS = 10
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "LT": lambda held, asked: held < asked,
    "LTE": lambda held, asked: held <= asked,
    "GT": lambda held, asked: held > asked,
    "GTE": lambda held, asked: held >= asked,
}
Test = Callable[[Record], bool]


def answer(kind: str, rows: list[Record], body: Any) -> dict[str, Any]:
    """A page of those that fit, and how many do in all."""
    if not isinstance(body, dict):
        raise HubError("Invalid input JSON: the body is no object")
    if body.get("query"):
        raise HubError("The sandbox does not emulate query: use filterGroups.")
    groups = [_group(kind, each) for each in _list(body, "filterGroups")]
    filters = sum(len(_list(each, "filters")) for each in _list(body, "filterGroups"))
    if len(groups) > _MOST_GROUPS or filters > _MOST_IN_ALL:
        raise HubError(f"There can be at most {_MOST_GROUPS} filterGroups and {_MOST_IN_ALL} filters in all.")
    limit = _whole(body.get("limit"), _DEFAULT_PAGE, "limit")
    if not 0 <= limit <= _MOST_PAGE:
        raise HubError(f"Invalid page limit: at most {_MOST_PAGE}.")
    start = _whole(body.get("after"), 0, "after")
    if start < 0 or start + limit > MOST_RESULTS:
        raise HubError(f"The search has a limit of {MOST_RESULTS} results: after and limit reach beyond it.")
    found = [each for each in rows if not groups or any(all(t(each) for t in group) for group in groups)]
    _sort(kind, found, _list(body, "sorts"))
    names = schema.shown(kind, [each for each in _list(body, "properties") if isinstance(each, str)])
    said: dict[str, Any] = {
        "total": len(found),
        "results": [each.body(names) for each in found[start : start + limit]],
    }
    if limit and start + limit < len(found):
        said["paging"] = {"next": {"after": str(start + limit)}}
    return said


def _group(kind: str, group: Any) -> list[Test]:
    filters = _list(group, "filters")
    if len(filters) > _MOST_FILTERS:
        raise HubError(f"There can be at most {_MOST_FILTERS} filters in a filterGroup.")
    return [_test(kind, each) for each in filters]


def _test(kind: str, asked: Any) -> Test:
    name, operator = _object(asked).get("propertyName"), asked.get("operator")
    if not isinstance(name, str) or name not in schema.PROPERTIES[kind]:
        raise HubError(f'There was a problem with the request: property "{name}" does not exist.')
    if operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
        return lambda record: (value_of(record, name) is not None) == (operator == "HAS_PROPERTY")
    if operator in {"IN", "NOT_IN"}:
        values = _list(asked, "values")
        if len(values) > _MOST_VALUES:
            raise HubError(f"There can be at most {_MOST_VALUES} values.")
        chosen = {_comparable(kind, name, each) for each in values}
        return lambda record: (value_of(record, name) in chosen) == (operator == "IN")
    wanted = _comparable(kind, name, asked.get("value"))
    if operator in {"EQ", "NEQ"}:
        return lambda record: (value_of(record, name) == wanted) == (operator == "EQ")
    bounds = [(operator, wanted)]
    if operator == "BETWEEN":
        bounds = [("GTE", wanted), ("LTE", _comparable(kind, name, asked.get("highValue")))]
    if not all(isinstance(each, str) and each in _ORDERED for each, _ in bounds):
        raise HubError(f"The sandbox does not emulate the operator {operator!r}.")
    return lambda record: (
        (held := value_of(record, name)) is not None
        and all(_ORDERED[each](held, bound) for each, bound in bounds)
    )


def _object(asked: Any) -> dict[str, Any]:
    if not isinstance(asked, dict):
        raise HubError("Invalid input JSON: an object was expected.")
    return asked


def value_of(record: Record, name: str) -> Any:
    """What a property is compared by: a number, milliseconds, or text in lower case; None where it has none."""
    if name == MODIFIED[record.kind]:
        return record.modified
    if name == "createdate":
        return record.created
    if name == "hs_object_id":
        return record.id
    text = record.values.get(name)
    return None if text is None else _comparable(record.kind, name, text)


def _comparable(kind: str, name: str, value: Any) -> Any:
    wanted = schema.PROPERTIES[kind][name]
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    found: Any = None
    if text is not None:
        readers: dict[str, Callable[[str], Any]] = {"number": schema.number, "datetime": schema.moment}
        found = readers.get(wanted, str.lower)(text)
    if found is None:
        raise HubError(f"{value!r} is no value to compare {name} with.")
    return found


def _sort(kind: str, rows: list[Record], sorts: list[Any]) -> None:
    """In place, by one property; without one, by the time of creation."""
    if len(sorts) > 1:
        raise HubError("Only one sort can be specified.")
    asked = sorts[0] if sorts else "createdate"
    if isinstance(asked, dict):
        name, down = asked.get("propertyName"), asked.get("direction", "ASCENDING") == "DESCENDING"
    else:
        name, down = str(asked).removeprefix("-"), str(asked).startswith("-")
    if not isinstance(name, str) or name not in schema.PROPERTIES[kind]:
        raise HubError(f'There was a problem with the request: property "{name}" does not exist.')
    without = [each for each in rows if value_of(each, name) is None]
    having = sorted(
        (each for each in rows if value_of(each, name) is not None),
        key=lambda each: value_of(each, name),
        reverse=down,
    )
    rows[:] = having + without


def _list(body: Any, name: str) -> list[Any]:
    found = _object(body).get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise HubError(f"Invalid input JSON: {name} is no list.")
    return found


def _whole(value: Any, default: int, name: str) -> int:
    if value in (None, ""):
        return default
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _DIGITS:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise HubError(f"Invalid {name}.")
