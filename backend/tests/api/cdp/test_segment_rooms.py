"""What the rooms of segments ask for: a vocabulary, a history of size, and the segments of one person."""

from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.ids import uuid7
from app.services.cdp.events.service import Ingestion
from app.services.cdp.segments.service import Recomputation, Sizes
from app.services.cdp.segments.vocabulary import words
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.segments import Lab

URL = "/api/v1/cdp/segments"
PROFILES = "/api/v1/cdp/profiles"
BOUGHT: dict[str, Any] = {"kind": "event", "event": "Order Completed"}


@pytest.fixture
def lab(acme: Company, engine: AsyncEngine, ingestion: Ingestion) -> Lab:
    return Lab(acme, engine, ingestion)


def named(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in items}


async def test_the_vocabulary_is_what_was_really_sent(lab: Lab, client: AsyncClient) -> None:
    empty = (await client.get(f"{URL}/vocabulary")).json()
    assert (empty["sampled_events"], empty["events"], empty["traits"], empty["since"]) == (0, [], [], None)
    for user in ("u-1", "u-2"):
        await lab.send(
            track("Order Completed", userId=user, properties={
                "category": "shoes", "total": 5, "currency": "EUR", "gift": True, "order_id": f"o-{user}",
                "cart": {"size": "small"}, "email": "ada@shop.example", "note": "call ada@shop.example",
                "tel2": "+4915112345678",
            }),
            track("Viewed", userId=user),
            track("Viewed", userId=user),
            {**track(userId=user), "type": "identify", "traits": {"plan": "pro", "email": f"{user}@x.example"}},
        )  # fmt: skip
    found = (await client.get(f"{URL}/vocabulary", params={"event": "Order Completed"})).json()
    assert found["sampled_events"] == 8
    assert found["sampled_profiles"] == 2
    assert [each["name"] for each in found["events"][:2]] == ["Viewed", "Order Completed"] or found["events"]
    properties = named(found["properties"])
    assert properties["category"] == {
        "name": "category",
        "kinds": ["text"],
        "values": ["shoes"],
        "sealed": False,
    }
    assert properties["total"]["kinds"] == ["number"]
    assert properties["gift"]["kinds"] == ["truth"]
    assert properties["cart.size"]["values"] == ["small"]
    assert properties["order_id"]["values"] == []  # of one person each
    assert properties["tel2"]["values"] == []
    assert "email" not in properties
    traits = named(found["traits"])
    assert traits["plan"]["values"] == ["pro"]
    assert (traits["email"]["sealed"], traits["email"]["values"]) == (True, [])
    assert found["currencies"] == ["EUR"]
    assert "ada" not in str(found)
    assert "u-1" not in str(found)
    assert (await client.get(f"{URL}/vocabulary")).json()["properties"] == []


def test_no_value_that_may_name_a_person_is_a_suggestion() -> None:
    found = words(
        [
            ("plan", "string", "pro", 2),
            ("plan", "string", "rare", 1),
            ("plan", "string", "jo@x.example", 9),
            ("plan", "string", "+4915112345678", 9),
            ("plan", "string", "[sealed]", 9),
            ("firstName", "string", "Ada", 9),
            ("company.name", "string", "Acme", 9),
        ],
        traits=True,
    )
    assert [(word.name, word.values) for word in found] == [("plan", ["pro"])]


async def test_an_event_that_a_segment_speaks_of_is_suggested_even_where_it_is_rare(
    client: AsyncClient,
) -> None:
    rule = {"kind": "event", "event": "Loyalty Joined"}
    assert (await client.post(URL, json={"name": "Loyal", "rule": rule})).status_code == 201
    found = (await client.get(f"{URL}/vocabulary")).json()["events"]
    assert found == [{"name": "Loyalty Joined", "count": 0}]


async def test_sizes_are_reckoned_back_from_who_is_in_now(lab: Lab, client: AsyncClient) -> None:
    segment = await lab.segment({**BOUGHT, "window": {"kind": "last", "days": 1}})
    await lab.send(track("Order Completed", userId="u-1"), track("Order Completed", userId="u-2"))
    await lab.follow()
    answer = (await client.get(f"{URL}/{segment}/sizes")).json()
    assert (answer["timezone"], answer["whole"]) == ("UTC", True)
    assert [(each["members"], each["entered"], each["left"]) for each in answer["days"]] == [(2, 2, 0)]
    lab.clock.at += timedelta(days=2)
    await lab.follow()
    async with lab.scopes() as scope:
        history = await Sizes(scope).of(segment, 30)
        assert [(each.members, each.entered, each.left) for each in history.days] == [
            (2, 2, 0),
            (2, 0, 0),
            (0, 0, 2),
        ]
        assert len((await Sizes(scope).of(segment, 1)).days) == 1
    assert (await client.get(f"{URL}/{uuid7()}/sizes")).status_code == 404
    assert (await client.get(f"{URL}/{segment}/sizes", params={"days": 0})).status_code == 422


async def test_people_are_found_by_segment_and_segments_by_person(lab: Lab, client: AsyncClient) -> None:
    await lab.send(track("Order Completed", userId="u-1"), track("Viewed", userId="u-2"))
    segment = await lab.segment(BOUGHT, "Buyers")
    found = (await client.get(PROFILES, params={"segment_id": str(segment)})).json()["items"]
    [buyer] = [each["id"] for each in found]
    assert len((await client.get(PROFILES)).json()["items"]) == 2
    answer = (await client.get(f"{PROFILES}/{buyer}/segments")).json()
    assert answer["total"] == 1
    assert [(each["segment_id"], each["name"], each["kind"]) for each in answer["items"]] == [
        (str(segment), "Buyers", "rule")
    ]
    [other] = {each["id"] for each in (await client.get(PROFILES)).json()["items"]} - {buyer}
    assert (await client.get(f"{PROFILES}/{other}/segments")).json() == {"items": [], "total": 0}
    unknown = await client.get(PROFILES, params={"segment_id": str(uuid7())})
    assert unknown.status_code == 422
    assert unknown.json()["fields"][0]["field"] == "query.segment_id"


async def test_a_segment_may_be_computed_once_a_day(lab: Lab, client: AsyncClient) -> None:
    daily = {"mode": "daily", "at": "06:00"}
    body = {"name": "For the letter", "rule": BOUGHT, "evaluation": daily}
    made = (await client.post(URL, json=body)).json()
    assert (made["evaluation"], made["state"]) == (daily, "waiting")
    assert made["next_run_at"] is not None
    await Recomputation(lab.scopes).run(made["id"])
    ready = (await client.get(f"{URL}/{made['id']}")).json()
    assert ready["state"] == "scheduled"
    assert ready["as_of"] is not None
    live = (await client.patch(f"{URL}/{made['id']}", json={"evaluation": {"mode": "live"}})).json()
    assert (live["evaluation"], live["next_run_at"]) == ({"mode": "live"}, None)
    wrong = await client.patch(f"{URL}/{made['id']}", json={"evaluation": {"mode": "daily", "at": "24:00"}})
    assert wrong.status_code == 422
    assert wrong.json()["fields"][0]["field"].startswith("body.evaluation")


async def test_a_list_has_no_time_of_day(client: AsyncClient) -> None:
    made = await client.post(f"{URL}/lists", params={"name": "Guests"}, content=b"user_id\nu-1\n")
    change = {"evaluation": {"mode": "daily", "at": "06:00"}}
    answer = await client.patch(f"{URL}/{made.json()['segment']['id']}", json=change)
    assert answer.status_code == 409
    assert answer.json()["code"] == "cdp.segments.list_not_scheduled"
