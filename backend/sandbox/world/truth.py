"""What really happened: the answers that attribution, identity and allocation are scored against."""

from typing import Any

from sandbox.clock import iso
from sandbox.world.account import AccountWorld
from sandbox.world.orders import Order, mean_cents
from sandbox.world.people import Person, person
from sandbox.world.seasons import HOUR


def campaigns(world: AccountWorld, start: float, end: float) -> list[dict[str, Any]]:
    """Incremental orders, revenue and profit of each campaign over [start, end), beside what was spent."""
    caused: dict[str, list[int]] = {name: [] for name in world.campaigns}
    for order in world.orders_between(start, end):
        if order.caused_by is not None:
            caused[order.caused_by].append(order.cents)
    return [_campaign(world, name, cents, start, end) for name, cents in caused.items()]


def _campaign(world: AccountWorld, name: str, cents: list[int], start: float, end: float) -> dict[str, Any]:
    lines = [line for line in world.lines.values() if line.campaign == name]
    hours = range(int(start // HOUR), int(end // HOUR))
    spend = sum(shown.spend for x in lines for h in hours if (shown := x.delivered(h)) is not None)
    revenue = sum(cents) / 100
    adstock = world.campaigns[name].adstock_at(world.closed_hour - 1)
    state = world.campaigns[name]
    marginal = state.pull * state.curve.slope(adstock) * mean_cents(world.shop) / 100
    return {
        "campaign_id": name,
        "spend": round(spend, 2),
        "incremental_orders": len(cents),
        "incremental_revenue": round(revenue, 2),
        "incremental_roas": round(revenue / spend, 4) if spend else None,
        "incremental_profit": round(revenue * world.shop.margin - spend, 2),
        "marginal_roas": round(marginal, 4),
        "worth_scaling": marginal * world.shop.margin > 1.0,
    }


def curves(world: AccountWorld) -> list[dict[str, Any]]:
    """Each campaign's hidden response: incremental revenue a day at levels of adstocked daily spend."""
    value = mean_cents(world.shop) / 100
    found = []
    for name, state in world.campaigns.items():
        now = state.adstock_at(world.closed_hour - 1)
        levels = [state.curve.scale * step / 4 for step in range(13)]
        points = [
            {"spend": round(x, 2), "revenue": round(state.pull * state.curve.orders(x) * value, 2)}
            for x in levels
        ]
        curve = state.curve
        found.append(
            {
                "campaign_id": name,
                "form": "orders/day = ceiling * (1 - exp(-adstocked daily spend / scale))",
                "ceiling": state.pull * curve.ceiling,
                "scale": curve.scale,
                "half_life_hours": curve.half_life_hours,
                "overclaim": curve.overclaim,
                "fatigue": curve.fatigue,
                "adstocked_spend": round(now, 2),
                "points": points,
            }
        )
    return found


def order(entry: Order, world: AccountWorld) -> dict[str, Any]:
    return {
        "order_id": entry.id,
        "at": iso(entry.at),
        "value": entry.cents / 100,
        "currency": world.shop.currency,
        "person": entry.person,
        "guest": entry.guest,
        "caused_by": entry.caused_by,
        "claimed_by": None if entry.claim is None else world.lines[entry.claim.line].campaign,
        "claimed_ad_set": None if entry.claim is None else entry.claim.line,
        "refunded_at": None if entry.refund_at is None else iso(entry.refund_at),
    }


def people(world: AccountWorld, offset: int, limit: int) -> list[dict[str, Any]]:
    """Who is who: every identifier that belongs to one person."""
    shop = world.shop
    chosen = range(offset, min(offset + limit, shop.people))
    return [_identity(person(world.seed, shop, index)) for index in chosen]


def _identity(who: Person) -> dict[str, Any]:
    return {
        "person": who.index,
        "user_id": who.user_id,
        "email": who.email,
        "phone": who.phone,
        "anonymous_ids": [device.anonymous_id for device in who.devices],
        "fbp": [device.fbp for device in who.devices],
        "allows_ads": who.allows_ads,
    }
