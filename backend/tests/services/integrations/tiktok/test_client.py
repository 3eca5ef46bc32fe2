"""The contract of an ad platform's connector, against TikTok's wire."""

from datetime import date, timedelta
from typing import Any, Literal

import pytest
from sqlalchemy import select

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.integrations.calls import PlatformCall
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import (
    SET_DAILY_BUDGET,
    SET_LIFETIME_BUDGET,
    SET_STATUS,
    AdPlatform,
    ConversionSettings,
    EditsNotReady,
    PlatformError,
    PlatformErrorKind,
)
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.gate.permits import Change
from tests.factories.integrations import Connected
from tests.factories.tiktok import (
    BROAD,
    CREATORS,
    HU_CART,
    REACH,
    TRAIL_RUNNERS,
    US_ADVERTISER,
    connect,
)
from tests.sandbox_process import Sandbox
from tests.services.integrations.conftest import Desk
from tests.services.integrations.tiktok.conftest import impatient

Level = Literal["campaign", "ad_set"]


async def calls_of(scopes: Scopes) -> list[PlatformCall]:
    async with scopes() as scope:
        return list(await scope.session.scalars(select(PlatformCall).order_by(PlatformCall.started_at)))


async def writes_of(scopes: Scopes) -> list[str]:
    return [str(call.outcome) for call in await calls_of(scopes) if call.mutating]


def budget_change(
    micros: int,
    entity: str = BROAD,
    level: Level = "campaign",
    account: str = US_ADVERTISER,
    operation: str = SET_DAILY_BUDGET,
) -> Change:
    fact = {SET_DAILY_BUDGET: "daily_budget_micros", SET_LIFETIME_BUDGET: "lifetime_budget_micros"}[operation]
    return Change(
        platform="tiktok", account=account, entity_type=level, entity=entity, operation=operation,
        before={fact: 1_000_000}, after={fact: micros},
    )  # fmt: skip


def status_change(after: str, entity: str = BROAD, level: Level = "campaign") -> Change:
    return Change(
        platform="tiktok", account=US_ADVERTISER, entity_type=level, entity=entity, operation=SET_STATUS,
        before={"status": "active"}, after={"status": after},
    )  # fmt: skip


def order(sandbox: Sandbox, kind: str, path: str = "", **facts: Any) -> None:
    sandbox.control("POST", "faults", json={"kind": kind, "vendor": "tiktok", "path": path or "/"} | facts)


def at_tiktok(sandbox: Sandbox, campaign: str = BROAD) -> dict[str, Any]:
    """The campaign as TikTok has it."""
    told = sandbox.tiktok(
        "GET", "campaign/get", advertiser_id=US_ADVERTISER, filtering={"campaign_ids": [campaign]}
    )
    row: dict[str, Any] = told.json()["data"]["list"][0]
    return row


async def test_campaigns_and_ad_groups_are_read(dollars: AdPlatform) -> None:
    campaigns = {one.external_id: one for one in await dollars.list_campaigns()}
    assert campaigns.keys() >= {BROAD, CREATORS, REACH}
    broad, reach, creators = campaigns[BROAD], campaigns[REACH], campaigns[CREATORS]
    assert (broad.status, broad.effective_status, broad.currency) == ("active", "active", "USD")
    assert (broad.budget_level, broad.lifetime_budget_micros) == ("campaign", None)
    assert broad.daily_budget_micros
    assert reach.daily_budget_micros is None
    assert (reach.lifetime_budget_micros or 0) >= 73_000_000_000
    assert (creators.daily_budget_micros, creators.budget_level) == (None, "unknown")
    groups = {one.external_id: one for one in await dollars.list_ad_sets()}
    assert len([each for each in groups if each.startswith("180")]) == 5, (
        "what others published begins otherwise"
    )
    assert (groups[TRAIL_RUNNERS].campaign, groups[TRAIL_RUNNERS].budget_level) == (CREATORS, "ad_set")


async def test_a_forint_budget_is_not_a_hundred_times_itself(forints: AdPlatform) -> None:
    group = await forints.read_entity("ad_set", HU_CART)
    assert (group.daily_budget_micros, group.currency) == (8_000_000_000, "HUF")


