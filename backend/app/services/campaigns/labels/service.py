"""The tenant's own words on campaigns: to find them by, and to speak of many at once. No platform is told."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.campaigns.labels import CampaignLabel
from app.services.audit_logs.service import AuditLog
from app.services.campaigns.labels.errors import LabelNotFound, TooManyLabels
from app.services.campaigns.labels.repository import LabelLine, LabelRepository

__all__ = ["LabelLine", "Labelled", "Labels"]

MOST_LABELS = 200
Outcome = Literal["done", "unchanged", "not_found"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """What became of each campaign, in the order in which it was named."""

    added: list[Outcome]
    removed: list[Outcome]


class Labels:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._labels = LabelRepository(scope)

    async def page(self, *, page: int, limit: int, sort: str) -> Slice[LabelLine]:
        return await self._labels.page(page=page, limit=limit, sort=sort)

    async def create(self, name: str) -> LabelLine:
        if await self._labels.count() >= MOST_LABELS:
            raise TooManyLabels
        label = CampaignLabel(
            id=uuid7(), name=name, created_by=self._scope.actor.label, created_at=real_now()
        )
        await self._labels.add(label)
        await self._audit("created", label.id, after={"name": name})
        return LabelLine(label, 0)

    async def rename(self, label_id: UUID, name: str) -> LabelLine:
        label = await self._locked(label_id)
        before, label.name = label.name, name
        await self._labels.save()
        await self._audit("renamed", label_id, before={"name": before}, after={"name": name})
        return LabelLine(label, await self._labels.bearers(label_id))

    async def delete(self, label_id: UUID) -> None:
        """It is taken off every campaign."""
        label = await self._locked(label_id)
        await self._audit("deleted", label_id, before={"name": label.name})
        await self._labels.remove(label)

    async def borne(
        self, label_ids: Collection[UUID], campaign_ids: Collection[UUID]
    ) -> dict[UUID, frozenset[UUID]]:
        """Of the labels that there are, by which of the campaigns each is borne."""
        return await self._labels.borne(label_ids, campaign_ids) if campaign_ids else {}

    async def change(self, label_id: UUID, add: Sequence[UUID], remove: Sequence[UUID]) -> Labelled:
        """Put it on some campaigns and take it off others; one that is not there hinders no other."""
        await self._locked(label_id)
        known = await self._labels.known({*add, *remove})
        added = await self._labels.put_on(label_id, known & set(add))
        removed = await self._labels.take_off(label_id, known & set(remove))
        await self._audit(
            "changed",
            label_id,
            after={"added": sorted(map(str, added)), "removed": sorted(map(str, removed))},
        )
        return Labelled(
            [_outcome(each, known, added) for each in add],
            [_outcome(each, known, removed) for each in remove],
        )

    async def _locked(self, label_id: UUID) -> CampaignLabel:
        label = await self._labels.for_update(label_id)
        if label is None:
            raise LabelNotFound(label_id=str(label_id))
        return label

    async def _audit(
        self,
        verb: str,
        label_id: UUID,
        *,
        before: dict[str, object] | None = None,
        after: dict[str, object] | None = None,
    ) -> None:
        await AuditLog(self._scope).record(
            f"campaigns.labels.{verb}",
            entity="campaigns.labels",
            entity_id=label_id,
            before=before,
            after=after,
        )


def _outcome(campaign_id: UUID, known: frozenset[UUID], changed: frozenset[UUID]) -> Outcome:
    if campaign_id not in known:
        return "not_found"
    return "done" if campaign_id in changed else "unchanged"
