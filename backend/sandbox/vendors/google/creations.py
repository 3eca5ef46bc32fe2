"""What Google holds new campaigns, ad groups and criteria to, beside the rules of every change."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.vendors.google.book import Entity
from sandbox.vendors.google.constants import BILLABLE_UNITS, COUNTRY_TARGETS, DEMAND_GEN_MINIMUMS
from sandbox.vendors.google.errors import AdsError, Fault, fault
from sandbox.vendors.google.state import GoogleState
from sandbox.vendors.google.times import account_day

_CONVERTS = frozenset({"MAXIMIZE_CONVERSIONS", "MAXIMIZE_CONVERSION_VALUE"})
_AUTOMATIC = _CONVERTS | {"TARGET_CPA", "TARGET_ROAS", "TARGET_SPEND"}
_BIDDING = {
    "SEARCH": _AUTOMATIC | {"MANUAL_CPC"},
    "DISPLAY": _AUTOMATIC | {"MANUAL_CPC", "MANUAL_CPM"},
    "SHOPPING": frozenset({"MANUAL_CPC", "TARGET_ROAS", "TARGET_SPEND", "MAXIMIZE_CONVERSION_VALUE"}),
    "PERFORMANCE_MAX": _CONVERTS,
    "DEMAND_GEN": _AUTOMATIC | {"TARGET_CPC"},
}
_GROUP_TYPES = {"SEARCH": "SEARCH_STANDARD", "DISPLAY": "DISPLAY_STANDARD"}
_TARGETS = {
    "maximize_conversions": "target_cpa_micros",
    "target_cpa": "target_cpa_micros",
    "target_cpc": "target_cpc_micros",
}
"""Of each strategy the amount that it aims at."""
_START, _END = "00:00:00", "23:59:59"
_GEO = "geoTargetConstants/"
BIDDING = {
    "manual_cpc": "MANUAL_CPC",
    "manual_cpm": "MANUAL_CPM",
    "maximize_conversions": "MAXIMIZE_CONVERSIONS",
    "maximize_conversion_value": "MAXIMIZE_CONVERSION_VALUE",
    "target_cpa": "TARGET_CPA",
    "target_cpc": "TARGET_CPC",
    "target_roas": "TARGET_ROAS",
    "target_spend": "TARGET_SPEND",
}


def bidding(found: dict[str, Any]) -> None:
    """The one strategy that a new campaign names, as we keep it: its type and what it aims at."""
    chosen = [name for name in BIDDING if name in found]
    if len(chosen) > 1:
        raise fault("requestError", "UNKNOWN", "A oneof field is already set.", "create", chosen[1])
    for name in chosen:
        told = found.pop(name)
        found["bidding_strategy_type"] = BIDDING[name]
        amount = told.get(_camel(_TARGETS[name])) if name in _TARGETS and isinstance(told, dict) else None
        if amount is not None:
            found[f"{name}.{_TARGETS[name]}"] = _whole(amount, name)


def targeting(found: dict[str, Any]) -> None:
    """Whether a Demand Gen campaign's ad groups have places of their own: they do unless it is declined."""
    told = found.pop("demand_gen_campaign_settings", None)
    if found["advertising_channel_type"] == "DEMAND_GEN":
        upgraded = told.get("upgradedTargeting", True) if isinstance(told, dict) else True
        found["demand_gen_campaign_settings.upgraded_targeting"] = bool(upgraded)
    elif told is not None:
        raise fault(
            "operationAccessDeniedError",
            "OPERATION_NOT_PERMITTED_FOR_CAMPAIGN_TYPE",
            "These are settings of Demand Gen campaigns.",
            "create",
            "demand_gen_campaign_settings",
        )


