"""Whom a funnel is asked of, who got how far in it, and what it says of itself."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.services.cdp.segments.service import Recomputation
from tests.factories.access import Company
from tests.factories.events import FUNNEL, RETENTION, Happened, Somebody, store_people

FUNNELS, REPORTS = "/api/v1/cdp/funnels", "/api/v1/cdp/retention"
_SHOP: dict[str, Any] = {
    "steps": [{"event": "Viewed"}, {"event": "Added"}, {"event": "Paid"}],
    "window_seconds": 3_600,
    "days": {"kind": "last", "days": 2},
}


def _person(*names: str, plan: str = "free", ago: float = 90) -> Somebody:
    """An event a minute, from so many minutes ago."""
    start = datetime.now(UTC) - timedelta(minutes=ago)
    events = [Happened(name, start + timedelta(minutes=place)) for place, name in enumerate(names)]
    return Somebody(events, traits={"plan": plan})


async def _people(client: AsyncClient, **asked: Any) -> dict[str, Any]:
    answer = await client.post(f"{FUNNELS}/people", json={"definition": _SHOP, **asked})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _ids(found: dict[str, Any]) -> list[str]:
    return [each["profile_id"] for each in found["items"]]


async def test_who_dropped_off_is_listed_the_last_who_entered_first(
    acme: Company, client: AsyncClient
) -> None:
    early, late = _person("Viewed", ago=300), _person("Viewed", ago=200)
    added, paid = _person("Viewed", "Added"), _person("Viewed", "Added", "Paid")
    await store_people(acme.scopes, [early, late, added, paid, _person("Paid")])
    dropped = await _people(client, step=2, outcome="dropped")
    assert (dropped["total"], _ids(dropped)) == (2, [str(late.id), str(early.id)])
    assert [each["reached"] for each in dropped["items"]] == [1, 1]
    assert dropped["items"][0]["lifecycle"] == "anonymous"
    assert _ids(await _people(client, step=3, outcome="dropped")) == [str(added.id)]
    assert (await _people(client, step=2, outcome="reached"))["total"] == 2
    assert (await _people(client, step=1, outcome="reached"))["total"] == 4


async def test_who_dropped_off_of_one_group_is_listed(acme: Company, client: AsyncClient) -> None:
    pro = [_person("Viewed", plan="pro") for _ in range(3)]
    free, odd = _person("Viewed"), _person("Viewed", plan="odd")
    await store_people(acme.scopes, [*pro, free, odd, _person("Viewed", "Added")])
    asked = {
        "definition": {**_SHOP, "breakdown": {"kind": "trait", "name": "plan", "top": 2}},
        "step": 2,
        "outcome": "dropped",
    }
    found = await _people(client, **asked, group={"value": "pro"})
    assert set(_ids(found)) == {str(each.id) for each in pro}
    assert _ids(await _people(client, **asked, group={"value": "free"})) == [str(free.id)]
    assert _ids(await _people(client, **asked, group={"value": None, "rest": True})) == [str(odd.id)]


async def test_those_people_become_a_segment_that_stays_as_it_is(acme: Company, client: AsyncClient) -> None:
    gone = [_person("Viewed") for _ in range(3)]
    await store_people(acme.scopes, [*gone, _person("Viewed", "Added")])
    asked = {"definition": _SHOP, "step": 2, "outcome": "dropped", "name": "Left their cart"}
    made = await client.post(f"{FUNNELS}/people/segment", json=asked)
    assert made.status_code == 201, made.text
    assert (made.json()["people"], made.json()["name"]) == (3, "Left their cart")
    segment_id = made.json()["segment_id"]
    await Recomputation(acme.scopes).run(UUID(segment_id))
    members = (await client.get(f"/api/v1/cdp/segments/{segment_id}/members")).json()["items"]
    assert {each["profile_id"] for each in members} == {str(each.id) for each in gone}
    assert (await client.get(f"/api/v1/cdp/segments/{segment_id}")).json()["kind"] == "list"
    again = await client.post(f"{FUNNELS}/people/segment", json=asked)
    assert (again.status_code, again.json()["code"]) == (409, "cdp.segments.name_taken")
    async with acme.scopes() as scope:
        told = text("select actor_id is not null from audit_logs where entity = 'cdp_segments'")
        assert (await scope.session.scalars(told)).all() == [True]


async def test_who_may_not_make_segments_makes_none_of_a_funnels_people(acme: Company) -> None:
    asked = {"definition": FUNNEL, "step": 1, "outcome": "reached", "name": "Mine"}
    answer = await acme.client(Role.VIEWER).post(f"{FUNNELS}/people/segment", json=asked)
    assert answer.status_code == 403


async def test_it_says_who_is_still_under_way_and_whether_it_may_grow(
    acme: Company, client: AsyncClient
) -> None:
    await store_people(
        acme.scopes,
        [
            *(
                _person(*did, ago=10)
                for did in (["Viewed"], ["Viewed", "Added"], ["Viewed", "Added", "Paid"])
            ),
            _person("Viewed", ago=90),
        ],
    )
    found = (await client.post(f"{FUNNELS}/compute", json={"definition": _SHOP})).json()
    assert (found["people"], found["still_open"], found["complete"]) == (4, 2, False)
    over = {**_SHOP, "days": {"kind": "between", "since": "2026-01-01", "until": "2026-01-31"}}
    found = (await client.post(f"{FUNNELS}/compute", json={"definition": over})).json()
    assert (found["people"], found["complete"]) == (0, True)
    # In strict order whoever did something else in between cannot go on.
    stopped = [_person("Viewed", "Elsewhere", ago=10)]
    await store_people(acme.scopes, stopped)
    strict = {**_SHOP, "modes": ["strict_order"]}
    found = (await client.post(f"{FUNNELS}/compute", json={"definition": strict})).json()
    assert (found["people"], found["still_open"]) == (5, 2)


async def test_an_answer_is_kept_for_a_moment_and_says_of_when_it_is(
    acme: Company, client: AsyncClient
) -> None:
    made = (await client.post(FUNNELS, json={"name": "Shop", "definition": _SHOP})).json()
    result = f"{FUNNELS}/{made['id']}/result"
    before = (await client.get(result)).json()
    await store_people(acme.scopes, [_person("Viewed")])
    kept = (await client.get(result)).json()
    assert (kept["people"], kept["as_of"]) == (0, before["as_of"])
    fresh = (await client.get(result, params={"fresh": True})).json()
    assert fresh["people"] == 1
    assert fresh["as_of"] > before["as_of"]
    # The same question, whoever asks it and in whatever way.
    asked = await acme.client(Role.VIEWER).post(f"{FUNNELS}/compute", json={"definition": _SHOP})
    assert asked.json()["as_of"] == fresh["as_of"]


_SEALED = [{"event": "Viewed", "where": [{"property": "email", "test": {"op": "exists"}}]}]


@pytest.mark.parametrize(
    ("base", "definition", "field"),
    [
        (FUNNELS, {**_SHOP, "steps": [*_SEALED, {"event": "B"}]}, "steps.0.where.0.property"),
        (FUNNELS, {**_SHOP, "breakdown": {"kind": "trait", "name": "email"}}, "breakdown.trait.name"),
        (FUNNELS, {**_SHOP, "breakdown": {"kind": "property", "name": "email"}}, "breakdown.property.name"),
        (REPORTS, {**RETENTION, "breakdown": {"kind": "property", "name": "page"}}, "breakdown"),
    ],
)
async def test_what_is_sealed_or_does_not_fit_is_named(
    client: AsyncClient, base: str, definition: dict[str, Any], field: str
) -> None:
    for path, body in (("/compute", {}), ("", {"name": "Mine"})):
        answer = await client.post(f"{base}{path}", json={"definition": definition, **body})
        assert answer.status_code == 422, answer.text
        assert [each["field"] for each in answer.json()["fields"]] == [f"body.definition.{field}"]


@pytest.mark.parametrize("base", [FUNNELS, REPORTS])
async def test_a_segment_that_is_not_there_is_named_and_a_neighbours_is_not(
    acme: Company, globex: Company, base: str
) -> None:
    plain = _SHOP if base == FUNNELS else RETENTION
    rule = {"kind": "lifecycle", "one_of": ["known"]}
    theirs = (await globex.client().post("/api/v1/cdp/segments", json={"name": "X", "rule": rule})).json()
    for each in (theirs["id"], str(uuid7())):
        for named in ({"segment_id": each}, {"breakdown": {"kind": "segment", "segment_ids": [each]}}):
            answer = await acme.client().post(f"{base}/compute", json={"definition": {**plain, **named}})
            assert answer.status_code == 422
            assert {each["code"] for each in answer.json()["fields"]} == {"segment_unknown"}
    asked = {"definition": {**plain, "segment_id": theirs["id"]}}
    waiting = await globex.client().post(f"{base}/compute", json=asked)
    assert (waiting.status_code, waiting.json()["code"]) == (409, "cdp.breakdowns.still_counting")
    await Recomputation(globex.scopes).run(UUID(theirs["id"]))
    assert (await globex.client().post(f"{base}/compute", json=asked)).status_code == 200
    await globex.client().delete(f"/api/v1/cdp/segments/{theirs['id']}")
    gone = await globex.client().post(f"{base}/compute", json=asked)
    assert [each["code"] for each in gone.json()["fields"]] == ["segment_archived"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"step": 4, "outcome": "reached"}, "body.step"),
        ({"step": 1, "outcome": "dropped"}, "body.outcome"),
        ({"step": 2, "outcome": "dropped", "group": {"value": "pro"}}, "body.group"),
    ],
)
async def test_people_of_no_step_or_group_are_not_asked_for(
    client: AsyncClient, asked: dict[str, Any], field: str
) -> None:
    answer = await client.post(f"{FUNNELS}/people", json={"definition": _SHOP, **asked})
    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json()["fields"]] == [field]
