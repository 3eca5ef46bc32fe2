"""The whole path at TikTok: sign in, enable, sync, raise a budget with a permit, stop, send a conversion."""

import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx2
import pytest
from httpx2 import AsyncClient
from sqlalchemy import select

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.campaigns import AdSet, Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.integrations.ad_accounts import AdAccount, PlatformEdit
from app.models.integrations.calls import PlatformCall
from app.models.integrations.connections import Connection
from app.models.integrations.conversions import ConversionDelivery
from app.services.cdp.consents.service import Consents
from app.services.integrations.ad_accounts.rules import edits_may_wait
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.conversions.service import ConversionSender, ConversionService
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import SET_DAILY_BUDGET, SET_STATUS, EditsNotReady
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.permits import Change
from app.services.trust_engine.gate.service import PermitDesk
from tests.factories.access import Company
from tests.factories.cdp import make_source
from tests.factories.permits import minted
from tests.factories.tiktok import BROAD, REACH, US_ADVERTISER, US_PIXEL, connect
from tests.sandbox_process import Sandbox
from tests.services.integrations.conversions.test_sending import order
from tests.services.integrations.tiktok.conftest import impatient

CONNECTIONS = "/api/v1/integrations/connections"
ACCOUNTS = "/api/v1/integrations/ad-accounts"


async def signed_in(client: AsyncClient) -> None:
    begun = await client.post(f"{CONNECTIONS}/tiktok/authorize", json={"read_only": False})
    assert begun.status_code == 200, begun.text
    async with httpx2.AsyncClient() as browser:
        page = await browser.post(begun.json()["authorize_url"], data={"answer": "allow"})
    back = urlsplit(page.headers["location"])
    answer = await client.get(f"{back.path}?{back.query}")
    assert parse_qs(urlsplit(answer.headers["location"]).query)["status"] == ["connected"]


async def dollars_of(client: AsyncClient) -> dict[str, Any]:
    accounts = (await client.get(ACCOUNTS)).json()["items"]
    (found,) = [one for one in accounts if one["external_id"] == US_ADVERTISER]
    account: dict[str, Any] = found
    return account


def change(operation: str, before: dict[str, Any], after: dict[str, Any]) -> Change:
    return Change(
        platform="tiktok", account=US_ADVERTISER, entity_type="campaign", entity=BROAD, operation=operation,
        before=before, after=after,
    )  # fmt: skip


