"""The first stock: two advertisers of one business, with campaigns of differing worth and kinds of budget."""

from dataclasses import dataclass
from typing import Any

from sandbox.vendors.tiktok import constants as ids
from sandbox.vendors.tiktok.entities import Entities, Entity, utc
from sandbox.vendors.tiktok.money import number
from sandbox.world.account import Account
from sandbox.world.northwind import HU_SHOP, US_SHOP
from sandbox.world.parameters import Curve, Habits, Shop
from sandbox.world.seasons import DAY
from sandbox.world.slogans import slogan
from sandbox.world.world import World

_BEFORE = 40 * DAY
_LIFETIME_DAYS = 365
_HABITS = Habits(click_claim=0.86, view_claim=0.08, others_viewed=0.6, click_days=28, view_days=7)
_LOCATIONS = {"US": "6252001", "HU": "719819"}


@dataclass(frozen=True, slots=True)
class GroupPlan:
    name: str
    daily: float
    click: str = "SEVEN_DAYS"
    view: str = "ONE_DAY"


@dataclass(frozen=True, slots=True)
class Plan:
    """`mode` is the budget's, `shared` whether it is the campaign's."""

    name: str
    objective: str
    mode: str
    shared: bool
    curve: Curve
    groups: tuple[GroupPlan, ...]


US_PLANS = (
    Plan(
        "TT | Prospecting | Broad",
        "WEB_CONVERSIONS",
        "BUDGET_MODE_DAY",
        True,
        Curve(30, 320, 26, 0.02, 7.5, 0.009, 0.20),
        (GroupPlan("Broad 18-34", 240), GroupPlan("Broad 35+", 160)),
    ),
    Plan(
        "TT | Spark Ads | Creators",
        "WEB_CONVERSIONS",
        "BUDGET_MODE_DAY",
        False,
        Curve(22, 220, 20, 0.015, 9.0, 0.013, 0.35),
        (GroupPlan("Trail runners", 180), GroupPlan("Van life", 120, view="OFF")),
    ),
    Plan(
        "TT | Reach | Summer sounds",
        "REACH",
        "BUDGET_MODE_TOTAL",
        True,
        Curve(2, 400, 36, 0.02, 4.5, 0.004, 0.30),
        (GroupPlan("Summer sounds", 200),),
    ),
)
HU_PLANS = (
    Plan(
        "HU | TikTok prospecting",
        "WEB_CONVERSIONS",
        "BUDGET_MODE_DAY",
        True,
        Curve(3, 20_000, 26, 0.02, 1500.0, 0.010, 0.10),
        (GroupPlan("HU broad", 20_000),),
    ),
    Plan(
        "HU | TikTok retargeting",
        "WEB_CONVERSIONS",
        "BUDGET_MODE_DYNAMIC_DAILY_BUDGET",
        False,
        Curve(1, 8_000, 14, 0.03, 2200.0, 0.018, 0.20),
        (GroupPlan("HU cart", 8_000),),
    ),
)
CAST = (
    (ids.US_ADVERTISER, ids.US_PIXEL, US_SHOP, US_PLANS, "Northwind Outfitters US (TikTok)"),
    (ids.HU_ADVERTISER, ids.HU_PIXEL, HU_SHOP, HU_PLANS, "Northwind Magyarország (TikTok)"),
)


def open_worlds(world: World) -> None:
    """Advertisers and campaigns that run since before the history begins, at the plans' budgets."""
    for place, (advertiser, _, shop, plans, _) in enumerate(CAST, 1):
        world.open_account(Account(advertiser, ids.PLATFORM, habits=_HABITS), shop)
        for order, plan in enumerate(plans, 1):
            end = _end(world) if plan.mode == "BUDGET_MODE_TOTAL" else None
            lines = {
                ids.ad_group_id(place, order * 10 + n): (group.daily, end)
                for n, group in enumerate(plan.groups)
            }
            world.first_campaign(advertiser, ids.campaign_id(place, order), plan.curve, lines)


def _end(world: World) -> float:
    return world.epoch - _BEFORE + _LIFETIME_DAYS * DAY


