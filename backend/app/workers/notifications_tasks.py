"""Messages to people."""

from uuid import UUID

from app.core.config import settings
from app.db.session import Scopes
from app.services.notifications.mail.rules import MailKind
from app.services.notifications.mail.service import MailService, mailer_from
from app.workers.handlers import handles


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


def as_id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
