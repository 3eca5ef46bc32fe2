"""New campaigns and ad squads, as Snapchat wants them told (Ads API: Campaigns, Ad Squads).

A budget at the campaign is a Smart Budget: the campaign paces its ad squads, and says beforehand what they share. What
is optimised for is one of the pixel's events; a lead has none of its own there, so leads are not offered.
"""

from collections.abc import Mapping
from typing import Any

from app.services.integrations.campaigns.ports import CREATED_STATUS, CampaignOffer
from app.services.integrations.ports import BudgetedType
from app.services.integrations.snapchat.ad_creation import AD_OFFER
from app.services.integrations.snapchat.mapping import DAILY, LIFETIME
from app.services.integrations.snapchat.money import to_micro

_OBJECTIVES = {"sales": "SALES", "traffic": "TRAFFIC", "awareness": "AWARENESS_AND_ENGAGEMENT"}
_GOALS = {"traffic": "SWIPES", "awareness": "IMPRESSIONS"}
_PIXEL_GOALS = {
    "purchase": "PIXEL_PURCHASE",
    "add_to_cart": "PIXEL_ADD_TO_CART",
    "page_view": "PIXEL_PAGE_VIEW",
    "sign_up": "PIXEL_SIGNUP",
}
_BIDS = {"lowest_cost": "AUTO_BID", "bid_cap": "LOWEST_COST_WITH_MAX_BID", "cost_cap": "TARGET_COST"}
_LONGEST_NAME = 375
_LEAST_DAY = 5_000_000
_LEAST_CAMPAIGN_DAY = {"USD": 20_000_000}

OFFER = CampaignOffer(
    objectives=tuple(_OBJECTIVES),
    counts_conversions=frozenset({"sales"}),
    conversions=frozenset(_PIXEL_GOALS),
    bid_strategies=tuple(_BIDS),
    longest_name=_LONGEST_NAME,
    countries=None,
    takes_ages=False,
    step=lambda _currency: 1,
    ads=AD_OFFER,
)


def least_daily(entity_type: BudgetedType, currency: str) -> int | None:
    """Of an ad squad five of any currency; of a campaign it is published in dollars alone."""
    return _LEAST_DAY if entity_type == "ad_set" else _LEAST_CAMPAIGN_DAY.get(currency)


def campaign(after: Mapping[str, Any], account: str) -> dict[str, Any]:
    """One row of `POST adaccounts/…/campaigns`; KeyError or ValueError for what Snapchat has no word for."""
    row = {
        "ad_account_id": account,
        "name": str(after["name"]),
        "status": _status(after),
        "start_time": str(after["starts_at"]),
        "buy_model": "AUCTION",
        "objective_v2_properties": {"objective_v2_type": _OBJECTIVES[str(after["objective"])]},
    }
    if after["budget_level"] != "campaign":
        return row
    shared = {
        "shared_optimization_goal": _goal(after),
        "shared_ad_squad_bid_strategy": _BIDS[str(after["bid_strategy"])],
    }
    if after.get("pixel") is not None:
        shared["shared_pixel_id"] = str(after["pixel"])
    return row | _budget("campaign", after) | {"pacing_level": "CAMPAIGN", "shared_properties": shared}


def ad_squad(after: Mapping[str, Any]) -> dict[str, Any]:
    """One row of `POST campaigns/…/adsquads`."""
    row: dict[str, Any] = {
        "campaign_id": str(after["campaign"]),
        "name": str(after["name"]),
        "status": _status(after),
        "type": "SNAP_ADS",
        "placement_v2": {"config": "AUTOMATIC"},
        "targeting": {"geos": [{"country_code": str(country).lower()} for country in after["countries"]]},
        "billing_event": "IMPRESSION",
        "optimization_goal": _goal(after),
        "bid_strategy": _BIDS[str(after["bid_strategy"])],
        "start_time": str(after["starts_at"]),
    }
    if after.get("bid_micros") is not None:
        row["bid_micro"] = to_micro(after["bid_micros"])
    if after.get("pixel") is not None:
        row["pixel_id"] = str(after["pixel"])
    if after.get("ends_at") is not None:
        row["end_time"] = str(after["ends_at"])
    return row | _budget("ad_set", after) if after["budget_level"] == "ad_set" else row


def _status(after: Mapping[str, Any]) -> str:
    if after["status"] != CREATED_STATUS:
        raise ValueError("whatever is created here is created paused")
    return "PAUSED"


def _goal(after: Mapping[str, Any]) -> str:
    objective = str(after["objective"])
    return _GOALS[objective] if objective in _GOALS else _PIXEL_GOALS[str(after["conversion"])]


def _budget(entity_type: BudgetedType, after: Mapping[str, Any]) -> dict[str, int]:
    for ours, theirs in (("daily_budget_micros", DAILY), ("lifetime_budget_micros", LIFETIME)):
        if after.get(ours) is not None:
            return {theirs[entity_type]: to_micro(after[ours])}
    raise ValueError("a budget")
