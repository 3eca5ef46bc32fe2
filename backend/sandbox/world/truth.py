"""What really happened: the answers that attribution, identity and allocation are scored against."""

from typing import Any

from sandbox.clock import iso
from sandbox.world.account import AccountWorld
from sandbox.world.orders import Claim, Order, mean_cents
from sandbox.world.people import Person, person
from sandbox.world.seasons import HOUR
from sandbox.world.shop import ShopWorld


def campaigns(world: AccountWorld, start: float, end: float) -> list[dict[str, Any]]:
    """Incremental orders, revenue and profit of each campaign of an account over [start, end), beside its spend.

    Money in the account's currency.
    """
    caused: dict[str, list[int]] = {name: [] for name in world.campaigns}
    for order in world.orders_between(start, end):
        if order.caused_by in caused:
            caused[order.caused_by].append(order.cents)
    return [_campaign(world, name, cents, start, end) for name, cents in caused.items()]


def _campaign(world: AccountWorld, name: str, cents: list[int], start: float, end: float) -> dict[str, Any]:
    lines = [line for line in world.lines.values() if line.campaign == name]
    hours = range(int(start // HOUR), int(end // HOUR))
    spend = sum(shown.spend for x in lines for h in hours if (shown := x.delivered(h)) is not None)
    revenue = sum(cents) / 100 * world.exchange
    adstock = world.campaigns[name].adstock_at(world.closed_hour - 1)
    state = world.campaigns[name]
    marginal = state.pull * state.curve.slope(adstock) * mean_cents(world.shop) / 100 * world.exchange
    return {
        "campaign_id": name,
        "account": world.id,
        "platform": world.platform,
        "currency": world.currency,
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
    value = mean_cents(world.shop) / 100 * world.exchange
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
                "account": world.id,
                "platform": world.platform,
                "currency": world.currency,
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


def order(entry: Order, house: ShopWorld, account: str) -> dict[str, Any]:
    """`claimed_by` is one account's claim; `claims` are everybody's."""
    claims = [_claim(claim, house.accounts[name]) for name, claim in entry.claims.items()]
    own = next((claim for claim in claims if claim["account"] == account), None)
    return {
        "order_id": entry.id,
        "at": iso(entry.at),
        "value": entry.cents / 100,
        "currency": house.shop.currency,
        "person": entry.person,
        "guest": entry.guest,
        "caused_by": entry.caused_by,
        "claimed_by": None if own is None else own["campaign_id"],
        "claimed_ad_set": None if own is None else own["ad_set_id"],
        "claims": claims,
        "refunded_at": None if entry.refund_at is None else iso(entry.refund_at),
    }


def _claim(claim: Claim, account: AccountWorld) -> dict[str, Any]:
    return {
        "account": account.id,
        "platform": account.platform,
        "campaign_id": account.lines[claim.line].campaign,
        "ad_set_id": claim.line,
        "kind": "view" if claim.viewed else "click",
        "touched_at": iso(claim.at),
        "reported_at": iso(claim.seen_at),
    }


def people(house: ShopWorld, offset: int, limit: int) -> list[dict[str, Any]]:
    """Who is who: every identifier that belongs to one person."""
    shop = house.shop
    chosen = range(offset, min(offset + limit, shop.people))
    return [_identity(person(house.seed, shop, index)) for index in chosen]


def _identity(who: Person) -> dict[str, Any]:
    return {
        "person": who.index,
        "user_id": who.user_id,
        "email": who.email,
        "phone": who.phone,
        "anonymous_ids": [device.anonymous_id for device in who.devices],
        "fbp": [device.fbp for device in who.devices],
        "cookies": [dict(device.cookies) for device in who.devices],
        "allows_ads": who.allows_ads,
    }
