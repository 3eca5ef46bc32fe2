"""A number's token and its app's secret, opened for the moment of a call."""

from collections.abc import Callable

from app.core.security import unseal
from app.models.notifications.whatsapp import WhatsAppAccount
from app.services.notifications.cloud_api.ports import Credentials, WhatsApp

WHATSAPP_TOKEN = "notifications.whatsapp_token"  # noqa: S105  (names what is sealed)
WHATSAPP_SECRET = "notifications.whatsapp_secret"  # noqa: S105

MakeWhatsApp = Callable[[Credentials], WhatsApp]


def credentials_of(account: WhatsAppAccount, tenant_id: int) -> Credentials:
    """Opened; `Unsealable` where the key that sealed them is gone."""
    return Credentials(
        account.phone_number_id,
        account.waba_id,
        unseal(account.token_sealed, purpose=WHATSAPP_TOKEN, tenant_id=tenant_id),
        unseal(account.secret_sealed, purpose=WHATSAPP_SECRET, tenant_id=tenant_id),
    )
