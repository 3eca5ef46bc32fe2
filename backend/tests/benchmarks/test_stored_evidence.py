"""What TrustBench simulates is what the stores would answer: one account is written into them, reading by reading."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.ids import uuid7
from app.db.session import Scopes, scopes_for
from app.models.campaigns import Campaign
from app.models.cdp.events import CdpEventCount
from app.models.integrations.ad_accounts import AccountSync, AdAccount
from app.models.trust_engine.kinds import Component, SignalState
from app.services.campaigns.metrics.service import MetricsService
from app.services.integrations.ports import ConversionSettings, MetricsDay, MetricsReading
from app.services.trust_engine.signals.evidence import Evidence, StoredEvidence
from app.services.trust_engine.signals.measurements import Signal
from app.services.trust_engine.signals.measuring import Measuring
from benchmarks.trustbench import shape
from benchmarks.trustbench.calendar import moment
from benchmarks.trustbench.evidence import SimulatedEvidence
from benchmarks.trustbench.reports import READ_DAYS, TIMES, Reports, tell
from benchmarks.trustbench.shape import MEDIUM, read_shape
from benchmarks.trustbench.world import Tape, read_characters, simulate
from tests.factories.access import Company
from tests.factories.segments import MovedClock
from tests.factories.trust import make_account

UNIT = 1_000_000
FIRST_DAY, START_DAY, LAST_DAY = 14, 62, 68
LAST = LAST_DAY * 4
NOW = moment(float(TIMES[LAST]))


@dataclass(frozen=True)
class Stored:
    scopes: Scopes
    account: UUID
    reports: Reports

    @property
    def simulated(self) -> SimulatedEvidence:
        return SimulatedEvidence(self.reports, LAST, first_party=True)


def world() -> tuple[Tape, Reports]:
    """Days are told of anew in it, and conversions are lost: what is taken back stands in the stores too."""
    tape = simulate(read_characters()["shop"], np.random.default_rng(8), 40)
    fault = read_shape(shape.HERE / "slow_loss.json")
    return tape, tell(tape, fault.at(MEDIUM), START_DAY * 24.0, LAST_DAY * 24.0 + 48)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(moment(FIRST_DAY * 24.0))


@pytest.fixture
async def stored(acme: Company, engine: AsyncEngine, clock: MovedClock) -> Stored:
    scopes = scopes_for(engine, acme.id, clock=clock)
    tape, reports = world()
    account = await _account(scopes)
    names = await _campaigns(scopes, account, reports.conversions.shape[1])
    for reading in range(FIRST_DAY * 4, LAST + 1):
        clock.at = moment(float(TIMES[reading]))
        await _read(scopes, account, names, reports, reading)
    await _sell(scopes, acme.id, tape, reports)
    return Stored(scopes, account, reports)


async def _account(scopes: Scopes) -> UUID:
    """Beside the factory's own, which has a past."""
    made, new = await make_account(scopes, with_orders=False), uuid7()
    async with scopes() as scope:
        old = (await scope.session.scalars(select(AdAccount).filter_by(id=made.id))).one()
        scope.session.add(
            AdAccount(
                id=new,
                connection_id=old.connection_id,
                platform="meta",
                external_id=new.hex,
                name="Simulated",
                currency="USD",
                timezone="UTC",
                status="active",
                enabled=True,
                write_lease=True,
                conversions_enabled=True,
            )
        )
    return new


async def _campaigns(scopes: Scopes, account: UUID, count: int) -> dict[str, UUID]:
    async with scopes() as scope:
        ids = {f"s{number}": uuid7() for number in range(count)}
        for name, each in ids.items():
            scope.session.add(
                Campaign(
                    id=each,
                    ad_account_id=account,
                    platform="meta",
                    external_id=name,
                    name=name,
                    status="active",
                    effective_status="active",
                    budget_level="campaign",
                    currency="USD",
                    synced_at=scope.now(),
                )
            )
    return ids


async def _read(
    scopes: Scopes, account: UUID, campaigns: dict[str, UUID], reports: Reports, reading: int
) -> None:
    """As a synchronisation reads and writes: today, and ten days before it."""
    spend, clicks, impressions = reports.delivered(reading)
    today = int(TIMES[reading]) // 24
    days = [
        MetricsDay(
            campaign=name,
            day=(moment(0) + timedelta(days=day)).date(),
            currency="USD",
            spend_micros=round(spend[row, day] * UNIT),
            impressions=round(impressions[row, day]),
            clicks=round(clicks[row, day]),
            conversions=Decimal(str(reports.conversions[reading, row, day])),
            conversion_value_micros=round(reports.value[reading, row, day] * UNIT),
            rows=4,
        )
        for row, name in enumerate(campaigns)
        for day in range(today - READ_DAYS, today + 1)
        if spend[row, day] or reports.conversions[reading, row, day]
    ]
    async with scopes() as scope:
        await MetricsService(scope).absorb(
            MetricsReading(tuple(days), {}),
            campaigns,
            ad_account_id=account,
            timezone="UTC",
            conversion=ConversionSettings(),
        )
        at = scope.now()
        scope.session.add(
            AccountSync(
                ad_account_id=account,
                started_at=at,
                finished_at=at,
                rows_received=int(reports.told_ad_sets[reading]),
                rows_expected=reports.ad_sets,
            )
        )


