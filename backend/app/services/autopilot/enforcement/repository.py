from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.autopilot.enforcement import AutopilotIntervention, EnforcementSettings

_MOST_OVERRIDES = 500


class EnforcementRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

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

    async def overrides(self) -> list[EnforcementSettings]:
        """What is set for accounts, then for campaigns, each the newest first."""
        rows = await self._session.scalars(
            select(EnforcementSettings)
            .where(EnforcementSettings.applies_to != "tenant")
            .order_by(EnforcementSettings.applies_to, EnforcementSettings.id.desc())
            .limit(_MOST_OVERRIDES)
        )
        return list(rows)

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
