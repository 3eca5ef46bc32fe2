"""New campaigns at Google: whole or not at all, paused, found again by their names, in the account's own units."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from app.core.config import Settings
from app.core.ids import uuid7
from app.db.session import Scopes
from app.services.integrations.campaigns.ports import CampaignMaker
from app.services.integrations.gateway import gateway_by
from app.services.integrations.google import creation
from app.services.integrations.google.places import COUNTRIES, constant
from app.services.integrations.ports import (
    CREATE_AD_SET,
    CREATE_CAMPAIGN,
    AdPlatform,
    PlatformError,
    PlatformErrorKind,
)
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.permits import Change
from tests.conftest import pointed_at
from tests.factories.google import JP_ACCOUNT, US_ACCOUNT, Connected, google_rows
from tests.sandbox.google.conftest import select
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk
from tests.services.integrations.google.test_client import change_of

UNIT = 1_000_000


def named(**facts: Any) -> dict[str, Any]:
    """A campaign as it shall stand, under a name of its own."""
    return {
        "name": f"Made [{uuid7().hex}]",
        "status": "paused",
        "objective": "traffic",
        "budget_level": "campaign",
        "bid_strategy": "lowest_cost",
        "bid_micros": None,
        "starts_at": None,
        "ends_at": None,
        "daily_budget_micros": 60 * UNIT,
    } | facts


def group(campaign: str, **facts: Any) -> dict[str, Any]:
    plain = {name: value for name, value in named().items() if name != "daily_budget_micros"}
    return plain | {"campaign": campaign, "countries": ["HU", "US"]} | facts


def to_create(after: dict[str, Any], account: str = US_ACCOUNT) -> Change:
    operation = CREATE_AD_SET if "campaign" in after else CREATE_CAMPAIGN
    entity_type: Any = "ad_set" if "campaign" in after else "campaign"
    return change_of(operation, after, entity="marker", entity_type=entity_type, account=account)


async def create(platform: AdPlatform, desk: Desk, after: dict[str, Any], account: str = US_ACCOUNT) -> str:
    maker, change = cast(CampaignMaker, platform), to_create(after, account)
    act = maker.create_ad_set if "campaign" in after else maker.create_campaign
    return (await act(change, desk.mint(change))).external_id


def told(sandbox: Sandbox, fields: str, resource: str, condition: str, **more: Any) -> list[dict[str, Any]]:
    return google_rows(sandbox, select(fields, resource, condition), **more)


def goals_of(sandbox: Sandbox, campaign: str) -> set[str]:
    fields = "campaign_conversion_goal.category, campaign_conversion_goal.biddable"
    rows = told(sandbox, fields, "campaign_conversion_goal", f"campaign.id = {campaign}")
    goals = [row["campaignConversionGoal"] for row in rows]
    return {goal["category"] for goal in goals if goal.get("biddable")}


async def test_a_campaign_comes_to_stand_whole_and_paused(
    dollars: AdPlatform, desk: Desk, stock: Sandbox
) -> None:
    wanted = named(objective="sales", conversion="add_to_cart", bid_strategy="cost_cap", bid_micros=12 * UNIT)
    made = await create(dollars, desk, wanted)
    fields = (
        "campaign.name, campaign.status, campaign.advertising_channel_type, campaign.bidding_strategy_type, "
        "campaign.target_cpa.target_cpa_micros, campaign.contains_eu_political_advertising, "
        "campaign_budget.name, campaign_budget.explicitly_shared, campaign_budget.amount_micros, "
        "campaign_budget.reference_count, campaign_budget.period"
    )
    (row,) = told(stock, fields, "campaign", f"campaign.id = {made}")
    found = row["campaign"]
    assert (found["name"], found["status"], found["advertisingChannelType"]) == (
        wanted["name"],
        "PAUSED",
        "DEMAND_GEN",
    )
    assert (found["biddingStrategyType"], found["targetCpa"]) == (
        "TARGET_CPA",
        {"targetCpaMicros": "12000000"},
    )
    assert found["containsEuPoliticalAdvertising"] == "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING"
    budget = {name: value for name, value in row["campaignBudget"].items() if name != "resourceName"}
    assert budget == {
        "name": wanted["name"],
        "explicitlyShared": False,
        "amountMicros": "60000000",
        "referenceCount": "1",
        "period": "DAILY",
    }
    assert goals_of(stock, made) == {"ADD_TO_CART"}
    state = await dollars.read_entity("campaign", made)
    assert (state.name, state.status, state.daily_budget_micros) == (wanted["name"], "paused", 60 * UNIT)
    assert state.budget_level == "campaign"


async def test_an_ad_group_reaches_its_own_countries(dollars: AdPlatform, desk: Desk, stock: Sandbox) -> None:
    campaign = await create(dollars, desk, named())
    assert "PURCHASE" in goals_of(stock, campaign), "bidding for clicks leaves the account's goals alone"
    wanted = group(campaign)
    made = await create(dollars, desk, wanted)
    fields = "ad_group_criterion.location.geo_target_constant, ad_group_criterion.negative"
    rows = told(stock, fields, "ad_group_criterion", f"ad_group.id = {made}")
    places = [row["adGroupCriterion"] for row in rows]
    assert {place["location"]["geoTargetConstant"] for place in places} == {
        "geoTargetConstants/2348",
        "geoTargetConstants/2840",
    }
    assert not any(place["negative"] for place in places)
    state = await dollars.read_entity("ad_set", made)
    assert (state.name, state.status, state.campaign) == (wanted["name"], "paused", campaign)


async def test_a_total_budget_lasts_for_whole_days_of_the_accounts_clock(
    dollars: AdPlatform, desk: Desk, stock: Sandbox
) -> None:
    day = datetime.fromisoformat(stock.control("GET", "clock")["now"]).date() + timedelta(days=2)
    start, end = (
        datetime.combine(each, time(), ZoneInfo("America/New_York")).astimezone(UTC).isoformat()
        for each in (day, day + timedelta(days=3))
    )
    wanted = named(starts_at=start, ends_at=end, lifetime_budget_micros=90 * UNIT)
    del wanted["daily_budget_micros"]
    made = await create(dollars, desk, wanted)
    fields = "campaign.start_date_time, campaign.end_date_time, campaign_budget.total_amount_micros"
    (row,) = told(stock, fields, "campaign", f"campaign.id = {made}")
    assert row["campaign"]["startDateTime"] == f"{day} 00:00:00"
    assert row["campaign"]["endDateTime"] == f"{day + timedelta(days=2)} 23:59:59"
    assert row["campaignBudget"]["totalAmountMicros"] == "90000000"
    state = await dollars.read_entity("campaign", made)
    assert (state.daily_budget_micros, state.lifetime_budget_micros) == (None, 90 * UNIT)


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Africa/Cairo", "2026-04-24"), ("Asia/Beirut", "2026-03-29"), ("America/Santiago", "2026-09-06")],
)
def test_a_day_that_begins_at_one_is_still_that_day(zone: str, day: str) -> None:
    begins = datetime.combine(datetime.fromisoformat(day), time(), ZoneInfo(zone)).astimezone(UTC)
    place = creation.Place("1", zone, 10_000)
    made = creation.campaign(named(starts_at=begins.isoformat()), place)[1]["campaignOperation"]["create"]
    assert made["startDateTime"] == f"{day} 00:00:00"
    made = creation.campaign(named(ends_at=begins.isoformat()), place)[1]["campaignOperation"]["create"]
    assert "startDateTime" not in made, "at once"
    assert made["endDateTime"] == f"{begins.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)} 23:59:59"
    with pytest.raises(ValueError, match="within a day"):
        creation.campaign(named(starts_at=(begins + timedelta(hours=1)).isoformat()), place)


async def test_yen_come_whole(yen: AdPlatform, desk: Desk, stock: Sandbox) -> None:
    await yen.list_campaigns()  # finds the manager by whom the account is reached
    made = await create(yen, desk, named(daily_budget_micros=1_500 * UNIT), JP_ACCOUNT)
    assert (await yen.read_entity("campaign", made)).daily_budget_micros == 1_500 * UNIT
    assert await cast(CampaignMaker, yen).least_daily_micros("campaign") == 750 * UNIT
    await refused(yen, desk, named(daily_budget_micros=1_500 * UNIT + 1), "not_creatable", JP_ACCOUNT)


async def test_the_smallest_budget_is_googles_own_word(dollars: AdPlatform, desk: Desk) -> None:
    maker = cast(CampaignMaker, dollars)
    assert await maker.least_daily_micros("campaign") == 5 * UNIT
    assert await maker.least_daily_micros("ad_set") is None
    with pytest.raises(PlatformError) as caught:
        await create(dollars, desk, named(daily_budget_micros=5 * UNIT - 10_000))
    assert (caught.value.kind, caught.value.code) == (
        PlatformErrorKind.INVALID,
        "google.budget_below_per_day_minimum",
    )


async def refused(
    platform: AdPlatform, desk: Desk, after: dict[str, Any], code: str, account: str = US_ACCOUNT
) -> None:
    before = len(desk.used)
    with pytest.raises(PlatformError) as caught:
        await create(platform, desk, after, account)
    assert caught.value.code == f"google.{code}"
    assert len(desk.used) == before, "a permit was used up"


@pytest.mark.parametrize(
    "facts",
    [
        {"objective": "awareness"},
        {"bid_strategy": "bid_cap", "bid_micros": UNIT},
        {"bid_strategy": "cost_cap"},
        {"bid_strategy": "cost_cap", "bid_micros": 12_345},
        {"budget_level": "ad_set"},
        {"daily_budget_micros": None},
        {"status": "active"},
        {"objective": "sales", "conversion": "search"},
        {"objective": "sales", "conversion": "page_view"},
        {"starts_at": "2026-12-31T12:00:00+00:00"},
        {"ends_at": "2027-01-01T12:00:00+00:00"},
    ],
    ids=str,
)
async def test_what_google_has_no_word_for_does_not_leave(
    dollars: AdPlatform, desk: Desk, facts: dict[str, Any]
) -> None:
    await refused(dollars, desk, named(**facts), "not_creatable")


@pytest.mark.parametrize("countries", [[], ["US", "RU"], ["XX"]])
async def test_a_country_that_is_not_targeted_does_not_leave(
    dollars: AdPlatform, desk: Desk, countries: Sequence[str]
) -> None:
    await refused(dollars, desk, group("21400000006", countries=countries), "not_creatable")


async def test_nothing_stands_where_a_part_was_refused(
    dollars: AdPlatform, desk: Desk, stock: Sandbox
) -> None:
    count = len(google_rows(stock, "SELECT campaign_budget.id FROM campaign_budget"))
    past = {"starts_at": "2024-01-02T05:00:00+00:00"}
    with pytest.raises(PlatformError) as caught:
        await create(dollars, desk, named(**past))
    assert caught.value.code == "google.cannot_set_date_to_past"
    assert len(google_rows(stock, "SELECT campaign_budget.id FROM campaign_budget")) == count


async def test_a_name_that_is_taken_is_our_own_and_is_looked_for(dollars: AdPlatform, desk: Desk) -> None:
    """No answer came and nothing was seen yet: Google knows the name when it is asked again."""
    wanted = named()
    made = await create(dollars, desk, wanted)
    for again, code in ((wanted, "campaign_name"), (group(made), "adgroup_name")):
        if code == "adgroup_name":
            await create(dollars, desk, again)
        with pytest.raises(PlatformError) as caught:
            await create(dollars, desk, again)
        assert (caught.value.kind, caught.value.code) == (
            PlatformErrorKind.AMBIGUOUS,
            f"google.duplicate_{code}",
        )


async def test_each_operation_is_counted_of_the_days(
    scopes: Scopes, settings: Settings, connected: Connected, desk: Desk, stock: Sandbox
) -> None:
    wanted = pointed_at(settings, stock).model_copy(update={"google_account_operations_per_day": 20})
    async with gateway_by(wanted):
        platform = await IntegrationsService(scopes, desk).connector(connected.dollars)
        campaign = await create(platform, desk, named())
        many = group(campaign, countries=sorted(COUNTRIES)[:17])
        await refused(platform, desk, many, "rationed")
        await create(platform, desk, many | {"countries": ["US"]})


@pytest.mark.parametrize(
    "answers",
    [
        None,
        [],
        [None],
        [{"campaignResult": None}],
        [{"campaignResult": {"resourceName": "customers/2/campaigns/5"}}],
        [{"campaignResult": {"resourceName": "customers/1/campaigns/x"}}],
        [{"campaignResult": {"resourceName": f"customers/1/campaigns/{each}"}} for each in (5, 6)],
    ],
)
def test_an_answer_that_names_no_campaign_is_no_success(answers: Any) -> None:
    with pytest.raises(PlatformError) as caught:
        creation.made({"mutateOperationResponses": answers}, "customers/1/campaigns/")
    assert caught.value.kind is PlatformErrorKind.AMBIGUOUS


def test_every_country_has_its_number() -> None:
    numbers = {constant(country) for country in COUNTRIES}
    assert len(numbers) == len(COUNTRIES)
    assert {constant("JP"), constant("DE")} == {"geoTargetConstants/2392", "geoTargetConstants/2276"}
