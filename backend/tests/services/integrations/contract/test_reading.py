"""What a platform shows comes in whole: accounts, campaigns, figures and edits, over as many pages as it takes."""

from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from app.core.clock import real_now
from app.models.campaigns import Campaign
from app.models.campaigns.metrics import CampaignMetricsDay, CampaignMetricsObservation
from app.models.integrations.ad_accounts import AdAccount, PlatformEdit
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.ports import EntityState, MetricsReading, PlatformError, PlatformErrorKind
from app.services.integrations.service import IntegrationsService
from app.services.integrations.vendors import VENDORS
from tests.services.integrations.contract.conftest import CONVERSION, Bench
from tests.services.integrations.contract.subjects import CENT, SUBJECTS


def test_every_vendor_of_the_table_is_under_contract() -> None:
    assert SUBJECTS.keys() == VENDORS.keys()


async def test_a_token_tells_its_accounts(bench: Bench) -> None:
    sign_in = await IntegrationsService(bench.scopes).sign_in(bench.name)
    found = {one.external_id: one for one in await sign_in.list_accounts(bench.subject.token(bench.sandbox))}
    assert len(found) == 2
    account = found[bench.subject.account]
    assert (account.currency, account.timezone, account.status) == ("USD", bench.subject.timezone, "active")
    assert bench.subject.pixel in {pixel for pixel, _ in account.pixels}


async def test_a_token_that_is_none_tells_nothing_and_is_an_auth_error(bench: Bench) -> None:
    sign_in = await IntegrationsService(bench.scopes).sign_in(bench.name)
    with pytest.raises(PlatformError) as caught:
        await sign_in.inspect("no-such-token-at-all")
    assert caught.value.kind is PlatformErrorKind.AUTH


async def test_campaigns_and_ad_sets_come_whole_over_pages_of_two(bench: Bench) -> None:
    platform = await bench.platform()
    whole = _by_id([*await platform.list_campaigns(), *await platform.list_ad_sets()])
    for path in bench.subject.lists:
        bench.order("short_pages", path)
    made = len(await bench.calls())
    campaigns, ad_sets = await platform.list_campaigns(), await platform.list_ad_sets()
    assert _by_id([*campaigns, *ad_sets]) == whole
    assert len(campaigns) + len(ad_sets) == len(whole), "none comes twice"
    assert len(await bench.calls()) - made >= (len(campaigns) + len(ad_sets)) // 2
    own = whole[bench.subject.campaign]
    assert (own.entity_type, own.status, own.currency) == ("campaign", "active", "USD")
    assert (own.budget_level, own.daily_budget_micros) == ("campaign", bench.subject.held(bench.sandbox))
    assert {one.campaign for one in ad_sets} <= {one.external_id for one in campaigns}


async def test_figures_come_whole_over_pages_of_two(bench: Bench) -> None:
    platform = await bench.platform()
    until = real_now().date() - timedelta(days=8)
    since = until - timedelta(days=4)
    whole = await platform.fetch_metrics(since, until, CONVERSION)
    for path in bench.subject.lists:
        bench.order("short_pages", path)
    assert _sums(await platform.fetch_metrics(since, until, CONVERSION)) == _sums(whole)
    own = [one for one in whole.days if one.campaign == bench.subject.campaign]
    assert sorted(one.day for one in own) == [since + timedelta(days=n) for n in range(5)]
    assert all(one.spend_micros > 0 and one.clicks > 0 and one.currency == "USD" for one in own)
    assert sum(one.conversions for one in own) > 0


async def test_a_span_longer_than_one_report_has_each_day_once(bench: Bench) -> None:
    until = real_now().date() - timedelta(days=2)
    since = until - timedelta(days=44)
    reading = await (await bench.platform()).fetch_metrics(since, until, CONVERSION)
    own = sorted(one.day for one in reading.days if one.campaign == bench.subject.campaign)
    assert own == [since + timedelta(days=n) for n in range(45)]


async def test_a_conversion_that_the_platform_does_not_count_is_refused(bench: Bench) -> None:
    today = real_now().date()
    unknown = type(CONVERSION)(event="moonwalk")
    with pytest.raises(PlatformError) as caught:
        await (await bench.platform()).fetch_metrics(today, today, unknown)
    assert caught.value.kind is PlatformErrorKind.UNSUPPORTED


async def test_rows_without_their_fields_are_no_figures_and_no_campaigns(bench: Bench) -> None:
    platform = await bench.platform()
    for path in bench.subject.lists:
        bench.order("missing_fields", path)
    day = real_now().date() - timedelta(days=3)
    for ask in (
        platform.list_campaigns,
        platform.list_ad_sets,
        lambda: platform.fetch_metrics(day, day, CONVERSION),
    ):
        with pytest.raises(PlatformError) as caught:
            await ask()
        assert (caught.value.kind, caught.value.code) == (
            PlatformErrorKind.TRANSIENT,
            f"{bench.name.value}.malformed",
        )


