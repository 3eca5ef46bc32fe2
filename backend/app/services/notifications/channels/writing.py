"""Messages as they leave, written within the transaction that took them: names, addresses and links are today's."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from app.auth.permissions import PERMISSIONS, Role
from app.core.clock import real_now
from app.core.config import Settings
from app.core.ids import uuid7
from app.core.security import Unsealable, unseal
from app.db.session import TenantScope
from app.models.notifications import Notification
from app.models.notifications.channels import NotificationDelivery
from app.models.notifications.kinds import (
    Channel,
    DeliveryKind,
    NotificationKind,
    NotificationSubject,
    WhatsAppConsentState,
)
from app.models.notifications.whatsapp import WhatsAppPerson
from app.services.notifications.channels import webhook, whatsapp
from app.services.notifications.channels.repository import (
    Addressee,
    DeliveryRepository,
    SlackRepository,
    WebhookRepository,
)
from app.services.notifications.channels.rules import Item, Outcome, mail, webhook_body
from app.services.notifications.channels.whatsapp import Letter
from app.services.notifications.cloud_api.repository import PeopleRepository
from app.services.notifications.cloud_api.rules import is_open
from app.services.notifications.links.service import LABELS, Links, address, verbs_of
from app.services.notifications.mail.ports import Mail
from app.services.notifications.rules import NATURES, is_critical
from app.services.notifications.slack.ports import SlackButton, SlackMessage
from app.services.notifications.wording_rules import Worded, worded
from app.services.tenants.service import TenantService

SLACK_TOKEN = "notifications.slack_token"  # noqa: S105  (names what is sealed)
PREFERENCES_PAGE = "/settings/notifications"
OPTED_OUT = "opted_out"
_ANSWERS = (DeliveryKind.WELCOME, DeliveryKind.GOODBYE)
_TOKEN_LOST = Outcome(
    "slack_token_lost", "The key that sealed Slack's token is gone: connect Slack again.", permanent=True
)
_SECRET_LOST = Outcome(
    "webhook_secret_lost",
    "The key that sealed the webhook's secret is gone: give it another secret.",
    permanent=True,
)
_TEST = "This is a test message from Stratum: it arrived."


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message that leaves, and the rows of the log that it settles."""

    ids: tuple[UUID, ...]
    attempts: int
    channel: Channel
    mail: Mail | None = None
    slack_channel: str = ""
    slack: SlackMessage | None = None
    token: str | None = None
    post: "Post | None" = None
    letter: Letter | None = None
    refused: Outcome | None = None
    """Why it cannot even be tried."""

    @property
    def lanes(self) -> tuple[str, ...]:
        """What may have to rest: the whole channel, or one person in it."""
        return (str(self.channel),) if self.letter is None else (str(self.channel), str(self.letter.user_id))


@dataclass(frozen=True, slots=True)
class Post:
    """What goes to the webhook, as it stood when it was taken."""

    url: str
    secrets: tuple[str, ...] = field(repr=False)
    message_id: str
    body: bytes


