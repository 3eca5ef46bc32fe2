from datetime import date
from uuid import UUID

from sqlalchemy import exists, func, select

from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.integrations.ad_accounts import AdAccount, PlatformEdit


class WatchRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def totals(self, action: AutopilotAction, since: date, until: date) -> tuple[float, float]:
        """Conversions, and spend weighed with each day's maturity."""
        day = CampaignMetricsDay
        conversions, spend = (
            await self._session.execute(
                select(
                    func.coalesce(func.sum(day.conversions), 0),
                    func.coalesce(func.sum(day.spend_micros * day.maturity), 0),
                ).where(day.campaign_id == action.campaign_id, day.day >= since, day.day < until)
            )
        ).one()
        return float(conversions), float(spend)

    async def changed_since(self, action: AutopilotAction) -> bool:
        """Whether anybody, we included, has changed the entity after this action."""
        by_others = exists().where(
            PlatformEdit.ad_account_id == action.ad_account_id,
            PlatformEdit.entity == action.entity,
            PlatformEdit.by_others,
            PlatformEdit.edited_at > action.applied_at,
        )
        by_us = exists().where(
            AutopilotAction.ad_account_id == action.ad_account_id,
            AutopilotAction.entity == action.entity,
            AutopilotAction.id != action.id,
            AutopilotAction.applied_at > action.applied_at,
        )
        return bool(await self._session.scalar(select(by_others | by_us)))

    async def rollbacks_of(self, action_id: UUID) -> list[str]:
        """The states of what was proposed to undo this action."""
        statement = select(AutopilotAction.state).where(AutopilotAction.rollback_of == action_id)
        return list(await self._session.scalars(statement))

    async def timezone(self, ad_account_id: UUID) -> str:
        found: str = (
            await self._session.scalars(select(AdAccount.timezone).where(AdAccount.id == ad_account_id))
        ).one()
        return found

    async def attribution_days(self, ad_account_id: UUID) -> int:
        """The longest window in which the platform still counts a conversion."""
        days = func.greatest(AdAccount.attribution_click_days, AdAccount.attribution_view_days)
        found = await self._session.scalar(select(days).where(AdAccount.id == ad_account_id))
        return int(found or 0)