def criterion(found: dict[str, Any]) -> None:
    """A location, as we keep it; other criteria are not emulated."""
    location = found.pop("location", None)
    if not isinstance(location, dict) or not location.get("geoTargetConstant"):
        raise fault("adGroupCriterionError", "CONCRETE_TYPE_REQUIRED", "A concrete type is needed.", "create")
    constant = str(location["geoTargetConstant"])
    if constant.removeprefix(_GEO) not in COUNTRY_TARGETS or not constant.startswith(_GEO):
        raise fault(
            "criterionError",
            "INVALID_CRITERION_ID",
            "There is no such place.",
            "create",
            "location",
            trigger=constant,
        )
    found |= {"location.geo_target_constant": constant, "type": "LOCATION"}


def check(google: GoogleState, entity: Entity, before: Mapping[str, Any] | None) -> None:
    """`before` is None for a new one."""
    if entity.kind == "campaign":
        _campaign(google, entity, before)
    elif entity.kind == "campaign_budget":
        for campaign in google.book.campaigns_on(entity.name):
            _smallest(google, campaign, entity, ("update", _amount(entity)))
    elif entity.kind == "ad_group":
        _ad_group(google, entity, before)
    elif entity.kind == "ad_group_criterion" and before is None:
        _criterion(google, entity)


def _campaign(google: GoogleState, campaign: Entity, before: Mapping[str, Any] | None) -> None:
    verb = "create" if before is None else "update"
    data, budget = campaign.data, google.book.get(campaign.data["campaign_budget"])
    if before is None:
        _strategy(google, campaign)
        today = account_day(google.now(), google.timezone(campaign.customer))
        data.setdefault("start_date_time", f"{today} {_START}")
    if data["advertising_channel_type"] == "DEMAND_GEN" and budget.data["explicitly_shared"]:
        raise fault(
            "campaignBudgetError",
            "CAMPAIGN_BUDGET_CANNOT_BE_SHARED",
            "The campaign budget cannot be shared.",
            verb,
            "campaign_budget",
        )
    changed = [
        name
        for name in ("start_date_time", "end_date_time")
        if data.get(name) is not None and (before is None or before.get(name) != data[name])
    ]
    for name in changed:
        _day(google, campaign, name, verb)
    start, end = data.get("start_date_time"), data.get("end_date_time")
    if changed and start is not None and end is not None and start > end:
        raise fault(
            "dateRangeError",
            "START_DATE_AFTER_END_DATE",
            "The start is after the end.",
            verb,
            "end_date_time",
        )
    if before is None and budget.data["period"] == "CUSTOM_PERIOD" and end is None:
        raise fault(
            "campaignError",
            "END_DATE_TIME_REQUIRED_FOR_TOTAL_BUDGET",
            "Campaigns with total budgets must have an end.",
            verb,
            "end_date_time",
        )
    if before is None or changed or before["campaign_budget"] != budget.name:
        _smallest(google, campaign, budget, (verb, "campaign_budget"))


def _strategy(google: GoogleState, campaign: Entity) -> None:
    data = campaign.data
    kind, channel = data["bidding_strategy_type"], data["advertising_channel_type"]
    name = next(name for name, known in BIDDING.items() if known == kind)
    if kind not in _BIDDING[channel]:
        raise fault(
            "operationAccessDeniedError",
            "OPERATION_NOT_PERMITTED_FOR_CAMPAIGN_TYPE",
            f"{kind} is not for {channel} campaigns.",
            "create",
            name,
        )
    amount = data.get(f"{name}.{_TARGETS[name]}") if name in _TARGETS else None
    if amount is None:
        return
    place = ("create", name, _TARGETS[name])
    if amount <= 0:
        raise fault("biddingError", "BID_TOO_SMALL", "The bid is too small.", *place, trigger=amount)
    if amount % BILLABLE_UNITS[google.customers[campaign.customer].currency]:
        raise fault(
            "biddingError", "BID_TOO_MANY_FRACTIONAL_DIGITS", "Too many digits.", *place, trigger=amount
        )


