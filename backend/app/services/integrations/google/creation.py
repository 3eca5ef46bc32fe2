"""New campaigns and ad groups, as Google wants them told: operations of one `googleAds:mutate`, all or nothing.

Every campaign is a Demand Gen campaign. It alone of Google's channels has what a plan has: ad groups that reach places
of their own, no keywords, and bids for clicks as well as for conversions. It has no bidding for reach, so awareness is
not offered; its budget is the campaign's, its days are whole ones, and what it aims at is the campaign's too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.services.integrations.campaigns.ports import CREATED_STATUS, CampaignOffer
from app.services.integrations.google.ad_creation import AD_OFFER
from app.services.integrations.google.conversions import CATEGORIES
from app.services.integrations.google.errors import PLATFORM
from app.services.integrations.google.money import amount, step
from app.services.integrations.google.places import COUNTRIES, constant
from app.services.integrations.ports import PlatformError, PlatformErrorKind

_STRATEGIES = {
    ("sales", "lowest_cost"): ("maximizeConversions", None),
    ("sales", "cost_cap"): ("targetCpa", "targetCpaMicros"),
    ("leads", "lowest_cost"): ("maximizeConversions", None),
    ("leads", "cost_cap"): ("targetCpa", "targetCpaMicros"),
    ("traffic", "lowest_cost"): ("targetSpend", None),
    ("traffic", "cost_cap"): ("targetCpc", "targetCpcMicros"),
}
"""How Google bids, and what it is told to aim at. A cap of each bid it has for portfolios of strategies alone."""
_LONGEST_NAME = 255
_BUDGET, _CAMPAIGN, _AD_GROUP = "-1", "-2", "-3"
"""Temporary ids, by which operations of one request name each other."""
_DECLARED = "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING"
"""As the offer's `declaration` says it to people."""
Operation = dict[str, Any]

OFFER = CampaignOffer(
    objectives=("sales", "leads", "traffic"),
    counts_conversions=frozenset({"sales", "leads"}),
    conversions=frozenset(CATEGORIES),
    bid_strategies=("lowest_cost", "cost_cap"),
    longest_name=_LONGEST_NAME,
    name_in_bytes=True,
    countries=COUNTRIES,
    takes_ages=False,
    step=step,
    budget_levels=("campaign",),
    whole_days=True,
    declaration=(
        "Google is told that this campaign holds no political advertising of the European Union "
        "(Regulation 2024/900). Create one that does at Google itself."
    ),
    ads=AD_OFFER,
)


@dataclass(frozen=True, slots=True)
class Goal:
    """What an account's bidding may count: Google's words for the kind of a conversion and where it comes from."""

    category: str
    origin: str


@dataclass(frozen=True, slots=True)
class Place:
    """The account to create in. `unit` is what its currency is billed in, in micros."""

    account: str
    timezone: str
    unit: int
    goals: Sequence[Goal] = ()

    def name(self, collection: str, number: str) -> str:
        return f"customers/{self.account}/{collection}/{number}"


def campaign(after: Mapping[str, Any], place: Place) -> list[Operation]:
    """Budget, campaign and what it counts; KeyError or ValueError for what Google has no word for."""
    if after["budget_level"] != "campaign":
        raise ValueError("a budget of each ad group")
    budget = {
        "resourceName": place.name("campaignBudgets", _BUDGET),
        "name": str(after["name"]),
        "deliveryMethod": "STANDARD",
        "explicitlyShared": False,
        **_amount(after, place.unit),
    }
    made = {
        "resourceName": place.name("campaigns", _CAMPAIGN),
        "name": str(after["name"]),
        "status": _status(after),
        "advertisingChannelType": "DEMAND_GEN",
        "demandGenCampaignSettings": {"upgradedTargeting": True},
        "containsEuPoliticalAdvertising": _DECLARED,
        "campaignBudget": budget["resourceName"],
        **_bidding(after, place.unit),
        **_days(after, place.timezone),
    }
    return [
        {"campaignBudgetOperation": {"create": budget}},
        {"campaignOperation": {"create": made}},
        *_goals(after, place),
    ]


