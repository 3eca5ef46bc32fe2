"""What a platform shows arrives here whole, and what it restates is kept beside what it said before."""

from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import RemoteClock
from app.core.config import Settings
from app.db.session import Scopes, scopes_for
from app.models.campaigns import AdSet, Campaign
from app.models.campaigns.ads import Ad
from app.models.campaigns.metrics import CampaignMetricsDay, CampaignMetricsObservation
from app.models.integrations.ad_accounts import AccountSync, AdAccount, PlatformEdit
from app.models.integrations.calls import PlatformCall
from app.models.trust_engine.kinds import IncidentKind
from app.services.campaigns.metrics.service import MetricsService
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.ads.service import AdSync
from app.services.integrations.gateway import gateway_by
from app.services.integrations.ports import PlatformError
from app.services.integrations.service import IntegrationsService
from app.services.trust_engine.incidents.service import Incidents
from tests.conftest import pointed_at
from tests.factories.access import Company
from tests.factories.integrations import BROAD, INTERESTS, Connected, connect
from tests.sandbox_process import US_ACCOUNT, US_PIXEL, Sandbox, running_sandbox

START = "2026-03-06T15:00:00+00:00"
"""Two days before New York's clocks change."""


class SandboxClock(RemoteClock):
    """Reads the sandbox's time anew for every scope."""

    async def sync(self) -> None:
        self._due = 0.0
        await super().sync()


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with running_sandbox("--seed", "11", "--start", START) as running:
        yield running


@pytest.fixture
async def scopes(
    world: Sandbox, acme: Company, engine: AsyncEngine, settings: Settings
) -> AsyncIterator[Scopes]:
    """A tenant whose domain time is this sandbox's."""
    clock = SandboxClock(f"{world.url}/control/clock")
    async with gateway_by(pointed_at(settings, world)):
        yield scopes_for(engine, acme.id, clock=clock)
    world.repair()


@pytest.fixture
async def connected(scopes: Scopes, world: Sandbox) -> Connected:
    return await connect(scopes, world)


async def synced(scopes: Scopes, ad_account_id: UUID) -> AccountSync:
    run = await AccountSyncService(scopes).sync(ad_account_id)
    assert run is not None
    return run


async def campaign_of(scopes: Scopes, external_id: str) -> Campaign:
    async with scopes() as scope:
        found = await scope.session.scalars(select(Campaign).where(Campaign.external_id == external_id))
        return found.one()


async def test_the_platforms_campaigns_budgets_and_days_are_here(
    scopes: Scopes, connected: Connected, world: Sandbox
) -> None:
    run = await synced(scopes, connected.dollars)
    assert run.error_code is None
    assert run.rows_received == run.rows_expected
    broad, interests = await campaign_of(scopes, BROAD), await campaign_of(scopes, INTERESTS)
    told = world.graph("GET", BROAD, fields="name,daily_budget,status").json()
    assert (broad.name, broad.status) == (told["name"], "active")
    assert broad.daily_budget_micros == int(told["daily_budget"]) * 10_000
    assert (broad.budget_level, interests.budget_level) == ("campaign", "ad_set")
    assert interests.daily_budget_micros is None
    async with scopes() as scope:
        below = (await scope.session.scalars(select(AdSet).where(AdSet.campaign_id == interests.id))).all()
        assert all(ad_set.daily_budget_micros for ad_set in below)
        days = await MetricsService(scope).days(broad.id, date(2026, 2, 20), date(2026, 3, 5))
    assert len(days) == 14
    shown = world.graph(
        "GET",
        f"{BROAD}/insights",
        time_range='{"since":"2026-02-20","until":"2026-03-05"}',
        fields="spend,impressions,clicks",
    ).json()["data"][0]
    assert sum(day.impressions for day in days) == int(shown["impressions"])
    assert sum(day.clicks for day in days) == int(shown["clicks"])
    assert abs(sum(day.spend_micros for day in days) - round(float(shown["spend"]) * 1e6)) < 200_000


async def test_what_is_read_is_as_old_as_the_beginning_of_its_reading(
    scopes: Scopes, connected: Connected
) -> None:
    """A change of ours that the platform took while it was being read is not in what was read."""
    run = await synced(scopes, connected.dollars)
    async with scopes() as scope:
        mine = select(Campaign.synced_at).where(Campaign.ad_account_id == connected.dollars).distinct()
        assert list(await scope.session.scalars(mine)) == [run.started_at]


async def test_forints_are_forints(scopes: Scopes, connected: Connected, world: Sandbox) -> None:
    await synced(scopes, connected.forints)
    async with scopes() as scope:
        found = await scope.session.scalars(select(Campaign).where(Campaign.daily_budget_micros.is_not(None)))
        campaign = found.first()
    assert campaign is not None
    told = world.graph("GET", campaign.external_id, fields="daily_budget").json()
    assert (campaign.currency, campaign.daily_budget_micros) == ("HUF", int(told["daily_budget"]) * 1_000_000)


