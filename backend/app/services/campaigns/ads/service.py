"""Ads as the platforms tell of them, and the incidents of those that are turned down."""

from collections.abc import Sequence
from uuid import UUID

from app.db.session import TenantScope
from app.models.trust_engine.kinds import IncidentKind
from app.services.campaigns.ads import rules
from app.services.campaigns.ads.repository import AdRepository
from app.services.integrations.ads.ports import AdState
from app.services.trust_engine.incidents.service import Incidents


class AdService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._ads = AdRepository(scope)

    async def absorb(self, ad_account_id: UUID, ads: Sequence[AdState], *, whole: bool) -> None:
        """Take over what was read: of a whole listing, what is not in it is gone.

        The account's row is locked by the caller: two readings at once would each note the same change of a verdict.
        """
        await self._ads.keep(ad_account_id, ads, now=self._scope.now())
        if whole and ads:
            await self._ads.mark_gone(ad_account_id, but={one.external_id for one in ads})
        elif whole:
            # An empty listing may say that the platform failed, rather than that all was deleted.
            await self._ads.miss(ad_account_id)

    async def watch(self, ad_account_id: UUID, account_name: str) -> None:
        """An incident for each campaign that runs and has disapproved ads, closed when it has none any more."""
        found = await self._ads.refusals(ad_account_id, self._scope.now())
        incidents = Incidents(self._scope)
        for campaign_id, refusals in sorted(found.items()):
            await incidents.open(
                IncidentKind.ADS_DISAPPROVED,
                rules.sentence(account_name, refusals),
                ad_account_id=ad_account_id,
                subject=str(campaign_id),
                severity=refusals.severity,
                mend=rules.MEND,
                evidence={"campaign_id": str(campaign_id), **rules.evidence(refusals)},
            )
        for incident in await incidents.live_of(IncidentKind.ADS_DISAPPROVED, ad_account_id):
            if UUID(incident.subject) in found:
                continue
            about = [UUID(one["id"]) for one in incident.evidence.get("disapproved_ads", ())]
            await incidents.close(
                IncidentKind.ADS_DISAPPROVED,
                rules.farewell(str(incident.evidence.get("campaign", "")), await self._ads.verdicts(about)),
                ad_account_id=ad_account_id,
                subject=incident.subject,
            )
