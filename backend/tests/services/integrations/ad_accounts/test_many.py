"""An agency's thousands of rows go in like a shop's ten."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes
from app.models.campaigns import AdSet, Campaign
from app.models.campaigns.ads import Ad, AdReviewed
from app.models.integrations.ad_accounts import AccountSync, AdAccount
from app.services.campaigns.service import CampaignService
from app.services.integrations.account_repository import AdAccountRepository
from app.services.integrations.ad_accounts.rules import days_to_read
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.conversions.repository import ConversionRepository
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import BudgetedType, EntityState, RemoteAccount, RemoteEdit
from tests.factories.ads import absorb, an_ad
from tests.factories.integrations import connect
from tests.sandbox_process import Sandbox

MANY = 4_000


async def test_thousands_of_edits_and_conversions_are_kept_at_once(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    account, now = (await connect(scopes, sandbox)).dollars, real_now()
    edits = [
        RemoteEdit(
            fingerprint=f"{number:064}", at=now - timedelta(seconds=number), entity_type="campaign",
            entity="1", event_type="update", actor_name=None, application_id=None, detail={},
        )
        for number in range(MANY)
    ]  # fmt: skip
    deliveries = [
        {
            "ad_account_id": account, "platform": "meta", "event_id": uuid7(), "event_received_at": now,
            "dedupe_key": f"order-{number}", "event_name": "purchase", "platform_event": "Purchase",
            "event_time": now, "status": "queued", "reason": None, "queued_at": now,
        }
        for number in range(MANY)
    ]  # fmt: skip
    for known in (0, MANY):
        async with scopes() as scope:
            kept = await AdAccountRepository(scope).keep_edits(account, edits, app_id=None)
            queued = await ConversionRepository(scope).queue(deliveries)
        assert (len(kept), queued) == (MANY - known, MANY - known)


def state(kind: BudgetedType, name: str, campaign: str | None = None) -> EntityState:
    return EntityState(
        entity_type=kind,
        external_id=name,
        account="1",
        name=name,
        status="active",
        effective_status="active",
        daily_budget_micros=None,
        lifetime_budget_micros=None,
        currency="USD",
        campaign=campaign,
    )


async def test_what_a_list_that_moved_names_twice_is_here_once(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    account = (await connect(scopes, sandbox)).dollars
    campaigns = [state("campaign", f"c{n % 700}") for n in range(1_400)]
    ad_sets = [state("ad_set", f"a{n % 700}", f"c{n % 700}") for n in range(1_400)]
    async with scopes() as scope:
        ids = await CampaignService(scope).absorb(account, "meta", campaigns, ad_sets)
        assert len(ids) == 700
        assert await scope.session.scalar(select(func.count()).select_from(Campaign)) == 700
        assert await scope.session.scalar(select(func.count()).select_from(AdSet)) == 700


async def test_thousands_of_ads_are_kept_at_once_each_with_one_verdict(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    account = (await connect(scopes, sandbox)).dollars
    ads = [an_ad(f"ad{n % MANY}", f"c{n % 7}") for n in range(MANY + 10)]
    async with scopes() as scope:
        await CampaignService(scope).absorb(
            account, "meta", [state("campaign", f"c{n}") for n in range(6)], []
        )
    for _ in range(2):
        await absorb(scopes, account, *ads)
        async with scopes() as scope:
            kept = await scope.session.scalar(select(func.count()).select_from(Ad))
            verdicts = await scope.session.scalar(select(func.count()).select_from(AdReviewed))
        assert kept == verdicts == sum(n % 7 < 6 for n in range(MANY)), "those of the seventh are nobody's"


async def test_an_agencys_thousands_of_accounts_are_found_each_once(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    connection = (await connect(scopes, sandbox)).connection_id
    found = [RemoteAccount(f"act-{n % MANY}", f"Shop {n}", "USD", "UTC", "active") for n in range(MANY + 10)]
    async with scopes() as scope:
        await AdAccountRepository(scope).discover(connection, "meta", found)
        statement = select(func.count()).select_from(AdAccount).where(AdAccount.external_id.like("act-%"))
        assert await scope.session.scalar(statement) == MANY


async def test_what_stops_a_synchronisation_that_is_no_platforms_error_is_shown(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    """A time zone that the platform knows, and our machine does not yet."""
    connected = await connect(scopes, sandbox)
    async with scopes() as scope:
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, connected.dollars))
        account.timezone = "Mars/Phobos"
    with pytest.raises(LookupError):
        await AccountSyncService(scopes).sync(connected.dollars)
    async with scopes() as scope:
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, connected.dollars))
        (run,) = await scope.session.scalars(select(AccountSync))
    code = "integrations.ad_accounts.sync_failed"
    assert (account.sync_error_code, run.error_code, account.last_synced_at) == (code, code, None)


async def test_days_that_were_read_in_part_are_read_again_the_day_after(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    account, today = (await connect(scopes, sandbox)).dollars, date(2026, 3, 20)
    whole, near = today - timedelta(days=60), today - timedelta(days=10)
    async with scopes() as scope:
        accounts = AdAccountRepository(scope)
        now = scope.now()
        assert not await accounts.is_lacking(account, 60)
        for minutes, since, received in ((0, whole, 3), (10, near, 5)):
            accounts.add_sync(
                AccountSync(
                    ad_account_id=account,
                    started_at=now + timedelta(minutes=minutes),
                    since=since,
                    until=today,
                    rows_received=received,
                    rows_expected=5,
                )
            )
        await scope.session.flush()
        assert await accounts.is_lacking(account, 60), "a reading of the last days alone does not make it up"
        accounts.add_sync(
            AccountSync(
                ad_account_id=account,
                started_at=now + timedelta(hours=1),
                since=whole,
                until=today,
                rows_received=5,
                rows_expected=5,
            )
        )
        await scope.session.flush()
        assert not await accounts.is_lacking(account, 60)


def test_a_lacking_account_is_read_whole_once_a_day() -> None:
    today = date(2026, 3, 20)
    yesterday = today - timedelta(days=1)
    assert days_to_read(today=today, last_read=yesterday, window_days=7, lacking=True)[0] == date(2026, 1, 19)
    assert days_to_read(today=today, last_read=today, window_days=7, lacking=True)[0] == date(2026, 3, 10)
    assert days_to_read(today=today, last_read=yesterday, window_days=7)[0] == date(2026, 3, 9)
