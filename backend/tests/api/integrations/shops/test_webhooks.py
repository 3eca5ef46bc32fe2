"""A shop tells of a change: signed over its bytes, taken once, believed in nothing that the shop itself can say."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import delete, event, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import real_now
from app.core.config import Settings
from app.db.outbox import OutboxMessage
from app.db.session import Scopes
from app.models.cdp.privacy import CdpPrivacyRequest
from app.models.integrations.shops import Shop, ShopOrder
from app.models.integrations.webhooks import PlatformWebhookReceipt
from app.services.cdp.identity.service import Resolver
from app.services.integrations.gateway import Gateway
from app.services.integrations.shops.service import ShopSyncService
from app.services.integrations.webhooks.receiving import forget_receipts
from tests.conftest import pointed_at
from tests.factories.access import Company
from tests.factories.shops import ConnectedShop, connect_shop
from tests.live_server import serving
from tests.sandbox_process import Sandbox

URL = "/api/v1/integrations/webhooks/shopify"


@pytest.fixture(autouse=True)
def _pointed(app: FastAPI, settings: Settings, sandbox: Sandbox, platforms: Gateway) -> Any:
    """The application has the sandbox's app at Shopify."""
    app.state.settings = pointed_at(settings, sandbox)
    yield
    app.state.settings = settings


@pytest.fixture
async def connected(scopes: Scopes, sandbox: Sandbox) -> ConnectedShop:
    return await connect_shop(scopes, sandbox)


def bought(sandbox: Sandbox, **facts: Any) -> int:
    body = {"email": f"{uuid4().hex[:12]}@example.com", "country": "US"} | facts
    return int(sandbox.control("POST", "shopify/orders", json=body)["legacyResourceId"])


def written(sandbox: Sandbox, topic: str, order: int | None = None, **how: Any) -> dict[str, Any]:
    body = {"topic": topic, "order_id": order, "send": False} | how
    found: dict[str, Any] = sandbox.control("POST", "shopify/deliveries", json=body)
    return found


async def post(client: AsyncClient, message: dict[str, Any], **headers: str) -> Response:
    content = message["body"].encode()
    return await client.post(URL, content=content, headers={**message["headers"], **headers})


async def queued(scopes: Scopes, name: str) -> list[dict[str, Any]]:
    async with scopes() as scope:
        statement = select(OutboxMessage.payload).where(OutboxMessage.name == f"integrations.shops.{name}")
        return list(await scope.session.scalars(statement))


async def requests(scopes: Scopes) -> list[CdpPrivacyRequest]:
    async with scopes() as scope:
        return list(await scope.session.scalars(select(CdpPrivacyRequest)))


async def test_an_order_is_read_by_whoever_has_the_shop_and_only_once(
    anonymous: AsyncClient, acme: Company, globex: Company, sandbox: Sandbox, connected: ConnectedShop
) -> None:
    order = bought(sandbox)
    message = written(sandbox, "orders/create", order)
    answer = await post(anonymous, message)
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert await queued(acme.scopes, "order") == [{"shop_id": str(connected.shop_id), "order_id": str(order)}]
    assert await queued(globex.scopes, "order") == []
    async with acme.scopes() as scope:
        await scope.session.execute(delete(OutboxMessage))
    assert (await post(anonymous, message)).status_code == 200
    assert await queued(acme.scopes, "order") == [], "it came before"
    await post(anonymous, written(sandbox, "orders/updated", order))
    assert len(await queued(acme.scopes, "order")) == 1


async def test_a_message_does_not_count_the_orders(
    anonymous: AsyncClient, engine: AsyncEngine, sandbox: Sandbox, connected: ConnectedShop
) -> None:
    asked: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    message = written(sandbox, "orders/create", bought(sandbox))
    event.listen(engine.sync_engine, "before_cursor_execute", keep)
    try:
        assert (await post(anonymous, message)).json() == {"received": True}
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", keep)
    assert any("FROM shops" in each for each in asked)
    assert [each for each in asked if "shop_orders" in each] == []


async def test_whatever_order_messages_come_in_the_newest_state_is_told(
    anonymous: AsyncClient, acme: Company, sandbox: Sandbox, connected: ConnectedShop
) -> None:
    order = bought(sandbox, total="60.00")
    early = written(sandbox, "orders/create", order)
    sandbox.control("POST", "shopify/refunds", json={"order_id": order, "amount": "15.00"})
    for message in (written(sandbox, "refunds/create", order), early):
        assert (await post(anonymous, message)).status_code == 200
        for payload in await queued(acme.scopes, "order"):
            reader = ShopSyncService(acme.scopes)
            await reader.read_order(UUID(payload["shop_id"]), payload["order_id"])
    async with acme.scopes() as scope:
        row = await scope.session.get_one(ShopOrder, (connected.shop_id, str(order), scope.tenant_id))
        assert (row.told_micros, row.back_micros) == (60_000_000, 15_000_000)