async def _sell(scopes: Scopes, tenant: int, tape: Tape, reports: Reports) -> None:
    """Every order, as the shop's server tells of it."""
    until = float(TIMES[LAST])
    sold = tape.placed < until
    async with scopes() as scope:
        await scope.session.execute(
            text("""
            INSERT INTO cdp_events (tenant_id, id, received_at, message_id, event_type, event_name, event_time,
              properties, context, order_id, value_micros, currency, is_order, is_refund, match_keys)
            SELECT :tenant, gen_random_uuid(), at, 'm' || n, 'track', 'Order Completed', at, '{}', '{}', 'o' || n,
              value, 'USD', true, false, keys
            FROM unnest(CAST(:at AS timestamptz[]), CAST(:value AS bigint[]), CAST(:keys AS integer[]))
              WITH ORDINALITY AS told (at, value, keys, n)
            """),
            {
                "tenant": tenant,
                "at": [moment(0) + timedelta(hours=float(each)) for each in tape.placed[sold]],
                "value": [round(each * UNIT) for each in tape.value[sold]],
                "keys": [7 if each else 0 for each in tape.named[sold]],
            },
        )
        scope.session.add(
            CdpEventCount(
                hour=NOW - timedelta(hours=1),
                source_id=uuid7(),
                shard=0,
                accepted=1,
                duplicates=0,
                rejected=0,
                newest_accepted_at=NOW - timedelta(minutes=5),
            )
        )


async def _ask(evidence: Evidence) -> dict[str, Any]:
    """Everything of the platform and of the orders; sessions and deliveries are not written here."""
    since = NOW - timedelta(days=45)
    orders = await evidence.orders_by_day(since, NOW)
    tellings = await evidence.order_tellings(NOW - timedelta(days=1), NOW)
    syncs = [await evidence.sync_before(NOW - timedelta(hours=hours)) for hours in (0, 25, 72)]
    return {
        "days": [
            (d.day, d.impressions, d.clicks, d.conversions, d.value_micros, d.maturity)
            for d in await evidence.days(since.date())
        ],
        **{
            f"known {hours} h ago": await evidence.days_as_known(since.date(), NOW - timedelta(hours=hours))
            for hours in (24, 72, 168)
        },
        "syncs": [each and (each.started_at, each.rows_received, each.rows_expected) for each in syncs],
        "orders": [(each.day, each.orders) for each in orders],
        "told again": tellings.again,
        "named": await evidence.named_by_day(since, NOW),
    }


async def test_the_stores_answer_as_the_simulated_account_does(stored: Stored) -> None:
    async with stored.scopes() as scope:
        account = (await scope.session.scalars(select(AdAccount).filter_by(id=stored.account))).one()
        found, expected = await _ask(StoredEvidence(scope, account)), await _ask(stored.simulated)
        for question, answer in expected.items():
            assert found[question] == answer, question
        windows = [
            (NOW - timedelta(days=45), NOW),
            (NOW - timedelta(days=2, hours=5), NOW - timedelta(hours=7)),
        ]
        for since, until in windows:
            there = await StoredEvidence(scope, account).tellings_by_day(since, until)
            here = await stored.simulated.tellings_by_day(since, until)
            assert [_counts(each) for each in there] == [_counts(each) for each in here]
            for one, other in zip(there, here, strict=True):
                for name in ("value_micros", "lost_value_micros", "spend_up_micros", "spend_down_micros"):
                    assert getattr(one, name) == pytest.approx(getattr(other, name), abs=50), "rounded sums"


def _counts(telling: Any) -> tuple[Any, ...]:
    return telling.day, telling.last_at, telling.conversions


async def test_what_is_measured_of_both_is_the_same(stored: Stored) -> None:
    async with stored.scopes() as scope:
        account = (await scope.session.scalars(select(AdAccount).filter_by(id=stored.account))).one()
        there = await _measured(StoredEvidence(scope, account), stored, NOW)
    here = await _measured(stored.simulated, stored, NOW)
    for component in (Component.VARIANCE, Component.ANOMALY, Component.FRESHNESS):
        assert (there[component].state, there[component].reason) == (
            here[component].state,
            here[component].reason,
        )
        assert there[component].score == pytest.approx(here[component].score)
        assert there[component].evidence == pytest.approx(here[component].evidence)
    assert here[Component.VARIANCE].state is not SignalState.UNKNOWN
    for check in ("restatements", "rows", "spend_unit", "named_orders", "value_per_conversion", "days_cut"):
        assert (
            there[Component.INVARIANTS].evidence[check]
            == here[Component.INVARIANTS].evidence[check]
            != "unknown"
        )


async def _measured(evidence: Evidence, stored: Stored, at: datetime) -> dict[Component, Signal]:
    found = await Measuring(evidence, stored.simulated.account, at).signals(stale_after_hours=24)
    return {each.component: each for each in found}
