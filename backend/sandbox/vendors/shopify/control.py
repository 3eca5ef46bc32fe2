"""`/control/shopify`: what the merchant does in the shop's admin, tokens, limits, and deliveries of any kind."""

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.refusals import Refused
from sandbox.vendors.shopify import constants as ids
from sandbox.vendors.shopify import rendering
from sandbox.vendors.shopify.records import Buyer, Sale
from sandbox.vendors.shopify.state import ShopifyState

Amount = Annotated[str, Field(pattern=r"^\d{1,12}(\.\d{1,3})?$")]
Currency = Literal["USD", "EUR", "HUF", "JPY", "KWD", "GBP", "CAD"]
Marketing = Literal["SUBSCRIBED", "UNSUBSCRIBED", "NOT_SUBSCRIBED", "PENDING"]


class NewOrder(BaseModel):
    """`person` is one of the shop's people, by their number; without one the address given, or nobody."""

    model_config = ConfigDict(extra="forbid")

    person: Annotated[int, Field(ge=0)] | None = None
    email: str | None = None
    phone: str | None = None
    country: str | None = None
    total: Amount = "100.00"
    currency: Currency | None = None
    presentment_currency: Currency | None = None
    rate: Annotated[str, Field(pattern=r"^\d{1,6}(\.\d{1,6})?$")] = "1"
    name: str | None = None
    test: bool = False
    age_seconds: Annotated[float, Field(ge=0)] = 0.0
    email_marketing: Marketing = "NOT_SUBSCRIBED"
    sms_marketing: Marketing = "NOT_SUBSCRIBED"
    no_sale: bool = False


class OrderEdit(BaseModel):
    """`current` is what is left of its worth; `email_marketing` is what its customer says from now on."""

    model_config = ConfigDict(extra="forbid")

    order_id: int
    current: Amount | None = None
    cancel: bool = False
    email_marketing: Marketing | None = None


class NewRefund(BaseModel):
    model_config = ConfigDict(extra="forbid")

    order_id: int
    amount: Amount
    removes: bool = True
    """Items are taken out of the order for it; without, it is money alone."""


class TokenChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["revoke", "expire", "expire_all", "restore", "uninstall"]
    token: str | None = None


class Quota(BaseModel):
    """None widens again."""

    model_config = ConfigDict(extra="forbid")

    points: Annotated[float, Field(gt=0)] | None = None
    points_per_second: Annotated[float, Field(gt=0)] | None = None


class Deliver(BaseModel):
    """A message of `topic`, posted `times` times to whoever subscribed, or to `uri`; with `send` off only written."""

    model_config = ConfigDict(extra="forbid")

    topic: Literal[
        "orders/create",
        "orders/updated",
        "refunds/create",
        "app/uninstalled",
        "customers/data_request",
        "customers/redact",
        "shop/redact",
    ]
    order_id: int | None = None
    uri: Annotated[str, Field(pattern=r"^https?://")] | None = None
    send: bool = True
    times: Annotated[int, Field(ge=1, le=20)] = 1
    secret: str | None = None
    shop: str = ids.SHOP
    age_seconds: float = 0.0
    webhook_id: str | None = None


def router(state: ShopifyState) -> APIRouter:
    routes = APIRouter(prefix="/control/shopify", tags=["shopify"])
    _about_orders(routes, state)
    _about_changes(routes, state)
    _about_calls(routes, state)
    return routes


def _found(state: ShopifyState, number: int) -> Sale:
    sale = state.records.find(number)
    if sale is None:
        raise Refused("There is no such order.", 404)
    return sale


def _made(state: ShopifyState, wanted: NewOrder) -> Sale:
    now = state.records.now()
    at = now - int(wanted.age_seconds)
    buyer = (
        Buyer(
            customer=None if wanted.email is None else ids.FIRST_CUSTOMER + 500_000 + now % 400_000,
            email=wanted.email,
            phone=wanted.phone,
            country=wanted.country,
        )
        if wanted.person is None
        else state.records.of_person(wanted.person)
    )
    buyer = replace(
        buyer,
        email_state=wanted.email_marketing,
        sms_state=wanted.sms_marketing,
        state_at=at,
        no_sale=wanted.no_sale,
    )
    currency = wanted.currency or state.records.house.shop.currency
    return state.records.make(
        {
            "name": wanted.name or f"#H{now}",
            "at": at,
            "updated": at,
            "currency": currency,
            "total": wanted.total,
            "current": wanted.total,
            "presentment_currency": wanted.presentment_currency or currency,
            "rate": wanted.rate,
            "buyer": buyer,
            "lines": (("NW-001", "Product 1", 1),),
            "test": wanted.test,
        }
    )


async def _tell(state: ShopifyState, sale: Sale, *topics: str) -> None:
    """Whoever subscribed hears of it; who does not answer hears it no more: control sends it again if asked."""
    for topic in topics:
        body = rendering.refund_body(sale) if topic == "refunds/create" else rendering.order_body(sale)
        for row in state.hooks.subscribed(topic):
            sent = {name: value for name, value in body.items() if not row["fields"] or name in row["fields"]}
            await state.hooks.send(row["uri"], state.hooks.delivery(topic, sent))


