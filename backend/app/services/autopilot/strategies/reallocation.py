"""Reallocation over response curves, as an entry of the catalogue."""

from dataclasses import asdict

from app.services.autopilot.strategies import reallocation_rules as rules
from app.services.autopilot.strategies.days_rules import money
from app.services.autopilot.strategies.effect_rules import Effect
from app.services.autopilot.strategies.findings import (
    AccountView,
    CampaignView,
    Finding,
    Group,
    budget_change,
)


class Reallocation:
    name = "reallocation"
    config = rules.ReallocationConfig
    only_advises = False
    plans = True
    wants_paused = False

    def faults(self, config: rules.ReallocationConfig) -> list[str]:
        return rules.faults(config)

    def look(self, account: AccountView, config: rules.ReallocationConfig) -> list[Group]:
        if not account.campaigns:
            return []
        plan = rules.plan([each.candidate for each in account.campaigns], config)
        rests = plan.gain is not None and account.acted_within(config.rest_days)
        found = [
            _found(view, advice, config, rests=rests)
            for view, advice in zip(account.campaigns, plan.advice, strict=True)
        ]
        if plan.gain is None or rests:
            return [Group(account.account, [each], each.sentence) for each in found]
        effect = Effect(
            sum(_step(each) for each in found),
            round(plan.gain.mean),
            round(plan.gain.low),
            round(plan.gain.high),
        )
        return [Group(account.account, found, _told(found), effect)]


def _found(
    view: CampaignView, advice: rules.Advice, config: rules.ReallocationConfig, *, rests: bool
) -> Finding:
    sentence = rules.sentence(advice, config)
    if rests:
        sentence += f" Not now: budgets were moved within the last {config.rest_days} days."
    return Finding(
        view=view,
        why=advice.why,
        sentence=sentence,
        **budget_change(view, None if rests else advice.budget_micros),
        evidence=asdict(advice),
    )


def _step(finding: Finding) -> int:
    now = finding.view.campaign.daily_budget_micros or 0
    return 0 if finding.budget_micros is None else finding.budget_micros - now


def _told(found: list[Finding]) -> str:
    moved = sum(max(0, _step(each)) for each in found)
    givers, takers = (
        ", ".join(each.view.campaign.name for each in found if sign * _step(each) > 0) for sign in (-1, 1)
    )
    currency = found[0].view.campaign.currency
    return f"Move {money(moved)} {currency} a day from {givers} to {takers}, where the last unit brings more."
