"""Budget pacing, as an entry of the catalogue."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from app.models.trust_engine.kinds import Component
from app.services.autopilot.strategies import pacing_rules as rules
from app.services.autopilot.strategies.days_rules import Day, mature
from app.services.autopilot.strategies.effect_rules import Effect
from app.services.autopilot.strategies.findings import (
    AccountView,
    CampaignView,
    Finding,
    Group,
    budget_change,
)

_RETURN_OF_DAYS = 28
_SECONDS_A_DAY = 86_400


class BudgetPacing:
    name = "budget_pacing"
    config = rules.PacingConfig
    only_advises = False
    plans = False
    wants_paused = False

    def faults(self, config: rules.PacingConfig) -> list[str]:
        return rules.faults(config)

    def look(self, account: AccountView, config: rules.PacingConfig) -> list[Group]:
        ago = account.last_acted
        found = rules.pace(
            account.spent,
            [each.candidate for each in account.campaigns],
            account.today,
            config.budgets.get(str(account.account.id)),
            config,
            acted_days_ago=None if ago is None else ago.total_seconds() / _SECONDS_A_DAY,
        )
        findings = [_found(each, found, config) for each in account.campaigns]
        if not any(each.after is not None for each in findings):
            return [Group(account.account, [each], each.sentence) for each in findings]
        effects = [each.effect for each in findings if each.effect is not None]
        return [Group(account.account, findings, rules.sentence(found), _together(effects))]


def _found(view: CampaignView, pace: rules.Pace, config: rules.PacingConfig) -> Finding:
    """It rests on what was spent: a cut on that alone, a raise on its being known."""
    advice = rules.advise(view.candidate, pace, config)
    is_cut = pace.step < 0
    evidence: dict[str, Any] = asdict(pace) | {"why": advice.why}
    return Finding(
        view=view,
        why=advice.why,
        sentence=rules.sentence(pace),
        **budget_change(view, advice.budget_micros),
        effect=_effect(view, advice),
        evidence=evidence,
        rests_on=() if is_cut else (Component.FRESHNESS,),
        spend_only=is_cut,
    )


def _effect(view: CampaignView, advice: rules.Advice) -> Effect | None:
    """A budget that is changed by a share changes spend and value by that share at most."""
    now = view.campaign.daily_budget_micros
    if advice.budget_micros is None or not now:
        return None
    days: Sequence[Day] = mature(view.days, 0.95, _RETURN_OF_DAYS)
    spend = sum(day.spend_micros for day in days)
    step = advice.budget_micros - now
    most = round(step * sum(day.value_micros for day in days) / spend) if spend else 0
    return Effect(step, None, min(0, most), max(0, most)) if spend else None


def _together(effects: Sequence[Effect]) -> Effect | None:
    if not effects:
        return None
    return Effect(
        sum(each.spend_micros for each in effects),
        None,
        sum(each.value_low_micros for each in effects),
        sum(each.value_high_micros for each in effects),
    )
