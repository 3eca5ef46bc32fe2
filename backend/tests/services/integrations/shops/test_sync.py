"""What a shop sold and gave back is told once, exactly, and never lost: whatever fails, in whatever order it comes."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from app.core.config import settings
from app.core.security import seal
from app.db.session import Scopes, door
from app.models.cdp.events import CdpEvent
from app.models.integrations.connections import Connection
from app.models.integrations.shops import Shop, ShopOrder, ShopSync
from app.services.cdp.events.errors import Overloaded
from app.services.cdp.events.service import Ingestion
from app.services.integrations.breaker import FAILURES_TO_OPEN
from app.services.integrations.ports import PlatformError
from app.services.integrations.service import TOKEN_PURPOSE
from app.services.integrations.shops import rules
from app.services.integrations.shops.connecting import ShopDoor
from app.services.integrations.shops.ports import RemoteOrder
from app.services.integrations.shops.repository import ShopRepository
from app.services.integrations.shops.service import (
    ShopConnecting,
    ShopErasure,
    ShopService,
    ShopSyncService,
)
from app.services.integrations.shops.telling import Teller
from tests.factories.access import Company
from tests.factories.cdp import make_source
from tests.factories.shops import ConnectedShop, connect_shop
from tests.sandbox_process import Sandbox


def bought(shopify: Sandbox, total: str = "100.00", **facts: Any) -> str:
    """Somebody new buys; the order's id."""
    body = {"email": f"{uuid4().hex[:12]}@example.com", "country": "US", "total": total} | facts
    made = shopify.control("POST", "shopify/orders", json=body)
    return str(made["legacyResourceId"])


def refunded(shopify: Sandbox, order: str, amount: str, *, removes: bool = True) -> None:
    body = {"order_id": int(order), "amount": amount, "removes": removes}
    shopify.control("POST", "shopify/refunds", json=body)


def edited(shopify: Sandbox, order: str, **changes: Any) -> None:
    shopify.control("POST", "shopify/orders/edit", json={"order_id": int(order), **changes})


async def synced(scopes: Scopes, connected: ConnectedShop) -> ShopSync:
    run = await ShopSyncService(scopes).sync(connected.shop_id)
    assert run is not None
    return run


async def events(scopes: Scopes, order: str) -> Sequence[CdpEvent]:
    """Of one order, as they were received."""
    statement = select(CdpEvent).where(CdpEvent.order_id == order)
    async with scopes() as scope:
        found = (await scope.session.scalars(statement)).all()
    return sorted(found, key=lambda each: (each.received_at, each.event_time, each.message_id))


async def told(scopes: Scopes, order: str) -> list[tuple[str, int | None, str | None]]:
    return [(each.event_name, each.value_micros, each.currency) for each in await events(scopes, order)]


async def row_of(scopes: Scopes, connected: ConnectedShop, order: str) -> ShopOrder:
    statement = select(ShopOrder).where(
        ShopOrder.shop_id == connected.shop_id, ShopOrder.external_id == order
    )
    async with scopes() as scope:
        return (await scope.session.scalars(statement)).one()


async def shop_of(scopes: Scopes, connected: ConnectedShop) -> Shop:
    async with scopes() as scope:
        return await scope.session.get_one(Shop, (scope.tenant_id, connected.shop_id))


async def connection_of(scopes: Scopes, connected: ConnectedShop) -> Connection:
    async with scopes() as scope:
        return await scope.session.get_one(Connection, (scope.tenant_id, connected.connection_id))


async def at_the_shop(scopes: Scopes, connected: ConnectedShop, order: str) -> RemoteOrder:
    """As the shop has it now."""
    [found] = await (await ShopDoor(scopes).client(await shop_of(scopes, connected))).orders_by_id([order])
    return found


