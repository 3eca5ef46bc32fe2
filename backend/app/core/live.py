"""What a tenant's live stream holds, and for how long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from redis.typing import EncodableT, FieldT

STREAM_LENGTH = 10_000
STREAM_AGE = timedelta(hours=24)
STREAM_EXPIRES = STREAM_AGE + timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """One live message as Redis keeps it; the stream gives it its id."""

    type: str
    timestamp: datetime
    payload: dict[str, Any]

    def fields(self) -> dict[FieldT, EncodableT]:
        return {
            "type": self.type,
            "timestamp": self.timestamp.isoformat(),
            "payload": msgspec.json.encode(self.payload),
        }


def envelope(message_id: str, fields: dict[bytes, bytes]) -> bytes:
    """The JSON that clients get: `{"type","payload","timestamp","id"}`."""
    return msgspec.json.encode(
        {
            "type": fields[b"type"].decode(),
            "payload": msgspec.Raw(fields[b"payload"]),
            "timestamp": fields[b"timestamp"].decode(),
            "id": message_id,
        }
    )
