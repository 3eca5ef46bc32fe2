"""New campaigns and ad groups, as TikTok wants them told.

A place is told by its GeoNames id, as everywhere in TikTok's API (`/tool/region/`); a country that the table below
does not hold is refused. Sales and traffic lead to a website; what needs an instant form or an app is not offered.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.services.integrations.campaigns.ports import CREATED_STATUS, CampaignOffer
from app.services.integrations.tiktok.money import DECIMALS, smallest, to_budget

_OBJECTIVES = {"sales": "WEB_CONVERSIONS", "traffic": "TRAFFIC", "awareness": "REACH"}
_GOALS = {
    "sales": ("CONVERT", "OCPM"),
    "traffic": ("CLICK", "CPC"),
    "awareness": ("REACH", "CPM"),
}
_EVENTS = {
    "purchase": "SHOPPING",
    "add_to_cart": "ON_WEB_CART",
    "lead": "FORM",
    "sign_up": "ON_WEB_REGISTER",
    "search": "ON_WEB_SEARCH",
}
LOCATIONS = {
    "AE": "290557", "AT": "2782113", "AU": "2077456", "BE": "2802361", "BR": "3469034", "CA": "6251999",
    "CH": "2658434", "CZ": "3077311", "DE": "2921044", "DK": "2623032", "ES": "2510769", "FI": "660013",
    "FR": "3017382", "GB": "2635167", "HU": "719819", "IE": "2963597", "IT": "3175395", "JP": "1861060",
    "KR": "1835841", "MX": "3996063", "NL": "2750405", "NO": "3144096", "PL": "798544", "PT": "2264397",
    "RO": "798549", "SA": "102358", "SE": "2661886", "SK": "3057568", "US": "6252001",
}  # fmt: skip
_LONGEST_NAME = 512


def _step(currency: str) -> int | None:
    return smallest(currency) if currency in DECIMALS else None


OFFER = CampaignOffer(
    objectives=tuple(_OBJECTIVES),
    counts_conversions=frozenset({"sales"}),
    conversions=frozenset(_EVENTS),
    bid_strategies=("lowest_cost",),
    longest_name=_LONGEST_NAME,
    countries=frozenset(LOCATIONS),
    takes_ages=False,
    step=_step,
)


def campaign(after: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The body of `/campaign/create/`; KeyError or ValueError for what TikTok has no word for."""
    shared = after["budget_level"] == "campaign"
    budget = _budget(after, currency) if shared else {"budget_mode": "BUDGET_MODE_INFINITE"}
    return {
        "campaign_name": str(after["name"]),
        "objective_type": _OBJECTIVES[str(after["objective"])],
        "operation_status": _status(after),
        "budget_optimize_on": shared,
        **budget,
    }


def ad_group(after: Mapping[str, Any], currency: str, pixel_id: str | None) -> dict[str, Any]:
    """The body of `/adgroup/create/`; `pixel_id` is TikTok's number of the pixel, where one is needed."""
    objective = str(after["objective"])
    goal, billing = _GOALS[objective]
    body: dict[str, Any] = {
        "campaign_id": str(after["campaign"]),
        "adgroup_name": str(after["name"]),
        "operation_status": _status(after),
        "promotion_type": "WEBSITE",
        "placement_type": "PLACEMENT_TYPE_AUTOMATIC",
        "location_ids": [LOCATIONS[str(country)] for country in after["countries"]],
        "optimization_goal": goal,
        "billing_event": billing,
        "bid_type": "BID_TYPE_NO_BID",
        "pacing": "PACING_MODE_SMOOTH",
        "schedule_type": "SCHEDULE_START_END" if after.get("ends_at") else "SCHEDULE_FROM_NOW",
        "schedule_start_time": _utc(after["starts_at"]),
    }
    if after.get("ends_at"):
        body["schedule_end_time"] = _utc(after["ends_at"])
    if pixel_id is not None:
        body |= {"pixel_id": pixel_id, "optimization_event": _EVENTS[str(after["conversion"])]}
    if after["budget_level"] == "ad_set":
        body |= _budget(after, currency)
    return body


def _status(after: Mapping[str, Any]) -> str:
    if after["status"] != CREATED_STATUS:
        raise ValueError("whatever is created here is created paused")
    return "DISABLE"


def _budget(after: Mapping[str, Any], currency: str) -> dict[str, Any]:
    for ours, mode in (
        ("daily_budget_micros", "BUDGET_MODE_DAY"),
        ("lifetime_budget_micros", "BUDGET_MODE_TOTAL"),
    ):
        if after.get(ours) is not None:
            return {"budget_mode": mode, "budget": to_budget(int(after[ours]), currency)}
    raise ValueError("a budget")


def _utc(text: object) -> str:
    return f"{datetime.fromisoformat(str(text)).astimezone(UTC):%Y-%m-%d %H:%M:%S}"