async def test_from_the_sign_in_to_the_stop(
    client: AsyncClient, acme: Company, scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    await signed_in(client)
    account = await dollars_of(client)
    assert (account["currency"], account["timezone"], account["enabled"]) == (
        "USD", "America/New_York", False,
    )  # fmt: skip
    wanted = {"enabled": True, "write_lease": True, "pixel_id": US_PIXEL}
    answer = await client.patch(f"{ACCOUNTS}/{account['id']}", json=wanted)
    assert answer.status_code == 200, answer.text

    run = await AccountSyncService(scopes).sync(UUID(account["id"]))
    assert run is not None
    assert (run.error_code, run.rows_received) == (None, run.rows_expected)
    async with scopes() as scope:
        campaigns = {one.external_id: one for one in await scope.session.scalars(select(Campaign))}
        groups = list(await scope.session.scalars(select(AdSet)))
        days = list(
            await scope.session.scalars(
                select(CampaignMetricsDay).where(CampaignMetricsDay.campaign_id == campaigns[BROAD].id)
            )
        )
    assert campaigns.keys() >= {BROAD, REACH}
    assert len(groups) >= 5
    assert len(days) >= 28
    assert all(one.spend_micros > 0 for one in days if one.day < real_now().date() - timedelta(days=1))

    platform = await IntegrationsService(scopes, PermitDesk(scopes)).connector(UUID(account["id"]))
    budget = (await platform.read_entity("campaign", BROAD)).daily_budget_micros or 0
    facts = {"daily_budget_micros": budget}, {"daily_budget_micros": budget + 40_000_000}
    raised = change(SET_DAILY_BUDGET, *facts)
    await platform.set_daily_budget(raised, await minted(scopes, raised))
    assert (await platform.read_entity("campaign", BROAD)).holds(raised)
    stopped = change(SET_STATUS, {"status": "active"}, {"status": "paused"})
    await platform.set_status(stopped, await minted(scopes, stopped))
    assert (await platform.read_entity("campaign", BROAD)).effective_status == "paused"
    async with scopes() as scope:
        writes = await scope.session.scalars(select(PlatformCall).where(PlatformCall.mutating))
        assert sorted((one.operation, one.outcome) for one in writes) == [
            (SET_DAILY_BUDGET, "ok"), (SET_STATUS, "ok"),
        ]  # fmt: skip
    started = {"object_id": BROAD, "changes": {"operation_status": "ENABLE"}}
    sandbox.control("POST", "tiktok/edit", json=started)


async def test_a_change_log_that_is_late_holds_up_nothing_else_for_some_hours(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    """TikTok writes it in its own time: campaigns and figures are here meanwhile, and the edits with a later sync."""
    connected = await connect(scopes, sandbox)

    async def account() -> AdAccount:
        async with scopes() as scope:
            return await scope.session.get_one(AdAccount, (scope.tenant_id, connected.dollars))

    hasty = AccountSyncService(scopes, connect=impatient(scopes, PermitDesk(scopes)))
    run = await hasty.sync(connected.dollars)
    assert run is not None
    assert run.error_code is None
    first = await account()
    assert first.last_synced_at is not None
    assert first.edits_read_until is None
    with pytest.raises(EditsNotReady):
        await hasty.sync(connected.dollars)
    edit = {"object_id": REACH, "changes": {"campaign_name": f"Reach {connected.dollars}"}}
    sandbox.control("POST", "tiktok/edit", json=edit)
    await AccountSyncService(scopes).sync(connected.dollars)
    assert (await account()).edits_read_until
    async with scopes() as scope:
        edits = list(await scope.session.scalars(select(PlatformEdit)))
    assert "change_name" in {one.event_type for one in edits if one.by_others}


@pytest.mark.parametrize(("hours", "waits"), [(1, True), (5.9, True), (6, False), (48, False)])
def test_how_long_a_change_log_may_be_late(hours: float, waits: bool) -> None:
    now = real_now()
    assert edits_may_wait(now - timedelta(hours=hours), now, is_first=False) is waits
    assert edits_may_wait(None, now, is_first=True)
    assert not edits_may_wait(None, now, is_first=False)


async def test_a_purchase_arrives_once_in_tiktoks_form(
    acme: Company, scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    connected = await connect(scopes, sandbox)
    async with scopes() as scope:
        forints = await scope.session.get_one(AdAccount, (scope.tenant_id, connected.forints))
        forints.conversions_enabled = False
    event = order()
    event["context"] |= {"ttp": "2rPdNTgW", "page": {"url": "https://shop.example/thanks?ttclid=E.C.P.abc"}}
    source = await make_source(acme)
    began = real_now() - timedelta(seconds=1)
    answer = await acme.client().post("/v1/batch", json={"batch": [event]}, auth=(source.key, ""))
    assert answer.status_code == 200, answer.text
    async with scopes() as scope:
        await Consents(scope).take_in(began, real_now())
        await ConversionService(scope).queue_accepted(began, real_now())
    for _ in range(2):
        await ConversionSender(scopes, batch=200).send_due(connected.dollars)
    async with scopes() as scope:
        (delivery,) = await scope.session.scalars(select(ConversionDelivery))
    assert (delivery.status, delivery.platform_event) == ("acknowledged", "Purchase")
    rows = sandbox.control("GET", "tiktok/events", params={"pixel": US_PIXEL})["events"]
    (arrived,) = [row["body"] for row in rows if row["event_id"] == event["properties"]["event_id"]]
    person = arrived["user"]
    assert person["email"] == hashlib.sha256(b"john_smith@gmail.com").hexdigest()
    assert person["phone"] == hashlib.sha256(b"+16505551212").hexdigest()
    assert person["external_id"] == hashlib.sha256(b"u-7").hexdigest()
    assert (person["ttclid"], person["ttp"], person["ip"]) == ("E.C.P.abc", "2rPdNTgW", "8.8.8.8")
    assert (arrived["properties"]["value"], arrived["properties"]["currency"]) == (12.34, "USD")
    assert set(delivery.match_keys) == set(person)


async def test_a_pasted_token_tells_its_advertisers_and_a_bad_one_is_refused(
    client: AsyncClient, sandbox: Sandbox, platforms: Gateway
) -> None:
    body = {
        "platform": "tiktok", "access_token": sandbox.tiktok_facts["access_token"], "read_only": False,
    }  # fmt: skip
    refused = await client.post(CONNECTIONS, json=body | {"access_token": "no-such-token-at-all"})
    assert (refused.status_code, refused.json()["code"]) == (
        422, "integrations.connections.token_unusable",
    )  # fmt: skip
    answer = await client.post(CONNECTIONS, json=body)
    assert answer.status_code == 201, answer.text
    assert sandbox.tiktok_facts["access_token"] not in answer.text
    assert (await dollars_of(client))["name"] == "Northwind Outfitters US (TikTok)"


async def test_disconnecting_revokes_the_token_at_tiktok(
    client: AsyncClient, acme: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    await signed_in(client)
    (connection,) = (await client.get(CONNECTIONS)).json()["items"]
    async with acme.scopes() as scope:
        row = await scope.session.get_one(Connection, (scope.tenant_id, UUID(connection["id"])))
        assert row.scopes[0] == "authorized"
        assert row.expires_at is None
    answer = await client.delete(f"{CONNECTIONS}/{connection['id']}")
    assert answer.status_code == 200, answer.text
    async with acme.scopes() as scope:
        calls = await scope.session.scalars(
            select(PlatformCall).where(PlatformCall.operation == "revoke_token")
        )
        assert [call.outcome for call in calls] == ["ok"]


async def test_a_person_who_declines_is_told_so(client: AsyncClient, platforms: Gateway) -> None:
    begun = (await client.post(f"{CONNECTIONS}/tiktok/authorize", json={})).json()
    async with httpx2.AsyncClient() as browser:
        page = await browser.post(begun["authorize_url"], data={"answer": "cancel"})
    back = urlsplit(page.headers["location"])
    answer = await client.get(f"{back.path}?{back.query}")
    assert "status=cancelled" in answer.headers["location"]
