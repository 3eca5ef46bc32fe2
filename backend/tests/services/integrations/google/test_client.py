"""The contract of an ad platform's connector, against Google's wire."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.integrations.calls import PlatformCall
from app.services.integrations.ports import (
    SET_DAILY_BUDGET,
    SET_LIFETIME_BUDGET,
    SET_STATUS,
    AdPlatform,
    BudgetedType,
    ConversionEvent,
    ConversionSettings,
    PlatformError,
    PlatformErrorKind,
    PreparedEvent,
    RemoteEdit,
)
from app.services.trust_engine.gate.permits import Change
from tests.factories.google import (
    BOOTS,
    BRAND,
    BRAND_BUDGET,
    DISPLAY,
    JP_PURCHASE,
    JP_SEARCH,
    PMAX,
    TENTS,
    TRAILS,
    US_ACCOUNT,
    US_PURCHASE,
    google_value,
)
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk


async def calls_of(scopes: Scopes) -> list[PlatformCall]:
    async with scopes() as scope:
        return list(await scope.session.scalars(select(PlatformCall).order_by(PlatformCall.started_at)))


def change_of(
    operation: str,
    after: dict[str, Any],
    *,
    entity: str = BRAND,
    entity_type: BudgetedType = "campaign",
    account: str = US_ACCOUNT,
) -> Change:
    return Change(
        platform="google",
        account=account,
        entity_type=entity_type,
        entity=entity,
        operation=operation,
        before={},
        after=after,
    )


def daily(micros: int, **facts: Any) -> Change:
    return change_of(SET_DAILY_BUDGET, {"daily_budget_micros": micros}, **facts)


async def test_campaigns_are_read_over_every_page(dollars: AdPlatform, project: Sandbox) -> None:
    project.control("POST", "google/quota", json={"page_rows": 2})
    campaigns = {one.external_id: one for one in await dollars.list_campaigns()}
    assert set(campaigns) >= {BRAND, PMAX, DISPLAY, TENTS, BOOTS, TRAILS}
    brand = campaigns[BRAND]
    assert (brand.status, brand.effective_status, brand.currency) == ("active", "active", "USD")
    assert (brand.budget_level, brand.objective) == ("campaign", "search")
    assert brand.daily_budget_micros
    assert brand.lifetime_budget_micros is None


async def test_a_budget_that_several_spend_is_none_of_a_campaigns(dollars: AdPlatform) -> None:
    campaigns = {one.external_id: one for one in await dollars.list_campaigns()}
    for shared in (TENTS, BOOTS):
        found = campaigns[shared]
        assert (found.daily_budget_micros, found.lifetime_budget_micros) == (None, None)
        assert found.budget_level == "unknown"


async def test_a_budget_for_the_whole_time_is_one(dollars: AdPlatform) -> None:
    trails = await dollars.read_entity("campaign", TRAILS)
    assert (trails.daily_budget_micros, trails.lifetime_budget_micros) == (None, 21_900_000_000)
    assert trails.ends_at is not None
    assert trails.ends_at > real_now()


async def test_ad_groups_belong_to_their_campaigns(dollars: AdPlatform) -> None:
    groups = await dollars.list_ad_sets()
    of_brand = [one for one in groups if one.campaign == BRAND]
    assert {one.name for one in of_brand} == {"Brand exact", "Brand phrase"}
    assert all(one.daily_budget_micros is None and one.learning is not None for one in of_brand)


async def test_an_account_behind_a_manager_is_reached_through_it(
    yen: AdPlatform, scopes: Scopes, sandbox: Sandbox
) -> None:
    (search, *_) = sorted(await yen.list_campaigns(), key=lambda one: one.external_id)
    assert (search.external_id, search.currency) == (JP_SEARCH, "JPY")
    assert search.daily_budget_micros == 12_000 * 1_000_000
    made = len(await calls_of(scopes))
    await yen.list_ad_sets()
    assert len(await calls_of(scopes)) == made + 1, "the way is known from now on"


async def test_a_budget_is_set_and_reads_back(dollars: AdPlatform, desk: Desk, sandbox: Sandbox) -> None:
    change = daily(181_230_000)
    await dollars.set_daily_budget(change, desk.mint(change))
    assert (await dollars.read_entity("campaign", BRAND)).holds(change)
    assert google_value(sandbox, "campaign_budget", "amount_micros", "11400000001") == "181230000"


async def test_a_yen_budget_behind_a_manager_is_set_in_whole_yen(yen: AdPlatform, desk: Desk) -> None:
    change = daily(12_001_000_000, entity=JP_SEARCH, account="4441115552")
    await yen.set_daily_budget(change, desk.mint(change))
    assert (await yen.read_entity("campaign", JP_SEARCH)).holds(change)
    between = daily(12_001_500_000, entity=JP_SEARCH, account="4441115552")
    with pytest.raises(PlatformError, match=r"google\.not_money"):
        await yen.set_daily_budget(between, desk.mint(between))
    assert desk.used == [change]


async def test_a_shared_budget_is_not_touched(dollars: AdPlatform, desk: Desk, scopes: Scopes) -> None:
    change = daily(95_000_000, entity=TENTS)
    with pytest.raises(PlatformError) as caught:
        await dollars.set_daily_budget(change, desk.mint(change))
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.UNSUPPORTED, "google.shared_budget")
    assert desk.used == []
    assert not any(call.mutating for call in await calls_of(scopes))


async def test_what_the_unit_cannot_hold_spends_no_permit(dollars: AdPlatform, desk: Desk) -> None:
    change = daily(181_230_001)
    with pytest.raises(PlatformError) as caught:
        await dollars.set_daily_budget(change, desk.mint(change))
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.INVALID, "google.not_money")
    assert desk.used == []


async def test_an_ad_group_has_no_budget_to_set(dollars: AdPlatform, desk: Desk) -> None:
    change = daily(10_000_000, entity="314000010001", entity_type="ad_set")
    with pytest.raises(PlatformError, match=r"google\.no_budget_of_its_own"):
        await dollars.set_daily_budget(change, desk.mint(change))
    assert desk.used == []


async def test_the_wrong_kind_of_budget_is_refused_by_google(dollars: AdPlatform, desk: Desk) -> None:
    change = change_of(SET_LIFETIME_BUDGET, {"lifetime_budget_micros": 5_000_000_000})
    with pytest.raises(PlatformError) as caught:
        await dollars.set_lifetime_budget(change, desk.mint(change))
    assert caught.value.kind is PlatformErrorKind.INVALID
    assert caught.value.code == "google.total_budget_amount_must_be_unset_for_budget_period_daily"


async def test_metrics_come_by_campaign_and_by_the_accounts_day(dollars: AdPlatform) -> None:
    until = real_now().date() - timedelta(days=2)
    since = until - timedelta(days=6)
    reading = await dollars.fetch_metrics(since, until, ConversionSettings(click_days=30))
    week = {since + timedelta(days=n) for n in range(7)}
    for campaign, groups in ((BRAND, 2), (PMAX, 0), (DISPLAY, 1)):
        mine = [one for one in reading.days if one.campaign == campaign]
        assert {one.day for one in mine} == week
        assert all(one.spend_micros > 0 and one.clicks > 0 and one.rows == groups for one in mine)
    brand = [one for one in reading.days if one.campaign == BRAND]
    assert sum(one.conversions for one in brand) > 0
    assert sum(one.conversion_value_micros for one in brand) > 0
    assert "314000010001" in reading.ad_sets_by_day[since]


async def test_another_conversion_than_the_shops_is_not_counted_as_one(dollars: AdPlatform) -> None:
    until = real_now().date() - timedelta(days=2)
    reading = await dollars.fetch_metrics(until, until, ConversionSettings("lead", 30, 1))
    assert reading.days
    assert all(one.conversions == 0 and one.spend_micros > 0 for one in reading.days)


async def test_whole_yen_are_spent(yen: AdPlatform) -> None:
    until = real_now().date() - timedelta(days=2)
    reading = await yen.fetch_metrics(until, until, ConversionSettings(click_days=30))
    assert reading.days
    assert all(one.spend_micros % 1_000_000 == 0 for one in reading.days)


async def test_an_edit_by_a_person_is_told_from_ours(
    dollars: AdPlatform, desk: Desk, project: Sandbox
) -> None:
    project.control("POST", "google/quota", json={"change_delay": 0})
    began = real_now() - timedelta(minutes=1)
    mine = daily(179_000_000)
    await dollars.set_daily_budget(mine, desk.mint(mine))
    by_hand = {"resource_name": BRAND_BUDGET, "changes": {"amountMicros": "180000000"}}
    project.control("POST", "google/edit", json=by_hand)
    edits = await dollars.recent_edits(began, real_now() + timedelta(minutes=1))
    assert [one.at for one in edits] == sorted(one.at for one in edits)
    ours, theirs = (one for one in edits if one.entity == BRAND and _names(one, "179000000"))
    assert (ours.entity_type, ours.event_type) == ("campaign", "update_campaign_budget")
    assert (ours.actor_name, ours.application_id) == (
        "robin@northwind.example",
        project.vendor("google")["client_id"],
    )
    assert (theirs.actor_name, theirs.application_id) == ("dana@northwind.example", None)
    assert theirs.detail["new"]["campaignBudget"]["amountMicros"] == "180000000"


async def test_a_new_name_is_told_from_a_name_with_something_else(
    dollars: AdPlatform, project: Sandbox
) -> None:
    project.control("POST", "google/quota", json={"change_delay": 0})
    began = real_now() - timedelta(minutes=1)
    resource = f"customers/{US_ACCOUNT}/campaigns/{TENTS}"
    before = await dollars.read_entity("campaign", TENTS)
    for changes in ({"name": "Tents, anew"}, {"name": "Tents, off", "status": "PAUSED"}):
        project.control("POST", "google/edit", json={"resource_name": resource, "changes": changes})
    edits = await dollars.recent_edits(began, real_now() + timedelta(minutes=1))
    laid = {"name": before.name, "status": "ENABLED"}
    project.control("POST", "google/edit", json={"resource_name": resource, "changes": laid})
    told = {one.detail["new"]["campaign"]["name"]: one.renames for one in edits if _names(one, "Tents, ")}
    assert told == {"Tents, anew": True, "Tents, off": False}


async def test_changes_that_google_keeps_back_are_found_by_the_next_reading(
    dollars: AdPlatform, project: Sandbox
) -> None:
    """The readings overlap by far more than the three minutes that a change may come late."""
    project.control("POST", "google/quota", json={"change_delay": 180})
    began = real_now() - timedelta(minutes=1)
    before = {one.fingerprint for one in await dollars.recent_edits(began, real_now())}
    for amount in ("178000000", "180000000"):
        by_hand = {"resource_name": BRAND_BUDGET, "changes": {"amountMicros": amount}}
        project.control("POST", "google/edit", json=by_hand)
    at_once = await dollars.recent_edits(began, real_now() + timedelta(minutes=1))
    project.control("POST", "google/quota", json={"change_delay": 0})
    later = await dollars.recent_edits(began, real_now() + timedelta(minutes=1))
    new = [one for one in later if one.fingerprint not in before]
    assert len(new) >= 2
    assert {one.fingerprint for one in at_once} < {one.fingerprint for one in later}


async def test_an_edit_of_a_shared_budget_is_one_of_every_campaign_on_it(
    dollars: AdPlatform, project: Sandbox
) -> None:
    project.control("POST", "google/quota", json={"change_delay": 0})
    began = real_now() - timedelta(minutes=1)
    name = f"customers/{US_ACCOUNT}/campaignBudgets/11499990001"
    for amount in ("91000000", "90000000"):
        by_hand = {"resource_name": name, "changes": {"amountMicros": amount}}
        project.control("POST", "google/edit", json=by_hand)
    edits = await dollars.recent_edits(began, real_now() + timedelta(minutes=1))
    assert {one.entity for one in edits if one.detail["resource"] == name} == {TENTS, BOOTS}
    assert len({one.fingerprint for one in edits}) == len(edits)


def _names(edit: RemoteEdit, amount: str) -> bool:
    return amount in str(edit.detail["old"]) or amount in str(edit.detail["new"])


async def test_another_accounts_campaign_does_not_exist_here(
    dollars: AdPlatform, yen: AdPlatform, desk: Desk
) -> None:
    with pytest.raises(PlatformError, match=r"google\.other_account"):
        await dollars.read_entity("campaign", JP_SEARCH)
    for change in (
        daily(7_000_000, entity=JP_SEARCH),
        change_of(SET_STATUS, {"status": "paused"}, entity=JP_SEARCH),
    ):
        with pytest.raises(PlatformError, match=r"google\.other_account"):
            await getattr(dollars, change.operation)(change, desk.mint(change))
    assert desk.used == []
    assert (await yen.read_entity("campaign", JP_SEARCH)).status == "active"


@pytest.mark.parametrize("entity", [f"{BRAND} OR 1=1", "1; DROP", "", "-1", f"{BRAND}\n"])
async def test_an_id_cannot_turn_a_question_into_another_one(
    dollars: AdPlatform, desk: Desk, scopes: Scopes, entity: str
) -> None:
    with pytest.raises(PlatformError, match=r"google\.not_an_id"):
        await dollars.read_entity("campaign", entity)
    change = change_of(SET_STATUS, {"status": "paused"}, entity=entity)
    with pytest.raises(PlatformError, match=r"google\.not_an_id"):
        await dollars.set_status(change, desk.mint(change))
    assert desk.used == []
    assert await calls_of(scopes) == []


def event(dollars: AdPlatform, name: str) -> PreparedEvent:
    now = real_now()
    found = dollars.prepare_event(
        ConversionEvent(
            dedupe_key=f"{name}-{now.timestamp()}",
            name=name,
            at=now - timedelta(hours=1),
            identifiers={"email": "alexz@example.com"},
            value_micros=10_000_000,
            currency="USD",
        ),
        now,
    )
    assert isinstance(found, PreparedEvent)
    return found


async def test_each_event_goes_to_the_action_of_its_own_category(
    dollars: AdPlatform, sandbox: Sandbox
) -> None:
    events = [event(dollars, "purchase"), event(dollars, "add_to_cart")]
    told = await dollars.send_events(US_PURCHASE, events)
    assert (told.received, len(told.response["request_ids"])) == (2, 1)
    for action, one in ((US_PURCHASE, events[0]), ("7010000011", events[1])):
        taken = sandbox.control("GET", "google/events", params={"conversion_action": action})["events"]
        assert taken[0]["transaction_id"] == one.body["event"]["transactionId"]


async def test_an_event_without_an_action_of_its_category_is_given_up(dollars: AdPlatform) -> None:
    with pytest.raises(PlatformError) as caught:
        await dollars.send_events(US_PURCHASE, [event(dollars, "page_view")])
    assert caught.value.kind is PlatformErrorKind.INVALID
    assert caught.value.code == "google.no_conversion_action"


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("123", "google.no_such_action"),
        ("7010000002", "google.no_such_action"),
        ("x/../1", "google.not_an_id"),
    ],
)
async def test_an_action_that_is_none_of_the_accounts_takes_nothing(
    dollars: AdPlatform, action: str, code: str
) -> None:
    with pytest.raises(PlatformError) as caught:
        await dollars.send_events(action, [event(dollars, "purchase")])
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.INVALID, code)


async def test_events_of_an_account_behind_a_manager_are_taken(yen: AdPlatform, sandbox: Sandbox) -> None:
    one = event(yen, "purchase")
    assert (await yen.send_events(JP_PURCHASE, [one])).received == 1
    taken = sandbox.control("GET", "google/events", params={"conversion_action": JP_PURCHASE})["events"]
    assert taken[0]["transaction_id"] == one.body["event"]["transactionId"]