def _day(google: GoogleState, campaign: Entity, name: str, verb: str) -> None:
    """Campaigns begin and end with whole days here; Google has some that need not, and does not say which."""
    moment = datetime.fromisoformat(campaign.data[name])
    starts = name == "start_date_time"
    if f"{moment:%H:%M:%S}" != (_START if starts else _END):
        edge = "START_TIME_MUST_BE_THE_START" if starts else "END_TIME_MUST_BE_THE_END"
        code = f"DATE_RANGE_ERROR_{edge}_OF_A_DAY"
        raise fault("dateError", code, "This campaign type takes whole days.", verb, name)
    if moment.date() < account_day(google.now(), google.timezone(campaign.customer)):
        raise fault("dateRangeError", "CANNOT_SET_DATE_TO_PAST", "Cannot set date to past time.", verb, name)


def _smallest(google: GoogleState, campaign: Entity, budget: Entity, place: tuple[str, str]) -> None:
    """Since April 2026 Demand Gen needs so much for each day."""
    if campaign.data["advertising_channel_type"] != "DEMAND_GEN":
        return
    currency = google.customers[campaign.customer].currency
    a_day, name = DEMAND_GEN_MINIMUMS[currency], _amount(budget)
    total = name == "total_amount_micros"
    needed = a_day * math.ceil(google.days_of(campaign)) if total else a_day
    if budget.data[name] >= needed:
        return
    kind = "Total" if total else ""
    details = {
        "budgetPerDayMinimumMicros": str(a_day),
        "currencyCode": currency,
        f"failedBudget{kind}AmountMicros": str(budget.data[name]),
        f"minimumBudget{kind}AmountMicros": str(needed),
    }
    raise AdsError(
        "INVALID_ARGUMENT",
        Fault(
            "campaignBudgetError",
            "BUDGET_BELOW_PER_DAY_MINIMUM",
            "The budget is below this campaign's minimum for a day.",
            path=[(name, None) for name in place],
            details={"budgetPerDayMinimumErrorDetails": details},
        ),
    )


def _amount(budget: Entity) -> str:
    return "total_amount_micros" if budget.data["period"] == "CUSTOM_PERIOD" else "amount_micros"


def _ad_group(google: GoogleState, group: Entity, before: Mapping[str, Any] | None) -> None:
    verb = "create" if before is None else "update"
    same = (one for one in google.book.ad_groups_of(group.data["campaign"]) if one.name != group.name)
    if any(one.data["name"] == group.data["name"] for one in same):
        raise fault(
            "adGroupError",
            "DUPLICATE_ADGROUP_NAME",
            "The campaign has an ad group of this name.",
            verb,
            "name",
        )
    if before is not None:
        return
    channel = google.book.get(group.data["campaign"]).data["advertising_channel_type"]
    if channel == "PERFORMANCE_MAX":
        raise fault(
            "adGroupError",
            "CANNOT_ADD_AD_GROUP_FOR_CAMPAIGN_TYPE",
            "An ad group cannot be added to this campaign type.",
            verb,
            "campaign",
        )
    kind = group.data.setdefault("type", _GROUP_TYPES.get(channel))
    if kind != _GROUP_TYPES.get(channel):
        raise fault(
            "adGroupError",
            "AD_GROUP_TYPE_NOT_VALID_FOR_ADVERTISING_CHANNEL_TYPE",
            "The ad group's type is not valid for the campaign's channel.",
            verb,
            "type",
        )


def _criterion(google: GoogleState, entity: Entity) -> None:
    group = google.book.get(entity.data["ad_group"])
    campaign = google.book.get(group.data["campaign"])
    if not campaign.data.get("demand_gen_campaign_settings.upgraded_targeting"):
        raise fault(
            "adGroupCriterionError",
            "CANNOT_ADD_CRITERIA_TYPE",
            "This criterion belongs to the campaign.",
            "create",
            "location",
        )
    there = google.book.find(entity.name)
    if there is not None and there.lives:
        raise fault("mutateError", "RESOURCE_ALREADY_EXISTS", "The resource already exists.", "create")


def _whole(value: Any, name: str) -> int:
    try:
        return int(str(value))
    except ValueError as error:
        raise fault(
            "requestError", "UNKNOWN", f"Invalid value at '{name}': {value!r}.", "create", name
        ) from error


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)
