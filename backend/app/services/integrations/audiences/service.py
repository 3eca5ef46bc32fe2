"""Audiences as the platforms have them."""

from collections.abc import Mapping
from uuid import UUID

from app.db.session import Scopes
from app.services.integrations.audiences.errors import NoAudiences
from app.services.integrations.audiences.ports import (
    AudienceOffer,
    AudiencePlatform,
    FillsAudiences,
    RemoteAudience,
)
from app.services.integrations.errors import as_answer
from app.services.integrations.ports import PlatformError
from app.services.integrations.service import IntegrationsService
from app.services.integrations.vendors import VENDORS

__all__ = ["AudienceOffer", "AudiencePlatform", "AudienceService", "RemoteAudience", "offer_of", "offers"]


def offers() -> Mapping[str, AudienceOffer]:
    """What each platform takes that takes audiences."""
    return {
        platform.value: each.audience_offer
        for platform, each in VENDORS.items()
        if isinstance(each, FillsAudiences)
    }


def offer_of(platform: str) -> AudienceOffer:
    found = offers().get(platform)
    if found is None:
        raise NoAudiences(platform=platform)
    return found


class AudienceService:
    """Takes a scope factory: no transaction is open while a platform is called."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def open(self, ad_account_id: UUID) -> AudiencePlatform:
        """The account's audiences; `PlatformError` (auth) while its connection does not hold."""
        speech = await IntegrationsService(self._scopes).speech(ad_account_id)
        if not isinstance(speech.vendor, FillsAudiences):
            raise NoAudiences(platform=speech.vendor.platform)
        return speech.vendor.audiences(speech.settings, speech.line, speech.speaker)

    async def listed(self, ad_account_id: UUID) -> list[RemoteAudience]:
        """All that the account has there, whoever made them."""
        try:
            return await (await self.open(ad_account_id)).list_audiences()
        except PlatformError as error:
            raise as_answer(error) from error