async def test_a_synchronisation_that_fails_is_written_down_and_a_later_one_makes_it_up(bench: Bench) -> None:
    for path in bench.subject.lists[-1:]:
        bench.order("missing_fields", path)
    with pytest.raises(PlatformError):
        await AccountSyncService(bench.scopes).sync(bench.place.account)
    async with bench.scopes() as scope:
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, bench.place.account))
    assert (account.sync_error_code, account.last_synced_at) == (f"{bench.name.value}.malformed", None)
    bench.sandbox.repair()
    run = await AccountSyncService(bench.scopes).sync(bench.place.account)
    assert run is not None
    assert (run.error_code, run.rows_received) == (None, run.rows_expected)


async def test_what_a_platform_restates_is_restated_here_and_kept_beside_what_it_said(bench: Bench) -> None:
    sync = AccountSyncService(bench.scopes).sync
    await sync(bench.place.account)
    before = await _kept(bench)
    bench.order("restatement", severity=0.5)
    run = await sync(bench.place.account)
    assert run is not None
    assert (run.days_restated or 0) > 0
    after = await _kept(bench)
    assert after.keys() == before.keys(), "a restated day is the same day"
    assert run.since is not None
    assert run.until is not None
    told = await (await bench.platform()).fetch_metrics(run.since, run.until, CONVERSION)
    shown = {
        one.day: (one.conversions, one.spend_micros)
        for one in told.days
        if one.campaign == bench.subject.campaign
    }
    changed = [day for day in shown if day in after and after[day] != before[day]]
    assert changed
    settled = real_now().date() - timedelta(days=3)
    assert all(after[day] == shown[day] for day in shown if day < settled)
    async with bench.scopes() as scope:
        observations = await scope.session.scalar(
            select(func.count()).where(CampaignMetricsObservation.day == changed[0])
        )
    assert (observations or 0) > 1


async def test_an_edit_by_a_person_is_told_from_ours_and_is_here_once(bench: Bench) -> None:
    sync = AccountSyncService(bench.scopes).sync
    if bench.name.value == "google":
        bench.sandbox.control("POST", "google/quota", json={"change_delay": 0})
    try:
        ours = bench.raised()
        await (await bench.platform()).set_daily_budget(ours, bench.desk.mint(ours))
        bench.subject.edit(bench.sandbox, bench.subject.held(bench.sandbox) + CENT, True)
        for _ in range(2):
            await sync(bench.place.account)
    finally:
        if bench.name.value == "google":
            bench.sandbox.control("POST", "google/quota", json={"change_delay": 180})
    async with bench.scopes() as scope:
        statement = select(PlatformEdit).where(PlatformEdit.entity == bench.subject.campaign)
        edits = [one for one in await scope.session.scalars(statement) if "budget" in one.event_type]
    newest = sorted(edits, key=lambda one: one.edited_at)[-2:]
    assert {one.by_others for one in newest} == {True, False}
    assert {one.entity_type for one in newest} == {"campaign"}
    assert len({one.fingerprint for one in edits}) == len(edits)


async def test_the_days_are_the_accounts(bench: Bench) -> None:
    platform = await bench.other()
    async with bench.scopes() as scope:
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, bench.place.other))
    today = real_now().astimezone(ZoneInfo(account.timezone)).date()
    reading = await platform.fetch_metrics(today - timedelta(days=1), today, CONVERSION)
    assert today - timedelta(days=1) in {one.day for one in reading.days}
    assert {one.currency for one in reading.days} == {account.currency}


async def test_another_accounts_campaign_is_not_read(bench: Bench) -> None:
    with pytest.raises(PlatformError, match="other_account"):
        await (await bench.platform()).read_entity("campaign", bench.subject.foreign)


def _by_id(states: list[EntityState]) -> dict[str, EntityState]:
    return {one.external_id: one for one in states}


def _sums(reading: MetricsReading) -> dict[tuple[str, date], tuple[int, int, int, Decimal, int, int]]:
    return {
        (one.campaign, one.day): (
            one.spend_micros,
            one.impressions,
            one.clicks,
            one.conversions,
            one.conversion_value_micros,
            one.rows,
        )
        for one in reading.days
    }


async def _kept(bench: Bench) -> dict[date, tuple[Decimal, int]]:
    """The campaign's days as they are here."""
    async with bench.scopes() as scope:
        rows = await scope.session.scalars(select(CampaignMetricsDay))
        found = list(rows)
        ids = await _campaign_ids(bench)
    return {
        one.day: (one.conversions, one.spend_micros)
        for one in found
        if one.campaign_id == ids[bench.subject.campaign]
    }


async def _campaign_ids(bench: Bench) -> dict[str, object]:
    async with bench.scopes() as scope:
        return {one.external_id: one.id for one in await scope.session.scalars(select(Campaign))}
