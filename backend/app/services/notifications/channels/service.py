"""Ways out of the dashboard: what is set up, a test of it, and the log of every message."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from app.core.clock import real_now
from app.core.config import Settings
from app.core.ids import uuid7
from app.core.security import seal, unseal
from app.db.session import Scopes, TenantScope
from app.models.notifications.channels import NotificationDelivery, NotificationWebhook, SlackWorkspace
from app.models.notifications.kinds import (
    Channel,
    DeliveryKind,
    DeliveryStatus,
    NotificationKind,
    NotificationSubject,
    WhatsAppConsentState,
)
from app.services.audit_logs.service import AuditLog
from app.services.notifications.channels.became import Becoming
from app.services.notifications.channels.errors import (
    ChannelUnknown,
    DeliveryNotDead,
    DeliveryUnknown,
    NoChannelChosen,
    SlackNotConnected,
    SlackRefusal,
    SlackTokenRefused,
    SlackUnreachable,
    WebhookNotSet,
)
from app.services.notifications.channels.repository import (
    DeliveryRepository,
    SlackRepository,
    WebhookRepository,
)
from app.services.notifications.channels.sending import MakeSlack, NotificationSender
from app.services.notifications.channels.webhook import WebhookDesk
from app.services.notifications.channels.writing import SLACK_TOKEN
from app.services.notifications.cloud_api.repository import AccountRepository, PeopleRepository
from app.services.notifications.slack.client import SlackClient
from app.services.notifications.slack.ports import SlackChannel, SlackRefused
from app.services.notifications.whatsapp.errors import NotConfirmed, WhatsAppNotConnected
from app.services.notifications.wording_rules import worded

__all__ = [
    "Becoming",
    "Channel",
    "ChannelService",
    "DeliveryStatus",
    "EmailState",
    "Logged",
    "NotificationSender",
    "SlackDesk",
    "SlackState",
    "WebhookDesk",
    "WebhookState",
    "answer",
    "forget_old",
]

T = TypeVar("T")
SlackState = SlackWorkspace
"""The connected workspace, by a name that endpoints may use, and so below."""
WebhookState = NotificationWebhook

_DELIVERIES_KEPT, _NOTIFICATIONS_KEPT = timedelta(days=30), timedelta(days=90)


@dataclass(frozen=True, slots=True)
class EmailState:
    """`delivers` is false where no mail server is set up: then nothing leaves."""

    delivers: bool
    sender: str


@dataclass(frozen=True, slots=True)
class Logged:
    """A message of the log, to whom it went and what it told of."""

    delivery: NotificationDelivery
    to: str | None
    title: str | None


class ChannelService:
    """What needs no call."""

    def __init__(self, scope: TenantScope, settings: Settings) -> None:
        self._scope = scope
        self._settings = settings
        self._slack = SlackRepository(scope)
        self._webhook = WebhookRepository(scope)
        self._rows = DeliveryRepository(scope)
        self._audit = AuditLog(scope)

    def email(self) -> EmailState:
        return EmailState(self._settings.mail_transport == "smtp", self._settings.mail_from)

    async def slack(self) -> SlackWorkspace | None:
        return await self._slack.get()

    async def disconnect_slack(self) -> None:
        """The token is forgotten; the app stays installed in the workspace until somebody removes it there."""
        workspace = await self._slack.get(for_update=True)
        if workspace is None:
            raise SlackNotConnected
        await self._audit.record(
            "notifications.channels.slack_disconnected",
            entity="slack_workspaces",
            entity_id=workspace.id,
            before={"team": workspace.team_name},
        )
        await self._slack.delete(workspace)

    async def test_email(self, user_id: UUID) -> Logged:
        """A mail to whoever asks."""
        return await self._sent_soon(await self._rows.add_test(Channel.EMAIL, user_id=user_id))

    async def test_slack(self) -> Logged:
        workspace = await self._slack.get()
        if workspace is None:
            raise SlackNotConnected
        if workspace.channel_id is None or workspace.channel_name is None:
            raise NoChannelChosen
        where = (workspace.channel_id, workspace.channel_name)
        return await self._sent_soon(await self._rows.add_test(Channel.SLACK, slack=where))

    async def webhook(self) -> NotificationWebhook | None:
        return await self._webhook.get()

    async def test_webhook(self) -> Logged:
        """Also one that is switched off: it is tried before it is switched on."""
        if await self._webhook.get() is None:
            raise WebhookNotSet
        return await self._sent_soon(await self._rows.add_test(Channel.WEBHOOK))

    async def test_whatsapp(self, user_id: UUID) -> Logged:
        """To the number of whoever asks."""
        if await AccountRepository(self._scope).get() is None:
            raise WhatsAppNotConnected
        person = (await PeopleRepository(self._scope).among([user_id])).get(user_id)
        if person is None or person.state != WhatsAppConsentState.CONFIRMED:
            raise NotConfirmed
        return await self._sent_soon(await self._rows.add_test(Channel.WHATSAPP, user_id=user_id))

    async def log(
        self, *, status: str | None, channel: str | None, cursor: str | None, limit: int
    ) -> tuple[list[Logged], str | None]:
        """Newest first."""
        rows, following = await self._rows.log(status=status, channel=channel, cursor=cursor, limit=limit)
        return await self._logged(rows), following

    async def replay(self, delivery_id: UUID) -> Logged:
        """Try a message once more that was given up, with today's words."""
        delivery = await self._rows.for_update(delivery_id)
        if delivery is None:
            raise DeliveryUnknown
        if delivery.status != DeliveryStatus.DEAD:
            raise DeliveryNotDead
        delivery.status, delivery.attempts = DeliveryStatus.QUEUED, 0
        delivery.due_at = delivery.updated_at = real_now()
        await self._audit.record(
            "notifications.channels.replayed",
            entity="notification_deliveries",
            entity_id=delivery.id,
            after={"channel": delivery.channel},
        )
        return await self._sent_soon(delivery)

    async def _sent_soon(self, delivery: NotificationDelivery) -> Logged:
        await self._scope.enqueue("notifications.send_due", {}, unless_pending=True)
        return (await self._logged([delivery]))[0]

    async def _logged(self, rows: Sequence[NotificationDelivery]) -> list[Logged]:
        emails = await self._rows.emails({each.user_id for each in rows if each.user_id})
        told = await self._rows.notifications({each.notification_id for each in rows if each.notification_id})
        titles = {
            each.id: worded(
                NotificationKind(each.kind),
                each.facts,
                subject=NotificationSubject(each.subject),
                subject_id=each.subject_id,
            ).title
            for each in told.values()
        }
        webhook = await self._webhook.get()
        where = {
            Channel.WEBHOOK: None if webhook is None else urlsplit(webhook.url).hostname,
        }
        return [
            Logged(
                each,
                emails.get(each.user_id)
                if each.user_id
                else where.get(Channel(each.channel), each.slack_channel_name),
                titles.get(each.notification_id) if each.notification_id else None,
            )
            for each in rows
        ]


