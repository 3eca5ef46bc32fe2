from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, null, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from app.db.session import TenantScope
from app.db.utils import Slice, counted, in_order, slice_of
from app.models.campaigns import Campaign
from app.models.campaigns.labels import CampaignLabel, CampaignLabelLink
from app.services.campaigns.labels.errors import NameTaken


class LabelLine(NamedTuple):
    """A label, and how many campaigns bear it."""

    label: CampaignLabel
    campaigns: int


class LabelRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def add(self, label: CampaignLabel) -> None:
        self._session.add(label)
        await self.save()

    async def save(self) -> None:
        try:
            await self._session.flush()
        except IntegrityError as error:
            if "uq_campaign_labels_name" in str(error.orig):
                raise NameTaken from error
            raise

    async def remove(self, label: CampaignLabel) -> None:
        await self._session.delete(label)
        await self._session.flush()

    async def count(self) -> int:
        return int(await self._session.scalar(select(func.count()).select_from(CampaignLabel)) or 0)

    async def for_update(self, label_id: UUID) -> CampaignLabel | None:
        found: CampaignLabel | None = await self._session.scalar(
            select(CampaignLabel).where(CampaignLabel.id == label_id).with_for_update()
        )
        return found

    async def bearers(self, label_id: UUID) -> int:
        found = await self._session.scalar(
            select(func.count()).select_from(CampaignLabelLink).where(CampaignLabelLink.label_id == label_id)
        )
        return int(found or 0)

    async def page(self, *, page: int, limit: int, sort: str) -> Slice[LabelLine]:
        bearers = (
            select(func.count())
            .select_from(CampaignLabelLink)
            .where(CampaignLabelLink.label_id == CampaignLabel.id)
            .correlate(CampaignLabel)
            .scalar_subquery()
        )
        sorts: dict[str, ColumnElement[Any] | InstrumentedAttribute[Any]] = {
            "name": func.lower(CampaignLabel.name),
            "campaigns": bearers,
            "created_at": CampaignLabel.created_at,
        }
        every = select(CampaignLabel)
        total = await self._session.scalar(select(counted(every))) or 0
        statement = in_order(every.add_columns(bearers), sort, sorts, then=CampaignLabel.id)
        rows = await self._session.execute(statement.offset((page - 1) * limit).limit(limit))
        return slice_of([LabelLine(row[0], row[1]) for row in rows], total, page=page, limit=limit)

    async def known(self, campaign_ids: Collection[UUID]) -> frozenset[UUID]:
        found = await self._session.scalars(select(Campaign.id).where(Campaign.id.in_(campaign_ids)))
        return frozenset(found)

    async def borne(
        self, label_ids: Collection[UUID], campaign_ids: Collection[UUID]
    ) -> dict[UUID, frozenset[UUID]]:
        """Of the labels that there are, by which of the campaigns each is borne."""
        link = CampaignLabelLink
        statement = (
            select(CampaignLabel.id, func.array_remove(func.array_agg(link.campaign_id), null()))
            .outerjoin(link, and_(link.label_id == CampaignLabel.id, link.campaign_id.in_(campaign_ids)))
            .where(CampaignLabel.id.in_(label_ids))
            .group_by(CampaignLabel.id)
        )
        found = await self._session.execute(statement)
        return {label_id: frozenset(bearers) for label_id, bearers in found}

    async def put_on(self, label_id: UUID, campaign_ids: Collection[UUID]) -> frozenset[UUID]:
        """Those that did not bear it yet; in one order everywhere, so that two cannot deadlock."""
        if not campaign_ids:
            return frozenset()
        rows = [
            {"tenant_id": self._tenant_id, "label_id": label_id, "campaign_id": each}
            for each in sorted(campaign_ids)
        ]
        made = await self._session.scalars(
            insert(CampaignLabelLink)
            .values(rows)
            .on_conflict_do_nothing()
            .returning(CampaignLabelLink.campaign_id)
        )
        return frozenset(made)

    async def take_off(self, label_id: UUID, campaign_ids: Collection[UUID]) -> frozenset[UUID]:
        """Those that did bear it."""
        gone = await self._session.scalars(
            delete(CampaignLabelLink)
            .where(CampaignLabelLink.label_id == label_id, CampaignLabelLink.campaign_id.in_(campaign_ids))
            .returning(CampaignLabelLink.campaign_id)
        )
        return frozenset(gone)
