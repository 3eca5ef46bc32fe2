"""The two dialects that events are sent in, each with the names of its members on the wire."""

from collections.abc import Callable

import msgspec
from msgspec import Raw, Struct

from app.services.cdp.events.raw_json import NONE
from app.services.cdp.events.rules import EventType

NATIVE = "native"
SEGMENT = "segment"

Id = str | int | float | None


class Item(Struct):
    """An event in the tracking dialect; members that we do not know are left out."""

    type: str | None = None
    event: str | None = None
    name: str | None = None
    messageId: str | None = None  # noqa: N815  (the wire's name, and so below)
    userId: Id = None  # noqa: N815
    anonymousId: Id = None  # noqa: N815
    previousId: Id = None  # noqa: N815
    groupId: Id = None  # noqa: N815
    timestamp: str | float | None = None
    originalTimestamp: str | float | None = None  # noqa: N815
    sentAt: str | float | None = None  # noqa: N815
    email: str | None = None
    phone: Id = None
    properties: Raw = NONE
    traits: Raw = NONE
    context: Raw = NONE
    integrations: Raw = NONE
    category: Raw = NONE


class NativeItem(Struct):
    """An event in our own dialect."""

    event_name: str | None = None
    event_type: str | None = None
    message_id: str | None = None
    user_id: Id = None
    anonymous_id: Id = None
    email: str | None = None
    phone: Id = None
    event_time: str | float | None = None
    sent_at: str | float | None = None
    properties: Raw = NONE
    traits: Raw = NONE
    context: Raw = NONE

    def to_item(self) -> Item:
        kind = self.event_type or EventType.TRACK
        return Item(
            type=kind,
            event=self.event_name if kind == EventType.TRACK else None,
            name=self.event_name if kind != EventType.TRACK else None,
            messageId=self.message_id,
            userId=self.user_id,
            anonymousId=self.anonymous_id,
            timestamp=self.event_time,
            sentAt=self.sent_at,
            email=self.email,
            phone=self.phone,
            properties=self.properties,
            traits=self.traits,
            context=self.context,
        )


_decode_segment: Callable[[bytes], Item] = msgspec.json.Decoder(Item).decode
_decode_native: Callable[[bytes], NativeItem] = msgspec.json.Decoder(NativeItem).decode


def decode(raw: bytes, dialect: str) -> Item:
    return _decode_native(raw).to_item() if dialect == NATIVE else _decode_segment(raw)


def names_of(dialect: str) -> tuple[str, str]:
    """What the dialect calls the message's id and the event's name."""
    return ("message_id", "event_name") if dialect == NATIVE else ("messageId", "event")
