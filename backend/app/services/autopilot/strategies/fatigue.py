"""Fatigue of ads, as an entry of the catalogue."""

from dataclasses import asdict

from app.services.autopilot.strategies import fatigue_rules as rules
from app.services.autopilot.strategies.findings import AccountView, CampaignView, Finding, Group


class AdFatigue:
    name = "ad_fatigue"
    config = rules.FatigueConfig
    only_advises = True
    plans = False
    wants_paused = False

    def faults(self, config: rules.FatigueConfig) -> list[str]:
        return rules.faults(config)

    def look(self, account: AccountView, config: rules.FatigueConfig) -> list[Group]:
        found = [_found(each, config) for each in account.campaigns]
        return [Group(account.account, [each], each.sentence) for each in found]


def _found(view: CampaignView, config: rules.FatigueConfig) -> Finding:
    advice = rules.advise(view.candidate, config)
    return Finding(
        view=view,
        why=advice.why,
        sentence=rules.sentence(advice),
        evidence=asdict(advice),
        advises=advice.why is rules.Why.TIRED,
    )
