"""Google's entry in the table of platforms."""

from datetime import timedelta

from app.core.config import Settings
from app.models.integrations.kinds import Platform
from app.services.integrations.audiences.ports import AudiencePlatform
from app.services.integrations.google import conversions, creation, mapping
from app.services.integrations.google.audiences import OFFER, GoogleAudiences
from app.services.integrations.google.client import GoogleClient
from app.services.integrations.google.sign_in import ADS_SCOPE, GoogleSignIn
from app.services.integrations.google.transport import GoogleTransport, Hosts
from app.services.integrations.ports import (
    AdPlatform,
    AskedRead,
    ConversionSettings,
    Permits,
    PlatformSignIn,
)
from app.services.integrations.vendor import Speaker
from app.services.integrations.wire import Line


class GoogleVendor:
    platform = Platform.GOOGLE
    name = "Google"
    events = conversions.EVENTS
    writing_scope = ADS_SCOPE
    audience_offer = OFFER
    campaign_offer = creation.OFFER
    refresh_ahead = timedelta(minutes=10)
    restates = True

    def has_app(self, settings: Settings) -> bool:
        return settings.google_client_id is not None and settings.google_client_secret is not None

    def sign_in(self, settings: Settings, line: Line) -> PlatformSignIn:
        secret = settings.google_client_secret
        return GoogleSignIn(
            GoogleTransport(line, _hosts(settings)),
            dialog_url=settings.google_dialog_url,
            client_id=settings.google_client_id,
            client_secret=secret.get_secret_value() if secret else None,
        )

    def connector(self, settings: Settings, line: Line, permits: Permits, speaker: Speaker) -> AdPlatform:
        return GoogleClient(GoogleTransport(line, _hosts(settings)), permits, speaker)

    async def read_again(self, settings: Settings, line: Line, speaker: Speaker, read: AskedRead) -> None:
        transport = GoogleTransport(line, _hosts(settings))
        await transport.again(read.operation, read.path, read.asked, token=speaker.token)

    def audiences(self, settings: Settings, line: Line, speaker: Speaker) -> AudiencePlatform:
        return GoogleAudiences(
            GoogleTransport(line, _hosts(settings)),
            token=speaker.token,
            account=speaker.account,
            read_only=speaker.read_only,
        )

    def demand(self, conversion: ConversionSettings) -> None:
        mapping.category(conversion)
        mapping.check_windows(conversion)


def _hosts(settings: Settings) -> Hosts:
    return Hosts(
        settings.google_ads_base_url,
        settings.google_ads_api_version,
        settings.google_data_manager_base_url,
        settings.google_oauth_base_url,
        settings.google_account_operations_per_day,
    )
