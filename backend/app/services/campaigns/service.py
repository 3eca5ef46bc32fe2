"""Campaigns as the platforms tell of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.db.session import TenantScope
from app.models.campaigns import Campaign
from app.services.campaigns import rules
from app.services.campaigns.errors import CampaignNotFound
from app.services.campaigns.repository import CampaignRepository
from app.services.integrations.ports import EntityState


class CampaignService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._campaigns = CampaignRepository(scope)

    async def get(self, campaign_id: UUID) -> Campaign:
        campaign = await self._campaigns.find(campaign_id)
        if campaign is None:
            raise CampaignNotFound(campaign_id=str(campaign_id))
        return campaign

    async def absorb(
        self,
        ad_account_id: UUID,
        platform: str,
        campaigns: Sequence[EntityState],
        ad_sets: Sequence[EntityState],
        *,
        read_at: datetime | None = None,
    ) -> dict[str, UUID]:
        """Take over an account's whole listing; the ids of its campaigns by the platform's.

        `read_at` is when its reading began (now, where that took no time): what was written since is not in it.
        """
        now = read_at or self._scope.now()
        below: dict[str, list[EntityState]] = {}
        for ad_set in ad_sets:
            below.setdefault(ad_set.campaign or "", []).append(ad_set)
        await self._campaigns.keep(
            [
                {
                    **_shared(one),
                    "ad_account_id": ad_account_id,
                    "platform": platform,
                    "objective": one.objective,
                    "budget_level": rules.budget_level(one, below.get(one.external_id, ())),
                    "bid_strategy": one.bid_strategy,
                    "learning": rules.is_learning(below.get(one.external_id, ())),
                    "started_at": one.started_at,
                    "synced_at": now,
                }
                for one in campaigns
            ]
        )
        ids = await self._campaigns.ids_by_external(ad_account_id)
        await self._campaigns.keep_ad_sets(
            [
                {
                    **_shared(one),
                    "campaign_id": ids[one.campaign],
                    "learning": one.learning,
                    "synced_at": now,
                    "gone": False,
                }
                for one in ad_sets
                if one.campaign in ids
            ]
        )
        if campaigns:
            # An empty listing says that the platform failed, rather than that all was deleted.
            await self._campaigns.mark_gone(ad_account_id, seen_at=now)
        return ids

    async def ids_by_external(self, ad_account_id: UUID) -> dict[str, UUID]:
        return await self._campaigns.ids_by_external(ad_account_id)

    async def active_ad_sets(self, ad_account_id: UUID) -> frozenset[str]:
        return await self._campaigns.active_ad_sets(ad_account_id)

    async def put_state(self, ad_account_id: UUID, state: EntityState) -> None:
        """Take over one entity that was just read back."""
        await self._campaigns.put_state(ad_account_id, state, now=self._scope.now())


def _shared(state: EntityState) -> dict[str, Any]:
    return {
        "external_id": state.external_id,
        "name": state.name,
        "status": state.status,
        "effective_status": state.effective_status,
        "daily_budget_micros": state.daily_budget_micros,
        "lifetime_budget_micros": state.lifetime_budget_micros,
        "currency": state.currency,
        "ends_at": state.ends_at,
        "platform_updated_at": state.updated_at,
    }
