"""The first stock of objects: two ad accounts of one business, with what the cast prescribes."""

from typing import Any

from sandbox.vendors.meta import constants as ids
from sandbox.vendors.meta.money import to_units
from sandbox.vendors.meta.nodes import Node, Nodes, graph_time
from sandbox.world.account import Account
from sandbox.world.northwind import HU_CAMPAIGNS, HU_SHOP, US_CAMPAIGNS, US_SHOP, AdSetPlan, CampaignPlan
from sandbox.world.parameters import Shop
from sandbox.world.seasons import DAY
from sandbox.world.slogans import slogan
from sandbox.world.world import World

_LIFETIME_DAYS = 365
_BEFORE = 40 * DAY
CAST = (
    (ids.US_ACCOUNT, ids.US_PIXEL, US_SHOP, US_CAMPAIGNS, "Northwind Outfitters US"),
    (ids.HU_ACCOUNT, ids.HU_PIXEL, HU_SHOP, HU_CAMPAIGNS, "Northwind Magyarország"),
)


def open_worlds(world: World) -> None:
    """Accounts and campaigns that run since before the history begins, at the cast's budgets."""
    for number, (account, _, shop, campaigns, _) in enumerate(CAST, 1):
        world.open_account(Account(account, ids.PLATFORM), shop)
        for order, plan in enumerate(campaigns, 1):
            world.first_campaign(
                account, ids.campaign_id(number, order), plan.curve, _rates(world, number, order, plan)
            )


def _rates(
    world: World, account: int, order: int, plan: CampaignPlan
) -> dict[str, tuple[float, float | None]]:
    end = world.epoch - _BEFORE + _LIFETIME_DAYS * DAY if plan.budget == "adset_lifetime" else None
    return {
        ids.ad_set_id(account, order * 10 + n): (s.daily if plan.active else 0.0, end)
        for n, s in enumerate(plan.ad_sets)
    }


def lay(nodes: Nodes, world: World) -> None:
    nodes.put(Node(ids.USER_ID, "user", "", {"name": ids.USER_NAME}))
    nodes.put(Node(ids.BUSINESS_ID, "business", "", {"name": ids.BUSINESS_NAME}))
    for number, (account, pixel, shop, campaigns, name) in enumerate(CAST, 1):
        nodes.put(Node(account, "adaccount", "", _account(account, name, shop, world.epoch)))
        nodes.put(Node(pixel, "adspixel", account, {"name": f"{shop.name} pixel"}))
        for order, plan in enumerate(campaigns, 1):
            _campaign(nodes, world, (number, order), (account, pixel), shop=shop, plan=plan)
    nodes.save()


def _account(account: str, name: str, shop: Shop, epoch: float) -> dict[str, Any]:
    return {
        "account_id": account,
        "account_status": 1,
        "business": {"id": ids.BUSINESS_ID, "name": ids.BUSINESS_NAME},
        "business_country_code": shop.country,
        "created_time": graph_time(epoch - 400 * DAY, shop.timezone),
        "currency": shop.currency,
        "disable_reason": 0,
        "min_daily_budget": 100 if shop.currency == "USD" else 350,
        "name": name,
        "spend_cap": "0",
        "timezone_name": shop.timezone,
    }


def _campaign(
    nodes: Nodes,
    world: World,
    place: tuple[int, int],
    owner: tuple[str, str],
    *,
    shop: Shop,
    plan: CampaignPlan,
) -> None:
    number, order = place
    account, _ = owner
    born = graph_time(world.epoch - _BEFORE, shop.timezone)
    campaign = ids.campaign_id(number, order)
    data: dict[str, Any] = {
        "name": plan.name,
        "objective": plan.objective,
        "status": "ACTIVE" if plan.active else "PAUSED",
        "buying_type": "AUCTION",
        "special_ad_categories": [],
        "created_time": born,
        "start_time": born,
        "updated_time": born,
    }
    if plan.budget == "campaign_daily":
        data["daily_budget"] = str(to_units(sum(s.daily for s in plan.ad_sets), shop.currency))
        data["bid_strategy"] = "LOWEST_COST_WITHOUT_CAP"
    nodes.put(Node(campaign, "campaign", account, data))
    for n, ad_set in enumerate(plan.ad_sets):
        _ad_set(
            nodes,
            world,
            (number, order * 10 + n),
            owner,
            shop=shop,
            plan=plan,
            ad_set=ad_set,
            campaign=campaign,
        )