def ad_group(after: Mapping[str, Any], place: Place) -> list[Operation]:
    """The ad group and whom it reaches."""
    name = place.name("adGroups", _AD_GROUP)
    group = {
        "resourceName": name,
        "name": str(after["name"]),
        "campaign": place.name("campaigns", str(after["campaign"])),
        "status": _status(after),
    }
    if not after["countries"]:
        raise ValueError("everywhere")
    return [
        {"adGroupOperation": {"create": group}},
        *(
            {
                "adGroupCriterionOperation": {
                    "create": {"adGroup": name, "location": {"geoTargetConstant": constant(str(country))}}
                }
            }
            for country in after["countries"]
        ),
    ]


def made(body: Mapping[str, Any], prefix: str) -> str:
    """The id of the one new entity behind the prefix."""
    answers = body.get("mutateOperationResponses")
    told = [
        str(result.get("resourceName"))
        for answer in (answers if isinstance(answers, list) else [])
        for result in (answer.values() if isinstance(answer, dict) else ())
        if isinstance(result, dict)
    ]
    ids = [name.removeprefix(prefix) for name in told if name.startswith(prefix)]
    if len(ids) != 1 or not (ids[0].isascii() and ids[0].isdecimal()):
        raise PlatformError(
            PlatformErrorKind.AMBIGUOUS, f"{PLATFORM}.no_result", "Google did not say what it had created."
        )
    return ids[0]


def counts_conversions(after: Mapping[str, Any]) -> bool:
    return after.get("objective") in OFFER.counts_conversions


def _status(after: Mapping[str, Any]) -> str:
    if after["status"] != CREATED_STATUS:
        raise ValueError("whatever is created here is created paused")
    return "PAUSED"


def _amount(after: Mapping[str, Any], unit: int) -> dict[str, str]:
    if after.get("daily_budget_micros") is not None:
        return {"period": "DAILY", "amountMicros": amount(after["daily_budget_micros"], unit)}
    if after.get("lifetime_budget_micros") is not None:
        return {"period": "CUSTOM_PERIOD", "totalAmountMicros": amount(after["lifetime_budget_micros"], unit)}
    raise ValueError("a budget")


def _bidding(after: Mapping[str, Any], unit: int) -> dict[str, Any]:
    strategy, aim = _STRATEGIES[str(after["objective"]), str(after["bid_strategy"])]
    return {strategy: {} if aim is None else {aim: amount(after["bid_micros"], unit)}}


def _days(after: Mapping[str, Any], timezone: str) -> dict[str, str]:
    """Without a start Google begins at once. An end is the beginning of the day that follows the last one."""
    found = {}
    if after.get("starts_at") is not None:
        found["startDateTime"] = f"{_day(str(after['starts_at']), timezone)} 00:00:00"
    if after.get("ends_at") is not None:
        found["endDateTime"] = f"{_day(str(after['ends_at']), timezone) - timedelta(days=1)} 23:59:59"
    return found


def _day(at: str, timezone: str) -> date:
    """The day that begins at that moment, which is not everywhere and always at 00:00; ValueError within a day."""
    moment, zone = datetime.fromisoformat(at), ZoneInfo(timezone)
    day = moment.astimezone(zone).date()
    if datetime.combine(day, time(), zone).astimezone(UTC) != moment:
        raise ValueError(f"{at} is within a day")
    return day


def _goals(after: Mapping[str, Any], place: Place) -> list[Operation]:
    """Left alone, a campaign bids for whatever the account counts: this one for its own conversion and no other."""
    if not counts_conversions(after):
        return []
    wanted = CATEGORIES[str(after["conversion"])]
    if not any(goal.category == wanted for goal in place.goals):
        raise ValueError(f"a goal of {wanted}, which the account does not have")
    return [
        {
            "campaignConversionGoalOperation": {
                "update": {
                    "resourceName": place.name(
                        "campaignConversionGoals", f"{_CAMPAIGN}~{goal.category}~{goal.origin}"
                    ),
                    "biddable": goal.category == wanted,
                },
                "updateMask": "biddable",
            }
        }
        for goal in place.goals
    ]
