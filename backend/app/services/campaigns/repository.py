from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import Slice, in_order, paginate
from app.models.campaigns import AdSet, Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.services.integrations.ports import EntityState

_CHUNK = 500
_ESCAPED = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})

_SORTS: dict[str, InstrumentedAttribute[Any]] = {
    "name": Campaign.name,
    "status": Campaign.effective_status,
    "daily_budget_micros": Campaign.daily_budget_micros,
    "synced_at": Campaign.synced_at,
}


@dataclass(frozen=True, slots=True)
class RecentFigures:
    """Sums of some whole days; None where nothing is known of them."""

    spend_micros: int | None = None
    conversions: float | None = None
    conversion_value_micros: int | None = None
    roas: float | None = None


class CampaignRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def find(self, campaign_id: UUID) -> Campaign | None:
        statement = select(Campaign).where(Campaign.id == campaign_id)
        return (await self._session.scalars(statement)).one_or_none()

    async def ad_sets_of(self, campaign_id: UUID) -> Sequence[AdSet]:
        statement = select(AdSet).where(AdSet.campaign_id == campaign_id).order_by(AdSet.name, AdSet.id)
        return (await self._session.scalars(statement)).all()

    async def page(
        self,
        *,
        page: int,
        limit: int,
        sort: str,
        search: str | None,
        status: str | None,
        platform: str | None,
        ad_account_id: UUID | None,
        days: tuple[date, date],
    ) -> Slice[Campaign]:
        statement: Select[Campaign] = select(Campaign)
        if search:
            statement = statement.where(Campaign.name.ilike(f"%{search.translate(_ESCAPED)}%", escape="\\"))
        if status:
            statement = statement.where(Campaign.effective_status == status)
        if platform:
            statement = statement.where(Campaign.platform == platform)
        if ad_account_id:
            statement = statement.where(Campaign.ad_account_id == ad_account_id)
        recent = _recent(days).subquery()
        statement = statement.outerjoin(recent, recent.c.campaign_id == Campaign.id)
        ordered = in_order(statement, sort, {**recent.c, **_SORTS}, then=Campaign.id)
        return await paginate(self._session, ordered, page=page, limit=limit)

    async def recent_of(self, ids: Sequence[UUID], days: tuple[date, date]) -> dict[UUID, RecentFigures]:
        statement = _recent(days).where(CampaignMetricsDay.campaign_id.in_(ids))
        return {
            row.campaign_id: RecentFigures(
                int(row.spend_micros),
                float(row.conversions),
                int(row.conversion_value_micros),
                None if row.roas is None else round(float(row.roas), 4),
            )
            for row in await self._session.execute(statement)
        }

    async def ids_by_external(self, ad_account_id: UUID) -> dict[str, UUID]:
        statement = select(Campaign.external_id, Campaign.id).where(Campaign.ad_account_id == ad_account_id)
        return {row.external_id: row.id for row in await self._session.execute(statement)}

    async def keep(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert or overwrite campaigns, in one order everywhere so that two syncs cannot deadlock."""
        for start in range(0, len(rows), _CHUNK):
            new = insert(Campaign).values(
                [self._own(row) for row in sorted(rows, key=_by_external)[start : start + _CHUNK]]
            )
            kept = {"tenant_id", "id", "ad_account_id", "external_id", "created_at"}
            await self._session.execute(
                new.on_conflict_do_update(
                    index_elements=["tenant_id", "ad_account_id", "external_id"],
                    set_={name: new.excluded[name] for name in rows[0] if name not in kept},
                )
            )

    async def keep_ad_sets(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(rows), _CHUNK):
            new = insert(AdSet).values(
                [self._own(row) for row in sorted(rows, key=_by_external)[start : start + _CHUNK]]
            )
            kept = {"tenant_id", "id", "campaign_id", "external_id", "created_at"}
            await self._session.execute(
                new.on_conflict_do_update(
                    index_elements=["tenant_id", "campaign_id", "external_id"],
                    set_={name: new.excluded[name] for name in rows[0] if name not in kept},
                )
            )

    async def mark_gone(self, ad_account_id: UUID, *, seen_at: datetime) -> None:
        """What the newest listing no longer holds was deleted at the platform."""
        await self._session.execute(
            update(Campaign)
            .where(
                Campaign.ad_account_id == ad_account_id,
                Campaign.synced_at < seen_at,
                Campaign.status != "deleted",
            )
            .values(status="deleted", effective_status="deleted")
        )
        await self._session.execute(
            update(AdSet)
            .where(
                AdSet.campaign_id.in_(select(Campaign.id).where(Campaign.ad_account_id == ad_account_id)),
                AdSet.synced_at < seen_at,
            )
            .values(gone=True)
        )

    async def active_ad_sets(self, ad_account_id: UUID) -> frozenset[str]:
        statement = (
            select(AdSet.external_id)
            .join(Campaign, Campaign.id == AdSet.campaign_id)
            .where(
                Campaign.ad_account_id == ad_account_id,
                AdSet.effective_status == "active",
                ~AdSet.gone,
            )
        )
        return frozenset(await self._session.scalars(statement))

    async def put_state(self, ad_account_id: UUID, state: EntityState, *, now: datetime) -> None:
        """What a read-back showed, so that lists need not wait for the next sync."""
        values = {
            "status": state.status,
            "effective_status": state.effective_status,
            "daily_budget_micros": state.daily_budget_micros,
            "lifetime_budget_micros": state.lifetime_budget_micros,
            "platform_updated_at": state.updated_at,
            "synced_at": now,
        }
        if state.entity_type == "campaign":
            await self._session.execute(
                update(Campaign)
                .where(Campaign.ad_account_id == ad_account_id, Campaign.external_id == state.external_id)
                .values(values)
            )
        else:
            owned = select(Campaign.id).where(Campaign.ad_account_id == ad_account_id)
            await self._session.execute(
                update(AdSet)
                .where(AdSet.campaign_id.in_(owned), AdSet.external_id == state.external_id)
                .values(values)
            )

    def _own(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {"tenant_id": self._scope.tenant_id, "id": uuid7(), **row}


def _recent(days: tuple[date, date]) -> Select[UUID, int, Decimal, int, Any]:
    spend, value = (
        func.sum(CampaignMetricsDay.spend_micros),
        func.sum(CampaignMetricsDay.conversion_value_micros),
    )
    return (
        select(
            CampaignMetricsDay.campaign_id,
            spend.label("spend_micros"),
            func.sum(CampaignMetricsDay.conversions).label("conversions"),
            value.label("conversion_value_micros"),
            (value / func.nullif(spend, 0)).label("roas"),
        )
        .where(CampaignMetricsDay.day.between(*days))
        .group_by(CampaignMetricsDay.campaign_id)
    )


def _by_external(row: Mapping[str, Any]) -> str:
    return str(row["external_id"])
