"""The native dialect, and what people read of the events."""

from datetime import UTC, datetime
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.services.cdp.arrivals.service import Arrivals
from app.services.cdp.identity.service import Resolver
from tests.factories.access import Company
from tests.factories.cdp import Source, make_source

EVENTS = "/api/v1/cdp/events"


@pytest.fixture
async def source(acme: Company) -> Source:
    return await make_source(acme)


def event(name: str = "Order Completed", **members: Any) -> dict[str, Any]:
    return {"event_name": name, "message_id": f"m-{uuid7()}", "user_id": "u-1", **members}


async def test_one_event_or_many_by_a_signed_in_person(client: AsyncClient) -> None:
    one = await client.post(EVENTS, json=event())
    assert (one.status_code, one.json()) == (200, {"accepted": 1, "duplicates": 0, "rejected": []})
    many = [event("A"), event("B"), event("")]
    answer = (await client.post(EVENTS, json={"events": [*many, many[0]]})).json()
    assert (answer["accepted"], answer["duplicates"]) == (2, 1)
    assert [(each["message_id"], each["code"]) for each in answer["rejected"]] == [
        (many[2]["message_id"], "event_missing")
    ]


async def test_a_write_key_sends_from_any_of_its_places(anonymous: AsyncClient, source: Source) -> None:
    body = await anonymous.post(EVENTS, json={**event(), "write_key": source.key})
    header = await anonymous.post(EVENTS, json=event(), headers={"X-Write-Key": source.key})
    basic = await anonymous.post(EVENTS, json=event(), auth=(source.key, ""))
    assert [answer.json().get("accepted") for answer in (body, header, basic)] == [1, 1, 1]


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.ANALYST, 200)])
async def test_sending_needs_the_permission(acme: Company, role: Role, status: int) -> None:
    assert (await acme.client(role).post(EVENTS, json=event())).status_code == status


async def test_sending_without_a_credential_is_401(anonymous: AsyncClient) -> None:
    assert (await anonymous.post(EVENTS, json=event())).status_code == 401


async def test_batches_are_told_downstream_by_one_task_each_way(client: AsyncClient, acme: Company) -> None:
    for _ in range(3):
        await client.post(EVENTS, json={"events": [event() for _ in range(50)]})
    async with acme.scopes() as scope:
        told = list(await scope.session.execute(text("select kind, name, queue, payload from outbox")))
        said = list(await scope.session.scalars(text("select said -> 0 -> 3 from cdp_event_arrivals")))
    assert sorted((row.kind, row.name, row.queue, row.payload) for row in told) == [
        ("task", "cdp.events.accepted", "cdp", {}),
        ("task", "cdp.identity.resolve", "cdp", {}),
    ]
    assert said == [50, 50, 50]


