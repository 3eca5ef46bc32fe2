"""A fall of the match quality says in plain words what fell, on which events of which source, and since when."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import TenantScope, open_scope
from app.models.cdp.events import CdpEvent
from app.models.cdp.sources import CdpSource
from app.models.integrations.conversions import ConversionDelivery
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.incidents import TrustIncident
from app.models.trust_engine.kinds import Component
from app.models.trust_engine.signals import TrustSignal
from app.services.trust_engine.health.service import HealthService
from tests.factories.access import Company
from tests.factories.segments import MovedClock
from tests.factories.trust import Account, bare_account

CARRIED = ["em", "external_id", "client_user_agent", "fbp", "fbc"]


async def _sent(
    scope: TenantScope, account: Account, start: datetime, *, lacks: int, without: set[str], of_ten: int = 8
) -> None:
    """Thirty hours of two sources; of the last `lacks`, so many of ten of the page's come without some keys."""
    sources = {name: uuid7() for name in ("web", "server")}
    for name, source_id in sources.items():
        scope.session.add(
            CdpSource(
                id=source_id,
                name=name,
                kind="browser",
                write_key_hash=source_id.bytes,
                write_key_prefix=source_id.hex,
            )
        )
    await scope.session.flush()
    for hour in range(30):
        for name, many in (("web", 20), ("server", 2)):
            for number in range(many):
                at = start + timedelta(hours=hour, minutes=number)
                is_lacking = name == "web" and hour >= 30 - lacks and number % 10 < of_ten
                keys = [key for key in CARRIED if not (is_lacking and key in without)]
                _order(scope, account, at, sources[name], keys)


def _order(scope: TenantScope, account: Account, at: datetime, source_id: UUID, keys: list[str]) -> None:
    event_id = uuid7()
    scope.session.add(
        CdpEvent(
            id=event_id,
            received_at=at,
            message_id=event_id.hex,
            source_id=source_id,
            event_type="track",
            event_name="Order Completed",
            event_time=at,
            properties={},
            context={},
            is_order=False,
            is_refund=False,
            match_keys=0,
        )
    )
    scope.session.add(
        ConversionDelivery(
            ad_account_id=account.id,
            platform="meta",
            event_id=event_id,
            event_received_at=at,
            dedupe_key=event_id.hex,
            event_name="Order Completed",
            platform_event="Purchase",
            event_time=at,
            status="acknowledged",
            queued_at=at,
            attempts=1,
            match_keys=keys,
        )
    )


async def _evaluated(
    acme: Company, engine: AsyncEngine, account: Account, now: datetime
) -> tuple[TrustEvaluation, TrustSignal]:
    """A day before, and now."""
    for at in (now - timedelta(days=1), now):
        async with open_scope(engine, acme.id, clock=MovedClock(at)) as scope:
            row = await HealthService(scope).evaluate(account.id)
            signals = (await HealthService(scope).of_account(account.id)).signals
    return row, next(each for each in signals if each.component == Component.EMQ)


async def test_what_fell_is_said_with_its_source_and_its_hour(acme: Company, engine: AsyncEngine) -> None:
    account = await bare_account(acme.scopes)
    now = real_now()
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=31)
    async with acme.scopes() as scope:
        await _sent(scope, account, start, lacks=14, without={"em"})
    row, emq = await _evaluated(acme, engine, account, now)
    begun = start + timedelta(hours=16)
    what = (
        f"since {begun:%Y-%m-%d %H:%M} UTC: the e-mail is missing on 80 % of Order Completed from source web, "
        "usually on 0 %."
    )
    assert emq.reason.endswith(what)
    assert f"It fell by {emq.evidence['fell_by'] / 10:.1f} of 10 " in emq.reason
    assert emq.evidence["fell_by"] == pytest.approx(100 - emq.evidence["local_score"], abs=0.1)
    assert any(each["sentence"].endswith(what) for each in row.drivers)


async def test_the_incident_of_a_dead_quality_says_what_to_look_at(
    acme: Company, engine: AsyncEngine
) -> None:
    account = await bare_account(acme.scopes)
    now = real_now()
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=31)
    async with acme.scopes() as scope:
        await _sent(scope, account, start, lacks=23, without=set(CARRIED), of_ten=10)
    row, _ = await _evaluated(acme, engine, account, now)
    assert Component.EMQ in row.capped_by
    async with acme.scopes() as scope:
        incidents = (await scope.session.scalars(select(TrustIncident))).all()
    begun = start + timedelta(hours=7)
    [mend] = [each.mend for each in incidents if each.subject == Component.EMQ]
    assert mend == (
        "Send the e-mail with Order Completed from source web again: see what changed there at "
        f"{begun:%Y-%m-%d %H:%M} UTC."
    )


async def test_nothing_is_said_of_a_quality_that_stays_as_it_was(acme: Company, engine: AsyncEngine) -> None:
    account = await bare_account(acme.scopes)
    now = real_now()
    async with acme.scopes() as scope:
        await _sent(scope, account, now - timedelta(hours=31), lacks=30, without={"em"})
    _, emq = await _evaluated(acme, engine, account, now)
    assert emq.score is not None
    assert emq.score < 95
    assert "lacking" not in emq.evidence
