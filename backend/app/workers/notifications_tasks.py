"""Messages to people."""

from uuid import UUID

from app.core.config import settings
from app.db.session import Scopes, TenantScope
from app.services.notifications.channels.service import NotificationSender, forget_old
from app.services.notifications.mail.rules import MailKind
from app.services.notifications.mail.service import MailService, mailer_from
from app.services.notifications.whatsapp.service import WhatsAppDesk, forget_heard
from app.services.trust_engine.gate.service import KillSwitch
from app.workers.handlers import every, handles


@handles("notifications.send_mail", max_retries=8, timeout=60)
async def send_mail(
    scopes: Scopes,
    kind: str,
    user_id: str | None = None,
    token_id: str | None = None,
    invitation_id: str | None = None,
) -> None:
    await MailService(scopes, mailer_from(settings), settings).send(
        MailKind(kind), user_id=as_id(user_id), token_id=as_id(token_id), invitation_id=as_id(invitation_id)
    )


@every(seconds=30)
@handles("notifications.send_due", max_retries=3, timeout=300)
async def send_due(scopes: Scopes) -> None:
    """Looks often for what was held and is due; each message's own retries stand in the log."""
    await NotificationSender(scopes, mailer_from(settings), settings).send_due()


@handles("notifications.tell_of_platform_switch", max_retries=8)
async def tell_of_platform_switch(scope: TenantScope) -> None:
    await KillSwitch(scope).tell_of_platforms()


@every(seconds=3_600)
@handles("notifications.look_at_whatsapp", max_retries=0, timeout=120)
async def look_at_whatsapp(scopes: Scopes) -> None:
    """How Meta judges our templates now: a paused one comes back by itself."""
    await WhatsAppDesk(scopes, settings).look_if_connected()


@every(seconds=86_400)
@handles("notifications.forget_old")
async def forget_old_notifications(scope: TenantScope) -> None:
    await forget_old(scope)
    await forget_heard(scope)


def as_id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
