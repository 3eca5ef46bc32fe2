"""An account with a past: settled days, orders to hold them against, calls, deliveries and readings."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes, TenantScope
from app.models.campaigns import Campaign
from app.models.campaigns.metrics import CampaignMetricsDay, CampaignMetricsObservation
from app.models.cdp.events import CdpEventCount
from app.models.cdp.sources import CdpSource
from app.models.integrations.ad_accounts import AccountSync, AdAccount
from app.models.integrations.calls import PlatformCall
from app.models.integrations.connections import Connection
from app.models.integrations.conversions import ConversionDelivery
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.kinds import Component, SignalState
from app.services.trust_engine.gate.permits import Change
from app.services.trust_engine.health.rules import mode_for
from app.services.trust_engine.policies.service import Policies

UNIT = 1_000_000
BUDGET = 100 * UNIT
CONVERSIONS = 60
ORDERS = 100
ORDER_MICROS = 50 * UNIT
ALL_KEYS = ["em", "ph", "external_id", "fbc", "fbp", "client_user_agent", "zp"]


@dataclass(frozen=True)
class Account:
    id: UUID
    campaign_id: UUID
    external_id: str
    now: datetime

    def raise_by(self, percent: int) -> Change:
        return Change(
            platform="meta",
            account=self.external_id,
            entity_type="campaign",
            entity="c1",
            operation="set_daily_budget",
            before={"daily_budget_micros": BUDGET},
            after={"daily_budget_micros": BUDGET * (100 + percent) // 100},
        )

    def pause(self) -> Change:
        return Change(
            platform="meta",
            account=self.external_id,
            entity_type="campaign",
            entity="c1",
            operation="set_status",
            before={"status": "active"},
            after={"status": "paused"},
        )


async def make_account(
    scopes: Scopes,
    *,
    reported: float = 1.0,
    keys: list[str] | None = None,
    acknowledged: float = 1.0,
    metrics_age: timedelta = timedelta(minutes=10),
    with_orders: bool = True,
    read_only: bool = False,
    doubled: float = 0.0,
    browser: float | None = None,
) -> Account:
    """Healthy unless told otherwise: `reported` is the share of its usual conversions reported in the last day.

    `doubled` of the last day's orders are told of a second time, under an id of their own. With `browser` a page
    tells of every order too, and in the last day of that share of them.
    """
    async with scopes() as scope:
        now = scope.now()
        account = await _account(scope, now - metrics_age, read_only=read_only)
        await _metrics(scope, account, now - metrics_age, reported)
        if with_orders:
            await _orders(scope, now)
            await _told_again(scope, now, doubled)
            if browser is not None:
                await _told_by_browser(scope, now, browser)
        for number in range(ORDERS):
            scope.session.add(_delivery(account.id, number, now, keys, ok=number < acknowledged * ORDERS))
            scope.session.add(make_call(account.id))
    return account


async def bare_account(scopes: Scopes) -> Account:
    """Nothing is known of it but that it is there, with a campaign."""
    async with scopes() as scope:
        return await _account(scope, scope.now(), read_only=False)


async def _account(scope: TenantScope, metrics_at: datetime, *, read_only: bool) -> Account:
    connection_id, account_id, campaign_id = uuid7(), uuid7(), uuid7()
    scope.session.add(
        Connection(
            id=connection_id,
            platform="meta",
            status="active",
            external_user_id=uuid7().hex,
            scopes=[],
            read_only=read_only,
        )
    )
    await scope.session.flush()
    scope.session.add(
        AdAccount(
            id=account_id,
            connection_id=connection_id,
            platform="meta",
            external_id=account_id.hex,
            name="Northwind",
            currency="USD",
            timezone="UTC",
            status="active",
            enabled=True,
            write_lease=True,
            conversions_enabled=True,
            last_metrics_at=metrics_at,
            last_synced_at=metrics_at,
        )
    )
    await scope.session.flush()
    scope.session.add(
        Campaign(
            id=campaign_id,
            ad_account_id=account_id,
            platform="meta",
            external_id="c1",
            name="Prospecting",
            status="active",
            effective_status="active",
            budget_level="campaign",
            daily_budget_micros=BUDGET,
            currency="USD",
            synced_at=metrics_at,
        )
    )
    await scope.session.flush()
    return Account(account_id, campaign_id, account_id.hex, scope.now())


async def _metrics(scope: TenantScope, account: Account, read_at: datetime, reported: float) -> None:
    """Forty settled days, and a flow over the last day: every day's late conversions fall on yesterday here."""
    first_reading = read_at - timedelta(hours=25)
    for at in (first_reading, read_at):
        scope.session.add(
            AccountSync(
                ad_account_id=account.id, started_at=at, finished_at=at, rows_received=4, rows_expected=4
            )
        )
    today = read_at.date()
    for back in range(42):
        day = today - timedelta(days=back)
        settled = back > 8
        count = Decimal(CONVERSIONS + (-1) ** back)
        if back == 0:
            count = Decimal(0)
        if back == 1:
            count = Decimal(round(CONVERSIONS * 25 / 24 * reported))
        figures = {
            "currency": "USD",
            "spend_micros": 90 * UNIT if back else 10 * UNIT,
            "impressions": 10_000,
            "clicks": 300,
            "conversions": count,
            "conversion_value_micros": int(count) * ORDER_MICROS,
            "ad_set_rows": 4,
            "maturity": Decimal(1) if settled else Decimal("0.5"),
        }
        seen = read_at if back <= 1 else first_reading
        scope.session.add(
            CampaignMetricsDay(
                campaign_id=account.campaign_id,
                day=day,
                first_seen_at=seen,
                observed_at=seen,
                **figures,
            )
        )
        scope.session.add(
            CampaignMetricsObservation(campaign_id=account.campaign_id, day=day, observed_at=seen, **figures)
        )


