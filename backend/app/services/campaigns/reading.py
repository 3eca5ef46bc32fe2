"""Campaigns as they are shown: a page, or one with its ad sets, beside the figures of the last days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from app.db.readers import Reads
from app.db.utils import Slice
from app.models.campaigns import AdSet
from app.services.campaigns.errors import CampaignNotFound
from app.services.campaigns.repository import CampaignLine, CampaignReads

__all__ = ["CampaignLine", "CampaignReading", "CampaignWithAdSets"]

_RECENT_DAYS = 7


@dataclass(frozen=True, slots=True)
class CampaignWithAdSets:
    line: CampaignLine
    ad_sets: Sequence[AdSet]


class CampaignReading:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._campaigns = CampaignReads(reads)

    async def page(self, *, page: int, limit: int, sort: str = "name", **filters: Any) -> Slice[CampaignLine]:
        """Filters are by `search`, `status`, `platform`, `ad_account_id` and `label_id`; None leaves one out."""
        return await self._campaigns.page(
            page=page, limit=limit, sort=sort, days=self._recent_days(), filters=filters
        )

    async def detail(self, campaign_id: UUID) -> CampaignWithAdSets:
        line = await self._campaigns.one(campaign_id, self._recent_days())
        if line is None:
            raise CampaignNotFound(campaign_id=str(campaign_id))
        return CampaignWithAdSets(line, await self._campaigns.ad_sets_of(campaign_id))

    def _recent_days(self) -> tuple[date, date]:
        """The last seven whole days, by UTC's date: accounts of several time zones stand in one list."""
        today = self._reads.now().date()
        return today - timedelta(days=_RECENT_DAYS), today - timedelta(days=1)
