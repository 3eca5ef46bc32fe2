from datetime import timedelta

from app.core.config import Settings
from app.models.integrations.kinds import Platform
from app.services.integrations.ports import AdPlatform, ConversionSettings, Permits, PlatformSignIn
from app.services.integrations.tiktok import conversions, mapping
from app.services.integrations.tiktok.client import TikTokClient
from app.services.integrations.tiktok.sign_in import AUTHORIZED, TikTokSignIn
from app.services.integrations.tiktok.transport import Address, BusinessTransport
from app.services.integrations.vendor import Speaker
from app.services.integrations.wire import Line


class TikTokVendor:
    platform = Platform.TIKTOK
    name = "TikTok"
    events = conversions.EVENTS
    writing_scope = AUTHORIZED
    refresh_ahead = timedelta(0)
    """Its tokens have no end."""

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
        )

    def demand(self, conversion: ConversionSettings) -> None:
        mapping.counted(conversion)
        mapping.windows(conversion)


def _address(settings: Settings) -> Address:
    return Address(settings.tiktok_base_url, settings.tiktok_app_id, _secret(settings))


def _secret(settings: Settings) -> str | None:
    return settings.tiktok_app_secret.get_secret_value() if settings.tiktok_app_secret else None
