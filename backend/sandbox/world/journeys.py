"""What the shop tells its CDP: visits, orders, refunds, in Segment's e-commerce vocabulary."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.chance import Chance
from sandbox.world.account import AccountWorld
from sandbox.world.clicks import TRACES, Landing, landing
from sandbox.world.orders import Order
from sandbox.world.parameters import Shop
from sandbox.world.people import Device, Person, person
from sandbox.world.seasons import HOUR, ORDERS_BY_HOUR, demand, local
from sandbox.world.shop import ShopWorld

_SESSIONS_PER_CLICK = 0.8


@dataclass(frozen=True, slots=True)
class Distortion:
    """How faults touch one order's events. `blind`: platforms whose cookies are lost."""

    blind: frozenset[str] = frozenset()
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
    shop: Shop, who: Person, device: Device, marks: Mapping[str, str], distortion: Distortion
) -> dict[str, Any]:
    return {
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
    } | dict(marks)


def _marks(
    house: ShopWorld, device: Device, clicks: Mapping[str, Landing], blind: frozenset[str]
) -> dict[str, str]:
    """The cookies of the platforms that the shop advertises on: the browser's, and the last click's of each."""
    found: dict[str, str] = {}
    for platform in {account.platform: None for account in house.accounts.values()}:
        trace = TRACES.get(platform)
        if trace is None or platform in blind:
            continue
        if trace.browser is not None:
            found[trace.browser] = device.cookies[trace.browser]
        if platform in clicks:
            found |= clicks[platform].cookie
    return found


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


def _clicks(house: ShopWorld, order: Order) -> dict[str, Landing]:
    """By platform, the clicks that brought an order's buyer, the last one last."""
    claims = sorted(order.claims.items(), key=lambda pair: pair[1].at)
    found: dict[str, Landing] = {}
    for name, claim in claims:
        account = house.accounts[name]
        arrived = (
            None
            if claim.viewed
            else landing(account, claim.line, claim.at, Chance(house.seed, "click", order.id))
        )
        if arrived is not None:
            found.pop(account.platform, None)
            found[account.platform] = arrived
    return found


def _products(shop: Shop, order: Order) -> list[dict[str, Any]]:
    return [
        {
            "product_id": f"P{index + 1:03d}",
            "sku": f"NW-{index + 1:03d}",
            "name": f"Product {index + 1}",
            "price": shop.prices[index] / 100,
            "quantity": quantity,
        }
        for index, quantity in order.lines
    ]


def order_events(house: ShopWorld, order: Order, distortion: Distortion, *, journey: bool) -> Iterator[Event]:
    """From landing to purchase; without `journey`, the identity and the order alone."""
    shop = house.shop
    who = person(house.seed, shop, order.person)
    device = who.devices[order.device % len(who.devices)]
    clicks = _clicks(house, order)
    marks = _marks(house, device, clicks, distortion.blind)
    context = _context(shop, who, device, marks, distortion)
    known = not order.guest and not distortion.no_match_keys
    user = who.user_id if known else None
    products = _products(shop, order)
    if journey:
        last = next(reversed(clicks.values()), None)
        yield from _browsing(shop, order, device, context, last=last, products=products)
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
    properties |= marks
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
    last: Landing | None,
    products: list[dict[str, Any]],
) -> Iterator[Event]:
    url, seen = _arrival(shop, context, last)
    person_id, start = device.anonymous_id, order.at - 600
    yield Event("page", start, f"{order.id}-page", None, person_id, seen, "Home", {"url": url})
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


def _arrival(shop: Shop, context: dict[str, Any], last: Landing | None) -> tuple[str, dict[str, Any]]:
    """The address of the first page, and its context: an ad's link names its ad."""
    home = f"https://{shop.domain}/"
    if last is None:
        return home, context
    url = f"{home}?{last.query}"
    page = {"url": url, "path": "/", "search": f"?{last.query}"}
    return url, context | {"page": page, "campaign": last.utm()}


def refund_event(house: ShopWorld, order: Order, distortion: Distortion) -> Event:
    shop = house.shop
    who = person(house.seed, shop, order.person)
    device = who.devices[order.device % len(who.devices)]
    user = None if order.guest or distortion.no_match_keys else who.user_id
    properties = {
        "order_id": order.id,
        "total": order.cents / 100,
        "currency": shop.currency,
        "products": _products(shop, order),
    }
    context = _context(shop, who, device, _marks(house, device, {}, distortion.blind), distortion)
    at = order.refund_at or order.at
    return Event(
        "track", at, f"{order.id}-refund", user, device.anonymous_id, context, "Order Refunded", properties
    )


def visits(house: ShopWorld, hour: int, share: float) -> list[Event]:
    """Sessions of an hour that buy nothing: a share of those from ads, and of the others."""
    shop = house.shop
    day, hour_of_day = local(hour, shop.timezone)
    organic = shop.organic_sessions * ORDERS_BY_HOUR[hour_of_day] * demand(day) / 24
    found = []
    for account in house.accounts.values():
        for line in account.lines:
            shown = account.delivered_clicks(line, hour)
            count = Chance(house.seed, "visits", line, hour).poisson(shown * _SESSIONS_PER_CLICK * share)
            found += [_visit(house, hour, number, (account, line)) for number in range(count)]
    count = Chance(house.seed, "visits", "organic", hour).poisson(organic * share)
    found += [_visit(house, hour, number, None) for number in range(count)]
    return sorted(found, key=lambda event: event.at)


def _visit(house: ShopWorld, hour: int, number: int, ad: tuple[AccountWorld, str] | None) -> Event:
    name = ad[1] if ad else "organic"
    chance = Chance(house.seed, "visit", name, hour, number)
    at = (hour + chance.uniform()) * HOUR
    who = person(house.seed, house.shop, chance.below(house.shop.people))
    device = chance.pick(who.devices)
    last = landing(ad[0], ad[1], at, chance) if ad else None
    clicks = {ad[0].platform: last} if ad and last else {}
    marks = _marks(house, device, clicks, frozenset())
    url, context = _arrival(house.shop, _context(house.shop, who, device, marks, Distortion()), last)
    message = f"visit-{hour}-{name}-{number}"
    return Event("page", at, message, None, device.anonymous_id, context, "Home", {"url": url})


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
