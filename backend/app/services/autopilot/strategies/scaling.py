"""Performance scaling, as an entry of the catalogue."""

from dataclasses import asdict

from app.services.autopilot.strategies import scaling_rules as rules
from app.services.autopilot.strategies.effect_rules import Effect
from app.services.autopilot.strategies.findings import (
    AccountView,
    CampaignView,
    Finding,
    Group,
    budget_change,
)


class PerformanceScaling:
    name = "performance_scaling"
    config = rules.ScalingConfig
    only_advises = False
    plans = False
    wants_paused = False

    def faults(self, config: rules.ScalingConfig) -> list[str]:
        return rules.faults(config)

    def look(self, account: AccountView, config: rules.ScalingConfig) -> list[Group]:
        found = [_found(each, config) for each in account.campaigns]
        return [Group(account.account, [each], each.sentence, each.effect) for each in found]


def _found(view: CampaignView, config: rules.ScalingConfig) -> Finding:
    advice = rules.advise(view.candidate, config)
    return Finding(
        view=view,
        why=advice.why,
        sentence=rules.sentence(advice, config),
        **budget_change(view, advice.budget_micros),
        effect=_effect(view, advice),
        evidence=asdict(advice),
        roas=advice.roas,
        roas_low=advice.roas_low,
        roas_high=advice.roas_high,
    )


def _effect(view: CampaignView, advice: rules.Advice) -> Effect | None:
    """The last unit of spend brings something, and not more than all of them do on average."""
    if advice.budget_micros is None or advice.roas_high is None:
        return None
    step = advice.budget_micros - (view.campaign.daily_budget_micros or 0)
    most = round(step * advice.roas_high)
    return Effect(step, None, min(0, most), max(0, most))
