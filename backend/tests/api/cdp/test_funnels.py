"""Funnels over the wire: kept, answered, refused with a reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.schemas.cdp.funnels import FunnelDefinition
from app.services.cdp.conditions.errors import TookTooLong
from app.services.cdp.funnels.service import FunnelService
from tests.factories.access import Company
from tests.factories.events import FUNNEL, Happened, Somebody, store_people

FUNNELS = "/api/v1/cdp/funnels"
_SHOP: dict[str, Any] = {
    "steps": [
        {"event": "Viewed", "label": "Looked"},
        {"event": "Added", "where": [{"property": "cart.total", "test": {"op": "at_least", "number": 10}}]},
        {"event": "Paid"},
    ],
    "window_seconds": 3_600,
    "days": {"kind": "last", "days": 2},
}


def _person(
    *minutes: tuple[str, int], plan: str | None = None, total: int = 20, page: str = "home"
) -> Somebody:
    """Somebody whose events are so many minutes after one moment of an hour and a half ago."""
    start = datetime.now(UTC) - timedelta(minutes=90)
    events = [
        Happened(name, start + timedelta(minutes=at), {"cart": {"total": total}, "page": page})
        for name, at in minutes
    ]
    return Somebody(events, traits={"plan": plan} if plan else {}, keys=[uuid7(), uuid7()])


async def _ask(client: AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post(f"{FUNNELS}/compute", json={"definition": {**_SHOP, **changes}})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_people_are_counted_once_with_their_times(acme: Company, client: AsyncClient) -> None:
    through = [_person(("Viewed", 0), ("Added", at), ("Paid", at + 5)) for at in (2, 4, 6)]
    again = _person(("Viewed", 0), ("Viewed", 1), ("Added", 3))
    too_late = _person(("Viewed", 0), ("Added", 61))
    too_little = _person(("Viewed", 0), ("Added", 1), ("Paid", 2), total=5)
    never = _person(("Added", 0), ("Paid", 1))
    await store_people(acme.scopes, [*through, again, too_late, too_little, never])
    found = await _ask(client)
    looked, added, paid = found["steps"]
    assert [step["people"] for step in found["steps"]] == [6, 4, 3]
    assert (looked["label"], added["label"], added["dropped"]) == ("Looked", "Added", 2)
    assert (added["share_of_first"], paid["share_of_previous"]) == (pytest.approx(4 / 6), 0.75)
    assert looked["from_first"] is None
    # From the latest look that leads there: 2, 4 and 6 minutes, and 2 of who looked twice.
    spread = [0, 0, 4, 0, 0, 0, 0, 0, 0, 0]
    assert added["from_first"] == {"median": 180.0, "p90": pytest.approx(324.0), "spread": spread}
    assert found["spread_from"][2:4] == [60, 600]
    assert (paid["from_previous"]["median"], paid["from_previous"]["p90"]) == (300.0, 300.0)
    assert paid["from_first"]["median"] == 540.0


async def test_a_group_is_by_trait_or_by_the_property_of_the_first_event(
    acme: Company, client: AsyncClient
) -> None:
    people = [
        *(_person(("Viewed", 0), ("Added", 1), plan="pro", page="home") for _ in range(3)),
        *(_person(("Viewed", 0), plan="free", page="sale") for _ in range(2)),
        _person(("Viewed", 0), plan="rare", page="blog"),
        _person(("Viewed", 0), page="blog"),
    ]
    await store_people(acme.scopes, people)
    by_trait = (await _ask(client, breakdown={"kind": "trait", "name": "plan", "top": 2}))["groups"]
    shown = [(each["value"], each["rest"], [step["people"] for step in each["steps"]]) for each in by_trait]
    assert shown == [("pro", False, [3, 3, 0]), ("free", False, [2, 0, 0]), (None, True, [2, 0, 0])]
    by_page = await _ask(client, breakdown={"kind": "property", "name": "page", "top": 5})
    assert {each["value"]: each["steps"][0]["people"] for each in by_page["groups"]} == {
        "home": 3,
        "sale": 2,
        "blog": 2,
    }
    assert by_page["steps"][0]["people"] == 7
    assert (await _ask(client))["groups"] is None


async def test_nobody_is_an_answer_too(client: AsyncClient) -> None:
    found = await _ask(client, breakdown={"kind": "trait", "name": "plan"})
    assert [step["people"] for step in found["steps"]] == [0, 0, 0]
    assert (found["steps"][0]["share_of_first"], found["groups"]) == (None, [])


async def test_who_enters_in_time_may_go_on_afterwards(acme: Company, client: AsyncClient) -> None:
    midnight = datetime(2026, 3, 10, tzinfo=UTC)
    enters = [Happened("Viewed", midnight - timedelta(minutes=5))]
    goes_on = Happened("Added", midnight + timedelta(minutes=5), {"cart": {"total": 20}})
    late = [Happened("Viewed", midnight + timedelta(minutes=1)), goes_on]
    await store_people(acme.scopes, [Somebody([*enters, goes_on]), Somebody(late)])
    found = await _ask(client, days={"kind": "between", "since": "2026-03-09", "until": "2026-03-09"})
    assert [step["people"] for step in found["steps"]] == [1, 1, 0]


async def test_days_are_the_companys_own(acme: Company, client: AsyncClient) -> None:
    await client.patch("/api/v1/tenants/current", json={"timezone": "America/New_York"})
    # The 8th of March 2026 has 23 hours there: it ends at 4:00 UTC, and the 7th began at 5:00.
    hours = ("2026-03-08T04:59Z", "2026-03-08T05:00Z", "2026-03-09T03:59Z", "2026-03-09T04:00Z")
    times = [datetime.fromisoformat(each) for each in hours]
    await store_people(acme.scopes, [Somebody([Happened("Viewed", each)]) for each in times])
    found = await _ask(client, days={"kind": "between", "since": "2026-03-08", "until": "2026-03-08"})
    assert (found["steps"][0]["people"], found["timezone"]) == (2, "America/New_York")


async def test_a_funnel_is_saved_found_changed_and_removed(acme: Company, client: AsyncClient) -> None:
    made = (await client.post(FUNNELS, json={"name": "Check-out", "definition": _SHOP})).json()
    await client.post(FUNNELS, json={"name": "Trial", "definition": FUNNEL})
    listed = (await client.get(FUNNELS, params={"sort": "-name"})).json()
    assert [each["name"] for each in listed["items"]] == ["Trial", "Check-out"]
    assert [each["name"] for each in (await client.get(FUNNELS, params={"q": "check"})).json()["items"]] == [
        "Check-out"
    ]
    one = f"{FUNNELS}/{made['id']}"
    changed = (await client.patch(one, json={"name": "Till"})).json()
    assert (changed["name"], changed["definition"]) == ("Till", made["definition"])
    assert [step["people"] for step in (await client.get(f"{one}/result")).json()["steps"]] == [0, 0, 0]
    both = {"name": "trial", "definition": {**FUNNEL, "segment_id": str(uuid7())}}
    assert (await client.patch(one, json=both)).json()["code"] == "cdp.breakdowns.not_answerable"
    taken = await client.post(FUNNELS, json={"name": "tILL", "definition": FUNNEL})
    assert (taken.status_code, taken.json()["code"]) == (409, "cdp.funnels.name_taken")
    assert (await client.delete(one)).status_code == 204
    assert (await client.get(one)).json()["code"] == "cdp.funnels.not_found"
    async with acme.scopes() as scope:
        told = text("select action from audit_logs where entity = 'cdp_funnels' order by created_at, id")
        actions = [str(each) for each in (await scope.session.scalars(told)).all()]
    assert [each.rpartition(".")[2] for each in actions] == ["created", "created", "changed", "removed"]


async def test_who_may_only_read_saves_nothing(acme: Company) -> None:
    viewer = acme.client(Role.VIEWER)
    assert (await viewer.post(f"{FUNNELS}/compute", json={"definition": FUNNEL})).status_code == 200
    assert (await viewer.post(FUNNELS, json={"name": "Mine", "definition": FUNNEL})).status_code == 403


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"steps": [{"event": "Viewed"}]}, "body.definition.steps"),
        ({"steps": [{"event": "A"}] * 11}, "body.definition.steps"),
        ({"steps": [{"event": "A"}, {"event": "a\x00"}]}, "body.definition.steps.1.event"),
        ({"window_seconds": 0}, "body.definition.window_seconds"),
        ({"modes": ["strict"]}, "body.definition.modes.0"),
        ({"days": {"kind": "last", "days": 5_000}}, "body.definition.days.last.days"),
        (
            {"days": {"kind": "between", "since": "2026-02-02", "until": "2026-02-01"}},
            "body.definition.days.between",
        ),
        ({"breakdown": {"kind": "trait", "name": "p", "top": 99}}, "body.definition.breakdown.trait.top"),
    ],
)
async def test_what_cannot_be_asked_is_named(
    client: AsyncClient, changes: dict[str, Any], field: str
) -> None:
    answer = await client.post(f"{FUNNELS}/compute", json={"definition": {**_SHOP, **changes}})
    assert answer.status_code == 422, answer.text
    assert field in {each["field"] for each in answer.json()["fields"]}, answer.text


async def test_what_takes_too_long_is_said_so(acme: Company) -> None:
    await store_people(acme.scopes, [_person(("Viewed", 0), ("Added", 1)) for _ in range(3_000)])
    definition = FunnelDefinition.model_validate(_SHOP)
    async with acme.scopes() as scope:
        impatient = FunnelService(scope, patience=timedelta(milliseconds=1))
        with pytest.raises(TookTooLong) as refused:
            await impatient.compute(definition)
        await scope.session.rollback()
    assert (refused.value.status, refused.value.code) == (422, "cdp.conditions.took_too_long")
