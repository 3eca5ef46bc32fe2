"""From the Allow button at Snapchat to a budget raised, a campaign stopped and a conversion counted there."""

from datetime import timedelta
from urllib.parse import urlsplit

import httpx2
from httpx2 import AsyncClient
from sqlalchemy import select

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.campaigns import Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.connections import Connection
from app.models.integrations.conversions import ConversionDelivery
from app.services.cdp.consents.service import Consents
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.conversions.service import ConversionSender, ConversionService
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import SET_DAILY_BUDGET, SET_STATUS
from app.services.integrations.service import IntegrationsService
from tests.factories.access import Company
from tests.factories.cdp import make_source
from tests.factories.permits import minted
from tests.factories.snapchat import PROSPECTING, US_ACCOUNT, US_PIXEL, VISITORS
from tests.sandbox_process import Sandbox
from tests.services.integrations.snapchat.conftest import change_of
from tests.services.integrations.snapchat.test_client import raw

API = "/api/v1/integrations"


async def signed_in(client: AsyncClient) -> None:
    begun = await client.post(f"{API}/connections/snapchat/authorize", json={"read_only": False})
    assert begun.status_code == 200, begun.text
    async with httpx2.AsyncClient() as browser:
        page = await browser.post(begun.json()["authorize_url"], data={"answer": "allow"})
    parts = urlsplit(page.headers["location"])
    answer = await client.get(f"{parts.path}?{parts.query}")
    assert "status=connected" in answer.headers["location"]


async def test_from_the_sign_in_to_a_counted_conversion(
    client: AsyncClient, acme: Company, scopes: Scopes, platforms: Gateway, sandbox: Sandbox
) -> None:
    await signed_in(client)
    (connection,) = (await client.get(f"{API}/connections")).json()["items"]
    assert (connection["platform"], connection["status"], connection["name"]) == (
        "snapchat",
        "active",
        "Robin Vance",
    )
    async with scopes() as scope:
        kept = await scope.session.get_one(Connection, (scope.tenant_id, connection["id"]))
    assert kept.refresh_token_sealed is not None
    assert kept.expires_at is not None
    assert kept.expires_at - real_now() > timedelta(minutes=50)
    accounts = {one["external_id"]: one for one in (await client.get(f"{API}/ad-accounts")).json()["items"]}
    assert {(one["currency"], one["timezone"]) for one in accounts.values()} == {
        ("USD", "America/New_York"),
        ("KWD", "Asia/Kuwait"),
    }
    enabled = await client.patch(
        f"{API}/ad-accounts/{accounts[US_ACCOUNT]['id']}",
        json={"enabled": True, "write_lease": True, "pixel_id": US_PIXEL, "conversions_enabled": True},
    )
    assert enabled.status_code == 200, enabled.text
    async with scopes() as scope:
        account = (
            await scope.session.scalars(select(AdAccount).where(AdAccount.external_id == US_ACCOUNT))
        ).one()
    run = await AccountSyncService(scopes).sync(account.id)
    assert run is not None
    assert (run.error_code, run.rows_received) == (None, run.rows_expected)
    await _is_here(scopes)
    await _is_changed(scopes, account, sandbox)
    await _is_counted(acme, account, sandbox)


async def _is_here(scopes: Scopes) -> None:
    async with scopes() as scope:
        rows = {one.external_id: one for one in await scope.session.scalars(select(Campaign))}
        days = (
            await scope.session.scalars(
                select(CampaignMetricsDay).where(CampaignMetricsDay.campaign_id == rows[PROSPECTING].id)
            )
        ).all()
    assert (rows[PROSPECTING].budget_level, rows[VISITORS].budget_level) == ("campaign", "ad_set")
    assert len(days) >= 60
    assert sum(day.spend_micros for day in days) > 0