async def test_what_is_not_signed_by_the_app_or_of_nobodys_shop_is_answered_alike(
    anonymous: AsyncClient, acme: Company, sandbox: Sandbox, connected: ConnectedShop
) -> None:
    order = bought(sandbox)
    forged = await post(anonymous, written(sandbox, "orders/create", order, secret="somebody else's"))
    unknown = written(sandbox, "orders/create", order, shop="northwind-second.myshopify.com")
    nobodys = await post(anonymous, unknown)
    good = written(sandbox, "orders/create", order)
    good["body"] = good["body"].replace("USD", "EUR")
    altered = await post(anonymous, good)
    for answer in (forged, nobodys, altered):
        assert (answer.status_code, answer.json()["code"]) == (401, "integrations.webhooks.not_signed")
    said = [{**answer.json(), "request_id": ""} for answer in (forged, nobodys, altered)]
    assert said == [said[0]] * 3
    assert await queued(acme.scopes, "order") == []


async def test_what_is_too_old_or_no_message_is_refused(
    anonymous: AsyncClient, sandbox: Sandbox, connected: ConnectedShop
) -> None:
    order = bought(sandbox)
    for age in (3 * 86_400.0, -3600.0):
        answer = await post(anonymous, written(sandbox, "orders/create", order, age_seconds=age))
        assert answer.status_code == 422
    swapped = written(sandbox, "orders/updated", order)
    answer = await post(anonymous, swapped, **{"X-Shopify-Topic": "app/uninstalled"})
    assert answer.status_code == 422, "an order's message ends no connection, whatever its header says"
    answer = await post(anonymous, swapped, **{"X-Shopify-Topic": "customers/redact"})
    assert answer.status_code == 422


async def test_our_removal_is_looked_into(
    anonymous: AsyncClient, acme: Company, sandbox: Sandbox, connected: ConnectedShop
) -> None:
    assert (await post(anonymous, written(sandbox, "app/uninstalled"))).status_code == 200
    assert await queued(acme.scopes, "check") == [{"shop_id": str(connected.shop_id)}]


async def test_who_asks_to_be_forgotten_or_for_their_data_has_a_request_opened_once(
    anonymous: AsyncClient, acme: Company, sandbox: Sandbox, connected: ConnectedShop
) -> None:
    order = bought(sandbox)
    await ShopSyncService(acme.scopes).read_order(connected.shop_id, str(order))
    await Resolver(acme.scopes).drain()
    redact = written(sandbox, "customers/redact", order)
    assert (await post(anonymous, redact)).status_code == 200
    [request] = await requests(acme.scopes)
    assert (request.kind, request.status) == ("erasure", "queued")
    assert "customers/redact" in request.reason
    copied = await post(anonymous, redact, **{"X-Shopify-Webhook-Id": str(uuid4())})
    assert copied.status_code == 200
    assert len(await requests(acme.scopes)) == 1, "a copy with another id opens no second one"
    assert (await post(anonymous, written(sandbox, "customers/data_request", order))).status_code == 200
    assert {each.kind for each in await requests(acme.scopes)} == {"erasure", "export"}


async def test_whose_orders_alone_are_known_is_forgotten_at_once(
    anonymous: AsyncClient, acme: Company, sandbox: Sandbox, connected: ConnectedShop
) -> None:
    order = bought(sandbox)
    await ShopSyncService(acme.scopes).read_order(connected.shop_id, str(order))
    await post(anonymous, written(sandbox, "customers/redact", order))
    assert await requests(acme.scopes) == [], "they are no profile yet"
    async with acme.scopes() as scope:
        row = await scope.session.get_one(ShopOrder, (connected.shop_id, str(order), scope.tenant_id))
        assert (row.state, row.keys) == ("erased", [])


async def test_receipts_of_people_stay_the_longest(acme: Company) -> None:
    async with acme.scopes() as scope:
        for platform in ("shopify", "shopify.privacy"):
            at = real_now() - timedelta(days=30)
            scope.session.add(PlatformWebhookReceipt(platform=platform, digest=b"x" * 32, received_at=at))
        await scope.session.flush()
        await forget_receipts(scope)
        left = list(await scope.session.scalars(select(PlatformWebhookReceipt.platform)))
    assert left == ["shopify.privacy"]


async def test_a_shop_that_is_connected_is_not_forgotten_by_a_message_alone(
    anonymous: AsyncClient, acme: Company, sandbox: Sandbox, connected: ConnectedShop
) -> None:
    order = bought(sandbox)
    await ShopSyncService(acme.scopes).read_order(connected.shop_id, str(order))
    assert (await post(anonymous, written(sandbox, "shop/redact"))).status_code == 200
    async with acme.scopes() as scope:
        row = await scope.session.get_one(ShopOrder, (connected.shop_id, str(order), scope.tenant_id))
        assert row.keys != [], "it is connected still"
        shop = await scope.session.get_one(Shop, (scope.tenant_id, connected.shop_id))
        assert shop.last_webhook_at is not None


async def test_the_shop_itself_posts_it_over_the_wire_and_posts_it_again(
    acme: Company, sandbox: Sandbox, connected: ConnectedShop
) -> None:
    order = bought(sandbox)
    told = sandbox.control("GET", "platforms")
    environment = {name: value for name, value in told.items() if name.startswith("SHOPIFY_")}
    with serving(**environment) as server:
        wanted = {"topic": "orders/updated", "order_id": order, "uri": f"{server.url}{URL}", "times": 3}
        said = await asyncio.to_thread(sandbox.control, "POST", "shopify/deliveries", json=wanted)
    assert said["statuses"] == [200, 200, 200]
    assert len(await queued(acme.scopes, "order")) == 1
