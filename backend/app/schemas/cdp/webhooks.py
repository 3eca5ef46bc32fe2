"""Webhooks."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.schemas.inputs import Input
from app.schemas.text import NO_NUL, Line

WebhookSort = Literal["name", "-name", "created_at", "-created_at"]
WebhookTopic = Literal[
    "profile.created",
    "profile.updated",
    "profile.merged",
    "profile.ended",
    "segment.entered",
    "segment.left",
]
UsedFor = Literal["analytics", "ads", "email", "sms", "personalization"]
Resume = Literal["continue", "skip"]
WebhookState = Literal["on", "failing", "off"]
_OFF = "`by_hand`, `gone` (the receiver answered 410) or `failing` (for three days); null while it is on."


def _whole(value: str) -> str:
    return value.strip()


Address = Annotated[str, Field(min_length=1, max_length=2_000, pattern=NO_NUL), AfterValidator(_whole)]
Topics = Annotated[list[WebhookTopic], Field(min_length=1, max_length=12)]
Segments = Annotated[list[UUID], Field(max_length=100)]

_NAME = "What receives it: `Warehouse`."
_URL = "Where messages are posted to: an https:// address that is reachable from the internet."
_TOPICS = "What it is told of. Erasures are told to every webhook, whatever stands here."
_SEGMENTS = "Only moves in these segments; empty: in all."
_PERSONAL = "Send identifiers and sealed traits in the clear. Needs `cdp.profiles.personal:read`; off, they are masked."
_PURPOSE = (
    "What the receiver uses it for: of people who do not consent to that only the id is sent, "
    "and that the rest is withheld. "
    "Null for a system of your own that reads the consents which come with each person."
)


class WebhookCreate(Input):
    name: Line = Field(max_length=120, description=_NAME)
    url: Address = Field(description=_URL)
    topics: Topics = Field(description=_TOPICS)
    segment_ids: Segments = Field(default_factory=list, description=_SEGMENTS)
    include_personal: bool = Field(False, description=_PERSONAL)
    purpose: UsedFor | None = Field(None, description=_PURPOSE)


class WebhookPatch(Input):
    name: Line | None = Field(None, max_length=120, description=_NAME)
    url: Address | None = Field(None, description=_URL)
    topics: Topics | None = Field(None, description=_TOPICS)
    segment_ids: Segments | None = Field(None, description=_SEGMENTS)
    include_personal: bool | None = Field(None, description=_PERSONAL)
    purpose: UsedFor | None = Field(None, description=_PURPOSE)
    enabled: bool | None = Field(None, description="Off: nothing is sent, and nothing is forgotten.")
    resume: Resume | None = Field(
        None,
        description=(
            "With `enabled` true: `continue` where it stopped, or `skip` ahead to what happens from now on. "
            "Erasures are never skipped."
        ),
    )


class SecretRotate(Input):
    overlap_hours: int = Field(
        24, ge=0, le=168, description="For so long messages are signed with the old secret too."
    )


class WebhookRead(BaseModel):
    id: UUID = Field(description="The webhook's id.")
    name: str = Field(description=_NAME)
    url: str = Field(description=_URL)
    topics: list[WebhookTopic] = Field(description=_TOPICS)
    segment_ids: list[UUID] = Field(description=_SEGMENTS)
    include_personal: bool = Field(description=_PERSONAL)
    purpose: UsedFor | None = Field(description=_PURPOSE)
    state: WebhookState = Field(description="`failing`: the last message was refused, and is tried again.")
    enabled: bool = Field(description="Off: nothing is sent, and nothing is forgotten.")
    off_reason: Literal["by_hand", "gone", "failing"] | None = Field(description=_OFF)
    off_at: datetime | None = Field(description="When it was switched off, UTC.")
    waiting: int = Field(
        description="Changes and moves that it was not told of yet, whether they concern it or not; at most 10,000."
    )
    waiting_is_more: bool = Field(description="There are more than `waiting` says.")
    waiting_since: datetime | None = Field(
        description="When the first of them happened, UTC; null when it is up to date."
    )
    attempts: int = Field(description="Failed tries of the message that is on its way.")
    failing_since: datetime | None = Field(description="The first of them, UTC.")
    next_attempt_at: datetime | None = Field(description="When it is tried again, UTC.")
    last_told_at: datetime | None = Field(description="The last acknowledged message, UTC; null before one.")
    last_error: str | None = Field(description="Why the last try failed; null when it did not.")
    lost_at: datetime | None = Field(
        description="The feed was pruned before this webhook was told all of it, UTC: load everything anew."
    )
    secret_overlaps_until: datetime | None = Field(
        description="Until then messages are signed with the secret before too, UTC."
    )
    created_at: datetime = Field(description="When it was made, UTC.")
    updated_at: datetime = Field(description="When it was last changed, UTC.")


class WebhookWithSecret(WebhookRead):
    secret: str = Field(description="Verifies signatures; shown this once.")


class WebhookDeliveryRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The try's id.")
    message_id: UUID = Field(
        description="The message's id, the same at each try; its `webhook-id` is `msg_` and this without dashes."
    )
    kind: Literal["feed", "test", "replay"] = Field(description="What it was sent for.")
    at: datetime = Field(description="When it was sent, UTC.")
    attempt: int = Field(description="1 for the first try of a message.")
    acknowledged: bool = Field(description="The receiver answered 2xx.")
    http_status: int | None = Field(description="What it answered; null where it did not.")
    duration_ms: int = Field(description="From the call to the answer, or to giving up.")
    error: str | None = Field(description="Why it was not acknowledged.")
    items: int = Field(description="How many items the message had.")
    retry_at: datetime | None = Field(description="When it was to be tried again, UTC.")
