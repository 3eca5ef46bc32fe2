"""The first stock: an account of the US shop in dollars, one of the Hungarian in dinars of three decimals."""

from dataclasses import dataclass
from typing import Any

from sandbox.vendors.snapchat import constants as ids
from sandbox.vendors.snapchat.entities import Entities, Entity, snap_time
from sandbox.vendors.snapchat.state import MICROS
from sandbox.world.account import Account
from sandbox.world.northwind import HU_SHOP, US_SHOP
from sandbox.world.parameters import Curve, Habits, Shop
from sandbox.world.seasons import DAY
from sandbox.world.slogans import slogan
from sandbox.world.world import World

_BEFORE = 40 * DAY
_LIFETIME_DAYS = 365
HABITS = Habits(click_claim=0.86, view_claim=0.08, click_days=28.0, view_days=28.0)


@dataclass(frozen=True, slots=True)
class SquadPlan:
    name: str
    daily: float
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """`budget`: shared (Smart Budgets), squad_daily, squad_lifetime, or capped: at both levels."""

    name: str
    budget: str
    curve: Curve
    squads: tuple[SquadPlan, ...]
    active: bool = True


US_PLANS = (
    Plan(
        "Snap Ads | Prospecting",
        "shared",
        Curve(34, 380, 28, 0.02, 7.0, 0.009, 0.05),
        (SquadPlan("Lookalike buyers", 190, 0.6), SquadPlan("Broad 18-34", 130, 0.4)),
    ),
    Plan(
        "Collection | Site visitors",
        "squad_daily",
        Curve(14, 130, 14, 0.03, 10.0, 0.015, 0.15),
        (SquadPlan("Cart 14d", 90), SquadPlan("Viewers 30d", 60)),
    ),
    Plan(
        "AR Lens | Winter coat",
        "squad_lifetime",
        Curve(2, 320, 40, 0.002, 5.0, 0.003, 0.30),
        (SquadPlan("Lens all", 160),),
    ),
    Plan(
        "Story Ads | Brand",
        "capped",
        Curve(4, 120, 30, 0.01, 8.0, 0.008, 0.20),
        (SquadPlan("Brand fans", 60),),
        active=False,
    ),
)
KW_PLANS = (
    Plan(
        "KW | Prospecting",
        "shared",
        Curve(3, 40, 28, 0.02, 2.1, 0.010, 0.10),
        (SquadPlan("KW broad", 36.5),),
    ),
    Plan(
        "KW | Retargeting",
        "squad_daily",
        Curve(1, 9, 14, 0.03, 2.9, 0.016, 0.20),
        (SquadPlan("KW cart", 8.125),),
    ),
)
CAST = (
    (ids.US_ACCOUNT, ids.US_PIXEL, US_SHOP, US_PLANS, "Northwind Outfitters US", "", ""),
    (ids.KW_ACCOUNT, ids.KW_PIXEL, HU_SHOP, KW_PLANS, "Northwind Kuwait", "KWD", "Asia/Kuwait"),
)


def open_worlds(world: World) -> None:
    """Accounts and campaigns that run since before the history begins."""
    for number, (account, _, shop, plans, _, currency, timezone) in enumerate(CAST, 1):
        world.open_account(Account(account, ids.PLATFORM, currency, timezone, HABITS), shop)
        for order, plan in enumerate(plans, 1):
            end = world.epoch - _BEFORE + _LIFETIME_DAYS * DAY if plan.budget == "squad_lifetime" else None
            lines = {
                ids.squad_id(number, order * 10 + n): (squad.daily if plan.active else 0.0, end)
                for n, squad in enumerate(plan.squads)
            }
            world.first_campaign(account, ids.campaign_id(number, order), plan.curve, lines)


def lay(entities: Entities, world: World) -> None:
    born = snap_time(world.epoch - _BEFORE)
    both = {"created_at": born, "updated_at": born}
    name = {"name": ids.ORGANIZATION_NAME, "type": "ENTERPRISE", "country": "US"}
    entities.put(Entity(ids.ORGANIZATION_ID, "organization", "", both | name))
    for number, (account, pixel, shop, plans, title, _, _) in enumerate(CAST, 1):
        live = world.accounts[account]
        facts = {
            "name": title,
            "type": "PARTNER",
            "status": "ACTIVE",
            "organization_id": ids.ORGANIZATION_ID,
            "currency": live.currency,
            "timezone": live.timezone,
            "advertiser": shop.name,
        }
        entities.put(Entity(account, "adaccount", "", both | facts))
        pixel_facts = {"name": f"{shop.name} pixel", "ad_account_id": account, "status": "ACTIVE"}
        entities.put(Entity(pixel, "pixel", account, both | pixel_facts))
        for order, plan in enumerate(plans, 1):
            _campaign(entities, (number, order), (account, pixel), (world.epoch - _BEFORE, shop), plan)
    entities.save()


