from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import Slice, newest_first, paginate
from app.models.autopilot.enforcement import AutopilotIntervention, EnforcementSettings
from app.models.campaigns import Campaign
from app.models.integrations.ad_accounts import AdAccount


class EnforcementRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def lock(self) -> None:
        """One change of limits at a time: no amount is written while its currency changes."""
        key = func.hashtextextended(func.concat("autopilot.enforcement:", self._tenant_id), 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    async def has_account(self, ad_account_id: UUID) -> bool:
        found = await self._session.scalar(select(AdAccount.id).where(AdAccount.id == ad_account_id))
        return found is not None

    async def account_of(self, campaign_id: UUID) -> UUID | None:
        statement = select(Campaign.ad_account_id).where(Campaign.id == campaign_id)
        return (await self._session.scalars(statement)).one_or_none()

    async def one_with_any(self, limits: Iterable[str]) -> EnforcementSettings | None:
        """Any account or campaign where one of `limits` is set."""
        set_here = func.num_nonnulls(*(getattr(EnforcementSettings, name) for name in limits)) > 0
        statement = select(EnforcementSettings).where(EnforcementSettings.applies_to != "tenant", set_here)
        return (await self._session.scalars(statement.limit(1))).one_or_none()

    async def layers(self, ad_account_id: UUID | None, campaign_id: UUID | None) -> list[EnforcementSettings]:
        """The tenant's limits, then the account's, then the campaign's, as far as each is set."""
        rows = await self._session.scalars(
            select(EnforcementSettings).where(
                or_(
                    EnforcementSettings.applies_to == "tenant",
                    EnforcementSettings.entity_id.in_([i for i in (ad_account_id, campaign_id) if i]),
                )
            )
        )
        order = ("tenant", "account", "campaign")
        return sorted(rows, key=lambda row: order.index(row.applies_to))

    async def overrides(self, limits: Iterable[str], *, page: int, limit: int) -> Slice[EnforcementSettings]:
        """Where one of `limits` is set: accounts, then campaigns, each the newest first."""
        set_here = func.num_nonnulls(*(getattr(EnforcementSettings, name) for name in limits)) > 0
        statement = (
            select(EnforcementSettings)
            .where(EnforcementSettings.applies_to != "tenant", set_here)
            .order_by(EnforcementSettings.applies_to, EnforcementSettings.id.desc())
        )
        return await paginate(self._session, statement, page=page, limit=limit)

    async def save(self, applies_to: str, entity_id: UUID | None, values: dict[str, Any]) -> None:
        await self._session.execute(
            insert(EnforcementSettings)
            .values(id=uuid7(), applies_to=applies_to, entity_id=entity_id, **values)
            .on_conflict_do_update(index_elements=["tenant_id", "applies_to", "entity_id"], set_=values)
        )

    def record(self, intervention: AutopilotIntervention) -> None:
        self._session.add(intervention)

    async def interventions(
        self, *, cursor: str | None, limit: int
    ) -> tuple[list[AutopilotIntervention], str | None]:
        rows, following = await newest_first(
            self._session,
            select(AutopilotIntervention),
            at=AutopilotIntervention.at,
            id=AutopilotIntervention.id,
            cursor=cursor,
            limit=limit,
        )
        return list(rows), following

    async def recent(self, since: datetime) -> list[AutopilotIntervention]:
        statement = select(AutopilotIntervention).where(AutopilotIntervention.at >= since)
        return list(
            (
                await self._session.scalars(
                    statement.order_by(AutopilotIntervention.at.desc(), AutopilotIntervention.id.desc())
                )
            ).all()
        )
