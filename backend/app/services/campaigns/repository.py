from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Select,
    bindparam,
    cast,
    exists,
    func,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.selectable import LateralFromClause

from app.core.ids import uuid7
from app.db.readers import Reads
from app.db.session import TenantScope
from app.db.utils import Slice, counted, in_order, slice_of
from app.models.campaigns import AdSet, Campaign
from app.models.campaigns.labels import CampaignLabel, CampaignLabelLink
from app.models.campaigns.metrics import CampaignMetricsDay
from app.services.integrations.ports import EntityState

_ESCAPED = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})

_SORTS = {
    "name": "name",
    "status": "effective_status",
    "daily_budget_micros": "daily_budget_micros",
    "synced_at": "synced_at",
}
"""What a campaign is sorted by that is its own; the rest are its figures."""

_FILTERS: dict[str, ColumnElement[bool]] = {
    "search": Campaign.name.ilike(bindparam("search"), escape="\\"),
    "status": Campaign.effective_status == bindparam("status"),
    "platform": Campaign.platform == bindparam("platform"),
    "ad_account_id": Campaign.ad_account_id == bindparam("ad_account_id"),
    "label_id": exists().where(
        CampaignLabelLink.tenant_id == Campaign.tenant_id,
        CampaignLabelLink.label_id == bindparam("label_id"),
        CampaignLabelLink.campaign_id == Campaign.id,
    ),
}


class CampaignLine(NamedTuple):
    """A campaign and the sums of some recent days; these are None where nothing is known of them."""

    id: UUID
    ad_account_id: UUID
    platform: str
    external_id: str
    name: str
    objective: str | None
    status: str
    effective_status: str
    budget_level: str
    daily_budget_micros: int | None
    lifetime_budget_micros: int | None
    currency: str
    learning: bool | None
    synced_at: datetime
    spend_micros: int | None
    conversions: float | None
    conversion_value_micros: int | None
    roas: float | None
    labels: list[dict[str, str]]
    """Id and name of each, by name."""


class CampaignReads:
    """`days` are the first and the last of those whose figures are told."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def page(
        self, *, page: int, limit: int, sort: str, days: tuple[date, date], filters: Mapping[str, Any]
    ) -> Slice[CampaignLine]:
        given = {name: value for name, value in filters.items() if value}
        if search := given.get("search"):
            given["search"] = f"%{search.translate(_ESCAPED)}%"
        matching = frozenset(given)
        found = await self._reads.rows(
            _page(sort, matching), **given, **_between(days), limit=limit, offset=(page - 1) * limit
        )
        lines = [CampaignLine(*columns) for *columns, _ in found]
        if found or page == 1:
            return slice_of(lines, found[0][-1] if found else 0, page=page, limit=limit)
        [(total,)] = await self._reads.rows(_total(matching), **given)
        return slice_of(lines, total, page=page, limit=limit)

    async def one(self, campaign_id: UUID, days: tuple[date, date]) -> CampaignLine | None:
        found = await self._reads.rows(_ONE, id=campaign_id, **_between(days))
        return CampaignLine(*found[0]) if found else None

    async def ad_sets_of(self, campaign_id: UUID) -> Sequence[AdSet]:
        return [ad_set for (ad_set,) in await self._reads.rows(_AD_SETS, campaign_id=campaign_id)]


class CampaignRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def find(self, campaign_id: UUID) -> Campaign | None:
        statement = select(Campaign).where(Campaign.id == campaign_id)
        return (await self._session.scalars(statement)).one_or_none()

    async def ids_by_external(self, ad_account_id: UUID) -> dict[str, UUID]:
        statement = select(Campaign.external_id, Campaign.id).where(Campaign.ad_account_id == ad_account_id)
        return {row.external_id: row.id for row in await self._session.execute(statement)}

    async def keep(self, rows: Sequence[Mapping[str, Any]]) -> None:
        await self._keep(Campaign, "ad_account_id", rows)

    async def keep_ad_sets(self, rows: Sequence[Mapping[str, Any]]) -> None:
        await self._keep(AdSet, "campaign_id", rows)

    async def _keep(
        self, model: type[Campaign | AdSet], parent: str, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Insert or overwrite, in one order everywhere so that two syncs cannot deadlock.

        One statement for each row, sent without waiting: one that names all values is compiled anew each time.
        """
        if not rows:
            return
        new = insert(model)
        known = {"tenant_id", "id", parent, "external_id", "created_at"}
        statement = new.on_conflict_do_update(
            index_elements=["tenant_id", parent, "external_id"],
            set_={name: new.excluded[name] for name in rows[0] if name not in known},
        )
        connection = await self._session.connection()
        await connection.execute(statement, [self._own(row) for row in _each_once(rows)])

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
                ~AdSet.gone,
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


