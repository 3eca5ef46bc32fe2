"""New campaigns and ad sets, as Meta wants them told.

Objectives are those of Outcome-Driven Ad Experiences, which alone are taken for new campaigns since v17
(developers.facebook.com/docs/marketing-api/reference/ad-campaign-group). An ad set's optimisation goal follows from
the objective, and every ad set is charged by impressions, which all these goals allow.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.services.integrations.campaigns.ports import CREATED_STATUS, CampaignOffer
from app.services.integrations.meta.ad_creation import AD_OFFER
from app.services.integrations.meta.money import MICROS as _MICROS
from app.services.integrations.meta.money import OFFSETS, to_units

_OBJECTIVES = {
    "sales": "OUTCOME_SALES",
    "leads": "OUTCOME_LEADS",
    "traffic": "OUTCOME_TRAFFIC",
    "awareness": "OUTCOME_AWARENESS",
}
_GOALS = {
    "sales": "OFFSITE_CONVERSIONS",
    "leads": "OFFSITE_CONVERSIONS",
    "traffic": "LINK_CLICKS",
    "awareness": "REACH",
}
_BIDS = {
    "lowest_cost": "LOWEST_COST_WITHOUT_CAP",
    "bid_cap": "LOWEST_COST_WITH_BID_CAP",
    "cost_cap": "COST_CAP",
}
_CUSTOM_EVENTS = {
    "purchase": "PURCHASE",
    "add_to_cart": "ADD_TO_CART",
    "lead": "LEAD",
    "sign_up": "COMPLETE_REGISTRATION",
    "search": "SEARCH",
}
_LONGEST_NAME = 400


def _step(currency: str) -> int | None:
    offset = OFFSETS.get(currency)
    return None if offset is None else _MICROS // offset


OFFER = CampaignOffer(
    objectives=tuple(_OBJECTIVES),
    counts_conversions=frozenset({"sales", "leads"}),
    conversions=frozenset(_CUSTOM_EVENTS),
    bid_strategies=tuple(_BIDS),
    longest_name=_LONGEST_NAME,
    countries=None,
    takes_ages=True,
    step=_step,
    ads=AD_OFFER,
)


def campaign(after: Mapping[str, Any], currency: str) -> dict[str, str]:
    """The parameters of `POST /act_…/campaigns`; KeyError or ValueError for what Meta has no word for."""
    params = {
        "name": str(after["name"]),
        "objective": _OBJECTIVES[str(after["objective"])],
        "status": _status(after),
        "buying_type": "AUCTION",
        "special_ad_categories": "[]",
    }
    if after["budget_level"] == "campaign":
        return params | _budget(after, currency) | {"bid_strategy": _BIDS[str(after["bid_strategy"])]}
    return params | {"is_adset_budget_sharing_enabled": "false"}


def ad_set(after: Mapping[str, Any], currency: str) -> dict[str, str]:
    """The parameters of `POST /act_…/adsets`."""
    objective = str(after["objective"])
    targeting: dict[str, Any] = {"geo_locations": {"countries": list(after["countries"])}}
    targeting |= {name: after[name] for name in ("age_min", "age_max") if after.get(name) is not None}
    params = {
        "name": str(after["name"]),
        "campaign_id": str(after["campaign"]),
        "status": _status(after),
        "billing_event": "IMPRESSIONS",
        "optimization_goal": _GOALS[objective],
        "targeting": json.dumps(targeting),
    }
    if objective in OFFER.counts_conversions:
        promoted = {
            "pixel_id": str(after["pixel"]),
            "custom_event_type": _CUSTOM_EVENTS[str(after["conversion"])],
        }
        params["promoted_object"] = json.dumps(promoted)
    if after["budget_level"] == "ad_set":
        params |= _budget(after, currency) | {"bid_strategy": _BIDS[str(after["bid_strategy"])]}
    if after.get("bid_micros") is not None:
        params["bid_amount"] = str(to_units(int(after["bid_micros"]), currency))
    for name, ours in (("start_time", "starts_at"), ("end_time", "ends_at")):
        if after.get(ours) is not None:
            params[name] = f"{datetime.fromisoformat(str(after[ours])):%Y-%m-%dT%H:%M:%S%z}"
    return params


def _status(after: Mapping[str, Any]) -> str:
    if after["status"] != CREATED_STATUS:
        raise ValueError("whatever is created here is created paused")
    return "PAUSED"


def _budget(after: Mapping[str, Any], currency: str) -> dict[str, str]:
    for kind in ("daily_budget", "lifetime_budget"):
        if after.get(f"{kind}_micros") is not None:
            return {kind: str(to_units(int(after[f"{kind}_micros"]), currency))}
    raise ValueError("a budget")
