"""Ads as they are shown: a page of them, or one with every verdict that was seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.db.readers import Reads
from app.db.utils import Slice
from app.models.campaigns.ads import AdReviewed
from app.services.campaigns.ads.errors import AdNotFound
from app.services.campaigns.ads.repository import AdLine, AdReads

__all__ = ["AdLine", "AdReading", "AdWithReviews"]


@dataclass(frozen=True, slots=True)
class AdWithReviews:
    line: AdLine
    reviews: Sequence[AdReviewed]


class AdReading:
    def __init__(self, reads: Reads) -> None:
        self._ads = AdReads(reads)

    async def page(
        self, *, page: int, limit: int, sort: str = "name", gone: bool = False, **filters: Any
    ) -> Slice[AdLine]:
        """Filters are by `search`, `review`, `campaign_id` and `ad_account_id`; None leaves one out.

        `gone` lists those too that the platform no longer has.
        """
        return await self._ads.page(page=page, limit=limit, sort=sort, gone=gone, filters=filters)

    async def detail(self, ad_id: UUID) -> AdWithReviews:
        line = await self._ads.one(ad_id)
        if line is None:
            raise AdNotFound(ad_id=str(ad_id))
        return AdWithReviews(line, await self._ads.reviews_of(ad_id))
