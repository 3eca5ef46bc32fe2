"""People, by the API: found, read, followed, explained, put right."""

from typing import Any

from httpx2 import AsyncClient
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import Resolver
from app.services.cdp.sources.service import Sender
from tests.factories.access import Company
from tests.factories.cdp import ingest, track

PROFILES = "/api/v1/cdp/profiles"


async def send(company: Company, ingestion: Ingestion, *events: dict[str, Any]) -> None:
    outcome = await ingest(ingestion, Sender(company.id, None), *events)
    assert not outcome.rejected
    await Resolver(company.scopes).drain()


async def listed(client: AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get(PROFILES, params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def identify(user: str, **traits: Any) -> dict[str, Any]:
    return {"type": "identify", "userId": user, "messageId": f"m-{uuid7()}", "traits": traits}


async def test_a_person_is_found_by_any_identifier_by_trait_and_by_lifecycle(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    jo = identify(
        "u-jo", email="Jo@Shop.example", phone="+49 171 1234567", plan="pro", seats=3, firstName="Jo"
    )
    await send(acme, ingestion, jo, track(userId="u-jo", anonymousId="a-jo"), identify("u-mo", plan="free"))
    [expected] = await listed(client, identifier="u-jo")
    for identifier in ("jo@shop.EXAMPLE", "+491711234567", "0049 171 1234567", "a-jo"):
        assert [each["id"] for each in await listed(client, identifier=identifier)] == [expected["id"]]
    by_trait: list[dict[str, Any]] = [
        {"trait": "plan", "value": "pro"},
        {"trait": "seats", "value": "3"},
        {"trait": "firstName", "value": "jo"},
        {"trait": "email", "value": "jo@shop.example"},
        {"lifecycle": "known"},
    ]
    for query in by_trait:
        assert [each["id"] for each in await listed(client, **query)] == [expected["id"]], query
    assert len(await listed(client)) == 2
    assert await listed(client, identifier="nobody") == []


async def test_a_cursor_goes_through_all_profiles_once(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    await send(acme, ingestion, *(track(userId=f"u-{number}") for number in range(7)))
    seen, cursor = [], None
    while True:
        page = (
            await client.get(PROFILES, params={"limit": 3, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 7


async def test_what_names_a_person_is_shown_to_those_who_may_and_it_is_written_down(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    await send(acme, ingestion, identify("u-1", email="jo@shop.example", plan="pro"))
    [profile] = await listed(client)
    detail = (await client.get(f"{PROFILES}/{profile['id']}")).json()
    assert detail["personal_traits"] == ["email"]
    assert {each["value"] for each in detail["identifiers"]} == {"u-1", "j\u2026@shop.example"}
    personal = f"{PROFILES}/{profile['id']}/personal"
    assert (await acme.client(Role.VIEWER).get(personal)).status_code == 403
    shown = (await client.get(personal)).json()
    assert shown["traits"] == {"email": "jo@shop.example"}
    assert {"type": "email", "value": "jo@shop.example"} in shown["identifiers"]
    async with acme.scopes() as scope:
        audited = await scope.session.scalar(
            text("select count(*) from audit_logs where action = 'cdp.profiles.revealed'")
        )
    assert audited == 1


async def test_the_timeline_holds_the_events_of_all_identifiers_the_last_first(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    times = [f"2026-11-01T10:{minute:02}:00.000Z" for minute in range(10)]
    events = [
        track(f"e{number}", userId=None if number % 2 else "u-1", anonymousId="a-1", timestamp=at)
        for number, at in enumerate(times)
    ]
    await send(acme, ingestion, *events, track("other", userId="u-2"))
    [profile] = await listed(client, identifier="u-1")
    names, cursor = [], None
    for _ in range(4):
        query = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        page = (await client.get(f"{PROFILES}/{profile['id']}/timeline", params=query)).json()
        names += [each["event_name"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert names == [f"e{number}" for number in reversed(range(10))]
    assert cursor is None


async def test_the_graph_says_why(acme: Company, ingestion: Ingestion, client: AsyncClient) -> None:
    first = track(userId="u-1", anonymousId="a-1")
    await send(acme, ingestion, first, track(userId="u-2", anonymousId="a-1"))
    [profile] = await listed(client, identifier="u-1")
    graph = (await client.get(f"{PROFILES}/{profile['id']}/identity-graph")).json()
    joined = [link for link in graph["links"] if link["joined"]]
    refused = [link for link in graph["links"] if not link["joined"]]
    assert [link["message_id"] for link in joined] == [first["messageId"]]
    assert joined[0]["event_id"]
    assert [link["reason"] for link in refused] == ["different_users"]
    assert len(set(graph["owners"].values())) == 2


async def test_a_merge_joins_and_its_undo_restores_counts_and_ids(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    order = {"order_id": "o-1", "revenue": 5, "currency": "EUR"}
    await send(acme, ingestion, track(userId="u-1"), track("Order Completed", userId="u-2", properties=order))
    before = {
        each["id"]: (each["event_count"], each["lifecycle"], each["revenue"]) for each in await listed(client)
    }
    [one, other] = [(await listed(client, identifier=each))[0]["id"] for each in ("u-1", "u-2")]
    asked = {"profile_id": one, "other_profile_id": other, "reason": "They called us."}
    answer = await client.post(f"{PROFILES}/merges", json=asked)
    assert answer.status_code == 200, answer.text
    [merged] = await listed(client)
    assert (merged["event_count"], merged["order_count"], merged["lifecycle"]) == (2, 1, "customer")
    for each in before:
        assert (await client.get(f"{PROFILES}/{each}")).json()["id"] == merged["id"]
    assert (await client.post(f"{PROFILES}/merges", json=asked)).status_code == 409
    await send(acme, ingestion, track(userId="u-2"))
    assert len(await listed(client)) == 1
    [link] = (await client.get(f"{PROFILES}/{one}/identity-graph")).json()["links"]
    assert (link["kind"], link["asserted_by"] is not None) == ("merge", True)
    undone = await client.post(f"/api/v1/cdp/identity/links/{link['assertion']}/undo", json={"reason": "No."})
    assert sorted(undone.json()["profile_ids"]) == sorted(before)
    after = {
        each["id"]: (each["event_count"], each["lifecycle"], each["revenue"]) for each in await listed(client)
    }
    assert after == before | {other: (2, *before[other][1:])}


async def test_a_split_holds_against_the_events_that_say_otherwise(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    await send(
        acme,
        ingestion,
        track(userId="u-1", anonymousId="a-1"),
        track(userId="u-1", anonymousId="a-2"),
        track(userId=None, anonymousId="a-2"),
        track(userId=None, anonymousId="a-1"),
    )
    [profile] = await listed(client)
    detail = (await client.get(f"{PROFILES}/{profile['id']}")).json()
    away = [each["key"] for each in detail["identifiers"] if each["value"] == "a-2"]
    split = await client.post(f"{PROFILES}/{profile['id']}/split", json={"keys": away, "reason": "A sister."})
    assert split.status_code == 200, split.text
    assert len(split.json()["profile_ids"]) == 2
    context = {"device": {"id": "d-1"}}
    await send(acme, ingestion, track(userId="u-1", anonymousId="a-2", context=context))
    [sister] = await listed(client, identifier="a-2")
    [one] = await listed(client, identifier="u-1")
    assert (sister["event_count"], one["event_count"]) == (1, 4)
    everything = await client.post(
        f"{PROFILES}/{one['id']}/split", json={"keys": [str(uuid7())], "reason": "Not its own."}
    )
    assert everything.status_code == 409


async def test_a_split_is_one_act_and_one_undo_gives_the_old_profile_back(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    order = {"order_id": "o-1", "revenue": 5, "currency": "EUR"}
    await send(
        acme,
        ingestion,
        track("Order Completed", userId="u-1", anonymousId="a-1", properties=order),
        *(track(userId="u-1", anonymousId=f"a-{number}") for number in (2, 3)),
        *(track(userId=None, anonymousId=f"a-{number}") for number in (1, 2, 3)),
    )
    [before] = await listed(client)
    identifiers = (await client.get(f"{PROFILES}/{before['id']}")).json()["identifiers"]
    away = [each["key"] for each in identifiers if each["value"] in {"a-2", "a-3"}]
    body = {"keys": away, "reason": "A sister."}
    assert (await client.post(f"{PROFILES}/{before['id']}/split", json=body)).status_code == 200
    assert len(await listed(client)) == 2
    links = (await client.get(f"{PROFILES}/{before['id']}/identity-graph")).json()["links"]
    by_hand = [each for each in links if each["kind"] != "observed"]
    assert len({each["act"] for each in by_hand}) == 1
    assert {each["kind"] for each in by_hand} == {"apart", "merge"}
    assert all(each["act"] is None for each in links if each["kind"] == "observed")
    undo = f"/api/v1/cdp/identity/links/{by_hand[-1]['assertion']}/undo"
    undone = await client.post(undo, json={"reason": "The same after all."})
    assert undone.json()["profile_ids"] == [before["id"]]
    assert _of_old(await listed(client)) == _of_old([before])
    links = (await client.get(f"{PROFILES}/{before['id']}/identity-graph")).json()["links"]
    assert all(each["removed_at"] for each in links if each["act"])
    for each in by_hand:
        again = await client.post(
            f"/api/v1/cdp/identity/links/{each['assertion']}/undo", json={"reason": "Again."}
        )
        assert again.status_code == 409


async def test_an_undone_merge_puts_the_split_back_that_it_had_lifted(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    await send(
        acme,
        ingestion,
        track(userId="u-1", anonymousId="a-1"),
        track(userId=None, anonymousId="a-1"),
    )
    [whole] = await listed(client)
    identifiers = (await client.get(f"{PROFILES}/{whole['id']}")).json()["identifiers"]
    away = [each["key"] for each in identifiers if each["value"] == "a-1"]
    await client.post(f"{PROFILES}/{whole['id']}/split", json={"keys": away, "reason": "Two."})
    two = await listed(client)
    merge = {"profile_id": two[0]["id"], "other_profile_id": two[1]["id"], "reason": "One."}
    assert (await client.post(f"{PROFILES}/merges", json=merge)).status_code == 200
    [merged] = await listed(client)
    links = (await client.get(f"{PROFILES}/{merged['id']}/identity-graph")).json()["links"]
    [by_hand] = [each for each in links if each["kind"] == "merge" and not each["removed_at"]]
    undo = f"/api/v1/cdp/identity/links/{by_hand['assertion']}/undo"
    assert (await client.post(undo, json={"reason": "Two."})).status_code == 200
    assert _of_old(await listed(client)) == _of_old(two)


def _of_old(profiles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is told of these profiles, but for when it was last folded and when the row was made."""
    own = {"version", "updated_at", "created_at"}
    told = [{name: value for name, value in each.items() if name not in own} for each in profiles]
    return sorted(told, key=lambda each: str(each["id"]))


async def test_an_undone_link_stays_undone_when_the_same_is_said_again(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    await send(acme, ingestion, track(userId="u-1", anonymousId="a-1"), track(userId=None, anonymousId="a-1"))
    [profile] = await listed(client)
    [link] = (await client.get(f"{PROFILES}/{profile['id']}/identity-graph")).json()["links"]
    undo = f"/api/v1/cdp/identity/links/{link['assertion']}/undo"
    assert (await client.post(undo, json={"reason": "A library."})).status_code == 200
    await send(acme, ingestion, track(userId="u-1", anonymousId="a-1"))
    assert len(await listed(client)) == 2
    assert (await client.post(undo, json={"reason": "Again."})).status_code == 409


async def test_changes_of_the_graph_are_audited(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    await send(acme, ingestion, track(userId="u-1"), track(userId="u-2"))
    one, other = (each["id"] for each in await listed(client))
    asked = {"profile_id": one, "other_profile_id": other, "reason": "They called us."}
    await client.post(f"{PROFILES}/merges", json=asked)
    async with acme.scopes() as scope:
        after = await scope.session.scalar(
            text("select after from audit_logs where action = 'cdp.identity.merged'")
        )
    assert after["reason"] == "They called us."


async def test_a_neighbours_identifier_splits_nothing(
    acme: Company, globex: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    pair = track(userId="u-1", anonymousId="a-1")
    await send(acme, ingestion, pair)
    await send(globex, ingestion, pair)
    [mine] = await listed(client)
    [theirs] = await listed(globex.client())
    keys = [
        each["key"]
        for each in (await globex.client().get(f"{PROFILES}/{theirs['id']}")).json()["identifiers"]
    ]
    split = await client.post(f"{PROFILES}/{mine['id']}/split", json={"keys": keys[:1], "reason": "Theirs."})
    assert split.status_code == 409
    assert await listed(globex.client()) == [theirs]