async def test_a_second_sync_adds_nothing_twice(scopes: Scopes, connected: Connected) -> None:
    await synced(scopes, connected.dollars)
    async with scopes() as scope:
        first = [await scope.session.scalar(select(func.count()).select_from(t)) for t in _TABLES]
    again = await synced(scopes, connected.dollars)
    async with scopes() as scope:
        second = [await scope.session.scalar(select(func.count()).select_from(t)) for t in _TABLES]
    assert first[:3] == second[:3]
    assert second[3] == (first[3] or 0) + (again.days_restated or 0)


async def test_a_large_account_is_read_in_runs_of_days_without_a_gap(
    scopes: Scopes, connected: Connected
) -> None:
    in_runs = await AccountSyncService(scopes, rows_at_once=40).sync(connected.dollars)
    assert in_runs is not None
    assert in_runs.rows_received == in_runs.rows_expected
    days = select(func.count()).select_from(CampaignMetricsDay)
    async with scopes() as scope:
        read = await scope.session.scalar(days)
        last = await scope.session.scalar(select(func.max(CampaignMetricsDay.day)))
        first = await scope.session.scalar(select(func.min(CampaignMetricsDay.day)))
    assert (first, last) == (in_runs.since, in_runs.until)
    await synced(scopes, connected.dollars)
    async with scopes() as scope:
        assert await scope.session.scalar(days) == read


_TABLES = (Campaign, AdSet, CampaignMetricsDay, CampaignMetricsObservation)


async def test_conversions_that_come_late_restate_the_day_and_keep_what_was_known(
    scopes: Scopes, connected: Connected, world: Sandbox
) -> None:
    await synced(scopes, connected.dollars)
    broad = await campaign_of(scopes, BROAD)
    async with scopes() as scope:
        then = scope.now()
        yesterday = then.date() - timedelta(days=1)
        (before,) = await MetricsService(scope).days(broad.id, yesterday, yesterday)
    world.advance(48)
    run = await synced(scopes, connected.dollars)
    async with scopes() as scope:
        metrics = MetricsService(scope)
        (after,) = await metrics.days(broad.id, yesterday, yesterday)
        (known,) = await metrics.known_at(broad.id, yesterday, yesterday, moment=then)
    assert (run.days_restated or 0) > 0
    assert after.conversions > before.conversions
    assert after.first_seen_at == before.first_seen_at
    assert after.restated_at is not None
    assert after.maturity > before.maturity
    assert known.conversions == before.conversions


async def test_figures_that_stand_still_are_not_fresh(
    scopes: Scopes, connected: Connected, world: Sandbox
) -> None:
    await synced(scopes, connected.dollars)
    async with scopes() as scope:
        began = scope.now()
    world.control("POST", "faults", json={"kind": "stale_api"})
    world.advance(30)
    await synced(scopes, connected.dollars)
    async with scopes() as scope:
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, connected.dollars))
    assert account.last_synced_at is not None
    assert account.last_metrics_at is not None
    assert account.last_synced_at - began > timedelta(hours=29)
    assert account.last_metrics_at - began < timedelta(hours=2)


async def test_the_platforms_own_match_quality_is_kept_and_read_once_an_hour(
    scopes: Scopes, connected: Connected, world: Sandbox
) -> None:
    async def kept() -> tuple[Decimal | None, datetime | None]:
        await synced(scopes, connected.dollars)
        async with scopes() as scope:
            account = await scope.session.get_one(AdAccount, (scope.tenant_id, connected.dollars))
        return account.match_quality, account.match_quality_at

    told = world.graph(
        "GET", "dataset_quality", dataset_id=US_PIXEL, fields="web{event_name,event_match_quality}"
    ).json()["web"][0]["event_match_quality"]["composite_score"]
    figure, at = await kept()
    assert figure == Decimal(str(told))
    assert await kept() == (figure, at)
    world.advance(2)
    _, later = await kept()
    assert at is not None
    assert later is not None
    assert later - at >= timedelta(hours=1)


async def test_missing_ad_sets_are_counted(scopes: Scopes, connected: Connected, world: Sandbox) -> None:
    world.control("POST", "faults", json={"kind": "partial_sync", "severity": 0.6})
    world.advance(48)
    run = await synced(scopes, connected.dollars)
    assert run.rows_received is not None
    assert run.rows_expected is not None
    assert run.rows_received < run.rows_expected