def _campaign(
    entities: Entities, place: tuple[int, int], owner: tuple[str, str], since: tuple[float, Shop], plan: Plan
) -> None:
    number, order = place
    account, pixel = owner
    born = snap_time(since[0] + order)
    data: dict[str, Any] = {
        "created_at": born,
        "updated_at": born,
        "ad_account_id": account,
        "name": plan.name,
        "status": "ACTIVE" if plan.active else "PAUSED",
        "start_time": born,
        "buy_model": "AUCTION",
        "objective_v2_properties": {"objective_v2_type": "SALES"},
    }
    daily = round(sum(squad.daily for squad in plan.squads) * MICROS)
    if plan.budget == "shared":
        data |= {"pacing_level": "CAMPAIGN", "daily_budget_micro": daily}
    elif plan.budget == "capped":
        data["lifetime_spend_cap_micro"] = daily * _LIFETIME_DAYS
    campaign = Entity(ids.campaign_id(number, order), "campaign", account, data)
    entities.put(campaign)
    for n, squad in enumerate(plan.squads):
        place = (number, order * 10 + n)
        _squad(entities, place, campaign, plan=plan, squad=squad, pixel=pixel, since=since)


def _squad(
    entities: Entities,
    place: tuple[int, int],
    campaign: Entity,
    *,
    plan: Plan,
    squad: SquadPlan,
    pixel: str,
    since: tuple[float, Shop],
) -> None:
    account = campaign.account
    start, shop = since
    born = snap_time(start + place[1])
    data: dict[str, Any] = {
        "created_at": born,
        "updated_at": born,
        "campaign_id": campaign.id,
        "name": squad.name,
        "status": "ACTIVE",
        "type": "SNAP_ADS",
        "placement": "SNAP_ADS",
        "targeting": {"geos": [{"country_code": shop.country.lower()}]},
        "billing_event": "IMPRESSION",
        "optimization_goal": "PIXEL_PURCHASE",
        "bid_strategy": "AUTO_BID",
        "conversion_window": "SWIPE_28DAY_VIEW_1DAY",
        "pixel_id": pixel,
        "start_time": born,
    }
    micros = round(squad.daily * MICROS)
    if plan.budget in {"squad_daily", "capped"}:
        data["daily_budget_micro"] = micros
    elif plan.budget == "squad_lifetime":
        data["lifetime_budget_micro"] = micros * _LIFETIME_DAYS
        data["end_time"] = snap_time(start + place[1] + _LIFETIME_DAYS * DAY)
    entities.put(Entity(ids.squad_id(*place), "adsquad", account, data, {"share": squad.share}))
    for copy in (1, 2):
        creative_id = ids.creative_id(place[0], place[1] * 10 + copy)
        said = slogan(shop.domain, ids.squad_id(*place), copy)
        creative = Entity(creative_id, "creative", account, {"created_at": born, "updated_at": born})
        creative.data |= {
            "ad_account_id": account,
            "name": f"{squad.name} | creative {copy}",
            "type": "WEB_VIEW",
            "brand_name": shop.name[:32],
            "headline": said.headline[:34],
            "call_to_action": "SHOP_NOW",
            "shareable": True,
            "top_snap_media_id": ids.media_id(place[0], place[1] * 10 + copy),
            "web_view_properties": {"url": said.url},
            "packaging_status": "SUCCESS",
            "review_status": "APPROVED",
        }
        entities.put(creative)
        ad = {
            "created_at": born,
            "updated_at": born,
            "ad_squad_id": ids.squad_id(*place),
            "creative_id": creative.id,
            "name": f"{squad.name} | creative {copy}",
            "status": "ACTIVE",
            "type": "REMOTE_WEBPAGE",
        }
        entities.put(Entity(ids.ad_id(place[0], place[1] * 10 + copy), "ad", account, ad))
