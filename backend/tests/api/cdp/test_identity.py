"""The rules of identity, by the API."""

from typing import Any

from httpx2 import AsyncClient
from sqlalchemy import select

from app.db import outbox
from app.db.outbox import OutboxMessage
from app.models.cdp.identity import CdpIdentitySettings
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import Ruling
from app.services.cdp.identity.settings import IdentitySettings
from tests.api.cdp.test_profiles import listed, send
from tests.factories.access import Company
from tests.factories.cdp import track

IDENTITY = "/api/v1/cdp/identity"


async def rule(company: Company, client: AsyncClient, **rules: Any) -> None:
    answer = await client.put(f"{IDENTITY}/settings", json=rules)
    assert answer.status_code == 200, answer.text
    async with company.scopes() as scope:
        await Ruling(scope).reapply()


async def test_what_is_not_ruled_follows_the_defaults(client: AsyncClient) -> None:
    rules = (await client.get(f"{IDENTITY}/settings")).json()
    assert (rules["max_merges"], rules["max_identifiers"], rules["churn_days"]) == (100, 1000, 90)
    assert rules["limits"]["email"] == 5
    changed = (
        await client.put(f"{IDENTITY}/settings", json={"limits": {"email": 2}, "garbage": [" 'Walk-In' "]})
    ).json()
    assert (changed["limits"]["email"], changed["limits"]["phone"], changed["garbage"]) == (2, 5, ["walk-in"])


async def test_rules_that_change_while_the_last_ones_are_applied_are_applied_after_them(
    acme: Company, client: AsyncClient
) -> None:
    """Who applies them has read the rules, and is not done yet."""
    waiting = select(OutboxMessage.id).where(OutboxMessage.name == "cdp.identity.reapply")
    await client.put(f"{IDENTITY}/settings", json={"limits": {"email": 2}})
    async with acme.scopes() as applying:
        task_id = await applying.session.scalar(waiting)
        assert task_id is not None
        await outbox.take(applying.session, task_id)
        await client.put(f"{IDENTITY}/settings", json={"limits": {"email": 3}})
    async with acme.scopes() as scope:
        [left] = await scope.session.scalars(waiting)
    assert left != task_id


async def test_a_value_of_quotes_alone_is_garbage_already_and_no_entry_of_the_list(
    acme: Company, client: AsyncClient
) -> None:
    changed = (await client.put(f"{IDENTITY}/settings", json={"garbage": ["'", "shared"]})).json()
    assert changed["garbage"] == ["shared"]
    async with acme.scopes() as scope:
        stored = await scope.session.scalar(select(CdpIdentitySettings.rules))
        assert stored is not None
        assert stored["garbage"] == ["shared"]
    async with acme.scopes() as scope:  # as it was stored once
        await IdentitySettings(scope).change({"garbage": ["", "shared"]})
    assert (await client.get(f"{IDENTITY}/settings")).json()["garbage"] == ["shared"]


async def test_a_dry_run_tells_what_would_change_and_changes_nothing(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    await send(acme, ingestion, *(track(userId="u-1", anonymousId=f"a-{n}") for n in range(4)))
    [before] = await listed(client)
    found = (await client.post(f"{IDENTITY}/dry-run", json={"limits": {"anonymous_id": 2}})).json()
    assert (found["profiles_before"], found["profiles_after"], found["refusals_after"]) == (1, 3, 2)
    assert (found["split_count"], found["split"]) == (1, [before["id"]])
    assert await listed(client) == [before]


async def test_new_rules_are_applied_to_what_was_said_before_and_can_be_taken_back(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    await send(acme, ingestion, *(track(userId="u-1", anonymousId=f"a-{n}") for n in range(4)))
    await rule(acme, client, limits={"anonymous_id": 2})
    [person] = await listed(client, identifier="u-1")
    assert person["identifier_count"] == 3
    refused = (await client.get(f"{IDENTITY}/refusals")).json()["items"]
    assert [each["reason"] for each in refused] == ["type_limit"] * 2
    await rule(acme, client)
    [person] = await listed(client, identifier="u-1")
    assert person["identifier_count"] == 5
    assert (await client.get(f"{IDENTITY}/refusals")).json()["items"] == []


async def test_a_value_that_becomes_garbage_holds_nobody_together(
    acme: Company, ingestion: Ingestion, client: AsyncClient
) -> None:
    till = {"device": {"id": "Till-1"}}
    visits = [track(userId=None, anonymousId=f"a-{n}", context=till) for n in range(3)]
    await send(acme, ingestion, *visits, track(userId="u-1", anonymousId="a-0", context=till))
    [all_in_one] = await listed(client)
    await rule(acme, client, garbage=["TILL-1"])
    [person] = await listed(client, identifier="u-1")
    assert person["identifier_count"] == 2
    await send(acme, ingestion, track(userId="u-1", anonymousId="a-9", context=till))
    assert (await listed(client, identifier="u-1"))[0]["identifier_count"] == 3
    await rule(acme, client)
    assert [each["id"] for each in await listed(client, identifier="u-1")] == [all_in_one["id"]]
