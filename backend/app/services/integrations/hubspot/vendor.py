from collections.abc import Sequence
from datetime import timedelta

from app.core.config import Settings
from app.models.integrations.kinds import CreatedAs, CrmProvider
from app.services.integrations.crm.ports import Crm, CrmSignIn, CrmWriter, Kind
from app.services.integrations.hubspot.client import HubSpotCrm
from app.services.integrations.hubspot.sign_in import WRITING_SCOPES, HubSpotSignIn
from app.services.integrations.hubspot.transport import HubSpotTransport
from app.services.integrations.hubspot.writing import HubSpotWriter
from app.services.integrations.wire import Line


class HubSpotVendor:
    provider = CrmProvider.HUBSPOT
    name = "HubSpot"
    refresh_ahead = timedelta(minutes=5)
    writing_scopes = WRITING_SCOPES
    creates_as: Sequence[CreatedAs] = ("contact",)
    standard_mapping: Sequence[tuple[str, str, str | None]] = (
        ("email", "email", None),
        ("phone", "phone", None),
        ("firstname", "trait", "first_name"),
        ("lastname", "trait", "last_name"),
        ("city", "trait", "city"),
        ("state", "trait", "state"),
        ("zip", "trait", "postal_code"),
        ("country", "trait", "country"),
        ("lifecyclestage", "trait", "crm_lifecycle_stage"),
    )

    def has_app(self, settings: Settings) -> bool:
        return settings.hubspot_client_id is not None and settings.hubspot_client_secret is not None

    def sign_in(self, settings: Settings, line: Line) -> CrmSignIn:
        return self._sign_in(settings, line)

    def writing_sign_in(self, settings: Settings, line: Line, kinds: Sequence[Kind]) -> CrmSignIn:
        return self._sign_in(settings, line, kinds)

    @staticmethod
    def _sign_in(settings: Settings, line: Line, writes: Sequence[Kind] = ()) -> CrmSignIn:
        secret = settings.hubspot_client_secret
        return HubSpotSignIn(
            HubSpotTransport(line, settings.hubspot_base_url),
            app_url=settings.hubspot_app_url,
            client_id=settings.hubspot_client_id,
            client_secret=secret.get_secret_value() if secret else None,
            writes=writes,
        )

    def crm(self, settings: Settings, line: Line, token: str, host: str | None = None) -> Crm:
        del host
        return HubSpotCrm(HubSpotTransport(line, settings.hubspot_base_url, token))

    def writer(self, settings: Settings, line: Line, token: str, host: str | None = None) -> CrmWriter:
        del host
        return HubSpotWriter(HubSpotTransport(line, settings.hubspot_base_url, token))
