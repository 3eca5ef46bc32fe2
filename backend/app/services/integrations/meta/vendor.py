from datetime import timedelta

from app.core.config import Settings
from app.models.integrations.kinds import Platform
from app.services.integrations.audiences.ports import AudiencePlatform
from app.services.integrations.meta import conversions, creation, mapping
from app.services.integrations.meta.audiences import OFFER, MetaAudiences
from app.services.integrations.meta.client import MetaClient
from app.services.integrations.meta.sign_in import MetaSignIn
from app.services.integrations.meta.transport import Address, GraphTransport
from app.services.integrations.ports import (
    AdPlatform,
    AskedRead,
    ConversionSettings,
    Permits,
    PlatformSignIn,
)
from app.services.integrations.vendor import Speaker
from app.services.integrations.wire import Line


class MetaVendor:
    platform = Platform.META
    name = "Meta"
    events = conversions.EVENTS
    writing_scope = "ads_management"
    refresh_ahead = timedelta(days=10)
    restates = False
    audience_offer = OFFER
    campaign_offer = creation.OFFER

    def has_app(self, settings: Settings) -> bool:
        return settings.meta_app_id is not None and settings.meta_app_secret is not None

    def sign_in(self, settings: Settings, line: Line) -> PlatformSignIn:
        return MetaSignIn(
            GraphTransport(line, _address(settings)),
            dialog_url=settings.meta_dialog_url,
            version=settings.meta_api_version,
            app_id=settings.meta_app_id,
            app_secret=_secret(settings),
        )

    def connector(self, settings: Settings, line: Line, permits: Permits, speaker: Speaker) -> AdPlatform:
        return MetaClient(
            GraphTransport(line, _address(settings)),
            permits,
            token=speaker.token,
            account=speaker.account,
            currency=speaker.currency,
            read_only=speaker.read_only,
            own_app=speaker.app_id is not None and speaker.app_id == settings.meta_app_id,
        )

    def audiences(self, settings: Settings, line: Line, speaker: Speaker) -> AudiencePlatform:
        return MetaAudiences(
            GraphTransport(line, _address(settings)),
            token=speaker.token,
            account=speaker.account,
            read_only=speaker.read_only,
            own_app=speaker.app_id is not None and speaker.app_id == settings.meta_app_id,
        )

    async def read_again(self, settings: Settings, line: Line, speaker: Speaker, read: AskedRead) -> None:
        transport = GraphTransport(line, _address(settings))
        own_app = speaker.app_id is not None and speaker.app_id == settings.meta_app_id
        await transport.read(read.operation, read.path, read.asked, token=speaker.token, own_app=own_app)

    def demand(self, conversion: ConversionSettings) -> None:
        mapping.action_type(conversion)
        if not mapping.windows(conversion):
            raise mapping.NotUnderstood("meta.no_window", "A click or a view window is needed.")


def _address(settings: Settings) -> Address:
    return Address(settings.meta_base_url, settings.meta_api_version, settings.meta_app_id, _secret(settings))


def _secret(settings: Settings) -> str | None:
    return settings.meta_app_secret.get_secret_value() if settings.meta_app_secret else None
