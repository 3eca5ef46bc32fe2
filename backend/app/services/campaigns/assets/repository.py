from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from app.db.session import TenantScope
from app.db.utils import newest_first
from app.models.campaigns.assets import CampaignAsset, CampaignAssetFile, CampaignDraftAsset
from app.models.campaigns.drafts import CampaignDraft
from app.models.campaigns.kinds import DraftStatus


class AssetLine(NamedTuple):
    """An image, and how many drafts name it that are not published."""

    asset: CampaignAsset
    drafts: int


class AssetRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def add(self, asset: CampaignAsset, files: Mapping[str, bytes]) -> bool:
        """False where somebody has stored the same image meanwhile."""
        values = {
            column.key: getattr(asset, column.key)
            for column in CampaignAsset.__table__.columns
            if column.key != "tenant_id"
        }
        added = await self._session.scalar(
            insert(CampaignAsset)
            .values(tenant_id=self._tenant_id, **values)
            .on_conflict_do_nothing(index_elements=["tenant_id", "sha256"])
            .returning(CampaignAsset.id)
        )
        if added is None:
            return False
        for kind, content in files.items():
            self._session.add(CampaignAssetFile(asset_id=asset.id, kind=kind, content=content))
            await self._session.flush()
        return True

    async def known(self, digests: Collection[str]) -> CampaignAsset | None:
        """The one that was made of a file with such a digest, or is such a file."""
        found: CampaignAsset | None = await self._session.scalar(
            select(CampaignAsset)
            .where(or_(CampaignAsset.sha256.in_(digests), CampaignAsset.source_sha256.in_(digests)))
            .order_by(CampaignAsset.created_at, CampaignAsset.id)
            .limit(1)
        )
        return found

    async def size(self) -> tuple[int, int]:
        """How many images there are, and the bytes of them."""
        row = (
            await self._session.execute(
                select(func.count(), func.coalesce(func.sum(CampaignAsset.size_bytes), 0))
            )
        ).one()
        return int(row[0]), int(row[1])

    async def find(self, asset_id: UUID) -> CampaignAsset | None:
        found: CampaignAsset | None = await self._session.scalar(
            select(CampaignAsset).where(CampaignAsset.id == asset_id)
        )
        return found

    async def for_update(self, asset_id: UUID) -> CampaignAsset | None:
        found: CampaignAsset | None = await self._session.scalar(
            select(CampaignAsset).where(CampaignAsset.id == asset_id).with_for_update()
        )
        return found

    async def flush(self) -> None:
        await self._session.flush()

    async def remove(self, asset: CampaignAsset) -> None:
        await self._session.delete(asset)
        await self._session.flush()

    async def content(self, asset_id: UUID, kind: str) -> bytes | None:
        found: bytes | None = await self._session.scalar(
            select(CampaignAssetFile.content).where(
                CampaignAssetFile.asset_id == asset_id, CampaignAssetFile.kind == kind
            )
        )
        return found

    async def newest(
        self, *, search: str | None, tag: str | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[CampaignAsset], str | None]:
        statement = select(CampaignAsset)
        if search:
            statement = statement.where(CampaignAsset.name.icontains(search, autoescape=True))
        if tag:
            statement = statement.where(CampaignAsset.tags.contains([tag]))
        return await newest_first(
            self._session,
            statement,
            at=CampaignAsset.created_at,
            id=CampaignAsset.id,
            cursor=cursor,
            limit=limit,
        )

    async def some(self, asset_ids: Collection[UUID]) -> Sequence[CampaignAsset]:
        return (
            await self._session.scalars(select(CampaignAsset).where(CampaignAsset.id.in_(asset_ids)))
        ).all()

    async def used(self, asset_ids: Collection[UUID]) -> Mapping[UUID, int]:
        """How many drafts that are not published name each; one that none names is left out."""
        rows = await self._session.execute(
            select(CampaignDraftAsset.asset_id, func.count())
            .join(CampaignDraft, _of_draft())
            .where(CampaignDraftAsset.asset_id.in_(asset_ids), _is_open())
            .group_by(CampaignDraftAsset.asset_id)
        )
        return {row[0]: row[1] for row in rows}

    async def line(self, asset: CampaignAsset) -> AssetLine:
        return AssetLine(asset, (await self.used([asset.id])).get(asset.id, 0))

    async def open_drafts(self, asset_id: UUID, most: int) -> Sequence[str]:
        """The names of drafts that are not published and name it."""
        statement = (
            select(CampaignDraft.name)
            .join(CampaignDraftAsset, _of_draft())
            .where(CampaignDraftAsset.asset_id == asset_id, _is_open())
            .order_by(CampaignDraft.id)
            .limit(most)
        )
        return (await self._session.scalars(statement)).all()

    async def bind(self, draft_id: UUID, asset_ids: Iterable[UUID]) -> bool:
        """Exactly these are named by the draft; False where one of them is not there any more."""
        wanted = sorted(set(asset_ids))
        await self._session.execute(
            delete(CampaignDraftAsset).where(
                CampaignDraftAsset.draft_id == draft_id, CampaignDraftAsset.asset_id.not_in(wanted)
            )
        )
        if not wanted:
            return True
        rows = [{"tenant_id": self._tenant_id, "draft_id": draft_id, "asset_id": each} for each in wanted]
        try:
            async with self._session.begin_nested():
                await self._session.execute(insert(CampaignDraftAsset).values(rows).on_conflict_do_nothing())
        except IntegrityError:
            return False
        return True


def _of_draft() -> ColumnElement[bool]:
    return (CampaignDraft.tenant_id == CampaignDraftAsset.tenant_id) & (
        CampaignDraft.id == CampaignDraftAsset.draft_id
    )


def _is_open() -> ColumnElement[bool]:
    return CampaignDraft.status != DraftStatus.PUBLISHED
