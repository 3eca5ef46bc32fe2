"""The whole way: connected by the consent page, enabled, synced, a budget raised through the gate, an order told."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth.streams import Listener
from app.core.config import Settings
from app.core.ids import uuid7
from app.db.session import Scopes, scopes_for
from app.models.campaigns import AdSet, Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.integrations.ad_accounts import AdAccount, PlatformEdit
from app.models.integrations.connections import Connection
from app.models.integrations.kinds import Platform
from app.services.integrations.ad_accounts.service import AdAccountService
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.connections.service import ConnectionService, read_state
from app.services.integrations.gateway import gateway_by
from app.services.integrations.ports import SET_DAILY_BUDGET, SET_STATUS, ConversionEvent, PreparedEvent
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.permits import Change
from app.services.trust_engine.gate.service import PermitDesk
from tests.conftest import pointed_at
from tests.factories.access import Company
from tests.factories.google import BRAND, JP_ACCOUNT, PMAX, TENTS, TRAILS, US_ACCOUNT, US_PURCHASE
from tests.factories.permits import minted
from tests.sandbox_process import Sandbox, running_sandbox
from tests.services.integrations.ad_accounts.test_sync import SandboxClock

BACK = "https://stratum.example/back"


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with running_sandbox("--seed", "11", "--start", "2026-03-06T15:00:00+00:00") as running:
        yield running


@pytest.fixture
async def scopes(
    world: Sandbox, acme: Company, engine: AsyncEngine, settings: Settings
) -> AsyncIterator[Scopes]:
    clock = SandboxClock(f"{world.url}/control/clock")
    async with gateway_by(pointed_at(settings, world)):
        yield scopes_for(engine, acme.id, clock=clock)
    world.repair()


async def connected(scopes: Scopes) -> Connection:
    service = ConnectionService(scopes)
    who = Listener(uuid7(), None, None)
    started = await service.start(Platform.GOOGLE, who, read_only=False, redirect_uri=BACK)
    async with httpx2.AsyncClient() as browser:
        page = await browser.post(started.authorize_url, data={"answer": "allow"})
    code = parse_qs(urlsplit(page.headers["location"]).query)["code"][0]
    return await service.finish(
        read_state(started.state), code=code, browser_secret=started.browser_secret, redirect_uri=BACK
    )


async def test_the_whole_way(scopes: Scopes, world: Sandbox) -> None:
    connection = await connected(scopes)
    async with scopes() as scope:
        found = {one.external_id: one for one in await scope.session.scalars(select(AdAccount))}
        assert set(found) == {US_ACCOUNT, JP_ACCOUNT}
        account = found[US_ACCOUNT]
        wanted = {"enabled": True, "pixel_id": US_PURCHASE, "attribution_click_days": 30}
        await AdAccountService(scope).change(account.id, wanted)

    run = await AccountSyncService(scopes).sync(account.id)
    assert run is not None
    assert (run.error_code, run.rows_received) == (None, run.rows_expected)
    async with scopes() as scope:
        campaigns = {one.external_id: one for one in await scope.session.scalars(select(Campaign))}
        ad_sets = list(await scope.session.scalars(select(AdSet)))
        days = list(
            await scope.session.scalars(
                select(CampaignMetricsDay).where(CampaignMetricsDay.campaign_id == campaigns[BRAND].id)
            )
        )
    levels = {name: campaigns[name].budget_level for name in (BRAND, PMAX, TENTS, TRAILS)}
    assert levels == {BRAND: "campaign", PMAX: "campaign", TENTS: "unknown", TRAILS: "campaign"}
    assert len(ad_sets) >= 6
    assert len(days) == 61
    assert sum(Decimal(one.conversions) for one in days) > 0

    platform = await IntegrationsService(scopes, PermitDesk(scopes)).connector(account.id)
    raised = Change(
        platform="google",
        account=US_ACCOUNT,
        entity_type="campaign",
        entity=BRAND,
        operation=SET_DAILY_BUDGET,
        before={"daily_budget_micros": 180_000_000},
        after={"daily_budget_micros": 198_000_000},
    )
    await platform.set_daily_budget(raised, await minted(scopes, raised))
    assert (await platform.read_entity("campaign", BRAND)).holds(raised)
    stopped = Change(
        platform="google",
        account=US_ACCOUNT,
        entity_type="campaign",
        entity=BRAND,
        operation=SET_STATUS,
        before={"status": "active"},
        after={"status": "paused"},
    )
    await platform.set_status(stopped, await minted(scopes, stopped))
    assert (await platform.read_entity("campaign", BRAND)).status == "paused"

    async with scopes() as scope:
        now = scope.now()
    order = ConversionEvent(
        dedupe_key="way-1",
        name="purchase",
        at=now - timedelta(hours=1),
        identifiers={"email": "alexz@example.com"},
        value_micros=59_000_000,
        currency="USD",
        order_id="W-1",
    )
    event = platform.prepare_event(order, now)
    assert isinstance(event, PreparedEvent)
    told = await platform.send_events(US_PURCHASE, [event])
    assert told.received == 1
    events = world.control("GET", "google/events", params={"limit": 10})["events"]
    assert [(one["transaction_id"], one["verdict"]) for one in events][:1] == [("W-1", "")]

    world.advance(2)
    await AccountSyncService(scopes).sync(account.id)
    async with scopes() as scope:
        edits = list(await scope.session.scalars(select(PlatformEdit).where(PlatformEdit.entity == BRAND)))
    assert {one.event_type for one in edits} == {"update_campaign_budget", "update_campaign"}
    assert not any(one.by_others for one in edits)

    await a_token_that_ended_is_exchanged(scopes, connection, account)


async def a_token_that_ended_is_exchanged(scopes: Scopes, connection: Connection, account: AdAccount) -> None:
    async with scopes() as scope:
        kept = await scope.session.get_one(Connection, (scope.tenant_id, connection.id))
        before = kept.token_sealed
        ended = {"expires_at": kept.refreshed_at, "refresh_claimed_until": None}
        await scope.session.execute(update(Connection).where(Connection.id == connection.id).values(**ended))
    platform = await IntegrationsService(scopes).connector(account.id)
    assert await platform.list_campaigns()
    async with scopes() as scope:
        kept = await scope.session.get_one(Connection, (scope.tenant_id, connection.id))
    assert kept.token_sealed != before
    assert kept.status == "active"