async def test_an_ad_groups_daily_and_a_campaigns_lifetime_budget_are_set(
    dollars: AdPlatform, desk: Desk
) -> None:
    group = budget_change(190_000_000, TRAIL_RUNNERS, "ad_set")
    await dollars.set_daily_budget(group, desk.mint(group))
    assert (await dollars.read_entity("ad_set", TRAIL_RUNNERS)).holds(group)
    whole = budget_change(80_000_000_000, REACH, operation=SET_LIFETIME_BUDGET)
    await dollars.set_lifetime_budget(whole, desk.mint(whole))
    assert (await dollars.read_entity("campaign", REACH)).holds(whole)


@pytest.mark.parametrize(
    "change",
    [
        budget_change(500_000_000, BROAD, operation=SET_LIFETIME_BUDGET),
        budget_change(500_000_000, REACH),
        budget_change(500_000_000, CREATORS),
        budget_change(500_000_000, "180000000001200010", "ad_set"),
    ],
)
async def test_a_budget_of_another_kind_or_level_is_not_set(
    dollars: AdPlatform, desk: Desk, scopes: Scopes, change: Change
) -> None:
    """TikTok's one field holds both kinds: a lifetime's money would be spent by the day."""
    with pytest.raises(PlatformError, match=r"tiktok\.other_budget"):
        await getattr(dollars, change.operation)(change, desk.mint(change))
    assert desk.used == []
    assert await writes_of(scopes) == []


async def test_what_the_currency_cannot_hold_spends_no_permit(
    dollars: AdPlatform, forints: AdPlatform, desk: Desk
) -> None:
    change = budget_change(401_230_001)
    with pytest.raises(PlatformError, match=r"tiktok\.not_money") as caught:
        await dollars.set_daily_budget(change, desk.mint(change))
    assert caught.value.kind is PlatformErrorKind.INVALID
    half = budget_change(8_000_500_000, HU_CART, "ad_set", "7400000000000000702")
    with pytest.raises(PlatformError, match=r"tiktok\.not_money"):
        await forints.set_daily_budget(half, desk.mint(half))
    assert desk.used == []


async def test_what_tiktok_refuses_is_told_by_its_own_code(dollars: AdPlatform, desk: Desk) -> None:
    change = budget_change(49_000_000)
    with pytest.raises(PlatformError, match=r"at least 50 USD") as caught:
        await dollars.set_daily_budget(change, desk.mint(change))
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.INVALID, "tiktok.40002")


async def test_a_token_that_may_only_read_is_told_so_by_tiktok(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway, desk: Desk
) -> None:
    connected = await connect(scopes, sandbox, token=sandbox.tiktok_facts["read_only_token"])
    platform = await IntegrationsService(scopes, desk).connector(connected.dollars)
    change = budget_change(450_000_000)
    with pytest.raises(PlatformError) as caught:
        await platform.set_daily_budget(change, desk.mint(change))
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.PERMISSION, "tiktok.40001")


async def test_metrics_come_by_campaign_and_by_the_accounts_day(
    dollars: AdPlatform, sandbox: Sandbox
) -> None:
    until = real_now().date() - timedelta(days=2)
    since = until - timedelta(days=34)
    reading = await dollars.fetch_metrics(since, until, ConversionSettings())
    broad = [one for one in reading.days if one.campaign == BROAD]
    assert sorted(one.day for one in broad) == [since + timedelta(days=n) for n in range(35)]
    assert all(one.spend_micros > 0 and one.clicks > 0 and one.rows == 2 for one in broad)
    assert all(len(groups) == 5 for groups in reading.ad_sets_by_day.values())
    told = sandbox.tiktok(
        "GET", "report/integrated/get",
        advertiser_id=US_ADVERTISER, report_type="BASIC", data_level="AUCTION_CAMPAIGN", dimensions=["campaign_id"],
        metrics=["spend", "impressions", "clicks", "complete_payment", "total_complete_payment_rate"],
        start_date=since.isoformat(), end_date=until.isoformat(),
    ).json()["data"]["list"]  # fmt: skip
    (row,) = [each["metrics"] for each in told if each["dimensions"]["campaign_id"] == BROAD]
    assert sum(one.impressions for one in broad) == int(row["impressions"])
    assert sum(one.clicks for one in broad) == int(row["clicks"])
    assert sum(one.conversions for one in broad) == int(row["complete_payment"]) > 0
    value = sum(one.conversion_value_micros for one in broad)
    assert value == round(float(row["total_complete_payment_rate"]) * 1_000_000)
    spend = sum(one.spend_micros for one in broad) / 1_000_000
    # Each of 70 rows is rounded to a cent by itself.
    assert spend == pytest.approx(float(row["spend"]), abs=0.36)


