"""New campaigns, ad groups and ads: what they must bring, and how their parents bind them."""

from collections.abc import Callable
from typing import Any

from sandbox.vendors.tiktok.calls import Call
from sandbox.vendors.tiktok.entities import Entity, seconds_of, utc
from sandbox.vendors.tiktok.errors import missing, no_such, wrong
from sandbox.vendors.tiktok.money import budget, number
from sandbox.vendors.tiktok.state import TikTokState
from sandbox.world.exchange import rate
from sandbox.world.parameters import unknown_curve
from sandbox.world.seasons import DAY

_NEW_SCALE = 300.0
_FAR = 3650 * DAY
_OBJECTIVES = ("WEB_CONVERSIONS", "TRAFFIC", "REACH", "VIDEO_VIEWS", "PRODUCT_SALES", "LEAD_GENERATION")
_MODES = {
    "campaign": ("BUDGET_MODE_DAY", "BUDGET_MODE_TOTAL", "BUDGET_MODE_INFINITE"),
    "adgroup": ("BUDGET_MODE_DAY", "BUDGET_MODE_TOTAL", "BUDGET_MODE_DYNAMIC_DAILY_BUDGET"),
}
_CLICK = ("OFF", "ONE_DAY", "SEVEN_DAYS", "FOURTEEN_DAYS", "TWENTY_EIGHT_DAYS")
_VIEW = ("OFF", "ONE_DAY", "SEVEN_DAYS")
_EVENTS = ("SHOPPING", "ON_WEB_CART", "ON_WEB_REGISTER", "ON_WEB_SEARCH", "FORM")
_CAMPAIGN = {
    "campaign_name", "objective_type", "budget", "budget_mode", "budget_optimize_on", "operation_status",
}  # fmt: skip
_GROUP = {
    "campaign_id", "adgroup_name", "budget", "budget_mode", "operation_status", "schedule_type", "schedule_start_time",
    "schedule_end_time", "optimization_goal", "billing_event", "location_ids", "pixel_id", "placement_type", "pacing",
    "bid_type", "click_attribution_window", "view_attribution_window", "promotion_type", "optimization_event",
}  # fmt: skip
_CREATIVE = {"ad_name", "ad_format", "ad_text", "landing_page_url", "operation_status"}


def campaign(state: TikTokState, call: Call, advertiser: str) -> list[Entity]:
    _only(call, _CAMPAIGN)
    objective = _one_of(call, "objective_type", _OBJECTIVES)
    shared = call.flag("budget_optimize_on")
    mode = _one_of(call, "budget_mode", _MODES["campaign"], "BUDGET_MODE_INFINITE")
    if shared and mode == "BUDGET_MODE_INFINITE":
        raise wrong("budget_mode: A budget that is optimized over ad groups needs one.")
    facts = _common(state, call, "campaign") | {
        "objective_type": objective,
        "objective": "LANDING_PAGE",
        "campaign_type": "REGULAR_CAMPAIGN",
        "budget_optimize_on": shared,
        "budget_mode": mode,
        "budget": 0 if mode == "BUDGET_MODE_INFINITE" else _budget(state, call, "campaign", advertiser),
    }
    return [_entity(state, "campaign", advertiser, facts)]


def ad_group(state: TikTokState, call: Call, advertiser: str) -> list[Entity]:
    _only(call, _GROUP)
    parent = _parent(state, call, "campaign", advertiser)
    facts = _common(state, call, "adgroup") | _schedule(state, call) | {
        "campaign_id": parent.id,
        "optimization_goal": call.text("optimization_goal"),
        "billing_event": call.text("billing_event"),
        "location_ids": call.words("location_ids"),
        "placement_type": call.text("placement_type", "PLACEMENT_TYPE_AUTOMATIC"),
        "pacing": call.text("pacing", "PACING_MODE_SMOOTH"),
        "bid_type": _one_of(call, "bid_type", ("BID_TYPE_NO_BID",), "BID_TYPE_NO_BID"),
        "click_attribution_window": _one_of(call, "click_attribution_window", _CLICK, "SEVEN_DAYS"),
        "view_attribution_window": _one_of(call, "view_attribution_window", _VIEW, "ONE_DAY"),
        "budget_mode": "BUDGET_MODE_INFINITE",
        "budget": 0,
    }  # fmt: skip
    if "pixel_id" in call.params:
        facts["pixel_id"] = _pixel(state, call.text("pixel_id"), advertiser)
    for name, known in (("promotion_type", ("WEBSITE",)), ("optimization_event", _EVENTS)):
        if name in call.params:
            facts[name] = _one_of(call, name, known)
    if parent.data["budget_optimize_on"]:
        if "budget" in call.params:
            raise wrong("budget: The campaign's budget is optimized over its ad groups; these have none.")
    else:
        facts["budget_mode"] = _one_of(call, "budget_mode", _MODES["adgroup"])
        facts["budget"] = _budget(state, call, "adgroup", advertiser)
    if facts["budget_mode"] == "BUDGET_MODE_TOTAL" and facts["schedule_type"] != "SCHEDULE_START_END":
        raise wrong("schedule_type: A total budget needs SCHEDULE_START_END.")
    return [_entity(state, "adgroup", advertiser, facts)]