class SlackDesk:
    """What asks Slack first; no transaction is open meanwhile."""

    def __init__(self, scopes: Scopes, settings: Settings, slack: MakeSlack | None = None) -> None:
        self._scopes = scopes
        self._slack: MakeSlack = slack or (lambda token: SlackClient(settings, token))

    async def connect(self, token: str) -> None:
        """Take a workspace's bot token, once Slack has said whose it is; one of before is replaced.

        Channels that were chosen in another workspace are not this one's.
        """
        try:
            identity = await self._slack(token).identity()
        except SlackRefused as error:
            if error.permanent:
                raise SlackTokenRefused(error.code) from error
            raise SlackUnreachable(slack_error=error.code) from error
        async with self._scopes() as scope:
            rows = SlackRepository(scope)
            workspace = await rows.get(for_update=True)
            if workspace is None or workspace.team_id != identity.team_id:
                if workspace is not None:
                    await rows.delete(workspace)
                workspace = SlackWorkspace(id=uuid7(), team_id=identity.team_id, by_kind={}, enabled=True)
            workspace.team_name, workspace.team_url = identity.team_name, identity.team_url
            workspace.bot_user_id = identity.bot_user_id
            workspace.token_sealed = seal(token, purpose=SLACK_TOKEN, tenant_id=scope.tenant_id)
            workspace.last_error = workspace.last_error_at = None
            await rows.save(workspace)
            await AuditLog(scope).record(
                "notifications.channels.slack_connected",
                entity="slack_workspaces",
                entity_id=workspace.id,
                after={"team": identity.team_name},
            )

    async def channels(self) -> list[SlackChannel]:
        """As Slack lists them now."""
        return await self._asked(self._slack(await self._token()).channels())

    async def change(
        self,
        *,
        enabled: bool | None = None,
        channel_id: str | None = None,
        by_kind: Mapping[NotificationKind, str | None] | None = None,
        use_default_for: Sequence[NotificationKind] = (),
    ) -> None:
        """Switch it, or say which channel hears of what; each is looked up at Slack first."""
        named = {each for each in (channel_id, *(by_kind or {}).values()) if each is not None}
        known: dict[str, SlackChannel] = {}
        if named:
            known = {each.id: each for each in await self.channels()}
        for kind, wanted in (by_kind or {}).items():
            if wanted is not None and wanted not in known:
                raise ChannelUnknown(f"body.by_kind.{kind}")
        if channel_id is not None and channel_id not in known:
            raise ChannelUnknown("body.channel_id")
        async with self._scopes() as scope:
            await self._save(
                scope,
                enabled=enabled,
                channel=known.get(channel_id or ""),
                kinds=_kinds(by_kind, known),
                use_default_for=use_default_for,
            )

    async def _save(
        self,
        scope: TenantScope,
        *,
        enabled: bool | None,
        channel: SlackChannel | None,
        kinds: Mapping[str, dict[str, str] | None],
        use_default_for: Sequence[NotificationKind],
    ) -> None:
        rows = SlackRepository(scope)
        workspace = await rows.get(for_update=True)
        if workspace is None:
            raise SlackNotConnected
        if enabled is not None:
            workspace.enabled = enabled
        if channel is not None:
            workspace.channel_id, workspace.channel_name = channel.id, channel.name
        workspace.by_kind = {
            kind: where
            for kind, where in {**workspace.by_kind, **kinds}.items()
            if kind not in use_default_for
        }
        await rows.save(workspace)
        await AuditLog(scope).record(
            "notifications.channels.slack_changed",
            entity="slack_workspaces",
            entity_id=workspace.id,
            after={
                "enabled": workspace.enabled,
                "channel": workspace.channel_name,
                "by_kind": {kind: where and where["name"] for kind, where in workspace.by_kind.items()},
            },
        )

    async def _token(self) -> str:
        async with self._scopes() as scope:
            workspace = await SlackRepository(scope).get()
            if workspace is None:
                raise SlackNotConnected
            return unseal(workspace.token_sealed, purpose=SLACK_TOKEN, tenant_id=scope.tenant_id)

    async def _asked(self, call: Awaitable[T]) -> T:
        try:
            found = await call
        except SlackRefused as error:
            async with self._scopes() as scope:
                await SlackRepository(scope).heard(error.code)
            if error.permanent:
                raise SlackRefusal(f"Slack said: {error.code}.", slack_error=error.code) from error
            raise SlackUnreachable(slack_error=error.code) from error
        return found


def _kinds(
    by_kind: Mapping[NotificationKind, str | None] | None, known: Mapping[str, SlackChannel]
) -> dict[str, dict[str, str] | None]:
    return {
        str(kind): None if wanted is None else {"id": wanted, "name": known[wanted].name}
        for kind, wanted in (by_kind or {}).items()
    }


async def answer(scope: TenantScope, kind: DeliveryKind, user_id: UUID) -> None:
    """Answer in WhatsApp to who has just written there."""
    await DeliveryRepository(scope).add_answer(kind, user_id)
    await scope.enqueue("notifications.send_due", {}, unless_pending=True)


async def forget_old(scope: TenantScope) -> None:
    """The log keeps 30 days, inboxes 90."""
    now = real_now()
    await DeliveryRepository(scope).forget(now - _DELIVERIES_KEPT, now - _NOTIFICATIONS_KEPT)
