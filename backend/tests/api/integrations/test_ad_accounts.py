"""An account is used when a person says so, and written to by one workspace alone."""

import pytest
from httpx2 import AsyncClient
from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.ids import uuid7
from app.db.session import open_global
from app.models.integrations.ad_accounts import WriteLease
from app.services.integrations.gateway import Gateway
from tests.factories.access import Company
from tests.sandbox_process import Sandbox

CONNECTIONS = "/api/v1/integrations/connections"
ACCOUNTS = "/api/v1/integrations/ad-accounts"


@pytest.fixture(autouse=True)
async def leases_end(engine: AsyncEngine) -> None:
    """The accounts are the same for every test: what one leased, the next must find free."""
    async with open_global(engine) as session:
        await session.execute(delete(WriteLease))


async def dollars(client: AsyncClient, sandbox: Sandbox, *, read_only: bool = False) -> str:
    body = {"platform": "meta", "access_token": sandbox.meta_token, "read_only": read_only}
    assert (await client.post(CONNECTIONS, json=body)).status_code == 201
    accounts = (await client.get(ACCOUNTS)).json()["items"]
    found: str = next(one["id"] for one in accounts if one["currency"] == "USD")
    return found


async def test_enabling_takes_the_lease_and_asks_for_a_sync(
    client: AsyncClient, acme: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    account = await dollars(client, sandbox)
    answer = await client.patch(f"{ACCOUNTS}/{account}", json={"enabled": True})
    assert (answer.json()["enabled"], answer.json()["write_lease"]) == (True, True)
    async with acme.scopes() as scope:
        rows = (
            await scope.session.execute(text("select name, payload from outbox where kind = 'task'"))
        ).all()
    assert ("integrations.sync_account", {"ad_account_id": account}) in [tuple(row) for row in rows]


async def test_two_workspaces_never_write_to_one_account(
    client: AsyncClient, globex: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    ours = await dollars(client, sandbox)
    theirs = await dollars(globex.client(), sandbox)
    await client.patch(f"{ACCOUNTS}/{ours}", json={"enabled": True})
    second = await globex.client().patch(f"{ACCOUNTS}/{theirs}", json={"enabled": True})
    assert (second.json()["enabled"], second.json()["write_lease"]) == (True, False)
    asked = await globex.client().patch(f"{ACCOUNTS}/{theirs}", json={"write_lease": True})
    assert asked.json()["code"] == "integrations.ad_accounts.lease_held_elsewhere"
    await client.patch(f"{ACCOUNTS}/{ours}", json={"enabled": False})
    again = await globex.client().patch(f"{ACCOUNTS}/{theirs}", json={"write_lease": True})
    assert again.json()["write_lease"] is True


async def test_a_read_only_connection_takes_no_lease(
    client: AsyncClient, sandbox: Sandbox, platforms: Gateway
) -> None:
    account = await dollars(client, sandbox, read_only=True)
    answer = await client.patch(f"{ACCOUNTS}/{account}", json={"enabled": True})
    assert answer.json()["write_lease"] is False
    asked = await client.patch(f"{ACCOUNTS}/{account}", json={"write_lease": True})
    assert asked.json()["code"] == "integrations.ad_accounts.read_only_connection"


async def test_a_window_that_the_platform_does_not_have_is_refused(
    client: AsyncClient, sandbox: Sandbox, platforms: Gateway
) -> None:
    account = await dollars(client, sandbox)
    answer = await client.patch(f"{ACCOUNTS}/{account}", json={"attribution_click_days": 5})
    assert answer.status_code == 422
    assert answer.json()["code"] == "integrations.ad_accounts.no_such_window"


async def test_conversions_need_a_pixel(
    client: AsyncClient, acme: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    account = await dollars(client, sandbox)
    async with acme.scopes() as scope:
        await scope.session.execute(text("update ad_accounts set pixel_id = null"))
    answer = await client.patch(f"{ACCOUNTS}/{account}", json={"conversions_enabled": True})
    assert answer.json()["code"] == "integrations.ad_accounts.pixel_missing"


async def test_only_an_account_at_snapchat_chooses_what_a_lead_is_told_as(
    client: AsyncClient, acme: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    account = await dollars(client, sandbox)
    answer = await client.patch(f"{ACCOUNTS}/{account}", json={"lead_event": "CUSTOM_EVENT_1"})
    assert answer.json()["code"] == "integrations.ad_accounts.lead_event_not_used"
    answer = await client.patch(f"{ACCOUNTS}/{account}", json={"lead_event": "LEAD"})
    assert answer.json()["fields"][0]["field"] == "body.lead_event"


async def test_a_sync_is_asked_for_and_not_claimed(
    client: AsyncClient, acme: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    account = await dollars(client, sandbox)
    assert (await client.post(f"{ACCOUNTS}/{account}/sync")).status_code == 409
    await client.patch(f"{ACCOUNTS}/{account}", json={"enabled": True})
    async with acme.scopes() as scope:  # what enabling asked for is done
        await scope.session.execute(text("delete from outbox where name = 'integrations.sync_account'"))
    for _ in range(2):
        answer = await client.post(f"{ACCOUNTS}/{account}/sync")
        assert answer.status_code == 202
        assert answer.json() == {"task": "integrations.sync_account"}
    async with acme.scopes() as scope:
        asked = await scope.session.scalars(
            text("select payload->>'ad_account_id' from outbox where name = 'integrations.sync_account'")
        )
        assert list(asked) == [account]


async def test_anothers_account_does_not_exist(
    client: AsyncClient, globex: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    account = await dollars(client, sandbox)
    assert (await globex.client().post(f"{ACCOUNTS}/{account}/sync")).status_code == 404
    assert (await globex.client().patch(f"{ACCOUNTS}/{account}", json={"enabled": True})).status_code == 404
    assert (await client.post(f"{ACCOUNTS}/{uuid7()}/sync")).status_code == 404
