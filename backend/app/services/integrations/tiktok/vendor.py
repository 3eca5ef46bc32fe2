from collections.abc import Sequence
from datetime import timedelta

from app.core.config import Settings
from app.models.integrations.kinds import Platform
from app.services.integrations.audiences.ports import AudiencePlatform
from app.services.integrations.ports import (
    AdPlatform,
    AskedRead,
    ConversionSettings,
    Permits,
    PlatformSignIn,
)
from app.services.integrations.tiktok import conversions, creation, mapping
from app.services.integrations.tiktok.audiences import OFFER, TikTokAudiences
from app.services.integrations.tiktok.change_log import PAUSES
from app.services.integrations.tiktok.client import TikTokClient
from app.services.integrations.tiktok.sign_in import AUTHORIZED, TikTokSignIn
from app.services.integrations.tiktok.transport import Address, BusinessTransport
from app.services.integrations.vendor import Speaker
from app.services.integrations.wire import Line


class TikTokVendor:
    platform = Platform.TIKTOK
    name = "TikTok"
    events = conversions.EVENTS
    campaign_offer = creation.OFFER
    writing_scope = AUTHORIZED
    audience_offer = OFFER
    refresh_ahead = timedelta(0)
    """Its tokens have no end."""
    restates = False

    def __init__(self, log_pauses: Sequence[float] = PAUSES) -> None:
        self._log_pauses = log_pauses

    def has_app(self, settings: Settings) -> bool:
        return settings.tiktok_app_id is not None and settings.tiktok_app_secret is not None

    def sign_in(self, settings: Settings, line: Line) -> PlatformSignIn:
        return TikTokSignIn(
            BusinessTransport(line, _address(settings)),
            portal_url=settings.tiktok_portal_url,
            app_id=settings.tiktok_app_id,
            app_secret=_secret(settings),
        )

    def connector(self, settings: Settings, line: Line, permits: Permits, speaker: Speaker) -> AdPlatform:
        return TikTokClient(
            BusinessTransport(line, _address(settings)),
            permits,
            token=speaker.token,
            account=speaker.account,
            currency=speaker.currency,
            timezone=speaker.timezone,
            read_only=speaker.read_only,
            log_pauses=self._log_pauses,
        )

    async def read_again(self, settings: Settings, line: Line, speaker: Speaker, read: AskedRead) -> None:
        transport = BusinessTransport(line, _address(settings))
        await transport.read(read.operation, read.path, read.asked, token=speaker.token)

    def audiences(self, settings: Settings, line: Line, speaker: Speaker) -> AudiencePlatform:
        return TikTokAudiences(
            BusinessTransport(line, _address(settings)),
            token=speaker.token,
            account=speaker.account,
            read_only=speaker.read_only,
        )

    def demand(self, conversion: ConversionSettings) -> None:
        mapping.counted(conversion)
        mapping.windows(conversion)


def _address(settings: Settings) -> Address:
    return Address(settings.tiktok_base_url, settings.tiktok_app_id, _secret(settings))


def _secret(settings: Settings) -> str | None:
    return settings.tiktok_app_secret.get_secret_value() if settings.tiktok_app_secret else None
