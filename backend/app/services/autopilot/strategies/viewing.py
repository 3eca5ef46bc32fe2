"""What strategies read: accounts that may be written to, with their campaigns and finished days."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.db.session import TenantScope
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.kinds import Component
from app.services.autopilot.actions.service import AutopilotActions
from app.services.autopilot.strategies.acting import Step
from app.services.autopilot.strategies.days_rules import Day
from app.services.autopilot.strategies.findings import AccountView, CampaignView, Kind
from app.services.autopilot.strategies.repository import StrategyRepository
from app.services.campaigns.metrics.service import account_day

_LOOK_BACK = timedelta(days=100)


class AccountViews:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = StrategyRepository(scope)
        self._actions = AutopilotActions(scope)

    async def read(self, kind: Kind) -> list[AccountView]:
        now = self._scope.now()
        pairs = await self._rows.steerable(paused=kind.wants_paused)
        days = await self._rows.days([campaign.id for campaign, _ in pairs], (now - _LOOK_BACK).date())
        pauses = await self._actions.standing_pauses(days=_LOOK_BACK.days) if kind.wants_paused else {}
        paused_on = {entity: each.evidence for entity, each in pauses.items() if each.strategy == kind.name}
        under_way = await self._actions.under_way()
        accounts: dict[UUID, AdAccount] = {}
        campaigns: dict[UUID, list[CampaignView]] = defaultdict(list)
        for campaign, account in pairs:
            accounts[account.id] = account
            today = account_day(now, account.timezone)
            finished = [_day(row) for row in days.get(campaign.id, ()) if row.day < today]
            entity = (account.id, campaign.external_id)
            # A plan moves money, and does not stop it: it waits for whatever there is.
            waits = under_way.get(entity, False) and not kind.plans
            campaigns[account.id].append(
                CampaignView(
                    campaign,
                    account,
                    finished,
                    busy=entity in under_way and not waits,
                    waits=waits,
                    paused_on=paused_on.get(entity),
                )
            )
        acted = await self._actions.last_acted(kind.name, days=_LOOK_BACK.days)
        spent = await self._rows.spent(list(accounts), (now - _LOOK_BACK).date())
        return [
            AccountView(
                account,
                account_day(now, account.timezone),
                campaigns[account.id],
                spent={
                    day: micros
                    for day, micros in spent[account.id].items()
                    if day < account_day(now, account.timezone)
                },
                last_acted=now - acted[account.id] if account.id in acted else None,
            )
            for account in accounts.values()
        ]

    async def stands(self, step: Step) -> bool:
        """Whether the campaign is as it was when the strategy looked, with room for the change."""
        campaign = step.campaign
        found = await self._rows.pairs([campaign.id])
        return (
            bool(found)
            and all(getattr(found[0][0], name) == was for name, was in step.before.items())
            and await self._actions.make_way(
                campaign.ad_account_id, campaign.external_id, for_less=step.wants_less
            )
        )

    async def steps(self, changes: Sequence[Mapping[str, Any]]) -> list[Step]:
        """What was suggested, of the campaigns that are still as they were and have nothing under way."""
        found = {
            campaign.id: (campaign, account)
            for campaign, account in await self._rows.pairs([UUID(each["campaign_id"]) for each in changes])
            if not await self._actions.has_open(account.id, campaign.external_id)
        }
        return [
            Step(
                campaign=found[campaign_id][0],
                account=found[campaign_id][1],
                why=each["why"],
                sentence=each["sentence"],
                operation=each["operation"],
                before=each["before"],
                after=each["after"],
                evidence=each["evidence"],
                rests_on=tuple(Component(name) for name in each["rests_on"]),
                spend_only=each["spend_only"],
            )
            for each in changes
            if (campaign_id := UUID(each["campaign_id"])) in found
            and all(getattr(found[campaign_id][0], name) == was for name, was in each["before"].items())
        ]


def _day(row: CampaignMetricsDay) -> Day:
    return Day(
        row.day,
        row.spend_micros,
        float(row.conversions),
        row.conversion_value_micros,
        float(row.maturity),
        row.impressions,
        row.clicks,
    )
