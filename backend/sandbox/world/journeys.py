"""What the shop tells its CDP: visits, orders, refunds, in Segment's e-commerce vocabulary."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.chance import Chance
from sandbox.world.account import AccountWorld
from sandbox.world.orders import Order
from sandbox.world.parameters import Shop
from sandbox.world.people import Device, Person, person
from sandbox.world.seasons import HOUR, ORDERS_BY_HOUR, demand, local

_SESSIONS_PER_CLICK = 0.8


@dataclass(frozen=True, slots=True)
class Distortion:
    """How faults touch one order's events."""

    no_browser_ids: bool = False
    no_match_keys: bool = False
    refused_ads: bool = False
    doubled: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Arguments of one call to the Segment client; `kind` is identify, page or track."""

    kind: str
    at: float
    message_id: str
    user_id: str | None
    anonymous_id: str | None
    context: dict[str, Any]
    name: str = ""
    properties: dict[str, Any] = field(default_factory=dict)


def _context(
    shop: Shop, who: Person, device: Device, fbc: str | None, distortion: Distortion
) -> dict[str, Any]:
    context: dict[str, Any] = {
        "ip": device.ip,
        "userAgent": device.user_agent,
        "locale": "en-US" if shop.country == "US" else "hu-HU",
        "page": {"url": f"https://{shop.domain}/", "path": "/"},
        "consent": {
            "categoryPreferences": {
                "Advertising": who.allows_ads and not distortion.refused_ads,
                "Analytics": True,
            }
        },
    }
    if not distortion.no_browser_ids:
        context["fbp"] = device.fbp
        if fbc is not None:
            context["fbc"] = fbc
    return context


def _traits(who: Person) -> dict[str, Any]:
    return {
        "email": who.email,
        "phone": who.phone,
        "firstName": who.first_name,
        "lastName": who.last_name,
        "address": {
            "city": who.city,
            "state": who.state,
            "postalCode": who.postal_code,
            "country": who.country,
        },
    }


def _click(seed: int, order: Order) -> str | None:
    """The click id of an order that came through an ad's link, as the cookie keeps it."""
    if order.claim is None or order.claim.viewed:
        return None
    return f"fb.1.{int(order.claim.at * 1000)}.IwAR{Chance(seed, 'click', order.id).hex(40)}"


def _products(world: AccountWorld, order: Order) -> list[dict[str, Any]]:
    return [
        {
            "product_id": f"P{index + 1:03d}",
            "sku": f"NW-{index + 1:03d}",
            "name": f"Product {index + 1}",
            "price": world.shop.prices[index] / 100,
            "quantity": quantity,
        }
        for index, quantity in order.lines
    ]


def order_events(
    world: AccountWorld, order: Order, distortion: Distortion, *, journey: bool
) -> Iterator[Event]:
    """From landing to purchase; without `journey`, the identity and the order alone."""
    shop = world.shop
    who = person(world.seed, shop, order.person)
    device = who.devices[order.device % len(who.devices)]
    fbc = _click(world.seed, order)
    context = _context(shop, who, device, fbc, distortion)
    known = not order.guest and not distortion.no_match_keys
    user = who.user_id if known else None
    products = _products(world, order)
    if journey:
        yield from _browsing(shop, order, device, context, fbc=fbc, products=products)
    if known:
        yield Event(
            "identify",
            order.at - 20,
            f"{order.id}-id",
            user,
            device.anonymous_id,
            context,
            properties=_traits(who),
        )
    properties: dict[str, Any] = {
        "order_id": order.id,
        "total": order.cents / 100,
        "revenue": order.cents / 100,
        "currency": shop.currency,
        "products": products,
        "event_id": f"purchase.{order.id}",
    }
    if not distortion.no_match_keys:
        properties |= {"email": who.email, "phone": who.phone}
        context = context | {"traits": _traits(who)}
    if not distortion.no_browser_ids:
        properties |= {"fbp": device.fbp} | ({"fbc": fbc} if fbc else {})
    yield Event(
        "track",
        order.at,
        f"{order.id}-order",
        user,
        device.anonymous_id,
        context,
        "Order Completed",
        properties,
    )
    if distortion.doubled:
        again = properties | {"event_id": f"purchase.{order.id}.2"}
        yield Event(
            "track",
            order.at + 1,
            f"{order.id}-order-2",
            user,
            device.anonymous_id,
            context,
            "Order Completed",
            again,
        )


