"""What follows from a shop's orders: conversions once, consents, the company's figures, and what erasure leaves."""

from datetime import timedelta
from uuid import UUID, uuid4

from httpx2 import AsyncClient
from sqlalchemy import select

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.cdp.consents import CdpConsentReceipt
from app.models.integrations.conversions import ConversionDelivery
from app.models.integrations.shops import ShopOrder
from app.services.cdp.consents.service import Consents
from app.services.cdp.events.service import Measures
from app.services.cdp.identity.service import Resolver
from app.services.cdp.privacy.service import PrivacyWork
from app.services.integrations.conversions.service import ConversionService
from tests.factories.access import Company
from tests.factories.shops import ConnectedShop
from tests.factories.snapchat import connect as connect_snapchat
from tests.sandbox_process import Sandbox
from tests.services.integrations.shops.test_sync import (
    at_the_shop,
    bought,
    edited,
    from_the_shop,
    refunded,
    synced,
)


async def test_the_shops_event_that_comes_too_late_is_no_second_conversion(
    acme: Company, scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    began = real_now() - timedelta(seconds=1)
    platform = await connect_snapchat(scopes, shopify)
    late, spelled, named = (bought(shopify) for _ in range(3))
    only = f"other-{uuid4().hex[:8]}"
    await synced(scopes, connected)
    own = {"shop": {"provider": "shopify", "domain": "northwind-outfitters.myshopify.com", "order": late}}
    await from_the_shop(acme, late, 100, context=own)
    await from_the_shop(acme, f"gid://shopify/Order/{spelled}", 100)
    await from_the_shop(acme, (await at_the_shop(scopes, connected, named)).name, 100)
    await from_the_shop(acme, only, 70)
    async with scopes() as scope:
        await ConversionService(scope).queue_accepted(began, real_now() + timedelta(days=1))
        rows = await scope.session.scalars(
            select(ConversionDelivery.dedupe_key).where(ConversionDelivery.ad_account_id == platform.dollars)
        )
        keys = list(rows)
    prefix = "shopify-northwind-outfitters.myshopify.com-o"
    placed = [f"{prefix}{each}-placed" for each in (late, spelled, named)]
    assert sorted(keys) == sorted([*placed, f"browser-{only}-Order Completed"])


async def test_each_refund_counts_in_the_companys_figures_and_an_order_once(
    acme: Company, scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    order = bought(shopify, "100.00")
    refunded(shopify, order, "10.00")
    refunded(shopify, order, "15.50")
    await synced(scopes, connected)
    await from_the_shop(acme, order, 100)
    async with scopes() as scope:
        now = scope.now()
        days = await Measures(scope).orders_by_day(now - timedelta(days=2), now + timedelta(days=2))
    [orders] = [sum(day.orders for day in days)]
    assert orders == 1
    assert sum(day.refunds for day in days) == 2
    assert sum(day.refunded_micros for day in days) == 25_500_000


async def test_what_a_buyer_says_of_mail_is_their_consent_and_silence_is_none(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    began = real_now() - timedelta(seconds=1)
    spoken = bought(shopify, email_marketing="SUBSCRIBED", no_sale=True)
    bought(shopify, email_marketing="PENDING")
    await synced(scopes, connected)
    edited(shopify, spoken, email_marketing="UNSUBSCRIBED")
    await synced(scopes, connected)
    async with scopes() as scope:
        await Consents(scope).take_in(began, real_now() + timedelta(days=1))
        rows = (await scope.session.scalars(select(CdpConsentReceipt))).all()
    said = {(row.purpose, row.decision) for row in rows}
    assert said == {("email", "granted"), ("email", "refused"), ("ads", "refused")}
    assert len({row.person_key for row in rows}) == 1, "nobody else has said anything"


async def test_who_is_erased_leaves_an_order_of_nobody(
    scopes: Scopes, client: AsyncClient, connected: ConnectedShop, shopify: Sandbox
) -> None:
    email = f"{uuid4().hex[:12]}@example.com"
    order = bought(shopify, "75.00", email=email)
    await synced(scopes, connected)
    await Resolver(scopes).drain()
    found = (await client.get("/api/v1/cdp/profiles", params={"identifier": email})).json()["items"]
    body = {"kind": "erasure", "profile_id": found[0]["id"], "reason": "They asked."}
    asked = (await client.post("/api/v1/cdp/privacy/requests", json=body)).json()
    await PrivacyWork(scopes).run(UUID(asked["id"]))
    request = (await client.get(f"/api/v1/cdp/privacy/requests/{asked['id']}")).json()
    assert (request["status"], request["steps_done"]) == ("done", request["steps_total"])
    stores = {each["store"]: each for each in request["steps"]}
    assert stores["shop_orders"]["rows"] == 1
    assert stores["shop:shopify:northwind-outfitters.myshopify.com"]["status"] == "untold"
    refunded(shopify, order, "75.00")
    again = await synced(scopes, connected)
    assert (again.refunds_told, again.rejected) == (0, 0)
    async with scopes() as scope:
        row = await scope.session.get_one(ShopOrder, (connected.shop_id, order, scope.tenant_id))
        assert (row.state, row.keys, row.told_micros) == ("erased", [], 75_000_000)
