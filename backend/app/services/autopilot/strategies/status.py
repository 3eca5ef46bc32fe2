"""Status management, as an entry of the catalogue."""

from dataclasses import asdict

from app.services.autopilot.strategies import status_rules as rules
from app.services.autopilot.strategies.effect_rules import Effect
from app.services.autopilot.strategies.findings import AccountView, CampaignView, Finding, Group


class StatusManagement:
    name = "status_management"
    config = rules.StatusConfig
    only_advises = False
    plans = False
    wants_paused = True

    def faults(self, config: rules.StatusConfig) -> list[str]:
        return rules.faults(config)

    def look(self, account: AccountView, config: rules.StatusConfig) -> list[Group]:
        days = [
            day for each in account.campaigns for day in each.days if day.maturity >= config.minimum_maturity
        ]
        usual = rules.usual_value(days)
        # One with something under way may be paused by it: it is not counted on.
        live = sum(each.campaign.status == "active" and not each.busy for each in account.campaigns)
        groups = []
        for view in account.campaigns:
            if view.campaign.status == "active":
                advice = rules.advise(view.candidate, config, usual_micros=usual, is_last=live <= 1)
                live -= advice.status == "paused"
            else:
                advice = rules.reconsider(view.candidate, view.paused_on, config, usual_micros=usual)
            found = _found(view, advice, config)
            groups.append(Group(account.account, [found], found.sentence, found.effect))
        return groups


def _found(view: CampaignView, advice: rules.Advice, config: rules.StatusConfig) -> Finding:
    changes = advice.status is not None
    return Finding(
        view=view,
        why=advice.why,
        sentence=rules.sentence(advice, config),
        operation="set_status",
        before={"status": view.campaign.status} if changes else {},
        after={"status": advice.status} if changes else None,
        effect=_effect(view, advice) if changes else None,
        evidence=asdict(advice),
        roas=advice.roas,
        roas_high=advice.roas_high,
    )


def _effect(view: CampaignView, advice: rules.Advice) -> Effect:
    """What a day cost and brought on the days that were judged; a pause loses it, an enabling brings it again."""
    days = advice.days or 1
    sign = -1 if advice.status == "paused" else 1
    spend = round(advice.spend_micros / days)
    if sign > 0 and view.campaign.daily_budget_micros:
        spend = view.campaign.daily_budget_micros
    share = spend * days / advice.spend_micros if advice.spend_micros else 0.0
    mean, low, high = (
        round(share * count * advice.value_each_micros / days)
        for count in (
            advice.conversions,
            rules.least_likely(advice.conversions),
            rules.most_likely(advice.conversions),
        )
    )
    ends = sorted((sign * low, sign * high))
    return Effect(sign * spend, sign * mean, ends[0], ends[1])