class Writer:
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
        self._agreed: dict[UUID, WhatsAppPerson] = {}

    async def look_up(self, deliveries: Sequence[NotificationDelivery]) -> None:
        """Who of them has agreed to be written to in WhatsApp."""
        theirs = {each.user_id for each in deliveries if each.channel == Channel.WHATSAPP and each.user_id}
        if theirs:
            self._agreed = await PeopleRepository(self._scope).among(theirs)

    def why_pointless(self, delivery: NotificationDelivery, overtaken: set[UUID]) -> str | None:
        if is_repeat(delivery) and delivery.notification_id in overtaken:
            return "overtaken"
        if delivery.user_id is None:
            return None
        person = self._people.get(delivery.user_id)
        if person is None:
            return "no_longer_a_member"
        if delivery.channel == Channel.WHATSAPP:
            why = self._why_not_in_whatsapp(delivery, self._agreed.get(delivery.user_id))
            if why is not None:
                return why
        if delivery.notification_id is None:
            return None
        permission = NATURES[NotificationKind(self._told[delivery.notification_id].kind)].permission
        may = person.is_superadmin or Role(person.role) in PERMISSIONS[permission]
        return None if may else "no_longer_allowed"

    def _why_not_in_whatsapp(
        self, delivery: NotificationDelivery, person: WhatsAppPerson | None
    ) -> str | None:
        """Only a goodbye goes to who has ended it; an answer is one only while the person's own words are fresh."""
        if person is None:
            return OPTED_OUT
        if delivery.kind in _ANSWERS and not is_open(person.wrote_at, self._scope.now()):
            return "window_closed"
        is_agreed = person.state == WhatsAppConsentState.CONFIRMED
        return None if is_agreed or delivery.kind == DeliveryKind.GOODBYE else OPTED_OUT

    async def parcels(self, deliveries: Sequence[NotificationDelivery]) -> list[Parcel]:
        """Messages that were held for one person are one on each way; the others are one each."""
        company = (await TenantService(self._scope).current()).name
        found: list[Parcel] = []
        held: dict[tuple[str, UUID], list[NotificationDelivery]] = {}
        for each in deliveries:
            if each.channel == Channel.WEBHOOK:
                found.append(await self._to_webhook(each, company))
            elif each.user_id is None:
                found.append(await self._into_slack(each, company))
            elif each.held_for is not None:
                held.setdefault((each.channel, each.user_id), []).append(each)
            else:
                found.append(await self._to_person(each.channel, each.user_id, [each], company))
        for (channel, user_id), several in held.items():
            found.append(await self._to_person(channel, user_id, several, company))
        return found

    async def _to_person(
        self, channel: str, user_id: UUID, deliveries: Sequence[NotificationDelivery], company: str
    ) -> Parcel:
        write = self._in_whatsapp if channel == Channel.WHATSAPP else self._by_mail
        return await write(user_id, deliveries, company)

    async def _in_whatsapp(
        self, user_id: UUID, deliveries: Sequence[NotificationDelivery], company: str
    ) -> Parcel:
        kind = DeliveryKind(deliveries[0].kind)
        items = [
            await self._item(self._of(each), user_id)
            if each.notification_id
            else Item(Worded("Test message", (_TEST,), ""), "info", f"{self._url}{PREFERENCES_PAGE}")
            for each in deliveries
        ]
        ids = tuple(each.id for each in deliveries)
        parcel_id = _same_parcel(deliveries) or uuid7()
        await DeliveryRepository(self._scope).name_parcel(ids, parcel_id)
        letter = await whatsapp.written(
            self._scope,
            user_id,
            callback=parcel_id.hex,
            company=company,
            public_url=self._url,
            items=items,
            kind=kind,
        )
        attempts = max(each.attempts for each in deliveries)
        return Parcel(ids, attempts, Channel.WHATSAPP, letter=letter)

    async def _by_mail(
        self, user_id: UUID, deliveries: Sequence[NotificationDelivery], company: str
    ) -> Parcel:
        to = self._people[user_id].email
        if deliveries[0].kind == DeliveryKind.TEST:
            subject, text = "Test message", f"{_TEST}\n\n{self._url}{PREFERENCES_PAGE}\n"
        else:
            items = [await self._item(self._of(each), user_id) for each in deliveries]
            subject, text = mail(company, items, f"{self._url}{PREFERENCES_PAGE}")
        return Parcel(
            ids=tuple(each.id for each in deliveries),
            attempts=max(each.attempts for each in deliveries),
            channel=Channel.EMAIL,
            mail=Mail(to=to, subject=subject, text=text),
        )

    async def _into_slack(self, delivery: NotificationDelivery, company: str) -> Parcel:
        workspace = await SlackRepository(self._scope).get()
        token, refused = None, None
        if workspace is not None:
            try:
                token = unseal(workspace.token_sealed, purpose=SLACK_TOKEN, tenant_id=self._scope.tenant_id)
            except Unsealable:
                refused = _TOKEN_LOST
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
        return Parcel(
            ids=(delivery.id,),
            attempts=delivery.attempts,
            channel=Channel.SLACK,
            slack_channel=delivery.slack_channel or "",
            slack=message,
            token=token,
            refused=refused,
        )

    async def _to_webhook(self, delivery: NotificationDelivery, company: str) -> Parcel:
        """No links that act: whoever reads the other side's logs could follow them."""
        found = await WebhookRepository(self._scope).get()
        told = None if delivery.kind == DeliveryKind.TEST else self._told_of(self._of(delivery))
        now = real_now()
        parcel = Parcel(ids=(delivery.id,), attempts=delivery.attempts, channel=Channel.WEBHOOK)
        if found is None:
            return parcel
        body = webhook_body(kind=delivery.kind, at=now, company=(self._scope.tenant_id, company), told=told)
        try:
            secrets = webhook.secrets_of(found, self._scope.tenant_id, now)
        except Unsealable:
            return replace(parcel, refused=_SECRET_LOST)
        return replace(parcel, post=Post(found.url, secrets, f"msg_{delivery.id.hex}", body))

    def _told_of(self, notification: Notification) -> dict[str, Any]:
        words = _words_of(notification)
        return {
            "id": str(notification.id),
            "kind": notification.kind,
            "severity": notification.severity,
            "subject": notification.subject,
            "subject_id": str(notification.subject_id) if notification.subject_id else None,
            "title": words.title,
            "lines": list(words.lines),
            "times": notification.times,
            "occurred_at": notification.occurred_at.isoformat(),
            "last_at": notification.last_at.isoformat(),
            "url": f"{self._url}{words.room}",
        }

    def _of(self, delivery: NotificationDelivery) -> Notification:
        if delivery.notification_id is None:
            raise LookupError("only a test is of no notification")
        return self._told[delivery.notification_id]

    async def _item(self, notification: Notification, user_id: UUID | None) -> Item:
        kind = NotificationKind(notification.kind)
        words = _words_of(notification)
        token = await self._links.token(notification, user_id)
        acts = [(LABELS[verb], address(self._url, token, verb)) for verb in verbs_of(kind)] if token else []
        return Item(words, notification.severity, f"{self._url}{words.room}", acts, token)


def _words_of(notification: Notification) -> Worded:
    return worded(
        NotificationKind(notification.kind),
        notification.facts,
        subject=NotificationSubject(notification.subject),
        subject_id=notification.subject_id,
        times=notification.times,
    )


def _same_parcel(deliveries: Sequence[NotificationDelivery]) -> UUID | None:
    """The one that all of them were in before: what is still told of it is told of each of them."""
    before = {each.parcel_id for each in deliveries}
    return before.pop() if len(before) == 1 else None


def is_repeat(delivery: NotificationDelivery) -> bool:
    return delivery.kind == DeliveryKind.REPEAT