def _recent() -> Select[*tuple[Any, ...]]:
    days = CampaignMetricsDay
    spend, value = func.sum(days.spend_micros), func.sum(days.conversion_value_micros)
    return (
        select(
            days.campaign_id,
            cast(spend, BigInteger).label("spend_micros"),
            cast(func.sum(days.conversions), Double).label("conversions"),
            cast(value, BigInteger).label("conversion_value_micros"),
            cast(func.round(value / func.nullif(spend, 0), 4), Double).label("roas"),
        )
        .where(days.day.between(bindparam("since"), bindparam("until")))
        .group_by(days.campaign_id)
    )


def _recent_of(campaign_id: InstrumentedAttribute[UUID]) -> LateralFromClause:
    return _recent().where(CampaignMetricsDay.campaign_id == campaign_id).lateral()


def _columns(campaign: Any, recent: LateralFromClause) -> list[ColumnElement[Any]]:
    """Those of a `CampaignLine`, in its order."""
    found = {**recent.c, "labels": _labels_of(campaign)}
    return [found[name] if name in found else getattr(campaign, name) for name in CampaignLine._fields]


def _labels_of(campaign: Any) -> ColumnElement[Any]:
    label, link = CampaignLabel, CampaignLabelLink
    told = func.jsonb_build_object("id", label.id, "name", label.name)
    in_order_of_names = aggregate_order_by(told, func.lower(label.name))
    return (
        select(func.coalesce(func.jsonb_agg(in_order_of_names), text("'[]'::jsonb")))
        .join_from(link, label, (label.tenant_id == link.tenant_id) & (label.id == link.label_id))
        .where(link.tenant_id == campaign.tenant_id, link.campaign_id == campaign.id)
        .scalar_subquery()
    )


@cache
def _page(sort: str, filters: frozenset[str]) -> Select[*tuple[Any, ...]]:
    """A page and its total. Figures are summed for the page alone, unless it is sorted by them."""
    matching = select(Campaign).where(*(_FILTERS[name] for name in sorted(filters)))
    every = _recent().subquery()
    own = {name: getattr(Campaign, key) for name, key in _SORTS.items()}
    cut = (
        in_order(
            matching.outerjoin(every, every.c.campaign_id == Campaign.id),
            sort,
            {**every.c, **own},
            then=Campaign.id,
        )
        .add_columns(counted(matching).label("total"))
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
        .subquery()
    )
    shown = aliased(Campaign, cut)
    recent = _recent_of(shown.id)
    own = {name: getattr(shown, key) for name, key in _SORTS.items()}
    page = select(*_columns(shown, recent), cut.c.total).select_from(shown).outerjoin(recent, true())
    return in_order(page, sort, {**recent.c, **own}, then=shown.id)


@cache
def _total(filters: frozenset[str]) -> Select[int]:
    return select(counted(select(Campaign).where(*(_FILTERS[name] for name in sorted(filters)))))


def _one() -> Select[*tuple[Any, ...]]:
    recent = _recent_of(Campaign.id)
    return (
        select(*_columns(Campaign, recent))
        .select_from(Campaign)
        .outerjoin(recent, true())
        .where(Campaign.id == bindparam("id"))
    )


_ONE = _one()
_AD_SETS = select(AdSet).where(AdSet.campaign_id == bindparam("campaign_id")).order_by(AdSet.name, AdSet.id)


def _between(days: tuple[date, date]) -> dict[str, date]:
    return {"since": days[0], "until": days[1]}


def _each_once(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """By the platform's id: a list that moved while it was read has some twice."""
    return [row for _, row in sorted({str(row["external_id"]): row for row in rows}.items())]