def _browsing(
    shop: Shop,
    order: Order,
    device: Device,
    context: dict[str, Any],
    *,
    fbc: str | None,
    products: list[dict[str, Any]],
) -> Iterator[Event]:
    landing = f"https://{shop.domain}/" + (f"?fbclid={fbc.rsplit('.', 1)[1]}" if fbc else "")
    seen = context | {"page": {"url": landing, "path": "/"}}
    person_id, start = device.anonymous_id, order.at - 600
    yield Event("page", start, f"{order.id}-page", None, person_id, seen, "Home", {"url": landing})
    first = {k: products[0][k] for k in ("product_id", "sku", "name", "price")} | {"currency": shop.currency}
    yield Event("track", start + 120, f"{order.id}-view", None, person_id, context, "Product Viewed", first)
    yield Event(
        "track",
        start + 240,
        f"{order.id}-cart",
        None,
        person_id,
        context,
        "Product Added",
        first | {"quantity": 1},
    )
    checkout = {
        "order_id": order.id,
        "value": order.cents / 100,
        "currency": shop.currency,
        "products": products,
    }
    yield Event(
        "track", start + 480, f"{order.id}-checkout", None, person_id, context, "Checkout Started", checkout
    )


def refund_event(world: AccountWorld, order: Order, distortion: Distortion) -> Event:
    shop = world.shop
    who = person(world.seed, shop, order.person)
    device = who.devices[order.device % len(who.devices)]
    user = None if order.guest or distortion.no_match_keys else who.user_id
    properties = {
        "order_id": order.id,
        "total": order.cents / 100,
        "currency": shop.currency,
        "products": _products(world, order),
    }
    context = _context(shop, who, device, None, distortion)
    at = order.refund_at or order.at
    return Event(
        "track", at, f"{order.id}-refund", user, device.anonymous_id, context, "Order Refunded", properties
    )


def visits(world: AccountWorld, hour: int, share: float) -> list[Event]:
    """Sessions of an hour that buy nothing: a share of those from ads, and of the others."""
    day, hour_of_day = local(hour, world.shop.timezone)
    organic = world.shop.organic_sessions * ORDERS_BY_HOUR[hour_of_day] * demand(day) / 24
    found = []
    for line in world.lines.values():
        shown = world.delivered_clicks(line.id, hour)
        count = Chance(world.seed, "visits", line.id, hour).poisson(shown * _SESSIONS_PER_CLICK * share)
        found += [_visit(world, hour, line.id, number) for number in range(count)]
    count = Chance(world.seed, "visits", "organic", hour).poisson(organic * share)
    found += [_visit(world, hour, None, number) for number in range(count)]
    return sorted(found, key=lambda event: event.at)


def _visit(world: AccountWorld, hour: int, line: str | None, number: int) -> Event:
    chance = Chance(world.seed, "visit", line or "organic", hour, number)
    at = (hour + chance.uniform()) * HOUR
    who = person(world.seed, world.shop, chance.below(world.shop.people))
    device = chance.pick(who.devices)
    click = f"IwAR{chance.hex(40)}" if line else None
    fbc = f"fb.1.{int(at * 1000)}.{click}" if click else None
    url = f"https://{world.shop.domain}/" + (f"?fbclid={click}" if click else "")
    context = _context(world.shop, who, device, fbc, Distortion()) | {"page": {"url": url, "path": "/"}}
    message = f"visit-{hour}-{line or 'organic'}-{number}"
    return Event("page", at, message, None, device.anonymous_id, context, "Home", {"url": url})


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
