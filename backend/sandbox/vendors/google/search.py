"""`googleAds:search` and `:searchStream`: a query answered, page by page."""

import base64
import binascii
import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sandbox.vendors.google import gaql, plan
from sandbox.vendors.google.errors import AdsError, Fault, query_fault, request_fault
from sandbox.vendors.google.fields import FIELDS, Type, is_shown
from sandbox.vendors.google.metrics import measured
from sandbox.vendors.google.plan import Plan
from sandbox.vendors.google.rows import rows
from sandbox.vendors.google.state import GoogleState, as_json, camel
from sandbox.vendors.google.times import account_day

Row = dict[str, Any]
_MOST_CHANGES = 10_000
_CHANGE_DAYS = 30
_CHANGED_AT = "change_event.change_date_time"


def search(google: GoogleState, customer: str, body: Row, size: int) -> Row:
    """One page of `size` rows; a token belongs to its query alone."""
    text = _query_of(body)
    if "pageSize" in body:
        raise request_fault("PAGE_SIZE_NOT_SUPPORTED", "Setting the page size is not supported.")
    start = _start(str(body.get("pageToken") or ""), text)
    if start == 0:
        google.quota.spend(1, google.now())
    found = _planned(google, customer, text)
    if body.get("validateOnly"):
        return {}
    every = _rows(google, customer, found)
    answer = _shown(every[start : start + size], found)
    if start + size < len(every):
        answer["nextPageToken"] = _token(start + size, text)
    if (body.get("searchSettings") or {}).get("returnTotalResultsCount"):
        answer["totalResultsCount"] = str(len(every))
    return answer


def stream(google: GoogleState, customer: str, body: Row, request: str) -> list[Row]:
    """All of it, in batches."""
    google.quota.spend(1, google.now())
    found = _planned(google, customer, _query_of(body))
    every = _rows(google, customer, found)
    size = google.settings.page_rows
    batches = [every[at : at + size] for at in range(0, max(1, len(every)), size)]
    return [_shown(batch, found) | {"requestId": request} for batch in batches]


def _query_of(body: Row) -> str:
    text = body.get("query")
    if not isinstance(text, str) or not text.strip():
        raise request_fault("REQUIRED_FIELD_MISSING", "The query is required.", path=[("query", None)])
    return text


def _planned(google: GoogleState, customer: str, text: str) -> Plan:
    today = account_day(google.now(), google.timezone(customer))
    query = gaql.parse(text)
    found = plan.plan(query, today)
    if found.measured and google.customers[customer].manager:
        raise query_fault(
            "REQUESTED_METRICS_FOR_MANAGER", "Metrics cannot be requested for a manager account."
        )
    if query.resource == "change_event":
        _check_changes(google, customer, found)
    return found


def _check_changes(google: GoogleState, customer: str, found: Plan) -> None:
    limit = found.query.limit
    if limit is None:
        raise _change_fault("LIMIT_NOT_SPECIFIED", "A change_event query must specify a LIMIT.")
    if limit > _MOST_CHANGES:
        raise _change_fault("INVALID_LIMIT_CLAUSE", "The LIMIT must be at most 10000.")
    since, until = _change_bounds(found, google, customer)
    if since is None or until is None:
        raise _change_fault(
            "CHANGE_DATE_RANGE_INFINITE", "A finite range on change_date_time must be specified."
        )
    if since > until:
        raise _change_fault("CHANGE_DATE_RANGE_NEGATIVE", "The start is after the end.")
    today = account_day(google.now(), google.timezone(customer))
    if since[:10] < (today - timedelta(days=_CHANGE_DAYS)).isoformat():
        raise _change_fault("START_DATE_TOO_OLD", "The start date cannot be older than 30 days.")


def _change_bounds(found: Plan, google: GoogleState, customer: str) -> tuple[str | None, str | None]:
    since: str | None = None
    until: str | None = None
    today = account_day(google.now(), google.timezone(customer))
    for condition in found.query.where:
        if condition.field != _CHANGED_AT:
            continue
        if condition.operator == "DURING":
            first, last = plan.during(condition.values[0].text, today)
            since, until = first.isoformat(), f"{last.isoformat()} 23:59:59.999999"
            continue
        texts = [value.text for value in condition.values]
        if condition.operator in {"=", ">", ">=", "BETWEEN"}:
            since = max(filter(None, (since, texts[0])))
        if condition.operator in {"=", "<", "<=", "BETWEEN"}:
            until = min(filter(None, (until, texts[-1])))
    return since, until


def _change_fault(code: str, message: str) -> AdsError:
    return AdsError("INVALID_ARGUMENT", Fault("changeEventError", code, message))


def _rows(google: GoogleState, customer: str, found: Plan) -> list[Row]:
    query = found.query
    source: Iterator[Row] = (
        measured(google, customer, found) if found.measured else rows(google, customer, query.resource)
    )
    kept = [row for row in source if _passes(row, found)]
    for ordering in reversed(query.order):
        kept.sort(key=lambda row, name=ordering.field: _rank(row.get(name)), reverse=ordering.descending)  # type: ignore[misc]
    return kept[: query.limit]


def _passes(row: Row, found: Plan) -> bool:
    for name, test in found.tests:
        # A segment that is not shown was looked at before the sums were made.
        if (name in row or not name.startswith("segments.")) and not test(row.get(name)):
            return False
    return True


def _rank(value: Any) -> tuple[int, Any]:
    return (0, 0) if value is None else (1, value)


def _shown(page: list[Row], found: Plan) -> Row:
    answer: Row = {"fieldMask": ",".join(_path(name) for name in found.query.select)}
    names = _with_resource_names(found)
    results = [_nested({name: row[name] for name in names if is_shown(name, row.get(name))}) for row in page]
    return ({"results": results} if results else {}) | answer


def _with_resource_names(found: Plan) -> list[str]:
    """What is selected, and the resource name of each resource that is selected from, unless that is declined."""
    names = list(found.query.select)
    if dict(found.query.parameters).get("omit_unselected_resource_names") == "true":
        return names
    resources = [found.query.resource, *(field.of for field in found.fields)]
    extra = [f"{one}.resource_name" for one in dict.fromkeys(resources)]
    if any(name.startswith("ad_group_ad.ad.") for name in names):
        extra.append("ad_group_ad.ad.resource_name")
    return names + [name for name in extra if name in FIELDS and name not in names]


def _path(name: str) -> str:
    return ".".join(camel(part) for part in name.split("."))


def _nested(flat: Row) -> Row:
    found: Row = {}
    for name, value in flat.items():
        *parents, leaf = _path(name).split(".")
        into = found
        for parent in parents:
            into = into.setdefault(parent, {})
        into[leaf] = _json(name, value)
    return found


def _json(name: str, value: Any) -> Any:
    kind = FIELDS[name].type
    if name == "change_event.changed_fields":
        return ",".join(camel(part) for part in value.split(",") if part)
    if kind is Type.INT64:
        return str(value)
    return as_json(value) if kind is Type.MESSAGE else value


def _token(start: int, text: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([start, _digest(text)]).encode()).decode()


def _start(token: str, text: str) -> int:
    if not token:
        return 0
    try:
        start, digest = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError, binascii.Error) as error:
        raise request_fault("INVALID_PAGE_TOKEN", "The page token is invalid.") from error
    if digest != _digest(text) or not isinstance(start, int) or start <= 0:
        raise request_fault("INVALID_PAGE_TOKEN", "The page token is invalid.")
    return start


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