def lay(entities: Entities, world: World) -> None:
    for place, (advertiser, pixel, shop, plans, name) in enumerate(CAST, 1):
        entities.put(Entity(advertiser, "advertiser", advertiser, _advertiser(name, shop, world)))
        facts = {"pixel_id": ids.PIXEL_IDS[pixel], "pixel_code": pixel, "pixel_name": f"{shop.name} pixel"}
        entities.put(Entity(pixel, "pixel", advertiser, facts))
        for order, plan in enumerate(plans, 1):
            _campaign(entities, world, (place, order), plan, pixel)
    entities.save()


def _advertiser(name: str, shop: Shop, world: World) -> dict[str, Any]:
    return {
        "name": name,
        "company": shop.name,
        "country": shop.country,
        "currency": shop.currency,
        "timezone": shop.timezone,
        "display_timezone": shop.timezone,
        "status": "STATUS_ENABLE",
        "role": "ROLE_ADVERTISER",
        "create_time": int(world.epoch - 400 * DAY),
    }


def _campaign(entities: Entities, world: World, place: tuple[int, int], plan: Plan, pixel: str) -> None:
    advertiser, _, shop, _, _ = CAST[place[0] - 1]
    born = utc(world.epoch - _BEFORE)
    campaign = ids.campaign_id(*place)
    facts = _common("campaign", campaign, plan.name, born) | {
        "objective_type": plan.objective,
        "objective": "LANDING_PAGE",
        "campaign_type": "REGULAR_CAMPAIGN",
        "budget_optimize_on": plan.shared,
        "budget_mode": plan.mode if plan.shared else "BUDGET_MODE_INFINITE",
        "budget": number(sum(_budget(plan, group) for group in plan.groups)) if plan.shared else 0,
    }
    entities.put(Entity(campaign, "campaign", advertiser, facts))
    for n, group in enumerate(plan.groups):
        group_id = ids.ad_group_id(place[0], place[1] * 10 + n)
        data = _common("adgroup", group_id, group.name, born) | _delivery(world, plan, group)
        data |= {
            "campaign_id": campaign,
            "pixel_id": ids.PIXEL_IDS[pixel],
            "location_ids": [_LOCATIONS[shop.country]],
        }
        entities.put(Entity(group_id, "adgroup", advertiser, data, {"share": group.daily}))
        for copy in (1, 2):
            ad = ids.ad_id(place[0], place[1] * 100 + n * 10 + copy)
            said = slogan(shop.domain, group_id, copy)
            facts = _common("ad", ad, f"{group.name} | video {copy}", born)
            facts |= {
                "campaign_id": campaign,
                "adgroup_id": group_id,
                "ad_format": "SINGLE_VIDEO",
                "ad_text": said.sentence,
                "landing_page_url": said.url,
                "call_to_action": "SHOP_NOW",
                "video_id": f"v10033g50000{ad[-8:]}",
                "image_ids": [f"ad-site-i18n-sg/{ad}"],
                "display_name": shop.name,
            }
            entities.put(Entity(ad, "ad", advertiser, facts))


def _common(kind: str, entity_id: str, name: str, born: str) -> dict[str, Any]:
    return {
        f"{kind}_id": entity_id,
        f"{kind}_name": name,
        "operation_status": "ENABLE",
        "campaign_automation_type": "MANUAL",
        "is_smart_performance_campaign": False,
        "create_time": born,
        "modify_time": born,
    }


def _delivery(world: World, plan: Plan, group: GroupPlan) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "billing_event": "OCPM",
        "bid_type": "BID_TYPE_NO_BID",
        "optimization_goal": "REACH" if plan.objective == "REACH" else "CONVERT",
        "placement_type": "PLACEMENT_TYPE_AUTOMATIC",
        "pacing": "PACING_MODE_SMOOTH",
        "click_attribution_window": group.click,
        "view_attribution_window": group.view,
        "schedule_type": "SCHEDULE_FROM_NOW",
        "schedule_start_time": utc(world.epoch - _BEFORE),
        "schedule_end_time": utc(world.epoch + 3650 * DAY),
        "budget_mode": "BUDGET_MODE_INFINITE" if plan.shared else plan.mode,
        "budget": 0 if plan.shared else number(_budget(plan, group)),
    }
    if plan.mode == "BUDGET_MODE_TOTAL":
        facts |= {"schedule_type": "SCHEDULE_START_END", "schedule_end_time": utc(_end(world))}
    return facts


def _budget(plan: Plan, group: GroupPlan) -> float:
    return group.daily * (_LIFETIME_DAYS if plan.mode == "BUDGET_MODE_TOTAL" else 1)
