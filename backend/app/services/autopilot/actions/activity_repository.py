from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, Date, case, cast, func, select

from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.campaigns import AdSet, Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.integrations.ad_accounts import AdAccount, PlatformEdit
from app.services.autopilot.actions.rules import ActionState
from app.services.autopilot.actions.writes_repository import was_written, write_began


@dataclass(frozen=True, slots=True)
class Totals:
    """The campaign's return and cost per conversion over the look-back, None while nothing was spent or won."""

    roas: float | None
    cpa_micros: int | None
    conversions_ever: int
    """The account's."""
    launched: bool
    """Whether the campaign has ever spent."""


_COMING = (ActionState.APPROVED, ActionState.EXECUTING)
_USUAL_OF = timedelta(days=90)
_USUAL_NEEDS_DAYS = 14


@dataclass(frozen=True, slots=True)
class UsualDay:
    """The medians of an account's last 90 days before today; None while fewer than 14 of them are known."""

    spend_micros: int | None
    conversions: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign or ad set as last read: what it may spend on a day once it runs, None where that is not known."""

    daily_micros: int | None
    synced_at: datetime


class ActivityRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def applied(
        self, ad_account_id: UUID, *, since: datetime
    ) -> list[tuple[AutopilotAction, datetime | None]]:
        """Changes that stand at the platform, oldest first, each with when our write of it began; None: none left."""
        began = case((was_written(AutopilotAction), write_began(AutopilotAction)))
        statement = (
            select(AutopilotAction, began)
            .where(AutopilotAction.ad_account_id == ad_account_id, AutopilotAction.applied_at >= since)
            .order_by(AutopilotAction.applied_at, AutopilotAction.id)
            .execution_options(populate_existing=True)
        )
        return [(action, at) for action, at in await self._session.execute(statement)]

    async def coming(self, ad_account_id: UUID, *, but_not: UUID) -> list[AutopilotAction]:
        """Changes that have passed the gate and have not reached the platform yet."""
        statement = (
            select(AutopilotAction)
            .where(
                AutopilotAction.ad_account_id == ad_account_id,
                AutopilotAction.id != but_not,
                AutopilotAction.state.in_(_COMING),
                AutopilotAction.applied_at.is_(None),
            )
            .execution_options(populate_existing=True)
        )
        return list((await self._session.scalars(statement)).all())

    async def edits_by_others(self, ad_account_id: UUID, entity: str, *, since: datetime) -> list[datetime]:
        statement = select(PlatformEdit.edited_at).where(
            PlatformEdit.ad_account_id == ad_account_id,
            PlatformEdit.entity == entity,
            PlatformEdit.by_others,
            PlatformEdit.edited_at >= since,
        )
        return list((await self._session.scalars(statement)).all())

    async def other_budgets(self, ad_account_id: UUID, entity: str) -> int:
        """Daily budgets of what else lives in the account, summed: of campaigns, and of ad sets that have their own."""
        live = (Campaign.ad_account_id == ad_account_id, Campaign.status == "active")
        total = 0
        for statement in (
            select(func.sum(Campaign.daily_budget_micros)).where(*live, Campaign.external_id != entity),
            select(func.sum(AdSet.daily_budget_micros))
            .join(Campaign, (Campaign.tenant_id == AdSet.tenant_id) & (Campaign.id == AdSet.campaign_id))
            .where(
                *live,
                Campaign.external_id != entity,
                Campaign.daily_budget_micros.is_(None),
                AdSet.external_id != entity,
                AdSet.status == "active",
                ~AdSet.gone,
            ),
        ):
            total += int(await self._session.scalar(statement) or 0)
        return total

    async def standing(self, ad_account_id: UUID, entities: Collection[str]) -> dict[str, Standing]:
        """Those of them that are known here. An ad set whose campaign has the budget adds nothing of its own."""
        if not entities:
            return {}
        own = func.coalesce(AdSet.daily_budget_micros, AdSet.lifetime_budget_micros)
        whole = func.coalesce(Campaign.daily_budget_micros, Campaign.lifetime_budget_micros)
        below = (
            select(case((func.bool_and(own.is_not(None)), func.sum(own))))
            .where(
                AdSet.tenant_id == Campaign.tenant_id,
                AdSet.campaign_id == Campaign.id,
                AdSet.status == "active",
                ~AdSet.gone,
            )
            .scalar_subquery()
        )
        here = Campaign.ad_account_id == ad_account_id
        campaigns = select(
            Campaign.external_id,
            cast(func.coalesce(whole, below), BigInteger).label("micros"),
            Campaign.synced_at,
        ).where(here, Campaign.external_id.in_(entities))
        ad_sets = (
            select(
                AdSet.external_id,
                cast(func.coalesce(own, case((whole.is_not(None), 0))), BigInteger).label("micros"),
                AdSet.synced_at,
            )
            .join(Campaign, (Campaign.tenant_id == AdSet.tenant_id) & (Campaign.id == AdSet.campaign_id))
            .where(here, AdSet.external_id.in_(entities))
        )
        found = await self._session.execute(campaigns.union_all(ad_sets))
        return {entity: Standing(micros, synced_at) for entity, micros, synced_at in found}

    async def totals(self, action: AutopilotAction, *, since: date) -> Totals:
        day = CampaignMetricsDay
        window = (
            await self._session.execute(
                select(
                    func.sum(day.spend_micros),
                    func.sum(day.conversions),
                    func.sum(day.conversion_value_micros),
                ).where(day.campaign_id == action.campaign_id, day.day >= since)
            )
        ).one()
        spend, conversions, value = (float(each or 0) for each in window)
        ever = await self._session.scalar(
            select(func.coalesce(func.sum(day.conversions), 0))
            .join(Campaign, (Campaign.tenant_id == day.tenant_id) & (Campaign.id == day.campaign_id))
            .where(Campaign.ad_account_id == action.ad_account_id)
        )
        launched = await self._session.scalar(
            select(func.count()).where(day.campaign_id == action.campaign_id, day.spend_micros > 0)
        )
        return Totals(
            roas=value / spend if spend else None,
            cpa_micros=round(spend / conversions) if conversions else None,
            conversions_ever=int(ever or 0),
            launched=bool(launched),
        )

    async def usual_day(self, ad_account_id: UUID, *, now: datetime) -> UsualDay:
        """Of the days on which anything was spent."""
        day = CampaignMetricsDay
        today = func.timezone(AdAccount.timezone, now).cast(Date)
        by_day = (
            select(func.sum(day.spend_micros).label("spend"), func.sum(day.conversions).label("conversions"))
            .join(Campaign, (Campaign.tenant_id == day.tenant_id) & (Campaign.id == day.campaign_id))
            .join(AdAccount, AdAccount.id == Campaign.ad_account_id)
            .where(
                Campaign.ad_account_id == ad_account_id, day.day < today, day.day >= now.date() - _USUAL_OF
            )
            .group_by(day.day)
            .having(func.sum(day.spend_micros) > 0)
            .subquery()
        )
        middle = func.percentile_cont(0.5).within_group
        count, spend, conversions = (
            await self._session.execute(
                select(func.count(), middle(by_day.c.spend), middle(by_day.c.conversions))
            )
        ).one()
        if count < _USUAL_NEEDS_DAYS:
            return UsualDay(None, None)
        return UsualDay(round(spend), round(float(conversions), 2))
