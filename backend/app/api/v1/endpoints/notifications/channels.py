"""Ways out of the dashboard, and the log of what left by them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, status
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep, ScopesDep, SettingsDep
from app.api.ids import NotificationDeliveryId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.core.config import Settings
from app.db.session import Scopes
from app.schemas.notifications.channels import (
    ChannelsRead,
    EmailRead,
    NotificationDeliveryRead,
    SlackChannelRead,
    SlackConnect,
    SlackPatch,
    SlackRead,
    SlackRoute,
    WebhookChannelPatch,
    WebhookChannelPut,
    WebhookChannelRead,
    WebhookChannelSecret,
)
from app.schemas.pages import CursorPage
from app.services.notifications.channels.errors import WebhookNotSet
from app.services.notifications.channels.service import (
    Channel,
    ChannelService,
    DeliveryStatus,
    Logged,
    SlackDesk,
    SlackState,
    WebhookDesk,
)
from app.services.notifications.service import NotificationKind
from app.services.notifications.wording_rules import kind_name

router = APIRouter(prefix="/notifications/channels", tags=["notifications"])

Reader = Annotated[Principal, requires("notifications.channels:read")]
Writer = Annotated[Principal, requires("notifications.channels:write")]


async def channel_service(scope: ScopeDep, settings: SettingsDep) -> ChannelService:
    return ChannelService(scope, settings)


async def slack_desk(scopes: ScopesDep, settings: SettingsDep) -> SlackDesk:
    return SlackDesk(scopes, settings)


async def webhook_desk(scopes: ScopesDep) -> WebhookDesk:
    return WebhookDesk(scopes)


Channels = Annotated[ChannelService, Depends(channel_service)]
Desk = Annotated[SlackDesk, Depends(slack_desk)]
Webhook = Annotated[WebhookDesk, Depends(webhook_desk)]


class DeliveryFilter(CursorParams):
    status: DeliveryStatus | None = Field(None, description="Only of this status.")
    channel: Channel | None = Field(None, description="Only by this way.")


@router.get("")
async def get_channels(channels: Channels, _: Reader) -> ChannelsRead:
    """What is set up."""
    return await _shown(channels)


@router.put("/slack")
async def connect_slack(
    body: SlackConnect, desk: Desk, scopes: ScopesDep, settings: SettingsDep, _: Writer
) -> ChannelsRead:
    """Connect a workspace by its bot token; Slack is asked whose it is. Then choose a channel."""
    await desk.connect(body.token)
    return await _now(scopes, settings)


@router.patch("/slack")
async def change_slack(
    body: SlackPatch, desk: Desk, scopes: ScopesDep, settings: SettingsDep, _: Writer
) -> ChannelsRead:
    """Choose the channel for all, one for a kind, or none; switch it off or on."""
    own = [each for each in body.routes if not each.use_default]
    await desk.change(
        enabled=body.enabled,
        channel_id=body.channel_id,
        by_kind={each.kind: each.channel_id for each in own},
        use_default_for=[each.kind for each in body.routes if each.use_default],
    )
    return await _now(scopes, settings)


@router.delete("/slack", status_code=status.HTTP_204_NO_CONTENT)
async def disconnect_slack(channels: Channels, _: Writer) -> None:
    """Forget the token; the app stays installed in the workspace until somebody removes it there."""
    await channels.disconnect_slack()


@router.get("/slack/conversations")
async def list_slack_conversations(desk: Desk, _: Writer) -> list[SlackChannelRead]:
    """The workspace's channels, as Slack lists them now."""
    return [
        SlackChannelRead(id=each.id, name=each.name, is_private=each.is_private, is_member=each.is_member)
        for each in await desk.channels()
    ]


@router.put("/webhook")
async def set_webhook(
    body: WebhookChannelPut, desk: Webhook, scopes: ScopesDep, settings: SettingsDep, _: Writer
) -> WebhookChannelSecret:
    """Have an address of yours told what people are told. A new one's secret is in this answer alone."""
    secret = await desk.put(body.url, body.kinds)
    return await _with_secret(secret, scopes, settings)


@router.patch("/webhook")
async def change_webhook(
    body: WebhookChannelPatch, desk: Webhook, scopes: ScopesDep, settings: SettingsDep, _: Writer
) -> ChannelsRead:
    """Another address, other kinds; switch it off or on."""
    await desk.change(
        url=body.url, kinds=body.kinds, sets_kinds="kinds" in body.model_fields_set, enabled=body.enabled
    )
    return await _now(scopes, settings)


