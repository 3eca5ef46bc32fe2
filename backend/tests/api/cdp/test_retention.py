"""Retention over the wire: kept, answered, refused with a reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text

from app.auth.permissions import Role
from tests.factories.access import Company
from tests.factories.events import RETENTION, Happened, Somebody, store_people

REPORTS = "/api/v1/cdp/retention"
# The 2nd of March 2026 is a Monday.
_WEEKS: dict[str, Any] = {
    "start": {"kind": "event", "event": "Joined"},
    "returning": {"kind": "event", "event": "Came"},
    "period": "week",
    "periods": 2,
    "days": {"kind": "between", "since": "2026-03-04", "until": "2026-03-15"},
}


def _person(joined: int, *came: int) -> Somebody:
    """Days of March 2026 at noon."""
    start = datetime(2026, 2, 28, 12, tzinfo=UTC)
    at = [Happened("Joined", start + timedelta(days=joined))]
    return Somebody([*at, *(Happened("Came", start + timedelta(days=each)) for each in came)])


async def _ask(client: AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post(f"{REPORTS}/compute", json={"definition": {**_WEEKS, **changes}})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_cohorts_come_back_period_by_period(acme: Company, client: AsyncClient) -> None:
    people = [_person(2, 3, 10, 17), _person(4, 17), _person(5), _person(9, 8, 16), _person(1, 3)]
    await store_people(acme.scopes, people)
    found = await _ask(client)
    assert (found["first_day"], found["last_day"]) == ("2026-03-02", "2026-03-15"), "whole weeks"
    first, second = found["cohorts"]
    assert (first["begins_on"], first["size"], first["returned"]) == ("2026-03-02", 3, [1, 1, 2])
    assert (second["size"], second["returned"]) == (1, [0, 1, 0])
    assert found["curve"]["overall"] == [0.25, 0.5, 0.5]
    later = await _ask(client, counted="on_or_after")
    assert [each["returned"] for each in later["cohorts"]] == [[2, 2, 2], [1, 1, 0]]


async def test_periods_to_come_are_unknown_and_the_one_that_runs_is_not_over(
    acme: Company, client: AsyncClient
) -> None:
    now = datetime.now(UTC)
    await store_people(acme.scopes, [Somebody([Happened("Joined", now)])])
    found = await _ask(client, period="month", days={"kind": "last", "days": 1})
    assert [(each["size"], each["returned"], each["complete"]) for each in found["cohorts"]] == [
        (1, [0, None, None], 0)
    ]
    assert found["curve"]["overall"] == [None, None, None]


async def test_who_was_first_seen_begins_whatever_they_did(acme: Company, client: AsyncClient) -> None:
    await store_people(
        acme.scopes, [_person(2, 10), Somebody([Happened("Came", datetime(2026, 3, 3, tzinfo=UTC))])]
    )
    found = await _ask(client, start={"kind": "first_seen"}, returning={"kind": "any"})
    assert (found["cohorts"][0]["size"], found["cohorts"][0]["returned"]) == (2, [0, 1, 0])


async def test_a_report_is_saved_found_changed_and_removed(acme: Company, client: AsyncClient) -> None:
    made = (await client.post(REPORTS, json={"name": "Weekly", "definition": _WEEKS})).json()
    await client.post(REPORTS, json={"name": "All", "definition": RETENTION})
    listed = (await client.get(REPORTS, params={"q": "EEK"})).json()
    assert [each["name"] for each in listed["items"]] == ["Weekly"]
    one = f"{REPORTS}/{made['id']}"
    changed = (await client.patch(one, json={"definition": {**_WEEKS, "periods": 5}})).json()
    assert (changed["name"], changed["definition"]["periods"]) == ("Weekly", 5)
    assert len((await client.get(f"{one}/result")).json()["curve"]["overall"]) == 6
    taken = await client.patch(one, json={"name": "aLL"})
    assert (taken.status_code, taken.json()["code"]) == (409, "cdp.retention.name_taken")
    assert (await client.delete(one)).status_code == 204
    assert (await client.get(one)).json()["code"] == "cdp.retention.not_found"
    async with acme.scopes() as scope:
        told = text("select count(*) from audit_logs where entity = 'cdp_retention_reports'")
        assert await scope.session.scalar(told) == 4
    assert (
        await acme.client(Role.VIEWER).post(REPORTS, json={"name": "Mine", "definition": _WEEKS})
    ).status_code == 403


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"period": "hour"}, "body.definition.period"),
        ({"periods": 61}, "body.definition.periods"),
        ({"start": {"kind": "event"}}, "body.definition.start.event.event"),
        ({"period": "day", "days": {"kind": "last", "days": 121}}, "body.definition.days"),
    ],
)
async def test_what_cannot_be_asked_is_named(
    client: AsyncClient, changes: dict[str, Any], field: str
) -> None:
    answer = await client.post(f"{REPORTS}/compute", json={"definition": {**_WEEKS, **changes}})
    assert answer.status_code == 422, answer.text
    assert field in {each["field"] for each in answer.json()["fields"]}, answer.text
