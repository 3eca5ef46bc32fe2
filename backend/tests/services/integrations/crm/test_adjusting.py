"""A deal that is worth something else after its conversion left: restated where that can be, and never told twice."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, update

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.conversions import ConversionAdjustment, ConversionDelivery
from app.models.integrations.crm import CrmAccount
from app.services.cdp.consents.service import Consents
from app.services.cdp.identity.service import Resolver
from app.services.integrations.conversions.adjusting import ConversionAdjuster
from app.services.integrations.conversions.service import ConversionSender, ConversionService
from app.services.integrations.conversions.verdicts import ConversionVerdicts
from app.services.integrations.crm.service import CrmSyncService
from app.services.integrations.gateway import Gateway
from tests.factories.access import Company
from tests.factories.cdp import make_source
from tests.factories.crm import HUBSPOT, SALESFORCE, ConnectedCrm, CrmSubject, connect_crm
from tests.factories.google import US_PURCHASE
from tests.factories.google import connect as connect_google
from tests.factories.snapchat import US_PIXEL
from tests.factories.snapchat import connect as connect_snapchat
from tests.sandbox_process import Sandbox

DELIVERIES = "/api/v1/integrations/conversions"


class Seller:
    """One company, its CRM, an ad account, and a buyer who agreed to ads."""

    def __init__(self, company: Company, sandbox: Sandbox, crm: CrmSubject) -> None:
        self.company, self.scopes, self.sandbox, self.crm = company, company.scopes, sandbox, crm
        self.began = real_now() - timedelta(seconds=1)
        self.account: UUID
        self.connected: ConnectedCrm

    async def begin(self, account: UUID) -> None:
        self.account = account
        self.connected = await connect_crm(self.scopes, self.sandbox, self.crm)
        source = await make_source(self.company)
        agreed = {
            "type": "identify",
            "messageId": f"agreed-{account}",
            "anonymousId": "a-1",
            "traits": {"email": self.crm.email_of(self.sandbox)},
            "context": {"consent": {"categoryPreferences": {"Advertising": True}}},
        }
        answer = await self.company.client().post(
            "/v1/batch", json={"batch": [agreed]}, auth=(source.key, "")
        )
        assert answer.status_code == 200, answer.text

    async def sync(self, *, sweep: bool = False) -> None:
        if sweep:
            async with self.scopes() as scope:
                await scope.session.execute(update(CrmAccount).values(next_sweep_at=None))
        run = await CrmSyncService(self.scopes).sync(self.connected.account_id)
        assert run is not None
        assert run.error is None
        await Resolver(self.scopes).drain()
        async with self.scopes() as scope:
            await Consents(scope).take_in(self.began, real_now())
            await ConversionService(scope).queue_accepted(self.began, real_now())

    async def send(self) -> None:
        """What is due leaves, and every verdict that there is has been read."""
        await ConversionSender(self.scopes).send_due(self.account)
        await self._hear(ConversionDelivery, "verdict_due_at")
        await ConversionVerdicts(self.scopes).read_due(self.account)

    async def adjust(self) -> None:
        await ConversionAdjuster(self.scopes).adjust_due(self.account)
        await self._hear(ConversionAdjustment, "next_at")
        await ConversionAdjuster(self.scopes).adjust_due(self.account)

    async def _hear(self, table: Any, column: str) -> None:
        async with self.scopes() as scope:
            waiting = update(table).where(getattr(table, column).is_not(None))
            await scope.session.execute(waiting.values({column: real_now()}))

    async def stands(self, deal: str) -> tuple[str, str | None, int] | None:
        """How the platform stands to the deal's worth: status, reason, what it holds in cents."""
        key = f"{self.crm.provider}-{self.crm.account}-d{deal}-won-1"
        statement = (
            select(ConversionAdjustment)
            .join(ConversionDelivery, ConversionDelivery.id == ConversionAdjustment.delivery_id)
            .where(ConversionDelivery.dedupe_key == key)
        )
        async with self.scopes() as scope:
            row = await scope.session.scalar(statement)
        return None if row is None else (row.status, row.reason, row.reported_micros // 10_000)

    def at_google(self, deal: str) -> tuple[int, list[float]]:
        """How many conversions count there, and every worth that was told, the first first."""
        asked = {"conversion_action": US_PURCHASE, "limit": 5_000}
        rows = self.sandbox.control("GET", "google/events", params=asked)["events"]
        theirs = [row for row in reversed(rows) if row["transaction_id"] == deal]
        counting = [row for row in theirs if row["verdict"] == ""]
        return len(counting), [
            row["event"]["conversionValue"] for row in theirs if row["verdict"] in {"", "RESTATED"}
        ]


@pytest.fixture(params=[HUBSPOT, SALESFORCE], ids=["hubspot", "salesforce"])
def seller(
    request: pytest.FixtureRequest, acme: Company, sandbox: Sandbox, platforms: Gateway
) -> Iterator[Seller]:
    before = sandbox.vendor("google")["processing"]
    sandbox.control("POST", "google/quota", json={"processing": 0})
    yield Seller(acme, sandbox, request.param)
    sandbox.control("POST", "google/quota", json={"processing": before})
    request.param.mend(sandbox)


async def test_another_amount_is_restated_at_google_and_counts_once(
    seller: Seller, scopes: Scopes, sandbox: Sandbox
) -> None:
    await seller.begin((await connect_google(scopes, sandbox)).dollars)
    deal = seller.crm.deal(sandbox, "500.00", won=True)
    await seller.sync()
    await seller.send()
    await seller.adjust()
    assert await seller.stands(deal) is None, "it is worth what was told"
    seller.crm.edit(sandbox, deal, seller.crm.deals, **{seller.crm.amount: "450.00"})
    await seller.sync()
    await seller.adjust()
    assert await seller.stands(deal) == ("adjusted", None, 45_000)
    assert seller.at_google(deal) == (1, [500.0, 450.0])
    await seller.sync()
    await seller.send()
    await seller.adjust()
    assert seller.at_google(deal) == (1, [500.0, 450.0]), "what it knows is not told again"


async def test_a_deal_taken_back_is_restated_at_nothing_and_won_again_at_its_worth(
    seller: Seller, scopes: Scopes, sandbox: Sandbox
) -> None:
    await seller.begin((await connect_google(scopes, sandbox)).dollars)
    deal = seller.crm.deal(sandbox, "80.00", won=True)
    await seller.sync()
    await seller.send()
    seller.crm.move(sandbox, deal, won=False)
    await seller.sync()
    await seller.adjust()
    assert await seller.stands(deal) == ("adjusted", None, 0)
    seller.crm.move(sandbox, deal, won=True, **{seller.crm.amount: "90.00"})
    await seller.sync()
    await seller.send()
    await seller.adjust()
    assert seller.at_google(deal) == (1, [80.0, 0.0, 90.0])


async def test_a_deleted_deal_is_restated_at_nothing(
    seller: Seller, scopes: Scopes, sandbox: Sandbox
) -> None:
    await seller.begin((await connect_google(scopes, sandbox)).dollars)
    deal = seller.crm.deal(sandbox, "70.00", won=True)
    await seller.sync()
    await seller.send()
    seller.crm.remove(sandbox, deal, seller.crm.deals)
    await seller.sync(sweep=True)
    await seller.adjust()
    assert seller.at_google(deal) == (1, [70.0, 0.0])


async def test_one_that_is_taken_back_before_it_left_is_not_sent_and_goes_if_it_is_won_again(
    seller: Seller, scopes: Scopes, sandbox: Sandbox
) -> None:
    await seller.begin((await connect_google(scopes, sandbox)).dollars)
    deal = seller.crm.deal(sandbox, "60.00", won=True)
    await seller.sync()
    seller.crm.move(sandbox, deal, won=False)
    await seller.sync()
    await seller.send()
    await seller.adjust()
    assert seller.at_google(deal) == (0, [])
    seller.crm.move(sandbox, deal, won=True)
    await seller.sync()
    await seller.send()
    await seller.adjust()
    assert seller.at_google(deal) == (1, [60.0])


async def test_what_may_have_arrived_goes_though_it_was_replayed_and_taken_back_since(
    seller: Seller, scopes: Scopes, client: AsyncClient, sandbox: Sandbox
) -> None:
    """Only what never left is left out: the platform may hold it, and is told what it is worth by its adjustment."""
    await seller.begin((await connect_google(scopes, sandbox)).dollars)
    deal = seller.crm.deal(sandbox, "65.00", won=True)
    await seller.sync()
    sandbox.control("POST", "faults", json={"kind": "server_error", "vendor": "google"})
    await ConversionSender(scopes).send_due(seller.account)
    sandbox.repair()
    seller.crm.move(sandbox, deal, won=False)
    await seller.sync()
    key = f"{seller.crm.provider}-{seller.crm.account}-d{deal}-won-1"
    asked = select(ConversionDelivery).where(
        ConversionDelivery.dedupe_key == key, ConversionDelivery.ad_account_id == seller.account
    )
    async with scopes() as scope:
        [row] = await scope.session.scalars(asked)
    assert row.first_tried_at is not None
    assert row.status == "failed"
    replayed = await client.post(f"{DELIVERIES}/{row.id}/replay")
    assert replayed.status_code == 202, replayed.text
    await seller.send()
    await seller.adjust()
    assert seller.at_google(deal) == (1, [65.0, 0.0])


async def test_what_googles_first_one_did_not_count_for_is_not_made_a_new_one(
    seller: Seller, scopes: Scopes, sandbox: Sandbox
) -> None:
    account = (await connect_google(scopes, sandbox)).dollars
    await seller.begin(account)
    deal = seller.crm.deal(sandbox, "55.00", won=True)
    await seller.sync()
    await ConversionSender(scopes).send_due(account)
    seller.crm.edit(sandbox, deal, seller.crm.deals, **{seller.crm.amount: "56.00"})
    await seller.sync()
    await ConversionAdjuster(scopes).adjust_due(account)
    assert await seller.stands(deal) is None, "its verdict is not known yet"
    await seller.send()
    async with scopes() as scope:
        chosen = update(AdAccount).where(AdAccount.id == account)
        await scope.session.execute(chosen.values(pixel_id="999999"))
    await seller.adjust()
    assert await seller.stands(deal) == ("impossible", "other_destination", 5_500)
    assert seller.at_google(deal) == (1, [55.0])


async def test_a_platform_that_cannot_adjust_shows_what_it_was_told(
    seller: Seller, scopes: Scopes, client: AsyncClient, sandbox: Sandbox
) -> None:
    await seller.begin((await connect_snapchat(scopes, sandbox)).dollars)
    deal = seller.crm.deal(sandbox, "500.00", won=True)
    await seller.sync()
    await seller.send()
    for won in (False, True):
        seller.crm.move(sandbox, deal, won=won, **{seller.crm.amount: "450.00"})
        await seller.sync()
        await seller.send()
        await seller.adjust()
    assert await seller.stands(deal) == ("impossible", "platform_cannot_adjust", 50_000)
    key = f"{seller.crm.provider}-{seller.crm.account}-d{deal}-won-1"
    there = sandbox.control("GET", "snapchat/events", params={"pixel": US_PIXEL})["events"]
    assert [each["event"]["custom_data"]["value"] for each in there if each["event_id"] == key] == [500.0]
    asked: dict[str, str | int] = {"ad_account_id": str(seller.account), "limit": 200}
    items = (await client.get(DELIVERIES, params=asked)).json()["items"]
    [shown] = [each for each in items if each["dedupe_key"].startswith(key.removesuffix("won-1"))]
    assert shown["adjustment"] == {
        "status": "impossible",
        "reason": "platform_cannot_adjust",
        "reported_micros": 500_000_000,
        "reported_currency": "USD",
        "worth_micros": 450_000_000,
        "worth_currency": "USD",
        "adjusted_at": None,
    }
    [crm] = (await client.get("/api/v1/integrations/crm")).json()["items"]
    assert crm["deals_misreported"] == 1
    seller.crm.edit(sandbox, deal, seller.crm.deals, **{seller.crm.amount: "500.00"})
    await seller.sync()
    await seller.adjust()
    assert await seller.stands(deal) == ("even", None, 50_000)
