"""Consents: read out of events and recorded by hand, folded through merges and splits, explained."""

from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.auth.permissions import Role
from app.core.clock import real_now
from app.core.ids import uuid7
from app.services.cdp.consents.service import Consents, ConsentSummaries
from app.services.cdp.identity.service import Resolver
from tests.factories.access import Company
from tests.factories.cdp import make_source

CONSENTS = "/api/v1/cdp/consents"


def event(user: str, **members: Any) -> dict[str, Any]:
    traits = {"country": "US"}
    return {
        "type": "identify",
        "userId": user,
        "messageId": f"m-{uuid7()}",
        "timestamp": real_now().isoformat(),
        "traits": traits,
        **members,
    }


def says(**categories: bool) -> dict[str, Any]:
    return {"consent": {"categoryPreferences": categories}}


async def sent(company: Company, *events: dict[str, Any], gpc: bool = False) -> None:
    """Through the tracking API, and all that follows the commit."""
    source = await make_source(company)
    began = real_now() - timedelta(seconds=1)
    answer = await company.client().post(
        "/v1/batch",
        json={"batch": list(events)},
        auth=(source.key, ""),
        headers={"Sec-GPC": "1"} if gpc else {},
    )
    assert answer.status_code == 200, answer.text
    await Resolver(company.scopes).drain()
    async with company.scopes() as scope:
        await Consents(scope).take_in(began, real_now())


async def profile_of(client: AsyncClient, identifier: str) -> str:
    answer = await client.get("/api/v1/cdp/profiles", params={"identifier": identifier})
    [found] = answer.json()["items"]
    return str(found["id"])


async def standing(client: AsyncClient, profile_id: str) -> dict[str, tuple[str, str]]:
    answer = await client.get(f"{CONSENTS}/{profile_id}")
    assert answer.status_code == 200, answer.text
    return {name: (each["decision"], each["because"]) for name, each in answer.json()["purposes"].items()}


async def test_what_an_sdk_says_stands_with_its_proof(acme: Company, client: AsyncClient) -> None:
    context = {**says(Advertising=False, Analytics=True), "gpp": "DBABMA~1YNN"}
    context["consent"]["tcString"] = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"
    await sent(acme, event("u-1", context=context))
    profile = await profile_of(client, "u-1")
    stands = await standing(client, profile)
    assert stands["ads"] == ("refused", "they_refused")
    assert stands["analytics"] == ("granted", "they_granted")
    assert stands["email"] == ("granted", "silence_by_the_tenants_policy")
    strings = (await client.get(f"{CONSENTS}/{profile}")).json()["strings"]
    assert {each["kind"]: each["value"] for each in strings} == {
        "gpp": "DBABMA~1YNN",
        "tcf": "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA",
    }
    receipts = (await client.get(f"{CONSENTS}/{profile}/receipts")).json()["items"]
    assert {each["purpose"]: each["source"] for each in receipts} == {"ads": "sdk", "analytics": "sdk"}
    assert receipts[0]["proof"]["consent"]["categoryPreferences"] == {"Advertising": False, "Analytics": True}
    assert all(each["message_id"] and each["event_id"] for each in receipts)


async def test_the_same_events_taken_in_again_leave_the_same_receipts(
    acme: Company, client: AsyncClient
) -> None:
    await sent(acme, event("u-1", context=says(ads=True)))
    async with acme.scopes() as scope:
        await Consents(scope).take_in(real_now() - timedelta(minutes=1), real_now())
    profile = await profile_of(client, "u-1")
    assert len((await client.get(f"{CONSENTS}/{profile}/receipts")).json()["items"]) == 1


async def test_the_signal_of_a_browser_opts_out_of_ads(acme: Company, client: AsyncClient) -> None:
    await sent(acme, event("u-1"), event("u-2", context={"gpc": False, "page": {}}), gpc=True)
    for user in ("u-1", "u-2"):
        stands = await standing(client, await profile_of(client, user))
        assert stands["ads"] == ("refused", "global_privacy_control")
        assert stands["analytics"][0] == "granted"


async def test_events_that_come_late_do_not_undo_a_later_word(acme: Company, client: AsyncClient) -> None:
    earlier = (real_now() - timedelta(hours=2)).isoformat()
    await sent(acme, event("u-1", context=says(ads=False)))
    await sent(acme, event("u-1", context=says(ads=True), timestamp=earlier))
    assert (await standing(client, await profile_of(client, "u-1")))["ads"] == ("refused", "they_refused")


async def test_an_event_from_the_future_cannot_outlive_a_withdrawal(
    acme: Company, client: AsyncClient
) -> None:
    ahead = (real_now() + timedelta(hours=5)).isoformat()
    await sent(acme, event("u-1", context=says(ads=True), timestamp=ahead))
    profile = await profile_of(client, "u-1")
    body = {"purposes": ["ads"], "proof": "By telephone."}
    assert (await client.post(f"{CONSENTS}/{profile}/withdraw", json=body)).status_code == 200
    assert (await standing(client, profile))["ads"] == ("refused", "they_refused")


