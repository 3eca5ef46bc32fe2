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
from app.services.integrations.snapchat import conversions, creation, mapping, sign_in
from app.services.integrations.snapchat.audiences import OFFER, SnapchatAudiences
from app.services.integrations.snapchat.client import SnapchatClient
from app.services.integrations.snapchat.transport import Address, SnapchatTransport
from app.services.integrations.vendor import Speaker
from app.services.integrations.wire import Line


class SnapchatVendor:
    platform = Platform.SNAPCHAT
    name = "Snapchat"
    events = conversions.EVENTS
    writing_scope = sign_in.MARKETING
    audience_offer = OFFER
    campaign_offer = creation.OFFER
    refresh_ahead = timedelta(minutes=10)
    restates = False

    def has_app(self, settings: Settings) -> bool:
        return settings.snapchat_app_id is not None and settings.snapchat_app_secret is not None

    def sign_in(self, settings: Settings, line: Line) -> PlatformSignIn:
        secret = settings.snapchat_app_secret
        return sign_in.SnapchatSignIn(
            SnapchatTransport(line, _address(settings)),
            accounts_url=settings.snapchat_accounts_url,
            app_id=settings.snapchat_app_id,
            app_secret=secret.get_secret_value() if secret else None,
        )

    def connector(self, settings: Settings, line: Line, permits: Permits, speaker: Speaker) -> AdPlatform:
        return SnapchatClient(SnapchatTransport(line, _address(settings)), permits, speaker)

    async def read_again(self, settings: Settings, line: Line, speaker: Speaker, read: AskedRead) -> None:
        transport = SnapchatTransport(line, _address(settings))
        await transport.read(read.operation, read.path, read.asked, token=speaker.token)

    def audiences(self, settings: Settings, line: Line, speaker: Speaker) -> AudiencePlatform:
        return SnapchatAudiences(
            SnapchatTransport(line, _address(settings)),
            token=speaker.token,
            account=speaker.account,
            read_only=speaker.read_only,
        )

    def demand(self, conversion: ConversionSettings) -> None:
        mapping.counted(conversion)
        mapping.windows(conversion)


def _address(settings: Settings) -> Address:
    return Address(settings.snapchat_api_url, settings.snapchat_accounts_url, settings.snapchat_events_url)
