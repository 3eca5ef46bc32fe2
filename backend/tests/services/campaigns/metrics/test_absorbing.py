"""A reading is compared with what is stored: what differs is written, and nothing else."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.session import Scopes, TenantScope, scopes_for
from app.models.campaigns.metrics import AccountTelling, CampaignMetricsDay, CampaignMetricsObservation
from app.services.campaigns.metrics.repository import KEPT_TELLINGS
from app.services.campaigns.metrics.service import Absorbed, MetricsService
from app.services.campaigns.service import CampaignService
from app.services.integrations.ports import ConversionSettings, MetricsDay, MetricsReading
from tests.factories.access import Company
from tests.factories.segments import MovedClock
from tests.factories.trust import make_account

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
SETTLED, YOUNG = date(2026, 5, 1), date(2026, 8, 31)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(NOW)


@pytest.fixture
def scopes(acme: Company, engine: AsyncEngine, clock: MovedClock) -> Scopes:
    return scopes_for(engine, acme.id, clock=clock)


@pytest.fixture
async def campaign(scopes: Scopes) -> UUID:
    return (await make_account(scopes, with_orders=False)).campaign_id


def told(day: date, conversions: str) -> MetricsDay:
    return MetricsDay(
        campaign="c1",
        day=day,
        currency="USD",
        spend_micros=9_000_000,
        impressions=900,
        clicks=30,
        conversions=Decimal(conversions),
        conversion_value_micros=40_000_000,
        rows=1,
    )


async def read(scopes: Scopes, campaign: UUID, days: Sequence[MetricsDay]) -> Absorbed:
    async with scopes() as scope:
        return await absorb(scope, campaign, days)


async def absorb(scope: TenantScope, campaign: UUID, days: Sequence[MetricsDay]) -> Absorbed:
    return await MetricsService(scope).absorb(
        MetricsReading(tuple(days), {}),
        {"c1": campaign},
        ad_account_id=await account_of(scope, campaign),
        timezone="UTC",
        conversion=ConversionSettings(),
    )


async def account_of(scope: TenantScope, campaign: UUID) -> UUID:
    return (await CampaignService(scope).get(campaign)).ad_account_id


async def tellings(scopes: Scopes, campaign: UUID) -> Sequence[AccountTelling]:
    async with scopes() as scope:
        mine = select(AccountTelling).filter_by(ad_account_id=await account_of(scope, campaign))
        return (await scope.session.scalars(mine.order_by(AccountTelling.told_at))).all()


async def stored(scopes: Scopes, campaign: UUID, day: date) -> tuple[CampaignMetricsDay, int]:
    """A day, and how many times something new was said of it."""
    async with scopes() as scope:
        metrics = MetricsService(scope)
        (row,) = await metrics.days(campaign, day, day)
        seen = select(func.count()).select_from(CampaignMetricsObservation)
        count = await scope.session.scalar(seen.filter_by(campaign_id=campaign, day=day))
    return row, count or 0


async def test_a_third_of_a_conversion_is_the_same_at_the_next_reading(
    scopes: Scopes, campaign: UUID, clock: MovedClock
) -> None:
    """Platforms share a conversion out among ads: 2.333333 is stored to four places, and is not restated for that."""
    days = [told(SETTLED, "2.333333")]
    assert await read(scopes, campaign, days) == Absorbed(added=1, restated=0)
    clock.at += timedelta(hours=1)
    assert await read(scopes, campaign, days) == Absorbed(added=0, restated=0)
    row, said = await stored(scopes, campaign, SETTLED)
    assert (row.conversions, row.restated_at, said) == (Decimal("2.3333"), None, 1)


async def test_a_settled_day_that_stands_still_is_not_written_again(
    scopes: Scopes, campaign: UUID, clock: MovedClock
) -> None:
    await read(scopes, campaign, [told(SETTLED, "2")])
    clock.at += timedelta(hours=1)
    await read(scopes, campaign, [told(SETTLED, "2")])
    row, _ = await stored(scopes, campaign, SETTLED)
    assert row.observed_at == NOW


async def test_a_young_day_matures_without_being_restated(
    scopes: Scopes, campaign: UUID, clock: MovedClock
) -> None:
    await read(scopes, campaign, [told(YOUNG, "2")])
    before, said = await stored(scopes, campaign, YOUNG)
    clock.at += timedelta(days=1)
    assert await read(scopes, campaign, [told(YOUNG, "2")]) == Absorbed(added=0, restated=0)
    after, still = await stored(scopes, campaign, YOUNG)
    assert (before.maturity, after.maturity) == (Decimal("0.07"), Decimal("0.21"))
    assert (after.restated_at, still) == (before.restated_at, said)


async def test_what_differs_is_restated_and_what_was_known_is_kept(
    scopes: Scopes, campaign: UUID, clock: MovedClock
) -> None:
    await read(scopes, campaign, [told(SETTLED, "2"), told(SETTLED + timedelta(days=1), "5")])
    clock.at += timedelta(hours=1)
    again = [told(SETTLED, "3"), told(SETTLED + timedelta(days=1), "5")]
    assert await read(scopes, campaign, again) == Absorbed(added=0, restated=1)
    row, said = await stored(scopes, campaign, SETTLED)
    assert (row.conversions, row.restated_at, said) == (Decimal(3), clock.at, 2)
    async with scopes() as scope:
        (known,) = await MetricsService(scope).known_at(campaign, SETTLED, SETTLED, moment=NOW)
    assert known.conversions == 2


async def test_what_an_hour_newly_told_of_is_written_down_by_the_age_of_the_day(
    scopes: Scopes, campaign: UUID, clock: MovedClock
) -> None:
    """Two readings of one hour are one row; what was taken back and what was added stand apart."""
    today = NOW.date()
    async with scopes() as scope:
        await scope.session.execute(delete(CampaignMetricsDay))
    await read(scopes, campaign, [told(today, "2"), told(today - timedelta(days=3), "5")])
    clock.at += timedelta(minutes=30)
    fewer = replace(
        told(today - timedelta(days=3), "6.5"), conversion_value_micros=30_000_000, spend_micros=8_000_000
    )
    await read(scopes, campaign, [told(today, "4"), fewer])
    clock.at += timedelta(hours=1)
    await read(scopes, campaign, [told(today, "4")])
    first, quiet = await tellings(scopes, campaign)
    assert first.told_at == NOW
    assert (first.conversions[0], first.conversions[3], sum(first.conversions, Decimal())) == (
        Decimal(4),
        Decimal("6.5"),
        Decimal("10.5"),
    )
    assert (first.value_micros[3], first.lost_value_micros[3]) == (40_000_000, 10_000_000)
    assert (first.spend_up_micros[3], first.spend_down_micros[3]) == (9_000_000, 1_000_000)
    assert not any((*quiet.conversions, *quiet.value_micros, *quiet.spend_up_micros)), "read, and nothing new"


async def test_tellings_are_forgotten_when_nobody_asks_for_them_any_more(
    scopes: Scopes, campaign: UUID, clock: MovedClock
) -> None:
    await read(scopes, campaign, [told(NOW.date(), "2")])
    clock.at += KEPT_TELLINGS + timedelta(hours=1)
    await read(scopes, campaign, [told(clock.at.date(), "2")])
    assert [each.told_at for each in await tellings(scopes, campaign)] == [
        NOW + KEPT_TELLINGS + timedelta(hours=1)
    ]


async def test_two_readings_of_the_same_figures_at_once_tell_of_them_once(
    scopes: Scopes, campaign: UUID
) -> None:
    """A synchronisation that is delivered twice: the second one sees what the first has written."""
    async with scopes() as scope:
        await scope.session.execute(delete(CampaignMetricsDay))
    days = [told(YOUNG, "3")]
    async with scopes() as scope:
        first = await absorb(scope, campaign, days)
        second = asyncio.create_task(read(scopes, campaign, days))
        await asyncio.sleep(0.5)
    assert (first, await second) == (Absorbed(1, 0), Absorbed(0, 0))
    (told_of,) = await tellings(scopes, campaign)
    assert told_of.conversions[1] == 3