async def test_an_order_is_told_once_of_exactly_its_worth(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    order = bought(shopify, "1234.56")
    run = await synced(scopes, connected)
    assert (run.error_code, run.rejected) == (None, 0)
    assert run.orders_told >= 1
    assert await told(scopes, order) == [("Order Completed", 1_234_560_000, "USD")]
    [event] = await events(scopes, order)
    assert event.message_id == f"shopify-northwind-outfitters.myshopify.com-o{order}-placed"
    assert event.is_order
    await synced(scopes, connected)
    assert len(await events(scopes, order)) == 1
    row = await row_of(scopes, connected, order)
    assert (row.state, row.told_micros, row.pending) == ("told", 1_234_560_000, [])
    assert (await shop_of(scopes, connected)).last_synced_at is not None


async def test_each_refund_is_told_of_exactly_its_amount(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    order = bought(shopify, "12.345", currency="KWD")
    await synced(scopes, connected)
    refunded(shopify, order, "2.345")
    await synced(scopes, connected)
    refunded(shopify, order, "0.001", removes=False)
    await synced(scopes, connected)
    assert await told(scopes, order) == [
        ("Order Completed", 12_345_000, "KWD"),
        ("Order Refunded", 2_345_000, "KWD"),
        ("Order Refunded", 1_000, "KWD"),
    ]
    refunds = [each for each in await events(scopes, order) if each.is_refund]
    assert len({each.properties["refund_id"] for each in refunds}) == 2


async def test_the_buyers_money_stands_beside_the_shops(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    order = bought(shopify, "10.00", presentment_currency="JPY", rate="150")
    await synced(scopes, connected)
    [event] = await events(scopes, order)
    assert (event.value_micros, event.currency) == (10_000_000, "USD")
    assert event.properties["presentment_currency"] == "JPY"
    assert event.properties["presentment_total"] == "1500"


async def test_what_is_cancelled_gives_back_what_was_not_yet(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    order = bought(shopify, "80.00")
    refunded(shopify, order, "30.00")
    await synced(scopes, connected)
    edited(shopify, order, cancel=True)
    await synced(scopes, connected)
    refunded(shopify, order, "50.00")
    await synced(scopes, connected)
    assert await told(scopes, order) == [
        ("Order Completed", 80_000_000, "USD"),
        ("Order Refunded", 30_000_000, "USD"),
        ("Order Cancelled", 50_000_000, "USD"),
    ]


async def test_an_item_taken_out_and_paid_back_counts_once(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    order = bought(shopify, "90.00")
    await synced(scopes, connected)
    edited(shopify, order, current="60.00")
    await synced(scopes, connected)
    refunded(shopify, order, "30.00", removes=False)
    await synced(scopes, connected)
    assert await told(scopes, order) == [
        ("Order Completed", 90_000_000, "USD"),
        ("Order Refunded", 30_000_000, "USD"),
    ]
    edited(shopify, order, current="110.00")
    await synced(scopes, connected)
    assert (await told(scopes, order))[-1] == ("Order Updated", 110_000_000, "USD")
    assert sum(each.is_order for each in await events(scopes, order)) == 1


async def test_one_that_was_cancelled_before_anybody_told_of_it_and_a_test_are_not_told(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    void, trial = bought(shopify), bought(shopify, test=True)
    edited(shopify, void, cancel=True)
    await synced(scopes, connected)
    assert await told(scopes, void) == await told(scopes, trial) == []
    assert (await row_of(scopes, connected, void)).state == "void"


async def test_who_is_not_named_cannot_be_told_of(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    order = bought(shopify, email=None)
    run = await synced(scopes, connected)
    assert run.orders_unnamed == 1
    assert await told(scopes, order) == []


async def from_the_shop(
    acme: Company, order: str, total: float, event: str = "Order Completed", **facts: Any
) -> None:
    """The shop's own event, as its browser sends it."""
    source = await make_source(acme)
    body = {
        "type": "track",
        "event": event,
        "messageId": f"browser-{order}-{event}",
        "anonymousId": f"a-{order}",
        "properties": {"order_id": order, "total": total, "currency": "USD"},
        **facts,
    }
    answer = await acme.client().post("/v1/batch", json={"batch": [body]}, auth=(source.key, ""))
    assert answer.status_code == 200, answer.text


async def test_what_the_shops_own_event_told_is_not_told_again(
    acme: Company, scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    order = bought(shopify, "50.00")
    await from_the_shop(acme, order, 50)
    run = await synced(scopes, connected)
    assert run.orders_covered == 1
    assert len(await events(scopes, order)) == 1
    refunded(shopify, order, "20.00")
    await synced(scopes, connected)
    assert (await told(scopes, order))[-1] == ("Order Refunded", 20_000_000, "USD")
    await from_the_shop(acme, order, 50, "Order Refunded")
    refunded(shopify, order, "30.00")
    await synced(scopes, connected)
    assert len(await events(scopes, order)) == 3, "the shop's own refund of all of it covers the rest"


async def time_has_come(scopes: Scopes, connected: ConnectedShop, order: str) -> None:
    """What the order waited for is over."""
    async with scopes() as scope:
        await scope.session.execute(
            update(ShopOrder)
            .where(ShopOrder.external_id == order)
            .values(due_at=scope.now() - timedelta(seconds=1))
        )
        await ShopService(scope).change(connected.shop_id, {"wait_minutes": 0})


async def test_an_order_waits_for_the_shops_own_event(scopes: Scopes, shopify: Sandbox) -> None:
    connected = await connect_shop(scopes, shopify, wait_minutes=60)
    order = bought(shopify)
    await synced(scopes, connected)
    assert await told(scopes, order) == []
    assert (await row_of(scopes, connected, order)).state == "waiting"
    await time_has_come(scopes, connected, order)
    await synced(scopes, connected)
    assert [name for name, _, _ in await told(scopes, order)] == ["Order Completed"]


async def test_a_refund_waits_for_the_shops_own_event(
    acme: Company, scopes: Scopes, shopify: Sandbox
) -> None:
    connected = await connect_shop(scopes, shopify, wait_minutes=60)
    order = bought(shopify, "50.00")
    await from_the_shop(acme, order, 50)
    refunded(shopify, order, "20.00")
    await synced(scopes, connected)
    row = await row_of(scopes, connected, order)
    assert (row.state, row.refunds, len(await events(scopes, order))) == ("covered", [], 1)
    await from_the_shop(acme, order, 15, "Order Refunded")
    await time_has_come(scopes, connected, order)
    await synced(scopes, connected)
    assert sorted(value or 0 for _, value, _ in await told(scopes, order)) == [
        5_000_000,
        15_000_000,
        50_000_000,
    ]
    assert (await row_of(scopes, connected, order)).due_at is None


async def left_standing(scopes: Scopes, connected: ConnectedShop, order: str, **facts: Any) -> None:
    """An order of seventy dollars, decided and written down by somebody who died before it was told."""
    decided = rules.Telling(rules.PLACED, "placed", "2026-11-20T00:00:00+00:00", 70_000_000)
    async with scopes() as scope:
        standing = {
            "reference": order,
            "name": f"#{order}",
            "ordered_at": scope.now() - timedelta(hours=1),
            "updated_at": scope.now() - timedelta(hours=1),
            "currency": "USD",
            "total_micros": 70_000_000,
            "current_micros": 70_000_000,
            "refunded_micros": 0,
            "state": "told",
            "told_micros": 70_000_000,
            "pending": [decided.kept()],
        }
        scope.session.add(ShopOrder(shop_id=connected.shop_id, external_id=order, **(standing | facts)))


async def test_what_somebody_died_before_telling_is_told_as_they_decided_it(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    """Decided and written down, and then killed: the order has changed since."""
    order = bought(shopify, "70.00")
    await left_standing(scopes, connected, order)
    refunded(shopify, order, "5.00")
    for _ in range(2):
        await synced(scopes, connected)
    assert await told(scopes, order) == [
        ("Order Completed", 70_000_000, "USD"),
        ("Order Refunded", 5_000_000, "USD"),
    ]
    assert (await row_of(scopes, connected, order)).pending == []


async def test_what_was_left_standing_is_told_though_nothing_changed_since(
    scopes: Scopes, shopify: Sandbox
) -> None:
    order, gone = bought(shopify, "70.00"), "404"
    connected = await connect_shop(scopes, shopify)
    for each in (order, gone):
        await left_standing(scopes, connected, each)
    run = await synced(scopes, connected)
    assert run.orders_read == 0, "neither is in a page"
    assert await told(scopes, order) == [("Order Completed", 70_000_000, "USD")]
    assert await told(scopes, gone) == []
    for each in (order, gone):
        assert (await row_of(scopes, connected, each)).pending == []


async def test_what_was_left_standing_of_the_erased_is_not_told(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    one, other, before = (bought(shopify, "70.00") for _ in range(3))
    named, someone = uuid4(), uuid4()
    await left_standing(scopes, connected, one, keys=[named])
    await left_standing(scopes, connected, other, keys=[someone])
    await left_standing(scopes, connected, before, state="erased")
    async with scopes() as scope:
        assert sum((await ShopErasure(scope).erase([named])).values()) == 1
        assert await ShopErasure(scope).forget(connected.shop_id) == 1
    for each in (one, other):
        assert (await row_of(scopes, connected, each)).pending == []
    await synced(scopes, connected)
    assert [await told(scopes, each) for each in (one, other, before)] == [[], [], []]


async def test_a_consent_that_was_not_sent_is_told_next_time(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    order = bought(shopify, email_marketing="SUBSCRIBED")
    await synced(scopes, connected)
    edited(shopify, order, email_marketing="UNSUBSCRIBED")
    shop, changed = await shop_of(scopes, connected), await at_the_shop(scopes, connected, order)
    async with scopes() as scope:
        full = settings.model_copy(update={"cdp_intake_megabytes": 0})
        tenant_id = scope.tenant_id
        ingestion = Ingestion(door(scope.session.bind, clock=scope.clock), scope.clock, full)  # type: ignore[arg-type]  # as the service does
    run = ShopSync(shop_id=shop.id, rejected=0, orders_covered=0, orders_unnamed=0)
    with pytest.raises(Overloaded):
        await Teller(scopes, ingestion, shop, tenant_id, run).tell([changed])
    await ingestion.close()
    await synced(scopes, connected)
    async with scopes() as scope:
        spoken = select(CdpEvent.message_id).where(CdpEvent.event_type == "identify")
        said = sorted(each.rsplit("-", 3)[-2] for each in await scope.session.scalars(spoken))
    assert said == ["no", "yes"]


async def test_a_reading_that_broke_off_goes_on_where_it_was(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    orders = [bought(shopify, f"{10 + n}.00") for n in range(25)]
    first = await ShopSyncService(scopes, seconds=0).sync(connected.shop_id)
    assert first is not None
    assert first.orders_read == 20
    assert (await shop_of(scopes, connected)).reading["after"]
    shopify.control("POST", "faults", json={"kind": "server_error", "vendor": "shopify"})
    failed = await synced(scopes, connected)
    assert failed.error_code == "shopify.http_500"
    shopify.repair()
    rest = await synced(scopes, connected)
    assert rest.error_code is None
    assert {name for order in orders for name, _, _ in await told(scopes, order)} == {"Order Completed"}
    assert not (await shop_of(scopes, connected)).reading


async def test_points_that_are_spent_are_waited_for(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    order = bought(shopify)
    # The subscriptions are asked after first; what is left does not pay for a page of orders.
    shopify.control("POST", "shopify/quota", json={"points": 760, "points_per_second": 120})
    run = await synced(scopes, connected)
    assert run.error_code is None
    assert len(await events(scopes, order)) == 1
    shopify.control("POST", "shopify/quota", json={"points": 10, "points_per_second": 1})
    refused = await synced(scopes, connected)
    assert refused.error_code == "shopify.THROTTLED"


async def test_subscriptions_that_the_shop_took_away_are_made_again(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    await synced(scopes, connected)
    had = len(shopify.vendor("shopify")["webhooks"])
    assert had
    shopify.control("DELETE", "shopify/webhooks")
    await synced(scopes, connected)
    assert shopify.vendor("shopify")["webhooks"] == []
    async with scopes() as scope:
        shop = await scope.session.get_one(Shop, (scope.tenant_id, connected.shop_id))
        assert shop.subscribed_at is not None
        shop.subscribed_at -= rules.LOOK_AGAIN
    await synced(scopes, connected)
    assert len(shopify.vendor("shopify")["webhooks"]) == had


async def test_a_token_that_is_taken_back_asks_for_a_sign_in(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    shopify.control("POST", "shopify/tokens", json={"action": "revoke"})
    run = await synced(scopes, connected)
    assert run.error_code == "shopify.http_401"
    async with scopes() as scope:
        row = await scope.session.get_one(Connection, (scope.tenant_id, connected.connection_id))
        assert row.status == "needs_sign_in"


async def test_an_older_state_never_overwrites_a_newer_one(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    order = bought(shopify, "40.00")
    refunded(shopify, order, "10.00")
    await synced(scopes, connected)
    later = timedelta(hours=1)
    async with scopes() as scope:
        row = await scope.session.get_one(ShopOrder, (connected.shop_id, order, scope.tenant_id))
        row.updated_at, row.current_micros = row.updated_at + later, 0
    await ShopSyncService(scopes).read_order(connected.shop_id, order)
    assert (await row_of(scopes, connected, order)).current_micros == 0


async def test_of_two_changes_in_one_second_neither_is_lost(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    order = bought(shopify, "40.00")
    await synced(scopes, connected)
    refunded(shopify, order, "10.00", removes=False)
    second = (await at_the_shop(scopes, connected, order)).updated_at
    async with scopes() as scope:
        row = await scope.session.get_one(ShopOrder, (connected.shop_id, order, scope.tenant_id))
        row.updated_at = second
    await synced(scopes, connected)
    assert (await told(scopes, order))[1:] == [("Order Refunded", 10_000_000, "USD")]


async def test_one_that_is_switched_off_is_not_read(scopes: Scopes, shopify: Sandbox) -> None:
    connected = await connect_shop(scopes, shopify, enabled=False)
    assert await ShopSyncService(scopes).sync(connected.shop_id) is None


async def test_it_ends_only_where_the_shop_no_longer_takes_the_token(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    assert not await ShopConnecting(scopes).end_if_gone(connected.shop_id)
    shopify.control("POST", "shopify/tokens", json={"action": "revoke"})
    assert await ShopConnecting(scopes).end_if_gone(connected.shop_id)
    async with scopes() as scope:
        row = await scope.session.get_one(Connection, (scope.tenant_id, connected.connection_id))
        assert (row.status, row.token_sealed) == ("disconnected", None)


async def test_a_token_that_was_signed_in_meanwhile_is_kept(
    scopes: Scopes, connected: ConnectedShop, shopify: Sandbox
) -> None:
    """The shop refuses the old one; before it is forgotten, somebody has connected the shop anew."""
    shopify.control("POST", "shopify/tokens", json={"action": "revoke"})
    async with scopes() as signing_in:
        await ShopRepository(signing_in).find(connected.shop_id, for_update=True)
        asking = asyncio.create_task(ShopConnecting(scopes).end_if_gone(connected.shop_id))
        async with asyncio.timeout(10):
            while (await connection_of(scopes, connected)).status == "active":  # noqa: ASYNC110  (a row, not an event)
                await asyncio.sleep(0.02)
        row = await signing_in.session.get_one(Connection, (signing_in.tenant_id, connected.connection_id))
        fresh = seal("a new one", purpose=TOKEN_PURPOSE, tenant_id=signing_in.tenant_id)
        row.status, row.token_sealed = "active", fresh
    assert not await asking
    kept = await connection_of(scopes, connected)
    assert (kept.status, kept.token_sealed) == ("active", fresh)


async def test_a_shop_that_fails_does_not_keep_another_from_being_connected(
    scopes: Scopes, shopify: Sandbox
) -> None:
    async def why(domain: str) -> str | None:
        sign_in = await ShopDoor(scopes).sign_in("shopify", domain)
        with pytest.raises(PlatformError) as found:
            await sign_in.exchange_code("none", redirect_uri="https://stratum.example")
        return found.value.code

    shopify.control("POST", "faults", json={"kind": "server_error", "vendor": "shopify"})
    for _ in range(FAILURES_TO_OPEN):
        await why("down.myshopify.com")
    shopify.repair()
    refused = await why("down.myshopify.com")
    assert refused == "shopify.circuit_open"
    assert await why("northwind-outfitters.myshopify.com") != refused
