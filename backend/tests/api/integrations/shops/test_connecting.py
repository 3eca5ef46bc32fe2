"""A shop is connected by its own person at its own address, says how it goes, and is nobody else's to see."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx2
import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, update

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.integrations.connections import Connection
from app.models.integrations.shops import Shop
from app.services.integrations.gateway import Gateway
from app.services.integrations.shops.service import ShopDesk, ShopSyncService
from tests.factories.access import Company
from tests.factories.shops import connect_shop
from tests.sandbox_process import Sandbox

SHOPS = "/api/v1/integrations/shops"
DOMAIN = "northwind-outfitters.myshopify.com"
EXPIRED = "integrations.connections.sign_in_expired"


async def allowed(client: AsyncClient, domain: str = DOMAIN) -> str:
    """The merchant presses Install; the address that the shop sends the browser back to."""
    begun = await client.post(f"{SHOPS}/shopify/authorize", json={"domain": domain})
    assert begun.status_code == 200, begun.text
    async with httpx2.AsyncClient() as browser:
        page = await browser.post(begun.json()["authorize_url"], data={"answer": "install"})
    parts = urlsplit(page.headers["location"])
    return f"{parts.path}?{parts.query}"


async def connected(client: AsyncClient) -> str:
    answer = await client.get(await allowed(client))
    assert "status=connected" in answer.headers["location"], answer.headers["location"]
    [shop] = (await client.get(SHOPS)).json()["items"]
    found: str = shop["id"]
    return found


async def failed(client: AsyncClient, address: str) -> str:
    where = parse_qs(urlsplit((await client.get(address)).headers["location"]).query)
    assert where["status"] == ["failed"]
    return where["code"][0]


async def test_from_the_sign_in_to_an_order_in_the_platform(
    client: AsyncClient, acme: Company, platforms: Gateway, sandbox: Sandbox
) -> None:
    shop = await connected(client)
    first = (await client.get(f"{SHOPS}/{shop}")).json()
    assert (first["domain"], first["currency"], first["status"]) == (DOMAIN, "USD", "active")
    email = f"{uuid4().hex[:12]}@example.com"
    sandbox.control("POST", "shopify/orders", json={"email": email, "total": "10.00", "age_seconds": 3600})
    async with acme.scopes() as scope:
        recently = scope.now() - timedelta(minutes=110)
        await scope.session.execute(update(Shop).values(read_until=recently))
    run = await ShopSyncService(acme.scopes).sync(UUID(shop))
    assert run is not None
    assert run.error_code is None
    shown = (await client.get(f"{SHOPS}/{shop}")).json()
    assert shown["orders_told"] == run.orders_told > 0
    assert shown["orders"] == run.orders_read
    assert shown["last_synced_at"]
    assert shown["subscribed"]
    [said] = (await client.get(f"{SHOPS}/{shop}/syncs")).json()["items"]
    assert (said["orders_read"], said["rejected"]) == (run.orders_read, 0)
    gone = await client.delete(f"{SHOPS}/{shop}")
    assert gone.json()["status"] == "disconnected"
    answer = await client.post(f"{SHOPS}/{shop}/sync")
    assert (answer.status_code, answer.json()["code"]) == (409, "integrations.shops.not_connected")
    sandbox.control("POST", "shopify/tokens", json={"action": "restore"})
    assert await connected(client) == shop, "signed in again, it is the same shop"


@pytest.mark.parametrize(
    "domain",
    [
        "northwind.example",
        "127.0.0.1",
        "northwind.myshopify.com.evil.example",
        "evil.example-northwind.myshopify.com",
        "-northwind.myshopify.com",
    ],
)
async def test_what_is_no_shops_own_address_is_refused(
    client: AsyncClient, platforms: Gateway, domain: str
) -> None:
    answer = await client.post(f"{SHOPS}/shopify/authorize", json={"domain": domain})
    assert answer.status_code == 422
    assert answer.json()["code"] == "integrations.shops.domain_invalid"


async def test_only_the_browser_that_began_it_comes_back_once_with_what_the_shop_signed(
    client: AsyncClient, anonymous: AsyncClient, platforms: Gateway
) -> None:
    unsigned = re.sub("hmac=[0-9a-f]{4}", "hmac=0000", await allowed(client))
    assert await failed(client, unsigned) == EXPIRED
    elsewhere = (await allowed(client)).replace("shop=northwind", "shop=southwind")
    assert await failed(client, elsewhere) == EXPIRED
    assert await failed(client, f"{await allowed(client)}&shop={DOMAIN}") == EXPIRED
    back = await allowed(client)
    assert "status=connected" in (await client.get(back)).headers["location"]
    assert await failed(client, back) == EXPIRED, "once"
    other = await allowed(client)
    assert await failed(anonymous, other) == EXPIRED
    assert await failed(client, other) == EXPIRED, "that attempt is used up"


async def test_a_sign_in_that_began_at_another_shop_is_not_finished_at_this_one(
    client: AsyncClient, platforms: Gateway
) -> None:
    begun = await client.post(f"{SHOPS}/shopify/authorize", json={"domain": "another-shop.myshopify.com"})
    here = begun.json()["authorize_url"].replace("another-shop", "northwind-outfitters")
    async with httpx2.AsyncClient() as browser:
        page = await browser.post(here, data={"answer": "install"})
    parts = urlsplit(page.headers["location"])
    assert await failed(client, f"{parts.path}?{parts.query}") == EXPIRED


async def test_another_tenants_shop_does_not_exist(
    client: AsyncClient, acme: Company, globex: Company
) -> None:
    theirs = (await connect_shop(globex.scopes, None)).shop_id
    assert (await client.get(SHOPS)).json()["items"] == []
    assert (await client.get(f"{SHOPS}/{theirs}")).status_code == 404
    assert (await client.post(f"{SHOPS}/{theirs}/sync")).status_code == 404
    assert (await client.delete(f"{SHOPS}/{theirs}")).status_code == 404


async def test_how_it_is_told_is_changed(client: AsyncClient, acme: Company) -> None:
    shop = (await connect_shop(acme.scopes, None)).shop_id
    wanted = {"order_reference": "name", "wait_minutes": 5, "customer_ids": True, "enabled": False}
    answer = await client.patch(f"{SHOPS}/{shop}", json=wanted)
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in wanted} == wanted
    assert (await client.patch(f"{SHOPS}/{shop}", json={"wait_minutes": 1441})).status_code == 422


async def test_tokens_are_exchanged_before_their_end_and_the_new_one_is_used(
    client: AsyncClient, platforms: Gateway, sandbox: Sandbox, scopes: Scopes
) -> None:
    shop = await connected(client)
    soon = real_now() + timedelta(minutes=1)
    async with scopes() as scope:
        before = await scope.session.scalar(select(Connection.refresh_token_sealed))
        await scope.session.execute(update(Connection).values(expires_at=soon))
    await ShopDesk(scopes).refresh_expiring()
    async with scopes() as scope:
        [row] = await scope.session.scalars(select(Connection))
        assert row.expires_at is not None
        assert row.expires_at > soon
        assert row.refresh_token_sealed != before, "each use changes it"
        await scope.session.execute(update(Shop).values(read_until=scope.now()))
    run = await ShopSyncService(scopes).sync(UUID(shop))
    assert run is not None
    assert run.error_code is None
