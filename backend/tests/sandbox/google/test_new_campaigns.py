"""What Google would refuse of a new campaign, and that nothing of it stands then."""

from typing import Any
from uuid import uuid4

import pytest

from tests.sandbox.google.conftest import US, Api, code_of, select

Json = dict[str, Any]
BUDGET, CAMPAIGN, GROUP = (
    f"customers/{US}/{name}" for name in ("campaignBudgets/-1", "campaigns/-2", "adGroups/-3")
)


def new_campaign(budget: Json | None = None, campaign: Json | None = None, *more: Json) -> list[Json]:
    """A budget and a Demand Gen campaign in one request, and what differs in them; None leaves a field out."""
    plain = {"resourceName": BUDGET, "amountMicros": "60000000", "explicitlyShared": False}
    made = {
        "resourceName": CAMPAIGN,
        "name": f"New {uuid4().hex}",
        "status": "PAUSED",
        "campaignBudget": BUDGET,
        "advertisingChannelType": "DEMAND_GEN",
        "maximizeConversions": {},
        "containsEuPoliticalAdvertising": "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
    }
    return [
        {"campaignBudgetOperation": {"create": _without(plain | (budget or {}))}},
        {"campaignOperation": {"create": _without(made | (campaign or {}))}},
        *more,
    ]


def _without(facts: Json) -> Json:
    return {name: value for name, value in facts.items() if value is not None}


def total(micros: int) -> Json:
    return {"amountMicros": None, "period": "CUSTOM_PERIOD", "totalAmountMicros": str(micros)}


NO_STRATEGY = {"maximizeConversions": None}
TEN_DAYS = {"startDateTime": "2037-03-01 00:00:00", "endDateTime": "2037-03-10 23:59:59"}
NEW_REFUSED: list[tuple[Json, str]] = [
    ({"campaign": {"name": None}}, "fieldError.REQUIRED"),
    ({"campaign": {"advertisingChannelType": None}}, "fieldError.REQUIRED"),
    ({"campaign": {"containsEuPoliticalAdvertising": None}}, "fieldError.REQUIRED"),
    ({"budget": {"amountMicros": None}}, "fieldError.REQUIRED"),
    ({"campaign": {"name": "Display | Awareness"}}, "campaignError.DUPLICATE_CAMPAIGN_NAME"),
    ({"budget": {"amountMicros": "4990000"}}, "campaignBudgetError.BUDGET_BELOW_PER_DAY_MINIMUM"),
    ({"budget": {"amountMicros": "60000001"}}, "campaignBudgetError.NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"),
    (
        {"budget": {"explicitlyShared": True, "name": "S"}},
        "campaignBudgetError.CAMPAIGN_BUDGET_CANNOT_BE_SHARED",
    ),
    ({"budget": total(90_000_000)}, "campaignError.END_DATE_TIME_REQUIRED_FOR_TOTAL_BUDGET"),
    (
        {"budget": total(49_000_000), "campaign": TEN_DAYS},
        "campaignBudgetError.BUDGET_BELOW_PER_DAY_MINIMUM",
    ),
    (
        {"campaign": NO_STRATEGY | {"manualCpc": {}}},
        "operationAccessDeniedError.OPERATION_NOT_PERMITTED_FOR_CAMPAIGN_TYPE",
    ),
    (
        {"campaign": NO_STRATEGY},
        "operationAccessDeniedError.OPERATION_NOT_PERMITTED_FOR_CAMPAIGN_TYPE",
    ),
    (
        {
            "campaign": NO_STRATEGY
            | {"targetCpc": {"targetCpcMicros": "500000"}, "advertisingChannelType": "SEARCH"}
        },
        "operationAccessDeniedError.OPERATION_NOT_PERMITTED_FOR_CAMPAIGN_TYPE",
    ),
    (
        {"campaign": NO_STRATEGY | {"targetCpa": {"targetCpaMicros": "1234567"}}},
        "biddingError.BID_TOO_MANY_FRACTIONAL_DIGITS",
    ),
    ({"campaign": {"startDateTime": "2024-01-01 00:00:00"}}, "dateRangeError.CANNOT_SET_DATE_TO_PAST"),
    (
        {"campaign": {"startDateTime": "2037-01-01 09:30:00"}},
        "dateError.DATE_RANGE_ERROR_START_TIME_MUST_BE_THE_START_OF_A_DAY",
    ),
    (
        {"campaign": {"endDateTime": "2037-01-01 12:00:00"}},
        "dateError.DATE_RANGE_ERROR_END_TIME_MUST_BE_THE_END_OF_A_DAY",
    ),
    (
        {"campaign": TEN_DAYS | {"endDateTime": "2037-02-01 23:59:59"}},
        "dateRangeError.START_DATE_AFTER_END_DATE",
    ),
    ({"campaign": {"startDateTime": "soon"}}, "dateError.INVALID_STRING_DATE_TIME_SECONDS"),
]


@pytest.mark.parametrize(("changes", "expected"), NEW_REFUSED)
def test_a_new_campaign_that_google_would_refuse_leaves_nothing(
    api: Api, changes: Json, expected: str
) -> None:
    count = len(api.rows("SELECT campaign_budget.id FROM campaign_budget"))
    answer = api.mutate("googleAds", *new_campaign(**changes))
    status, group, code = code_of(answer)
    assert (status, f"{group}.{code}") == (400, expected)
    assert len(api.rows("SELECT campaign_budget.id FROM campaign_budget")) == count


