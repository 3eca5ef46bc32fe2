"""Ways out of the dashboard, and the log of what left by them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.models.notifications.kinds import (
    Channel,
    DeliveryKind,
    DeliveryStatus,
    HeldFor,
    NotificationKind,
)
from app.schemas.inputs import Input
from app.schemas.text import NO_NUL

SlackToken = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=10, max_length=500, pattern=r"^xox[a-z]-[\x21-\x7e]+$"
    ),
]
SlackChannelId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{3,30}$")]


class EmailRead(BaseModel):
    delivers: bool = Field(description="False where no mail server is set up: then nothing leaves.")
    sender: str = Field(description="Whom mails come from.")


class SlackChannelRead(BaseModel):
    id: str = Field(description="Slack's id of it.")
    name: str = Field(description="Its name, without the #.")
    is_private: bool = Field(description="Only its members see it.")
    is_member: bool = Field(description="The bot is in it: where it is not, invite it first.")


class SlackRoute(BaseModel):
    kind: NotificationKind = Field(description="What is told of.")
    name: str = Field(description="The same, in words.")
    is_default: bool = Field(description="It goes into the channel for all.")
    channel_id: str | None = Field(description="A channel of its own; null where it is not told in Slack.")
    channel_name: str | None = Field(description="That channel's name.")


class SlackRead(BaseModel):
    team_id: str = Field(description="The workspace's id.")
    team_name: str = Field(description="The workspace's name.")
    team_url: str | None = Field(description="The workspace's address.")
    channel_id: str | None = Field(
        description="The channel for all; null before one is chosen: nothing is sent."
    )
    channel_name: str | None = Field(description="That channel's name.")
    routes: list[SlackRoute] = Field(description="Every kind, and where it goes.")
    enabled: bool = Field(description="Off: nothing is sent there.")
    last_error: str | None = Field(
        description="Slack's word for why the last call failed; null where it did not."
    )
    last_error_at: datetime | None = Field(description="When that was, UTC.")
    created_at: datetime = Field(description="When it was connected, UTC.")


class WebhookChannelRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    url: str = Field(description="Where messages are posted to.")
    kinds: list[NotificationKind] | None = Field(description="What it is told of; null: of everything.")
    enabled: bool = Field(
        description="Off: nothing is sent there. A receiver that answers 410 switches it off."
    )
    previous_until: datetime | None = Field(
        description="Until then messages are signed with the secret before too, UTC; null where none was changed."
    )
    last_error: str | None = Field(
        description="Why the last message was not taken, in words; null where it was."
    )
    last_error_at: datetime | None = Field(description="When that was, UTC.")
    created_at: datetime = Field(description="When it was set up, UTC.")


class ChannelsRead(BaseModel):
    email: EmailRead = Field(description="Mail.")
    slack: SlackRead | None = Field(description="Slack; null while no workspace is connected.")
    webhook: WebhookChannelRead | None = Field(description="A webhook; null while none is set up.")


class SlackConnect(Input):
    token: SlackToken = Field(
        description="The bot token of an app that is installed in the workspace: xoxb-…"
    )


class RoutePatch(Input):
    kind: NotificationKind = Field(description="What is told of.")
    channel_id: SlackChannelId | None = Field(
        None, description="A channel of its own. Left out or null: it is not told in Slack."
    )
    use_default: bool = Field(False, description="Into the channel for all, whatever `channel_id` says.")


class SlackPatch(Input):
    """Fields that are left out stay as they are."""

    channel_id: SlackChannelId | None = Field(None, description="The channel for all.")
    routes: list[RoutePatch] = Field(default_factory=list, max_length=20, description="What changes.")
    enabled: bool | None = Field(None, description="Off: nothing is sent there.")


WebhookAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000, pattern=NO_NUL)
]
WebhookKinds = Annotated[list[NotificationKind], Field(min_length=1, max_length=20)]
_URL = "An https:// address that is reachable from the internet."
_KINDS = "What it is told of; null: of everything."


class WebhookChannelPut(Input):
    url: WebhookAddress = Field(description=_URL)
    kinds: WebhookKinds | None = Field(None, description=_KINDS)


class WebhookChannelPatch(Input):
    """Fields that are left out stay as they are."""

    url: WebhookAddress | None = Field(None, description=_URL)
    kinds: WebhookKinds | None = Field(None, description=_KINDS)
    enabled: bool | None = Field(None, description="Off: nothing is sent there.")


class WebhookChannelSecret(BaseModel):
    webhook: WebhookChannelRead = Field(description="As it is now.")
    secret: str | None = Field(
        description="Signs every message (Standard Webhooks); shown this once. Null where it stays the same."
    )


class NotificationDeliveryRead(BaseModel):
    id: UUID = Field(description="The message's id.")
    notification_id: UUID | None = Field(description="What it tells of; null for a test.")
    kind: DeliveryKind = Field(description="`repeat`: the same happened again meanwhile.")
    channel: Channel = Field(description="The way that it goes.")
    to: str | None = Field(description="An address, a channel's name, or the webhook's host.")
    title: str | None = Field(description="What it tells; null for a test.")
    status: DeliveryStatus = Field(
        description="`failed` is tried again at `due_at`; `dead` only by a person; `skipped` had become pointless."
    )
    held_for: HeldFor | None = Field(description="Why it left, or is to leave, later than at once.")
    due_at: datetime = Field(description="When it is to leave, or is tried again, UTC.")
    attempts: int = Field(description="How often it was tried.")
    error_code: str | None = Field(description="Why the last try failed: the other side's own word.")
    error: str | None = Field(description="The same, in words.")
    reference: str | None = Field(
        description="The message's name where it went: Slack's `ts`, the webhook's `webhook-id`, WhatsApp's `wamid`."
    )
    sent_at: datetime | None = Field(description="When the other side took it, UTC.")
    delivered_at: datetime | None = Field(
        description="When it reached the person's device, UTC; known of WhatsApp alone."
    )
    read_at: datetime | None = Field(description="When the person read it, UTC, where WhatsApp tells.")
    created_at: datetime = Field(description="When it was written down, UTC.")