async def _is_changed(scopes: Scopes, account: AdAccount, sandbox: Sandbox) -> None:
    platform = await IntegrationsService(scopes).connector(account.id)
    before = await platform.read_entity("campaign", PROSPECTING)
    raised = change_of(
        SET_DAILY_BUDGET,
        {"daily_budget_micros": (before.daily_budget_micros or 0) + 11_000_001},
        before=before.facts(SET_DAILY_BUDGET),
    )
    await platform.set_daily_budget(raised, await minted(scopes, raised))
    assert (await platform.read_entity("campaign", PROSPECTING)).holds(raised)
    stop = change_of(SET_STATUS, {"status": "paused"}, before={"status": "active"})
    await platform.set_status(stop, await minted(scopes, stop))
    assert raw(sandbox, "campaign", PROSPECTING)["status"] == "PAUSED"
    sandbox.control("POST", "snapchat/edit", json={"object_id": PROSPECTING, "changes": {"status": "ACTIVE"}})


async def _is_counted(acme: Company, account: AdAccount, sandbox: Sandbox) -> None:
    source, began = await make_source(acme), real_now() - timedelta(seconds=1)
    key = f"snap-{began.timestamp()}"
    event = {
        "type": "track",
        "event": "Order Completed",
        "messageId": key,
        "anonymousId": "a-1",
        "timestamp": real_now().isoformat(),
        "properties": {
            "order_id": key,
            "total": 12.34,
            "currency": "USD",
            "event_id": key,
            "email": "a@example.com",
        },
        "context": {
            "ip": "8.8.8.8",
            "userAgent": "Mozilla/5.0",
            "page": {"url": "https://shop.example/thanks?ScCid=Click-9"},
            "consent": {"categoryPreferences": {"Advertising": True}},
        },
    }
    answer = await acme.client().post("/v1/batch", json={"batch": [event]}, auth=(source.key, ""))
    assert answer.status_code == 200, answer.text
    async with acme.scopes() as scope:
        await Consents(scope).take_in(began, real_now())
        await ConversionService(scope).queue_accepted(began, real_now())
    await ConversionSender(acme.scopes).send_due(account.id)
    async with acme.scopes() as scope:
        (delivery,) = await scope.session.scalars(select(ConversionDelivery))
    assert (delivery.platform, delivery.platform_event, delivery.status) == (
        "snapchat",
        "PURCHASE",
        "acknowledged",
    )
    events = sandbox.control("GET", "snapchat/events", params={"pixel": US_PIXEL})["events"]
    (mine,) = [one["event"] for one in events if one["event_id"] == key]
    assert mine["custom_data"]["value"] == 12.34
    assert mine["user_data"]["sc_click_id"] == "Click-9"
    assert mine["user_data"].keys() >= {"em", "client_ip_address", "client_user_agent"}


async def test_ending_a_connection_forgets_the_token_here(
    client: AsyncClient, scopes: Scopes, platforms: Gateway
) -> None:
    """Snapchat has no call that takes a token back; what is here is gone all the same."""
    await signed_in(client)
    (connection,) = (await client.get(f"{API}/connections")).json()["items"]
    assert (await client.delete(f"{API}/connections/{connection['id']}")).status_code < 300
    async with scopes() as scope:
        kept = await scope.session.get_one(Connection, (scope.tenant_id, connection["id"]))
    assert (kept.status, kept.token_sealed, kept.refresh_token_sealed) == ("disconnected", None, None)


async def test_a_pasted_token_connects_until_it_ends(
    client: AsyncClient, platforms: Gateway, sandbox: Sandbox
) -> None:
    body = {
        "platform": "snapchat",
        "access_token": sandbox.snapchat_facts["access_token"],
        "read_only": False,
    }
    answer = await client.post(f"{API}/connections", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["expires_at"] is None
    refused = await client.post(f"{API}/connections", json=body | {"access_token": "no-such-token"})
    assert (refused.status_code, refused.json()["code"]) == (422, "integrations.connections.token_unusable")