async def test_an_edit_by_a_person_is_found_in_the_change_log(
    dollars: AdPlatform, desk: Desk, sandbox: Sandbox
) -> None:
    began = real_now() - timedelta(minutes=1)
    edit = {"object_id": CREATORS, "changes": {"campaign_name": "Creators, by „hand”"}}
    sandbox.control("POST", "tiktok/edit", json=edit)
    ours = budget_change(420_000_000)
    await dollars.set_daily_budget(ours, desk.mint(ours))
    edits = await dollars.recent_edits(began, real_now() + timedelta(minutes=1))
    (by_hand,) = [one for one in edits if one.entity == CREATORS and one.application_id is None]
    assert (by_hand.event_type, by_hand.entity_type) == ("change_name", "campaign")
    assert (by_hand.actor_name, by_hand.renames) == ("Dana Reyes", True)
    assert began - timedelta(minutes=1) <= by_hand.at <= real_now()
    by_us = [one for one in edits if one.application_id == sandbox.tiktok_facts["app_id"]]
    assert "change_budget" in {one.event_type for one in by_us}
    assert len({one.fingerprint for one in edits}) == len(edits)


FAULTS: dict[str, dict[str, Any]] = {
    "connection_reset": {},
    "timeout": {"seconds": 0.2},
    "malformed_json": {},
    "server_error": {"status": 503},
}


@pytest.mark.parametrize("path", ["/campaign/update", "/campaign/status/update", "/adgroup/status/update"])
async def test_a_write_that_is_refused_for_its_item_is_told_as_refused(
    dollars: AdPlatform, desk: Desk, scopes: Scopes, faults: Sandbox, path: str
) -> None:
    order(faults, "partial_failure", path, severity=1.0)
    change, method = {
        "/campaign/update": (budget_change(442_000_000), dollars.set_daily_budget),
        "/campaign/status/update": (status_change("paused"), dollars.set_status),
        "/adgroup/status/update": (status_change("paused", TRAIL_RUNNERS, "ad_set"), dollars.set_status),
    }[path]
    with pytest.raises(PlatformError) as caught:
        await method(change, desk.mint(change))
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.INVALID, "tiktok.40002")
    assert len(await writes_of(scopes)) == 1


@pytest.mark.parametrize(("facts", "wait"), [({}, 60), ({"status": 429, "seconds": 120}, 120)])
async def test_a_rate_limit_is_obeyed(
    facts: dict[str, Any], wait: int, dollars: AdPlatform, scopes: Scopes, faults: Sandbox
) -> None:
    order(faults, "rate_limit", count=1, **facts)
    with pytest.raises(PlatformError) as first:
        await dollars.read_entity("campaign", BROAD)
    assert first.value.kind is PlatformErrorKind.RATE_LIMITED
    assert first.value.retry_after == wait
    with pytest.raises(PlatformError) as second:
        await dollars.read_entity("campaign", BROAD)
    assert second.value.code == "tiktok.waiting"
    assert len(await calls_of(scopes)) == 1


async def test_a_range_that_there_is_not_is_told_by_the_platforms_own_code(dollars: AdPlatform) -> None:
    with pytest.raises(PlatformError) as caught:
        await dollars.fetch_metrics(date(2001, 1, 1), date(2001, 1, 2), ConversionSettings())
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.INVALID, "tiktok.40002")


async def test_a_change_log_that_is_still_being_written_comes_later(
    scopes: Scopes, connected: Connected, desk: Desk
) -> None:
    dollars = await impatient(scopes, desk)(connected.dollars)
    now = real_now()
    with pytest.raises(EditsNotReady, match=r"tiktok\.no_change_log") as caught:
        await dollars.recent_edits(now - timedelta(hours=1), now)
    assert caught.value.kind is PlatformErrorKind.TRANSIENT