async def _orders(scope: TenantScope, now: datetime) -> None:
    """A hundred orders a day, on even hours, each of fifty dollars."""
    await scope.session.execute(
        text("""
        INSERT INTO cdp_events (tenant_id, id, received_at, message_id, event_type, event_name, event_time,
          properties, context, order_id, value_micros, currency, is_order, is_refund, match_keys)
        SELECT :tenant, gen_random_uuid(), :now, 'm' || n, 'track', 'Order Completed',
          CAST(:now AS timestamptz) - n * interval '864 seconds', '{}', '{}', 'o' || n, :value, 'USD', true, false, 7
        FROM generate_series(1, 4200) AS n
        """),
        {"tenant": scope.tenant_id, "now": now, "value": ORDER_MICROS},
    )
    scope.session.add(
        CdpEventCount(
            hour=now.replace(minute=0, second=0, microsecond=0),
            source_id=uuid7(),
            shard=0,
            accepted=4200,
            duplicates=0,
            rejected=0,
            newest_accepted_at=now,
        )
    )


async def _told_again(scope: TenantScope, now: datetime, share: float) -> None:
    await scope.session.execute(
        text("""
        INSERT INTO cdp_events (tenant_id, id, received_at, message_id, event_type, event_name, event_time,
          properties, context, order_id, value_micros, currency, is_order, is_refund, match_keys)
        SELECT tenant_id, gen_random_uuid(), received_at, message_id || '-2', event_type, event_name,
          event_time + interval '1 second', '{}', '{}', order_id, value_micros, currency, true, false, 7
        FROM cdp_events WHERE tenant_id = :tenant AND is_order ORDER BY event_time DESC LIMIT :count
        """),
        {"tenant": scope.tenant_id, "count": round(ORDERS * share)},
    )


async def _told_by_browser(scope: TenantScope, now: datetime, share: float) -> None:
    page = CdpSource(
        id=uuid7(), name="Page", kind="browser", write_key_hash=uuid7().bytes, write_key_prefix="page"
    )
    scope.session.add(page)
    await scope.session.flush()
    await scope.session.execute(
        text("""
        INSERT INTO cdp_events (tenant_id, id, received_at, message_id, source_id, event_type, event_name,
          event_time, properties, context, order_id, value_micros, currency, is_order, is_refund, match_keys)
        SELECT tenant_id, gen_random_uuid(), received_at, message_id || '-b', :page, event_type, event_name,
          event_time, '{}', '{}', order_id, value_micros, currency, true, false, 7
        FROM cdp_events
        WHERE tenant_id = :tenant AND is_order AND source_id IS NULL
          AND (event_time < CAST(:now AS timestamptz) - interval '25 hours'
            OR substr(order_id, 2)::int % 100 < :percent)
        """),
        {"tenant": scope.tenant_id, "page": page.id, "now": now, "percent": round(100 * share)},
    )


def _delivery(
    account_id: UUID, number: int, now: datetime, keys: list[str] | None, *, ok: bool
) -> ConversionDelivery:
    at = now - timedelta(hours=2, minutes=number)
    return ConversionDelivery(
        ad_account_id=account_id,
        platform="meta",
        event_id=uuid7(),
        event_received_at=at,
        dedupe_key=f"o{number}",
        event_name="purchase",
        platform_event="Purchase",
        event_time=at,
        status="acknowledged" if ok else "sent",
        match_keys=ALL_KEYS if keys is None else keys,
        queued_at=at,
        attempts=1,
    )


def make_call(account_id: UUID, *, refused: str | None = None) -> PlatformCall:
    """A read that succeeded, or whose access was `refused` with that code."""
    return PlatformCall(
        started_at=real_now() - timedelta(minutes=5),
        platform="meta",
        ad_account_id=account_id,
        operation="fetch_metrics",
        method="GET",
        path="/insights",
        mutating=False,
        attempt=1,
        status=401 if refused else 200,
        outcome="auth" if refused else "ok",
        error_code=refused,
        duration_ms=120,
    )


async def trusted(
    scopes: Scopes,
    ad_account_id: UUID,
    *,
    score: float = 95.0,
    absent: tuple[Component, ...] = (),
    **states: SignalState,
) -> None:
    """An evaluation as a long healthy run would have left it; `states` says otherwise of a component."""
    known = dict.fromkeys(Component, SignalState.GOOD) | {Component(k): v for k, v in states.items()}
    async with scopes() as scope:
        policy = await Policies(scope).current()
        now = scope.now()
        scope.session.add(
            TrustEvaluation(
                id=uuid7(),
                ad_account_id=ad_account_id,
                score=score,
                status="healthy",
                coverage=1.0,
                target=mode_for(score, 1.0, policy),
                mode=mode_for(score, 1.0, policy),
                run=0,
                candidate=None,
                policy_version=policy.version,
                components=[
                    {"component": component, "state": state, "score": score, "weight": 0.1}
                    for component, state in known.items()
                ],
                drivers=[],
                absent=list(absent),
                capped_by=[],
                evidence_digest="0" * 64,
                evaluated_at=now,
                expires_at=now + timedelta(hours=1),
            )
        )