async def test_a_persons_edit_is_told_from_ours(scopes: Scopes, connected: Connected, world: Sandbox) -> None:
    world.control("POST", "meta/edit", json={"object_id": BROAD, "changes": {"daily_budget": "95000"}})
    world.graph("POST", INTERESTS, name="Interests, by the app")
    await synced(scopes, connected.dollars)
    async with scopes() as scope:
        edits = (await scope.session.scalars(select(PlatformEdit))).all()
    assert {(edit.entity, edit.by_others) for edit in edits} >= {(BROAD, True), (INTERESTS, False)}


async def test_a_failed_sync_says_why_and_changes_no_figure(
    scopes: Scopes, connected: Connected, world: Sandbox
) -> None:
    world.control("POST", "faults", json={"kind": "platform_outage"})
    with pytest.raises(PlatformError):
        await AccountSyncService(scopes).sync(connected.dollars)
    async with scopes() as scope:
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, connected.dollars))
        run = (await scope.session.scalars(select(AccountSync))).one()
    assert (account.sync_error_code, run.error_code) == ("meta.2", "meta.2")
    assert account.last_synced_at is None


async def test_a_limit_that_reading_ads_meets_fails_nothing_else_and_they_wait(
    scopes: Scopes, connected: Connected, world: Sandbox
) -> None:
    # The list of ad sets begins alike, and is read before.
    limit = {"kind": "rate_limit", "path": f"/{US_ACCOUNT}/ads", "skip": 1, "seconds": 60, "vendor": "meta"}
    world.control("POST", "faults", json=limit)
    run = await synced(scopes, connected.dollars)
    assert run.error_code is None
    async with scopes() as scope:
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, connected.dollars))
        assert (account.sync_error_code, account.ads_read_at) == (None, None)
        assert account.ads_error_code == "meta.80004.2446079"
        asked = select(func.count()).select_from(PlatformCall)
        before = await scope.session.scalar(asked)
    platform = await IntegrationsService(scopes).connector(connected.dollars)
    for minutes in (10, 59):
        await AdSync(scopes).look(platform, account, run.started_at + timedelta(minutes=minutes))
    async with scopes() as scope:
        assert await scope.session.scalar(asked) == before, "asked again before its hour was over"
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, connected.dollars))
    assert account.ads_error_code == "meta.80004.2446079"
    await AdSync(scopes).look(platform, account, run.started_at + timedelta(hours=1))
    async with scopes() as scope:
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, connected.dollars))
    assert account.ads_error_code == "meta.waiting", "it was asked for again"


async def test_a_campaign_deleted_there_is_deleted_here(
    scopes: Scopes, connected: Connected, world: Sandbox
) -> None:
    made = world.graph(
        "POST",
        f"{US_ACCOUNT}/campaigns",
        name="Short-lived",
        objective="OUTCOME_SALES",
        special_ad_categories="[]",
    ).json()["id"]
    await synced(scopes, connected.dollars)
    assert (await campaign_of(scopes, made)).status == "active"
    world.graph("DELETE", made)
    await synced(scopes, connected.dollars)
    assert (await campaign_of(scopes, made)).status == "deleted"


async def ads_of(scopes: Scopes) -> dict[str, Ad]:
    async with scopes() as scope:
        return {one.external_id: one for one in await scope.session.scalars(select(Ad))}


async def test_a_verdict_is_known_within_the_hour_and_a_change_at_once(
    scopes: Scopes, connected: Connected, world: Sandbox
) -> None:
    refused, renamed = "120210000010300101", "120210000010300102"
    await synced(scopes, connected.dollars)
    ads = await ads_of(scopes)
    assert ads[refused].review == "approved"
    read_at = ads[refused].synced_at
    told = {"ad": refused, "verdict": "disapproved", "reasons": [{"topic": "Misleading Claims"}]}
    world.control("POST", "meta/review", json=told)
    world.control("POST", "meta/edit", json={"object_id": renamed, "changes": {"name": "Coat, renamed"}})
    try:
        await synced(scopes, connected.dollars)
        ads = await ads_of(scopes)
        assert ads[renamed].name == "Coat, renamed", "Meta tells what was changed"
        assert (ads[refused].review, ads[refused].synced_at) == ("approved", read_at), (
            "a verdict is no change"
        )
        world.advance(1.1)
        await synced(scopes, connected.dollars)
        ads = await ads_of(scopes)
        assert (ads[refused].review, ads[refused].review_reasons[0]) == ("disapproved", "Misleading Claims")
        async with scopes() as scope:
            (incident,) = await Incidents(scope).live_of(IncidentKind.ADS_DISAPPROVED, connected.dollars)
        assert "“Broad 18+ | creative 1”: Misleading Claims" in incident.sentence
    finally:
        world.control("POST", "meta/review", json={"ad": refused, "verdict": "approved"})
