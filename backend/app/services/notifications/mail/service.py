"""Mail to people. A task carries ids alone; addresses and links are read when the mail is written."""

from uuid import UUID

from app.core.config import Settings
from app.core.logging import get_logger
from app.core.metrics import MAILS
from app.db.session import Scopes, TenantScope
from app.services.auth.one_time_tokens.service import OneTimeTokens, Purpose
from app.services.invitations.service import spell_invitation
from app.services.notifications.mail import rules
from app.services.notifications.mail.log import LogMailer
from app.services.notifications.mail.ports import Mail, Mailer
from app.services.notifications.mail.rules import MailKind
from app.services.notifications.mail.smtp import SmtpMailer
from app.services.people.service import People
from app.services.tenants.service import TenantService

log = get_logger(__name__)

_PURPOSES = {
    MailKind.VERIFY_EMAIL: Purpose.VERIFY_EMAIL,
    MailKind.RESET_PASSWORD: Purpose.RESET_PASSWORD,
}


def mailer_from(settings: Settings) -> Mailer:
    return SmtpMailer(settings) if settings.mail_transport == "smtp" else LogMailer()


class MailService:
    def __init__(self, scopes: Scopes, mailer: Mailer, settings: Settings) -> None:
        self._scopes = scopes
        self._mailer = mailer
        self._public_url = settings.public_url

    async def send(
        self,
        kind: MailKind,
        *,
        user_id: UUID | None = None,
        token_id: UUID | None = None,
        invitation_id: UUID | None = None,
    ) -> None:
        """Write the mail and hand it over, no transaction being open; one whose link is dead is not sent.

        A task that runs twice sends twice: the link in both is the same, and works once.
        """
        async with self._scopes() as scope:
            if invitation_id is not None:
                mail = await self._invitation(scope, invitation_id)
            else:
                mail = await self._to_person(scope, kind, user_id, token_id)
        if mail is None:
            log.info("notifications.mail_obsolete", kind=kind)
            return
        await self._mailer.send(mail)
        if not self._mailer.delivers:
            return
        MAILS.labels(kind).inc()
        log.info("notifications.mail_sent", kind=kind)

    async def _to_person(
        self, scope: TenantScope, kind: MailKind, user_id: UUID | None, token_id: UUID | None
    ) -> Mail | None:
        user = await People(scope.session).find(user_id) if user_id else None
        token = None
        if (purpose := _PURPOSES.get(kind)) is not None:
            token = await OneTimeTokens(scope.session).spell(token_id, purpose) if token_id else None
            if token is None:
                return None
        if user is None or not user.is_active:
            return None
        return self._written(kind, user.email, user.full_name, "", token)

    async def _invitation(self, scope: TenantScope, invitation_id: UUID) -> Mail | None:
        found = await spell_invitation(scope, invitation_id)
        if found is None:
            return None
        invitation, token = found
        company = (await TenantService(scope).current()).name
        return self._written(MailKind.INVITATION, invitation.email, "", company, token)

    def _written(self, kind: MailKind, to: str, name: str, company: str, token: str | None) -> Mail:
        link = rules.link(self._public_url, kind, token)
        return Mail(
            to=to,
            subject=rules.subject(kind, company=company),
            text=rules.body(kind, name=name, company=company, link=link),
        )