def _about_orders(routes: APIRouter, state: ShopifyState) -> None:
    @routes.get("")
    async def read() -> dict[str, Any]:
        return {
            "access_token": state.tokens.standing,
            "client_id": ids.CLIENT_ID,
            "client_secret": state.tokens.client_secret,
            "shop": ids.SHOP,
            "shop_id": ids.SHOP_ID,
            "currency": state.records.house.shop.currency,
            "orders": state.records.count(),
            "points": state.bucket.status(),
            "webhooks": state.hooks.subscribed(),
        }

    @routes.get("/orders/{order_id}")
    async def show(order_id: int) -> dict[str, Any]:
        return rendering.order(_found(state, order_id))

    @routes.get("/orders")
    async def find(name: str) -> dict[str, Any]:
        """By the name, which is the shop's own id of the order."""
        sale = state.records.by_name(name)
        if sale is None:
            raise Refused("There is no such order.", 404)
        return rendering.order(sale)


def _about_changes(routes: APIRouter, state: ShopifyState) -> None:
    @routes.post("/orders", status_code=201)
    async def make(wanted: NewOrder) -> dict[str, Any]:
        sale = _made(state, wanted)
        await _tell(state, sale, "orders/create")
        return rendering.order(sale)

    @routes.post("/orders/edit")
    async def edit(wanted: OrderEdit) -> dict[str, Any]:
        sale = _found(state, wanted.order_id)
        now = max(state.records.now(), sale.updated + 1)
        if wanted.current is not None:
            sale = replace(sale, current=wanted.current)
        if wanted.cancel:
            sale = replace(sale, cancelled_at=now)
        if wanted.email_marketing is not None:
            buyer = replace(sale.buyer, email_state=wanted.email_marketing, state_at=now)
            sale = replace(sale, buyer=buyer)
        sale = state.records.keep(replace(sale, updated=now))
        await _tell(state, sale, "orders/updated")
        return rendering.order(sale)

    @routes.post("/refunds", status_code=201)
    async def refund(wanted: NewRefund) -> dict[str, Any]:
        sale = _found(state, wanted.order_id)
        if sale.refunded + Decimal(wanted.amount) > Decimal(sale.total):
            raise Refused("Refund amount is greater than what was paid.")
        sale = state.records.refund(sale, wanted.amount, removes=wanted.removes)
        await _tell(state, sale, "refunds/create", "orders/updated")
        return rendering.order(sale)


def _about_calls(routes: APIRouter, state: ShopifyState) -> None:
    @routes.post("/deliveries")
    async def deliver(wanted: Deliver) -> dict[str, Any]:
        """What was sent, and what came back each time; late, twice, wrongly signed, of another shop, as asked."""
        sale = None if wanted.order_id is None else _found(state, wanted.order_id)
        delivery = state.hooks.delivery(
            wanted.topic,
            _body(state, wanted.topic, sale),
            shop=wanted.shop,
            secret=wanted.secret,
            age_seconds=wanted.age_seconds,
            webhook_id=wanted.webhook_id,
        )
        uris = [wanted.uri] if wanted.uri else [row["uri"] for row in state.hooks.subscribed(wanted.topic)]
        statuses = [
            await state.hooks.send(uri, delivery)
            for uri in (uris if wanted.send else ())
            for _ in range(wanted.times)
        ]
        return {"headers": dict(delivery.headers), "body": delivery.body, "statuses": statuses}

    @routes.delete("/webhooks", status_code=204)
    async def end_subscriptions() -> None:
        """As Shopify does with those whose messages were not taken for long."""
        state.hooks.clear()

    @routes.post("/tokens")
    async def change_token(wanted: TokenChange) -> dict[str, str]:
        """The standing token, unless another is named; `uninstall` ends all, as a merchant does."""
        tokens = state.tokens
        if wanted.action == "uninstall":
            state.uninstall()
        elif wanted.action == "expire_all":
            tokens.expire_all()
        else:
            act = {"revoke": tokens.end, "expire": tokens.expire, "restore": tokens.restore}[wanted.action]
            if not act(wanted.token or tokens.standing):
                raise Refused("There is no such token.", 404)
        return {"action": wanted.action}

    @routes.post("/quota")
    async def change_quota(wanted: Quota) -> dict[str, float]:
        state.bucket.narrow(wanted.points, wanted.points_per_second)
        return state.bucket.status()


def _body(state: ShopifyState, topic: str, sale: Sale | None) -> dict[str, Any]:
    if topic == "app/uninstalled":
        shop = state.records.house.shop
        return rendering.shop_body(shop.name, shop.currency)
    if topic in ids.PRIVACY_TOPICS:
        return rendering.privacy_body(topic, sale)
    if sale is None:
        raise Refused("Say which order it is about.")
    if topic == "refunds/create":
        if not sale.refunds:
            raise Refused("Nothing of this order was given back.")
        return rendering.refund_body(sale)
    return rendering.order_body(sale)