@router.post("/webhook/secret")
async def change_webhook_secret(
    desk: Webhook, scopes: ScopesDep, settings: SettingsDep, _: Writer
) -> WebhookChannelSecret:
    """A new secret; for a day messages are signed with the one before it too."""
    return await _with_secret(await desk.new_secret(), scopes, settings)


@router.delete("/webhook", status_code=status.HTTP_204_NO_CONTENT)
async def remove_webhook(desk: Webhook, _: Writer) -> None:
    """Tell it no more."""
    await desk.remove()


@router.post("/webhook/test", status_code=status.HTTP_202_ACCEPTED)
async def send_test_to_webhook(channels: Channels, _: Writer) -> NotificationDeliveryRead:
    """Have a test message posted to it; what became of it stands in the log."""
    return _delivery(await channels.test_webhook())


@router.post("/email/test", status_code=status.HTTP_202_ACCEPTED)
async def send_test_mail(channels: Channels, writer: Writer) -> NotificationDeliveryRead:
    """Have a test mail sent to yourself; what became of it stands in the log."""
    return _delivery(await channels.test_email(writer.user_id))


@router.post("/slack/test", status_code=status.HTTP_202_ACCEPTED)
async def send_test_to_slack(channels: Channels, _: Writer) -> NotificationDeliveryRead:
    """Have a test message posted into the channel for all; what became of it stands in the log."""
    return _delivery(await channels.test_slack())


@router.post("/whatsapp/test", status_code=status.HTTP_202_ACCEPTED)
async def send_test_to_whatsapp(channels: Channels, writer: Writer) -> NotificationDeliveryRead:
    """Have a test message sent to your own number; what became of it stands in the log."""
    return _delivery(await channels.test_whatsapp(writer.user_id))


@router.get("/deliveries")
async def list_notification_deliveries(
    asked: Annotated[DeliveryFilter, Query()], channels: Channels, _: Reader
) -> CursorPage[NotificationDeliveryRead]:
    """Every message of the last 30 days and those that wait, newest first."""
    found, cursor = await channels.log(
        status=asked.status, channel=asked.channel, cursor=asked.cursor, limit=asked.limit
    )
    return CursorPage(items=[_delivery(each) for each in found], next_cursor=cursor, limit=asked.limit)


@router.post("/deliveries/{notification_delivery_id}/replay", status_code=status.HTTP_202_ACCEPTED)
async def replay_notification_delivery(
    notification_delivery_id: NotificationDeliveryId, channels: Channels, _: Writer
) -> NotificationDeliveryRead:
    """Have a message tried once more that was given up."""
    return _delivery(await channels.replay(notification_delivery_id))


async def _now(scopes: Scopes, settings: Settings) -> ChannelsRead:
    async with scopes() as scope:
        return await _shown(ChannelService(scope, settings))


async def _with_secret(secret: str | None, scopes: Scopes, settings: Settings) -> WebhookChannelSecret:
    webhook = (await _now(scopes, settings)).webhook
    if webhook is None:
        raise WebhookNotSet
    return WebhookChannelSecret.model_validate({"webhook": webhook, "secret": secret})


async def _shown(channels: ChannelService) -> ChannelsRead:
    email, slack, webhook = channels.email(), await channels.slack(), await channels.webhook()
    return ChannelsRead(
        email=EmailRead(delivers=email.delivers, sender=email.sender),
        slack=None if slack is None else _slack(slack),
        webhook=None if webhook is None else WebhookChannelRead.model_validate(webhook),
    )


def _slack(found: SlackState) -> SlackRead:
    routes = []
    for kind in NotificationKind:
        is_default = kind not in found.by_kind
        own = found.by_kind.get(kind) or {}
        routes.append(
            SlackRoute(
                kind=kind,
                name=kind_name(kind),
                is_default=is_default,
                channel_id=own.get("id"),
                channel_name=own.get("name"),
            )
        )
    return SlackRead(
        **{name: getattr(found, name) for name in set(SlackRead.model_fields) - {"routes"}}, routes=routes
    )


def _delivery(found: Logged) -> NotificationDeliveryRead:
    own = {
        name: getattr(found.delivery, name)
        for name in set(NotificationDeliveryRead.model_fields) - {"to", "title"}
    }
    return NotificationDeliveryRead(**own, to=found.to, title=found.title)