async def test_events_are_read_newest_first_page_by_page(client: AsyncClient) -> None:
    for number in range(5):
        await client.post(EVENTS, json=event(f"e{number}"))
    first = (await client.get(EVENTS, params={"limit": 3})).json()
    second = (await client.get(EVENTS, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    names = [each["event_name"] for each in first["items"] + second["items"]]
    assert names == ["e4", "e3", "e2", "e1", "e0"]
    assert second["next_cursor"] is None
    assert (await client.get(EVENTS, params={"cursor": "nonsense"})).status_code == 422


async def test_events_are_found_by_name_source_message_and_time(
    client: AsyncClient, anonymous: AsyncClient, source: Source
) -> None:
    mine = event("Found", properties={"revenue": 1.5, "currency": "usd", "email": "a@b.example"})
    await anonymous.post(EVENTS, json=mine, headers={"X-Write-Key": source.key})
    await client.post(EVENTS, json=event("Other"))

    async def found(**filters: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await client.get(EVENTS, params=filters)).json()["items"]
        return items

    for filters in ({"name": "Found"}, {"source_id": str(source.id)}, {"message_id": mine["message_id"]}):
        assert [each["event_name"] for each in await found(**filters)] == ["Found"]
    one = (await found(name="Found"))[0]
    assert (one["value_micros"], one["currency"]) == (1_500_000, "USD")
    assert one["properties"]["email"] == "[sealed]"
    assert one["match_keys"] == ["email", "external_id"]
    assert await found(since="2199-01-01T00:00:00Z") == []
    assert await found(until="2000-01-01T00:00:00Z") == []
    assert await found(message_id="never-sent") == []


async def test_figures_by_source(client: AsyncClient, anonymous: AsyncClient, source: Source) -> None:
    events = [event() for _ in range(4)]
    await anonymous.post(EVENTS, json={"events": events}, headers={"X-Write-Key": source.key})
    await anonymous.post(EVENTS, json={"events": [events[0], event("")]}, headers={"X-Write-Key": source.key})
    await client.post(EVENTS, json=event())
    stats = (await client.get(f"{EVENTS}/stats")).json()
    by_source = {
        each["source_id"]: (each["accepted"], each["duplicates"], each["rejected"])
        for each in stats["sources"]
    }
    assert by_source == {str(source.id): (4, 1, 1), None: (1, 0, 0)}
    assert (stats["accepted"], stats["duplicates"], stats["rejected"]) == (5, 1, 1)
    newest = datetime.fromisoformat(stats["newest_accepted_at"])
    assert (datetime.now(UTC) - newest).total_seconds() < 30


async def test_a_refused_event_is_read_masked_and_replayed_once_put_right(client: AsyncClient) -> None:
    odd = event("", email="jane@shop.example", properties={"note": "jane@shop.example"})
    await client.post(EVENTS, json=odd)
    verdict = (await client.get(f"{EVENTS}/verdicts")).json()["items"][0]
    assert (verdict["code"], verdict["message_id"]) == ("event_missing", odd["message_id"])
    assert verdict["payload"]["properties"] == {"note": "[sealed]"}
    assert "jane@" not in str(verdict)
    path = f"{EVENTS}/verdicts/{verdict['id']}/replay"
    assert (await client.post(path)).json()["replay_outcome"] == "rejected"
    right = {**odd, "event_name": "Now right"}
    assert (await client.post(path, json={"payload": right})).json()["replay_outcome"] == "accepted"
    assert (await client.post(path, json={"payload": right})).json()["replay_outcome"] == "duplicate"
    assert [each["event_name"] for each in (await client.get(EVENTS)).json()["items"]] == ["Now right"]


async def test_another_tenant_sees_no_event_and_replays_no_verdict(
    client: AsyncClient, globex: Company
) -> None:
    await client.post(EVENTS, json={"events": [event(), event("")]})
    verdict = (await client.get(f"{EVENTS}/verdicts")).json()["items"][0]
    foreign = globex.client()
    assert (await foreign.get(EVENTS)).json()["items"] == []
    assert (await foreign.get(f"{EVENTS}/verdicts")).json()["items"] == []
    assert (await foreign.get(f"{EVENTS}/stats")).json()["sources"] == []
    assert (await foreign.post(f"{EVENTS}/verdicts/{verdict['id']}/replay")).status_code == 404


async def test_the_live_view_is_shown_what_was_received(client: AsyncClient, acme: Company) -> None:
    await client.post(EVENTS, json={"events": [event(f"e{number}") for number in range(19)]})
    await Arrivals(acme.scopes).drain()
    async with acme.scopes() as scope:
        live = await scope.session.scalar(text("select payload from outbox where name = 'cdp_event'"))
    assert (len(live["events"]), live["of"]) == (10, 19)
    assert {"event_name", "received_at", "message_id"} <= live["events"][0].keys()


async def test_a_replay_goes_by_the_source_as_it_is_now(
    client: AsyncClient, anonymous: AsyncClient, source: Source
) -> None:
    odd = {"event_name": " ", "message_id": "m-again", "user_id": "u-1", "write_key": source.key}
    await anonymous.post(EVENTS, json=odd)
    verdict = (await client.get(f"{EVENTS}/verdicts")).json()["items"][0]
    address = f"{EVENTS}/verdicts/{verdict['id']}/replay"
    right = {"payload": {**odd, "event_name": "Order Completed"}}
    await client.patch(f"/api/v1/cdp/sources/{source.id}", json={"enabled": False})
    refused = await client.post(address, json=right)
    assert (refused.status_code, refused.json()["code"]) == (404, "cdp.sources.disabled")
    assert (await client.get(EVENTS)).json()["items"] == []
    await client.patch(f"/api/v1/cdp/sources/{source.id}", json={"enabled": True})
    assert (await client.post(address, json=right)).json()["replay_outcome"] == "accepted"
    assert (await client.post(address, json=right)).json()["replay_outcome"] == "duplicate"
    stored = (await client.get(EVENTS)).json()["items"]
    assert [(each["message_id"], each["source_id"]) for each in stored] == [("m-again", str(source.id))]


async def test_a_refused_event_is_told_to_the_live_view_in_the_commit_that_keeps_it(
    client: AsyncClient, acme: Company
) -> None:
    await client.post(EVENTS, json={"events": [event("", message_id=f"m-{n}") for n in range(12)]})
    async with acme.scopes() as scope:
        live = await scope.session.scalar(text("select payload from outbox where name = 'cdp_verdict'"))
    assert (len(live["verdicts"]), live["of"]) == (10, 12)
    told = live["verdicts"][0]
    kept = (await client.get(f"{EVENTS}/verdicts/{told['id']}")).json()
    assert told["reason"] == kept["reason"]
    assert told["message_id"] == kept["message_id"]


async def test_an_event_is_read_whole_with_its_clock_and_its_person(
    client: AsyncClient, acme: Company
) -> None:
    said = "2026-11-01T10:00:00.000Z"
    await client.post(EVENTS, json=event(event_time=said, sent_at=said, message_id="m-late"))
    [listed] = (await client.get(EVENTS, params={"message_id": "m-late"})).json()["items"]
    address = f"{EVENTS}/{listed['id']}"
    early = (await client.get(address, params={"received_at": listed["received_at"]})).json()
    assert early["profile_id"] is None, "nobody has worked out yet whose it is"
    shift = datetime.fromisoformat(listed["received_at"]) - datetime.fromisoformat(said)
    assert early["clock_shift_ms"] == pytest.approx(shift.total_seconds() * 1000, abs=1)
    assert early["event_time"] == early["received_at"]
    await Resolver(acme.scopes).drain()
    whole = (await client.get(address)).json()
    [profile] = (await client.get("/api/v1/cdp/profiles")).json()["items"]
    assert whole["profile_id"] == profile["id"]
    assert {**early, "profile_id": profile["id"]} == whole
    await client.post(EVENTS, json=event(message_id="m-timeless"))
    [timeless] = (await client.get(EVENTS, params={"message_id": "m-timeless"})).json()["items"]
    assert timeless["clock_shift_ms"] is None


async def test_events_are_found_by_whom_they_name(client: AsyncClient, acme: Company) -> None:
    events = [
        event("Ada", user_id="u-ada", anonymous_id="a-1", email="ada@shop.example"),
        event("Ada again", user_id="u-ada"),
        event("Somebody", user_id=None, anonymous_id="a-1"),
        event("Bob", user_id="u-bob", context={"device": {"id": "d-bob"}}),
    ]
    await client.post(EVENTS, json={"events": events})

    async def named(identifier: str) -> set[str]:
        found = await client.get(EVENTS, params={"identifier": identifier})
        assert found.status_code == 200, found.text
        return {each["event_name"] for each in found.json()["items"]}

    assert await named("u-bob") == {"Bob"}
    assert await named("a-1") == {"Somebody"}, "before it is known whose the visitor is"
    await Resolver(acme.scopes).drain()
    assert await named("u-ada") == {"Ada", "Ada again"}
    assert await named("ADA@shop.example") == {"Ada"}
    assert await named("a-1") == {"Ada", "Somebody"}
    assert await named("d-bob") == {"Bob"}
    assert await named("nobody") == set()


async def test_verdicts_are_found_by_name_and_message(client: AsyncClient) -> None:
    await client.post(EVENTS, json={"events": [event("", message_id="m-1"), event("", message_id="m-2")]})
    await client.post(EVENTS, json=event("Nobody's", user_id=None, message_id="m-3"))

    async def found(**query: str) -> list[str]:
        items = (await client.get(f"{EVENTS}/verdicts", params=query)).json()["items"]
        return [each["message_id"] for each in items]

    assert await found(message_id="m-2") == ["m-2"]
    assert await found(name="Nobody's") == ["m-3"]
    assert await found(name="Nobody's", message_id="m-1") == []