def _ad_set(
    nodes: Nodes,
    world: World,
    place: tuple[int, int],
    owner: tuple[str, str],
    *,
    shop: Shop,
    plan: CampaignPlan,
    ad_set: AdSetPlan,
    campaign: str,
) -> None:
    account, pixel = owner
    start = world.epoch - _BEFORE
    born = graph_time(start, shop.timezone)
    ad_set_id = ids.ad_set_id(*place)
    data: dict[str, Any] = {
        "name": ad_set.name,
        "campaign_id": campaign,
        "status": "ACTIVE",
        "billing_event": "IMPRESSIONS",
        "optimization_goal": "OFFSITE_CONVERSIONS",
        "attribution_spec": [
            {"event_type": "CLICK_THROUGH", "window_days": 7},
            {"event_type": "VIEW_THROUGH", "window_days": 1},
        ],
        "promoted_object": {"pixel_id": pixel, "custom_event_type": "PURCHASE"},
        "targeting": {"geo_locations": {"countries": [shop.country]}},
        "created_time": born,
        "start_time": born,
        "updated_time": born,
    }
    if plan.budget == "adset_daily":
        data["daily_budget"] = str(to_units(ad_set.daily, shop.currency))
    elif plan.budget == "adset_lifetime":
        data["lifetime_budget"] = str(to_units(ad_set.daily * _LIFETIME_DAYS, shop.currency))
        data["end_time"] = graph_time(start + _LIFETIME_DAYS * DAY, shop.timezone)
    if plan.budget != "campaign_daily":
        data["bid_strategy"] = "LOWEST_COST_WITHOUT_CAP"
    nodes.put(Node(ad_set_id, "adset", account, data, {"share": ad_set.share, "edited_at": start}))
    for copy in (1, 2):
        creative = f"12021900{place[0]}04{place[1]:05d}{copy}"
        nodes.put(Node(creative, "adcreative", account, _creative(shop, ad_set.name, ad_set_id, copy)))
        ad = {
            "name": f"{ad_set.name} | creative {copy}",
            "campaign_id": campaign,
            "adset_id": ad_set_id,
            "status": "ACTIVE",
            "creative": {"id": creative},
            "created_time": born,
            "updated_time": born,
        }
        nodes.put(Node(ids.ad_id(place[0], place[1] * 10 + copy), "ad", account, ad))


def _creative(shop: Shop, name: str, line: str, copy: int) -> dict[str, Any]:
    """The first is a link with a picture, the second a video: each keeps its words in a place of its own."""
    said = slogan(shop.domain, line, copy)
    action = {"type": "SHOP_NOW", "value": {"link": said.url}}
    picture = f"https://{shop.domain}/ads/{line}-{copy}.jpg"
    common = {
        "name": f"{name} | creative {copy}",
        "status": "ACTIVE",
        "call_to_action_type": "SHOP_NOW",
        "thumbnail_url": picture,
    }
    if copy == 1:
        link = {"link": said.url, "message": said.sentence, "name": said.headline, "call_to_action": action}
        spec = {"page_id": ids.PAGE_ID, "link_data": link | {"picture": picture}}
        return common | {"object_type": "SHARE", "image_url": picture, "object_story_spec": spec}
    video = f"99{line[-12:]}{copy}"
    told = {"video_id": video, "title": said.headline, "message": said.sentence, "call_to_action": action}
    spec = {"page_id": ids.PAGE_ID, "video_data": told | {"image_url": picture}}
    return common | {"object_type": "VIDEO", "video_id": video, "object_story_spec": spec}
