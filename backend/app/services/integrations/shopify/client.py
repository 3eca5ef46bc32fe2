"""A shop's orders: in the order of their updates, page by page, each with its refunds and its buyer."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.shopify import queries
from app.services.integrations.shopify.transport import ShopifyTransport, malformed
from app.services.integrations.shops.ports import (
    Consent,
    Money,
    OrderPage,
    RemoteBuyer,
    RemoteLine,
    RemoteOrder,
    RemoteRefund,
    RemoteShop,
)
from app.services.integrations.shops.rules import exact_micros

ORDER_GID = "gid://shopify/Order/"
TOPICS = {
    "ORDERS_CREATE": ("id", "updated_at"),
    "ORDERS_UPDATED": ("id", "updated_at"),
    "REFUNDS_CREATE": ("id", "order_id"),
    "APP_UNINSTALLED": ("id", "myshopify_domain"),
}
"""What the shop tells of, and which fields of it: nobody's data is among them, for the order is read afterwards."""
_SAID = {"SUBSCRIBED": True, "UNSUBSCRIBED": False, "REDACTED": False, "INVALID": False}
"""Of what was asked and not answered (`PENDING`), and of what was never asked, nothing is said."""
_TRAITS = {
    "city": "city",
    "provinceCode": "state",
    "zip": "postalCode",
    "countryCodeV2": "country",
}


class ShopifyClient:
    def __init__(self, transport: ShopifyTransport) -> None:
        self._transport = transport

    async def shop(self) -> RemoteShop:
        found = await self._transport.ask("get_shop", queries.SHOP, {})
        row = _object(found, "shop")
        return RemoteShop(_text(row, "myshopifyDomain"), _text(row, "name"), _text(row, "currencyCode"))

    async def orders(self, since: datetime | None, after: str | None) -> OrderPage:
        filters = None if since is None else f"updated_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
        asked = {"first": queries.PAGE, "after": after, "query": filters}
        found = _object(await self._transport.ask("list_orders", queries.ORDERS, asked), "orders")
        page = _object(found, "pageInfo")
        more = page.get("hasNextPage") is True
        return OrderPage(
            [_order(row) for row in _rows(found.get("nodes"))], _text(page, "endCursor") if more else None
        )

    async def orders_by_id(self, ids: Sequence[str]) -> list[RemoteOrder]:
        found: list[RemoteOrder] = []
        for start in range(0, len(ids), queries.BATCH):
            names = [f"{ORDER_GID}{each}" for each in ids[start : start + queries.BATCH]]
            body = await self._transport.ask("get_orders", queries.ORDERS_BY_ID, {"ids": names})
            nodes = body.get("nodes")
            there = [row for row in nodes if row is not None] if isinstance(nodes, list) else nodes
            found += [_order(row) for row in _rows(there)]
        return found

    async def subscribe(self, address: str) -> None:
        body = await self._transport.ask("list_subscriptions", queries.SUBSCRIBED, {})
        rows = _rows(_object(body, "webhookSubscriptions").get("nodes"))
        there = {row.get("topic") for row in rows if row.get("uri") == address}
        for topic, fields in TOPICS.items():
            if topic in there:
                continue
            asked = {"topic": topic, "address": address, "fields": list(fields)}
            made = await self._transport.subscribe(queries.SUBSCRIBE, asked)
            faults = _rows(_object(made, "webhookSubscriptionCreate").get("userErrors"))
            if faults and "already been taken" not in str(faults[0].get("message")):
                raise PlatformError(
                    PlatformErrorKind.INVALID, "shopify.not_subscribed", str(faults[0].get("message"))
                )


def _order(row: Mapping[str, Any]) -> RemoteOrder:
    number = _digits(row)
    total = _object(row, "originalTotalPriceSet")
    cancelled = row.get("cancelledAt")
    return RemoteOrder(
        id=number,
        name=_text(row, "name"),
        aliases=(number, f"{ORDER_GID}{number}", _text(row, "name")),
        ordered_at=_moment(row.get("processedAt")),
        updated_at=_moment(row.get("updatedAt")),
        cancelled_at=None if cancelled is None else _moment(cancelled),
        test=row.get("test") is True,
        total=_money(total, "shopMoney"),
        presented=_money(total, "presentmentMoney"),
        current=_money(_object(row, "currentTotalPriceSet"), "shopMoney"),
        refunds=[_refund(each) for each in _rows(row.get("refunds"))],
        buyer=_buyer(row),
        lines=[
            RemoteLine(each.get("sku") or None, str(each.get("name") or ""), int(each.get("quantity") or 0))
            for each in _rows(_object(row, "lineItems").get("nodes"))
        ],
    )


def _refund(row: Mapping[str, Any]) -> RemoteRefund:
    money = _object(row, "totalRefundedSet")
    return RemoteRefund(
        id=_digits(row),
        at=_moment(row.get("createdAt") or row.get("updatedAt")),
        given=_money(money, "shopMoney"),
        presented=_money(money, "presentmentMoney"),
    )


def _buyer(row: Mapping[str, Any]) -> RemoteBuyer:
    held = row.get("customer")
    customer: Mapping[str, Any] = held if isinstance(held, dict) else {}
    address = row.get("billingAddress")
    named: Mapping[str, Any] = address if isinstance(address, dict) else {}
    traits = {ours: str(named[theirs]) for theirs, ours in _TRAITS.items() if named.get(theirs)}
    for name in ("firstName", "lastName"):
        if value := customer.get(name) or named.get(name):
            traits[name] = str(value)
    email, phone = customer.get("defaultEmailAddress"), customer.get("defaultPhoneNumber")
    return RemoteBuyer(
        customer=_digits(customer) if customer else None,
        email=_said(row.get("email"), email, "emailAddress"),
        phone=_said(row.get("phone"), phone, "phoneNumber"),
        traits=traits,
        consents=[
            *_consents("email", email, "emailAddress"),
            *_consents("sms", phone, "phoneNumber"),
        ],
        no_sale=customer.get("dataSaleOptOut") is True,
    )


def _said(own: Any, held: Any, name: str) -> str | None:
    """What the order names, or else its customer."""
    value = own or (held.get(name) if isinstance(held, dict) else None)
    return str(value) if value else None


def _consents(channel: str, row: Any, name: str) -> Iterator[Consent]:
    if isinstance(row, dict) and row.get(name):
        at = row.get("marketingUpdatedAt")
        granted = _SAID.get(str(row.get("marketingState")))
        yield Consent(channel, str(row[name]), granted, None if at is None else _moment(at))


def _money(bag: Mapping[str, Any], name: str) -> Money:
    row = _object(bag, name)
    micros = exact_micros(_text(row, "amount"))
    if micros is None:
        raise malformed("An amount came that is none.")
    return Money(micros, _text(row, "currencyCode"))


def _object(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = row.get(name)
    if not isinstance(found, dict):
        raise malformed(f"An object came without its {name}.")
    return found


def _rows(found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise malformed("A list came without its rows.")
    return found


def _text(row: Mapping[str, Any], name: str) -> str:
    found = row.get(name)
    if not isinstance(found, str) or not found:
        raise malformed(f"An object came without its {name}.")
    return found


def _digits(row: Mapping[str, Any]) -> str:
    found = str(row.get("legacyResourceId", ""))
    if not (found.isascii() and found.isdigit()):
        raise malformed("An object came without its id.")
    return found


def _moment(text: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise malformed("A time came that is none.") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
