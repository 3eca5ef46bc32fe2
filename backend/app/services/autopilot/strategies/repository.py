from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from app.db.session import TenantScope
from app.models.autopilot.recommendations import AutopilotRecommendation
from app.models.autopilot.strategies import AutopilotStrategy
from app.models.campaigns import Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.integrations.ad_accounts import AdAccount


class StrategyRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def find(self, name: str) -> AutopilotStrategy | None:
        statement = select(AutopilotStrategy).where(AutopilotStrategy.name == name)
        return (
            await self._session.scalars(statement.execution_options(populate_existing=True))
        ).one_or_none()

    async def locked(self, name: str) -> AutopilotStrategy | None:
        """Whoever switches it on or off waits until this transaction has ended."""
        statement = select(AutopilotStrategy).where(AutopilotStrategy.name == name).with_for_update()
        return (
            await self._session.scalars(statement.execution_options(populate_existing=True))
        ).one_or_none()

    async def refused(self, strategy: str, since: datetime) -> list[AutopilotRecommendation]:
        """The strategy's recommendations that somebody dismissed since then."""
        row = AutopilotRecommendation
        statement = select(row).where(
            row.strategy == strategy, row.state == "dismissed", row.ended_at >= since
        )
        return list((await self._session.scalars(statement)).all())

    async def save(self, name: str, *, enabled: bool, config: dict[str, Any]) -> None:
        values = {"enabled": enabled, "config": config}
        await self._session.execute(
            insert(AutopilotStrategy)
            .values(name=name, **values)
            .on_conflict_do_update(index_elements=["tenant_id", "name"], set_=values)
        )

    async def note_run(self, name: str, at: datetime, result: dict[str, Any]) -> None:
        strategy = await self.find(name)
        if strategy is not None:
            strategy.last_run_at, strategy.last_result = at, result

    async def steerable(self, *, paused: bool = False) -> list[tuple[Campaign, AdAccount]]:
        """Campaigns with a daily budget of their own, on enabled accounts; live, and with `paused` those too."""
        statement = (
            _with_account()
            .where(
                AdAccount.enabled,
                Campaign.status.in_(("active", "paused") if paused else ("active",)),
                Campaign.daily_budget_micros.is_not(None),
                Campaign.budget_level == "campaign",
            )
            .order_by(Campaign.name, Campaign.id)
        )
        return [(campaign, account) for campaign, account in await self._session.execute(statement)]

    async def pairs(self, campaigns: Sequence[UUID]) -> list[tuple[Campaign, AdAccount]]:
        statement = _with_account().where(Campaign.id.in_(campaigns))
        return [(campaign, account) for campaign, account in await self._session.execute(statement)]

    async def days(self, campaigns: list[UUID], since: date) -> dict[UUID, list[CampaignMetricsDay]]:
        """The campaigns' days from `since` on, in one statement."""
        found: dict[UUID, list[CampaignMetricsDay]] = defaultdict(list)
        statement = select(CampaignMetricsDay).where(
            CampaignMetricsDay.campaign_id.in_(campaigns), CampaignMetricsDay.day >= since
        )
        for row in await self._session.scalars(statement):
            found[row.campaign_id].append(row)
        return found

    async def knows_accounts(self, accounts: Collection[UUID]) -> bool:
        statement = select(func.count()).where(AdAccount.id.in_(accounts))
        return await self._session.scalar(statement) == len(accounts)

    async def spent(self, accounts: Sequence[UUID], since: date) -> dict[UUID, dict[date, int]]:
        """What all campaigns of each account spent, by the account's day."""
        day = CampaignMetricsDay
        statement = (
            select(Campaign.ad_account_id, day.day, func.sum(day.spend_micros))
            .join(Campaign, (Campaign.tenant_id == day.tenant_id) & (Campaign.id == day.campaign_id))
            .where(Campaign.ad_account_id.in_(accounts), day.day >= since)
            .group_by(Campaign.ad_account_id, day.day)
        )
        found: dict[UUID, dict[date, int]] = defaultdict(dict)
        for account, at, spend in await self._session.execute(statement):
            found[account][at] = int(spend)
        return found


def _with_account() -> Select[Campaign, AdAccount]:
    return select(Campaign, AdAccount).join(
        AdAccount, (AdAccount.tenant_id == Campaign.tenant_id) & (AdAccount.id == Campaign.ad_account_id)
    )
