"""What is due leaves: taken in one transaction, sent with none open, settled in another.

Whoever dies between sending and settling leaves a message that is sent again: to be told twice is better than never.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from app.auth.permissions import PERMISSIONS, Role
from app.core.clock import real_now
from app.core.config import Settings
from app.core.logging import get_logger
from app.core.metrics import MAILS, NOTIFICATION_DELIVERIES
from app.core.security import unseal
from app.db.session import Scopes, TenantScope
from app.models.notifications import Notification
from app.models.notifications.channels import NotificationDelivery
from app.models.notifications.kinds import (
    Channel,
    DeliveryKind,
    DeliveryStatus,
    NotificationKind,
    NotificationSubject,
)
from app.services.notifications.channels.repository import Addressee, DeliveryRepository, SlackRepository
from app.services.notifications.channels.rules import Item, Outcome, is_dead, mail, pause_before
from app.services.notifications.links.service import LABELS, Links, address, verbs_of
from app.services.notifications.mail.errors import MailNotSent
from app.services.notifications.mail.ports import Mail, Mailer
from app.services.notifications.rules import NATURES, is_critical
from app.services.notifications.slack.client import SlackClient
from app.services.notifications.slack.ports import Slack, SlackButton, SlackMessage, SlackRefused
from app.services.notifications.wording_rules import worded
from app.services.tenants.service import TenantService

log = get_logger(__name__)

SLACK_TOKEN = "notifications.slack_token"  # noqa: S105  (names what is sealed)
PREFERENCES_PAGE = "/settings/notifications"
_BATCH, _MOST_BATCHES = 50, 20
_TEST = "This is a test message from Stratum: it arrived."

MakeSlack = Callable[[str], Slack]


@dataclass(frozen=True, slots=True)
class _Parcel:
    """One message that leaves, and the rows of the log that it settles."""

    ids: tuple[UUID, ...]
    attempts: int
    channel: Channel
    mail: Mail | None = None
    slack_channel: str = ""
    slack: SlackMessage | None = None
    token: str | None = None


@dataclass(slots=True)
class _Taken:
    parcels: list[_Parcel] = field(default_factory=list)
    pointless: dict[UUID, str] = field(default_factory=dict)


class NotificationSender:
    def __init__(
        self, scopes: Scopes, mailer: Mailer, settings: Settings, slack: MakeSlack | None = None
    ) -> None:
        self._scopes = scopes
        self._mailer = mailer
        self._settings = settings
        self._slack: MakeSlack = slack or (lambda token: SlackClient(settings, token))

    async def send_due(self) -> int:
        """Send whatever is due; answers how many messages were tried."""
        tried = 0
        for _ in range(_MOST_BATCHES):
            async with self._scopes() as scope:
                taken = await self._take(scope)
            if taken is None:
                return tried
            tried += len(taken.parcels)
            for parcel in taken.parcels:
                await self._settle(parcel, await self._send(parcel))
        return tried

    async def _take(self, scope: TenantScope) -> _Taken | None:
        rows = DeliveryRepository(scope)
        claimed = await rows.claim(real_now(), _BATCH)
        if not claimed:
            return None
        told = await rows.notifications({each.notification_id for each in claimed if each.notification_id})
        repeats = [
            told[each.notification_id] for each in claimed if _is_repeat(each) and each.notification_id
        ]
        overtaken = await rows.overtaken(repeats) if repeats else set()
        people = await rows.addressees({each.user_id for each in claimed if each.user_id})
        writer = _Writer(scope, self._settings, told, people)
        taken = _Taken()
        wanted = []
        for each in claimed:
            why = writer.why_pointless(each, overtaken)
            if why is None:
                wanted.append(each)
            else:
                taken.pointless[each.id] = why
        for why in set(taken.pointless.values()):
            ids = [each for each, said in taken.pointless.items() if said == why]
            await rows.settle(ids, status=DeliveryStatus.SKIPPED, error_code=why, error=None)
        taken.parcels = await writer.parcels(wanted)
        return taken

    async def _send(self, parcel: _Parcel) -> Outcome:
        if parcel.mail is not None:
            return await self._send_mail(parcel.mail)
        if parcel.slack is None or parcel.token is None:
            return Outcome("slack_not_connected", "No Slack workspace is connected.", permanent=True)
        try:
            reference = await self._slack(parcel.token).post(parcel.slack_channel, parcel.slack)
        except SlackRefused as error:
            said = "Slack did not answer." if error.unheard else f"Slack said: {error.code}."
            return Outcome(error.code, said, permanent=error.permanent, retry_after=error.retry_after)
        return Outcome(reference=reference)

    async def _send_mail(self, message: Mail) -> Outcome:
        try:
            await self._mailer.send(message)
        except MailNotSent as error:
            said = error.context.get("reason")
            return Outcome(error.code, f"The mail server did not take it ({said}).")
        if not self._mailer.delivers:
            return Outcome("mail_not_configured", "No mail server is set up: nothing left.", pointless=True)
        MAILS.labels("notification").inc()
        return Outcome()

    async def _settle(self, parcel: _Parcel, outcome: Outcome) -> None:
        now = real_now()
        async with self._scopes() as scope:
            rows = DeliveryRepository(scope)
            if outcome.is_sent:
                status = DeliveryStatus.SENT
                await rows.settle(
                    parcel.ids, status=status, sent_at=now, reference=outcome.reference,
                    error_code=None, error=None,
                )  # fmt: skip
            elif outcome.pointless:
                status = DeliveryStatus.SKIPPED
                await rows.settle(parcel.ids, status=status, error_code=outcome.code, error=outcome.error)
            else:
                dead = is_dead(outcome, parcel.attempts)
                status = DeliveryStatus.DEAD if dead else DeliveryStatus.FAILED
                due_at = now if dead else now + pause_before(parcel.attempts, outcome.retry_after)
                await rows.settle(
                    parcel.ids, status=status, due_at=due_at, error_code=outcome.code, error=outcome.error
                )
            if parcel.channel is Channel.SLACK:
                await SlackRepository(scope).heard(outcome.code)
                if outcome.retry_after is not None:
                    await rows.postpone(Channel.SLACK, now + timedelta(seconds=outcome.retry_after))
        NOTIFICATION_DELIVERIES.labels(parcel.channel, status).inc(len(parcel.ids))
        log.info("notifications.delivery", channel=parcel.channel, status=status, code=outcome.code)


class _Writer:
    """Writes messages, within the transaction that took them: names, addresses and links are today's."""

    def __init__(
        self,
        scope: TenantScope,
        settings: Settings,
        told: dict[UUID, Notification],
        people: dict[UUID, Addressee],
    ) -> None:
        self._scope = scope
        self._url = settings.public_url.rstrip("/")
        self._told = told
        self._people = people
        self._links = Links(scope)

    def why_pointless(self, delivery: NotificationDelivery, overtaken: set[UUID]) -> str | None:
        if _is_repeat(delivery) and delivery.notification_id in overtaken:
            return "overtaken"
        if delivery.user_id is None:
            return None
        person = self._people.get(delivery.user_id)
        if person is None:
            return "no_longer_a_member"
        if delivery.notification_id is None:
            return None
        permission = NATURES[NotificationKind(self._told[delivery.notification_id].kind)].permission
        may = person.is_superadmin or Role(person.role) in PERMISSIONS[permission]
        return None if may else "no_longer_allowed"

    async def parcels(self, deliveries: Sequence[NotificationDelivery]) -> list[_Parcel]:
        """Mails that were held for one person are one mail; the others are one each."""
        company = (await TenantService(self._scope).current()).name
        found: list[_Parcel] = []
        held: dict[UUID, list[NotificationDelivery]] = {}
        for each in deliveries:
            if each.user_id is None:
                found.append(await self._into_slack(each, company))
            elif each.held_for is not None:
                held.setdefault(each.user_id, []).append(each)
            else:
                found.append(await self._by_mail(each.user_id, [each], company))
        for user_id, several in held.items():
            found.append(await self._by_mail(user_id, several, company))
        return found

    async def _by_mail(
        self, user_id: UUID, deliveries: Sequence[NotificationDelivery], company: str
    ) -> _Parcel:
        to = self._people[user_id].email
        if deliveries[0].kind == DeliveryKind.TEST:
            subject, text = "Test message", f"{_TEST}\n\n{self._url}{PREFERENCES_PAGE}\n"
        else:
            items = [await self._item(self._of(each), user_id) for each in deliveries]
            subject, text = mail(company, items, f"{self._url}{PREFERENCES_PAGE}")
        return _Parcel(
            ids=tuple(each.id for each in deliveries),
            attempts=max(each.attempts for each in deliveries),
            channel=Channel.EMAIL,
            mail=Mail(to=to, subject=subject, text=text),
        )

    async def _into_slack(self, delivery: NotificationDelivery, company: str) -> _Parcel:
        workspace = await SlackRepository(self._scope).get()
        token = None
        if workspace is not None:
            token = unseal(workspace.token_sealed, purpose=SLACK_TOKEN, tenant_id=self._scope.tenant_id)
        if delivery.kind == DeliveryKind.TEST:
            message = SlackMessage("Test message", (_TEST,), company)
        else:
            item = await self._item(self._of(delivery), None)
            buttons = [SlackButton(label, url) for label, url in item.acts]
            message = SlackMessage(
                f"Critical: {item.worded.title}" if is_critical(item.severity) else item.worded.title,
                item.worded.lines,
                f"{company} · {item.severity}",
                [*buttons, SlackButton("Open in Stratum", item.page)],
            )
        return _Parcel(
            ids=(delivery.id,),
            attempts=delivery.attempts,
            channel=Channel.SLACK,
            slack_channel=delivery.slack_channel or "",
            slack=message,
            token=token,
        )

    def _of(self, delivery: NotificationDelivery) -> Notification:
        if delivery.notification_id is None:
            raise LookupError("only a test is of no notification")
        return self._told[delivery.notification_id]

    async def _item(self, notification: Notification, user_id: UUID | None) -> Item:
        kind = NotificationKind(notification.kind)
        words = worded(
            kind,
            notification.facts,
            subject=NotificationSubject(notification.subject),
            subject_id=notification.subject_id,
            times=notification.times,
        )
        token = await self._links.token(notification, user_id)
        acts = [(LABELS[verb], address(self._url, token, verb)) for verb in verbs_of(kind)] if token else []
        return Item(words, notification.severity, f"{self._url}{words.room}", acts)


def _is_repeat(delivery: NotificationDelivery) -> bool:
    return delivery.kind == DeliveryKind.REPEAT
