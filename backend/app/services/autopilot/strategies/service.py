"""Strategies: what the autopilot proposes by itself. Everything proposed goes through the gate."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.db.session import TenantScope
from app.models.campaigns import Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.kinds import Component, Origin
from app.services.audit_logs.service import AuditLog
from app.services.autopilot.actions.service import AutopilotActions, Wanted
from app.services.autopilot.strategies.errors import BadStrategySetting, StrategyNotFound
from app.services.autopilot.strategies.repository import StrategyRepository
from app.services.autopilot.strategies.scaling_rules import (
    Advice,
    Candidate,
    Day,
    ScalingConfig,
    Why,
    advise,
    faults,
    sentence,
)

PERFORMANCE_SCALING = "performance_scaling"
_LOOK_BACK = timedelta(days=60)
_RESTS_ON = (Component.FRESHNESS, Component.VARIANCE, Component.EVENT_LOSS)
"""A return is conversions over spend: stale, disagreeing or lost conversions would make it a lie."""


@dataclass(frozen=True, slots=True)
class Strategy:
    name: str
    enabled: bool
    config: ScalingConfig
    last_run_at: datetime | None
    last_result: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Considered:
    """One campaign that was looked at, what was found, and the action that came of it."""

    campaign: Campaign
    advice: Advice
    sentence: str
    action_id: UUID | None = None
    state: str | None = None


class StrategyService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = StrategyRepository(scope)
        self._actions = AutopilotActions(scope)

    async def get(self, name: str = PERFORMANCE_SCALING) -> Strategy:
        if name != PERFORMANCE_SCALING:
            raise StrategyNotFound(name=name)
        row = await self._rows.find(name)
        if row is None:
            return Strategy(name, False, ScalingConfig(), None, None)
        return Strategy(name, row.enabled, ScalingConfig(**row.config), row.last_run_at, row.last_result)

    async def change(
        self, name: str, *, enabled: bool | None = None, config: Mapping[str, Any] | None = None
    ) -> Strategy:
        """Switch a strategy on or off, or set some of its settings."""
        before = await self.get(name)
        settings = asdict(before.config) | dict(config or {})
        known = {field.name for field in fields(ScalingConfig)}
        if unknown := settings.keys() - known:
            raise BadStrategySetting(f"Unknown: {', '.join(sorted(unknown))}.")
        changed = ScalingConfig(**settings)
        if wrong := faults(changed):
            raise BadStrategySetting(" ".join(wrong))
        on = before.enabled if enabled is None else enabled
        await self._rows.save(name, enabled=on, config=settings)
        await AuditLog(self._scope).record(
            "autopilot.strategies.changed",
            entity="autopilot.strategies",
            entity_id=name,
            before={"enabled": before.enabled, "config": asdict(before.config)},
            after={"enabled": on, "config": settings},
        )
        return await self.get(name)

    async def run_if_enabled(self) -> list[Considered]:
        strategy = await self.get()
        return await self.run(strategy.name) if strategy.enabled else []

    async def run(self, name: str = PERFORMANCE_SCALING) -> list[Considered]:
        """Look at every campaign once and propose what the figures surely call for."""
        strategy = await self.get(name)
        now = self._scope.now()
        pairs = await self._rows.scalable()
        days = await self._rows.days([campaign.id for campaign, _ in pairs], (now - _LOOK_BACK).date())
        found = [
            await self._consider(campaign, account, days.get(campaign.id, []), strategy.config)
            for campaign, account in pairs
        ]
        proposed = sum(each.action_id is not None for each in found)
        await self._rows.note_run(name, now, {"considered": len(found), "proposed": proposed})
        return found

    async def _consider(
        self, campaign: Campaign, account: AdAccount, days: list[CampaignMetricsDay], config: ScalingConfig
    ) -> Considered:
        budget = campaign.daily_budget_micros or 0
        advice = advise(Candidate(budget, bool(campaign.learning), [_day(row) for row in days]), config)
        said = sentence(advice, config)
        if advice.budget_micros is None or await self._actions.has_open(account.id, campaign.external_id):
            return Considered(campaign, advice, said)
        action = await self._actions.propose(
            Wanted(
                ad_account_id=account.id,
                campaign_id=campaign.id,
                platform=campaign.platform,
                account=account.external_id,
                entity_type="campaign",
                entity=campaign.external_id,
                entity_name=campaign.name,
                operation="set_daily_budget",
                before={"daily_budget_micros": budget},
                after={"daily_budget_micros": advice.budget_micros},
                currency=campaign.currency,
                reason=said,
                idempotency_key=_key(campaign, advice, self._scope.now()),
                origin=Origin.AUTOPILOT,
                justified_by=_RESTS_ON,
                evidence=asdict(advice),
                strategy=PERFORMANCE_SCALING,
                learning=bool(campaign.learning),
            )
        )
        return Considered(campaign, advice, said, action.id, action.state)


def _key(campaign: Campaign, advice: Advice, now: datetime) -> str:
    """One proposal for a campaign, a direction and an hour: a task that runs twice proposes once."""
    way = "raise" if advice.why is Why.ABOVE_TARGET else "cut"
    return f"{PERFORMANCE_SCALING}:{campaign.id}:{way}:{campaign.daily_budget_micros}:{now:%Y-%m-%dT%H}"


def _day(row: CampaignMetricsDay) -> Day:
    return Day(
        row.day, row.spend_micros, float(row.conversions), row.conversion_value_micros, float(row.maturity)
    )