def test_what_is_too_small_says_what_would_do(api: Api) -> None:
    answer = api.mutate("googleAds", *new_campaign(budget=total(49_000_000), campaign=TEN_DAYS))
    (error,) = answer.json()["error"]["details"][0]["errors"]
    assert error["details"]["budgetPerDayMinimumErrorDetails"] == {
        "budgetPerDayMinimumMicros": "5000000",
        "currencyCode": "USD",
        "failedBudgetTotalAmountMicros": "49000000",
        "minimumBudgetTotalAmountMicros": "50000000",
    }
    fitting = new_campaign(budget=total(50_000_000), campaign=TEN_DAYS)
    assert api.mutate("googleAds", *fitting, validateOnly=True).status_code == 200


def ad_group(**facts: Any) -> Json:
    made = {"resourceName": GROUP, "name": "Group", "campaign": CAMPAIGN} | facts
    return {"adGroupOperation": {"create": made}}


def place(number: Any, **facts: Any) -> Json:
    made = {"adGroup": GROUP, "location": {"geoTargetConstant": f"geoTargetConstants/{number}"}} | facts
    return {"adGroupCriterionOperation": {"create": _without(made)}}


SEARCH = {"advertisingChannelType": "SEARCH"}
PMAX = {"advertisingChannelType": "PERFORMANCE_MAX"}


@pytest.mark.parametrize(
    ("campaign", "more", "expected"),
    [
        ({}, [ad_group(), ad_group(resourceName=None)], "adGroupError.DUPLICATE_ADGROUP_NAME"),
        (
            {},
            [ad_group(type="SEARCH_STANDARD")],
            "adGroupError.AD_GROUP_TYPE_NOT_VALID_FOR_ADVERTISING_CHANNEL_TYPE",
        ),
        (PMAX, [ad_group()], "adGroupError.CANNOT_ADD_AD_GROUP_FOR_CAMPAIGN_TYPE"),
        ({}, [ad_group(), place(999)], "criterionError.INVALID_CRITERION_ID"),
        ({}, [ad_group(), place(2840), place(2840)], "mutateError.RESOURCE_ALREADY_EXISTS"),
        ({}, [ad_group(), place(2840, location=None)], "adGroupCriterionError.CONCRETE_TYPE_REQUIRED"),
        (SEARCH, [ad_group(), place(2840)], "adGroupCriterionError.CANNOT_ADD_CRITERIA_TYPE"),
        (
            {"demandGenCampaignSettings": {"upgradedTargeting": False}},
            [ad_group(), place(2840)],
            "adGroupCriterionError.CANNOT_ADD_CRITERIA_TYPE",
        ),
        ({}, [place(2840)], "mutateError.RESOURCE_NOT_FOUND"),
    ],
)
def test_an_ad_group_that_google_would_refuse(
    api: Api, campaign: Json, more: list[Json], expected: str
) -> None:
    answer = api.mutate("googleAds", *new_campaign(None, campaign, *more))
    status, group, code = code_of(answer)
    assert (status, f"{group}.{code}") == (400, expected)


def goal(category: str, biddable: bool, campaign: str = "-2") -> Json:
    name = f"customers/{US}/campaignConversionGoals/{campaign}~{category}~WEBSITE"
    update = {"resourceName": name, "biddable": biddable}
    return {"campaignConversionGoalOperation": {"update": update, "updateMask": "biddable"}}


def test_a_campaign_has_the_accounts_goals_until_they_are_changed(api: Api) -> None:
    changed = [goal("PURCHASE", biddable=False), goal("SIGNUP", biddable=True)]
    answer = api.mutate("googleAds", *new_campaign(None, None, *changed))
    made = answer.json()["mutateOperationResponses"][1]["campaignResult"]["resourceName"]
    fields = "campaign_conversion_goal.category, campaign_conversion_goal.biddable"
    query = select(fields, "campaign_conversion_goal", f"campaign.resource_name = '{made}'")
    goals = [row["campaignConversionGoal"] for row in api.rows(query)]
    assert {each["category"] for each in goals} >= {"PURCHASE", "SIGNUP", "ADD_TO_CART"}
    assert [each["category"] for each in goals if each.get("biddable")] == ["SIGNUP"]
    bidding = select(fields, "campaign_conversion_goal", "campaign_conversion_goal.biddable = FALSE")
    assert len(api.rows(f"{bidding} AND campaign.resource_name = '{made}'")) == len(goals) - 1


def test_goals_are_changed_together_and_only_changed(api: Api) -> None:
    known = goal("PURCHASE", biddable=True, campaign="21400000001")
    partly = api.mutate("googleAds", known, partialFailure=True)
    assert code_of(partly) == (400, "mutateError", "OPERATION_DOES_NOT_SUPPORT_PARTIAL_FAILURE")
    unknown = api.mutate("googleAds", goal("STORE_VISIT", biddable=True, campaign="21400000001"))
    assert code_of(unknown) == (400, "mutateError", "RESOURCE_NOT_FOUND")
    name = known["campaignConversionGoalOperation"]["update"]["resourceName"]
    gone = api.mutate("campaignConversionGoals", {"remove": name})
    assert code_of(gone) == (400, "requestError", "OPERATION_REQUIRED")


def test_a_budget_of_one_campaign_is_named_after_it(api: Api) -> None:
    answer = api.mutate("googleAds", *new_campaign())
    made = answer.json()["mutateOperationResponses"][1]["campaignResult"]["resourceName"]
    query = select("campaign.name, campaign_budget.name", "campaign", f"campaign.resource_name = '{made}'")
    (row,) = api.rows(query)
    assert row["campaignBudget"]["name"] == row["campaign"]["name"]