def ads(state: TikTokState, call: Call, advertiser: str) -> list[Entity]:
    _only(call, {"adgroup_id", "creatives"})
    group = _parent(state, call, "adgroup", advertiser)
    creatives = call.objects("creatives")
    if not creatives:
        raise missing("creatives")
    return [_ad(state, group, Call("POST", call.path, one, call.token, call.base_url)) for one in creatives]


def _ad(state: TikTokState, group: Entity, creative: Call) -> Entity:
    _only(creative, _CREATIVE)
    facts = _common(state, creative, "ad") | {
        "adgroup_id": group.id,
        "campaign_id": group.data["campaign_id"],
        "ad_format": creative.text("ad_format"),
        "landing_page_url": creative.text("landing_page_url", "https://shop.northwind.example/"),
    }
    if "ad_text" in creative.params:
        facts["ad_text"] = creative.text("ad_text")
    return _entity(state, "ad", group.advertiser, facts)


def tell_world(state: TikTokState, made: list[Entity]) -> None:
    world = state.ground.world
    for entity in made:
        if entity.kind == "campaign":
            scale = _NEW_SCALE * rate("USD", state.currency(entity.advertiser))
            world.add_campaign(
                entity.advertiser, entity.id, unknown_curve(world.seed, entity.id, scale), state.now
            )
        state.push(state.entities.campaign_of(entity))


MAKERS: dict[str, Callable[[TikTokState, Call, str], list[Entity]]] = {
    "campaign": campaign,
    "adgroup": ad_group,
    "ad": ads,
}


def _entity(state: TikTokState, kind: str, advertiser: str, facts: dict[str, Any]) -> Entity:
    entity_id = state.entities.new_id()
    return Entity(entity_id, kind, advertiser, {f"{kind}_id": entity_id, **facts}, {"share": 1.0})


def _common(state: TikTokState, call: Call, kind: str) -> dict[str, Any]:
    name = call.text(f"{kind}_name")
    if not name.strip():
        raise missing(f"{kind}_name")
    born = utc(state.now)
    return {
        f"{kind}_name": name,
        "operation_status": _one_of(call, "operation_status", ("ENABLE", "DISABLE"), "ENABLE"),
        "campaign_automation_type": "MANUAL",
        "is_smart_performance_campaign": False,
        "create_time": born,
        "modify_time": born,
    }


def _schedule(state: TikTokState, call: Call) -> dict[str, Any]:
    kind = _one_of(call, "schedule_type", ("SCHEDULE_FROM_NOW", "SCHEDULE_START_END"))
    start = _time(state, call, "schedule_start_time")
    end = start + _FAR
    if kind == "SCHEDULE_START_END":
        end = _time(state, call, "schedule_end_time")
        if end <= max(start, state.now):
            raise wrong("schedule_end_time: It must lie behind the start and in the future.")
    return {"schedule_type": kind, "schedule_start_time": utc(start), "schedule_end_time": utc(end)}


def _time(state: TikTokState, call: Call, name: str) -> float:
    try:
        at = seconds_of(call.text(name))
    except ValueError as error:
        raise wrong(f"{name}: It must be written YYYY-MM-DD HH:MM:SS, in UTC.") from error
    if abs(at - state.now) > _FAR:
        raise wrong(f"{name}: It is too far away.")
    return at


def _budget(state: TikTokState, call: Call, kind: str, advertiser: str) -> int | float:
    if call.params.get("budget") is None:
        raise missing("budget")
    return number(budget(kind, call.params["budget"], state.currency(advertiser)))


def _parent(state: TikTokState, call: Call, kind: str, advertiser: str) -> Entity:
    parent = state.entities.find(kind, call.text(f"{kind}_id"), advertiser)
    if parent is None or state.entities.is_deleted(parent):
        raise no_such(f"{kind}_id: It does not exist, is deleted, or does not belong to this advertiser.")
    return parent


def _pixel(state: TikTokState, pixel_id: str, advertiser: str) -> str:
    if not any(pixel.data["pixel_id"] == pixel_id for pixel in state.entities.of(advertiser, "pixel")):
        raise no_such(f"pixel_id: {pixel_id} does not exist, or does not belong to this advertiser.")
    return pixel_id


def _one_of(call: Call, name: str, known: tuple[str, ...], default: str | None = None) -> str:
    value = call.text(name, default)
    if value not in known:
        raise wrong(f"{name}: It must be one of {', '.join(known)}.")
    return value


def _only(call: Call, known: set[str]) -> None:
    if unknown := call.params.keys() - known - {"advertiser_id"}:
        raise wrong(f"{min(unknown)}: It is not emulated by this sandbox.")
