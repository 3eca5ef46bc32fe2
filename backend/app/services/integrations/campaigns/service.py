"""Where campaigns can be created, and what each platform takes of them."""

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from app.db.session import Scopes
from app.services.integrations.campaigns.errors import NotOffered
from app.services.integrations.campaigns.ports import (
    AdMaker,
    AdOffer,
    CampaignMaker,
    CampaignOffer,
    Created,
    Made,
    MakesCampaigns,
)
from app.services.integrations.service import IntegrationsService
from app.services.integrations.vendors import VENDORS
from app.services.trust_engine.gate.desk import PermitDesk

__all__ = [
    "AdMaker",
    "AdOffer",
    "CampaignMaker",
    "CampaignMakers",
    "CampaignOffer",
    "Created",
    "Made",
    "offer_of",
    "offers",
]


def offers() -> Mapping[str, CampaignOffer | None]:
    """What each platform takes; None for one in which campaigns are not created from here yet."""
    return {
        platform.value: vendor.campaign_offer if isinstance(vendor, MakesCampaigns) else None
        for platform, vendor in VENDORS.items()
    }


def offer_of(platform: str) -> CampaignOffer | None:
    return offers().get(platform)


class CampaignMakers:
    """Takes a scope factory: no transaction is open while a platform is called."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def open(self, ad_account_id: UUID) -> CampaignMaker:
        """The account, to create campaigns in; `PlatformError` (auth) while its connection does not hold."""
        connector = await IntegrationsService(self._scopes, PermitDesk(self._scopes)).connector(ad_account_id)
        if offer_of(connector.platform) is None:
            raise NotOffered(platform=connector.platform)
        return cast(CampaignMaker, connector)