async def test_a_merge_brings_refusals_along_and_a_split_forgets_none(
    acme: Company, client: AsyncClient
) -> None:
    await sent(
        acme,
        event("u-1", anonymousId="a-1", context=says(ads=True)),
        event("", userId=None, anonymousId="a-2", context=says(ads=False)),
    )
    one, other = await profile_of(client, "u-1"), await profile_of(client, "a-2")
    merge = {"profile_id": one, "other_profile_id": other, "reason": "They are one."}
    assert (await client.post("/api/v1/cdp/profiles/merges", json=merge)).status_code == 200
    merged = await profile_of(client, "u-1")
    assert (await standing(client, merged))["ads"] == ("refused", "they_refused")
    body = {"purposes": ["email"], "proof": "By telephone."}
    assert (await client.post(f"{CONSENTS}/{merged}/withdraw", json=body)).status_code == 200
    found = (await client.get(f"/api/v1/cdp/profiles/{merged}")).json()["identifiers"]
    [away] = [each["key"] for each in found if each["value"] == "a-2"]
    split = {"keys": [away], "reason": "They are two."}
    assert (await client.post(f"/api/v1/cdp/profiles/{merged}/split", json=split)).status_code == 200
    apart = await standing(client, await profile_of(client, "u-1"))
    assert apart["ads"] == ("granted", "they_granted")
    assert apart["email"] == ("refused", "they_refused")
    assert (await standing(client, await profile_of(client, "a-2")))["email"] == ("refused", "they_refused")


async def test_what_was_said_elsewhere_is_recorded_with_its_proof_and_audited(
    acme: Company, client: AsyncClient
) -> None:
    await sent(acme, event("u-1", traits={"country": "DE"}))
    profile = await profile_of(client, "u-1")
    assert (await standing(client, profile))["ads"] == ("refused", "silence_where_it_is_a_refusal")
    body = {
        "purposes": ["ads", "email"],
        "decision": "granted",
        "proof": "Signed form 17.",
        "wording_version": "2026-05",
    }
    answer = await client.post(f"{CONSENTS}/{profile}", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["purposes"]["ads"]["because"] == "they_granted"
    receipts = (await client.get(f"{CONSENTS}/{profile}/receipts")).json()["items"]
    assert {each["wording_version"] for each in receipts} == {"2026-05"}
    assert {each["asserted_by"] for each in receipts} == {acme.person(Role.ADMIN).email}
    actions = [each["action"] for each in (await client.get("/api/v1/audit-logs")).json()["items"]]
    assert "cdp.consents.granted" in actions
    tomorrow = (real_now() + timedelta(days=1)).isoformat()
    refused = await client.post(f"{CONSENTS}/{profile}", json={**body, "at": tomorrow})
    assert (refused.status_code, refused.json()["code"]) == (422, "cdp.consents.future_receipt")


async def test_the_policy_of_silence_and_the_categories_are_the_tenants(
    acme: Company, client: AsyncClient
) -> None:
    policy = {"elsewhere": "refused", "countries": {"US": "granted", "DE": "granted"}}
    answer = await client.put(f"{CONSENTS}/policy", json=policy)
    assert answer.status_code == 200, answer.text
    assert "DE" in answer.json()["always_refused"]
    body = {"categories": {"Kind words": ["email", "sms"]}}
    assert (await client.put(f"{CONSENTS}/categories", json=body)).status_code == 200
    assert (await client.get(f"{CONSENTS}/categories")).json()["categories"] == body["categories"]
    await sent(
        acme,
        event("u-us", context=says(**{"kind-words": False})),
        event("u-br", traits={"country": "BR"}),
        event("u-de", traits={"address": {"country": "Germany"}}),
        event("u-x", traits={}),
    )
    reasons = {
        user: await standing(client, await profile_of(client, user))
        for user in ("u-us", "u-br", "u-de", "u-x")
    }
    assert reasons["u-us"]["email"] == ("refused", "they_refused")
    assert reasons["u-us"]["ads"] == ("granted", "silence_by_the_tenants_policy")
    assert reasons["u-br"]["ads"] == ("refused", "silence_by_the_tenants_policy")
    assert reasons["u-de"]["ads"] == ("refused", "silence_where_it_is_a_refusal")
    assert reasons["u-x"]["ads"] == ("refused", "silence_in_an_unknown_country")


async def test_receipts_can_only_grow(acme: Company) -> None:
    for statement in (
        "update cdp_consent_receipts set decision = 'granted'",
        "delete from cdp_consent_receipts",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with acme.scopes() as scope:
                await scope.session.execute(text(statement))


async def test_who_may_only_read_changes_no_policy(acme: Company) -> None:
    answer = await acme.client(Role.ANALYST).put(f"{CONSENTS}/policy", json={"elsewhere": "granted"})
    assert answer.status_code == 403


async def test_people_are_counted_by_their_last_word_and_as_of_a_time(
    acme: Company, client: AsyncClient
) -> None:
    summary = f"{CONSENTS}/summary"
    unknown = (await client.get(summary)).json()
    assert unknown == {"computed_at": None, "people": None, "purposes": None}
    said = {"purposes": ["sms"], "decision": "granted", "proof": "By telephone."}
    await sent(
        acme,
        event("u-1", context=says(Advertising=True)),
        event("u-2", context=says(Advertising=False)),
    )
    for user in ("u-1", "u-2"):
        await client.post(f"{CONSENTS}/{await profile_of(client, user)}", json=said)
    withdrawn = {"purposes": ["sms"], "proof": "In the shop."}
    await client.post(f"{CONSENTS}/{await profile_of(client, 'u-2')}/withdraw", json=withdrawn)
    async with acme.scopes() as scope:
        await ConsentSummaries(scope).count()
    counted = (await client.get(summary)).json()
    assert counted["people"] == 2
    assert counted["purposes"]["ads"] == {"granted": 1, "refused": 1, "silent": 0}
    assert counted["purposes"]["sms"] == {"granted": 1, "refused": 1, "silent": 0}
    assert counted["purposes"]["email"] == {"granted": 0, "refused": 0, "silent": 2}
