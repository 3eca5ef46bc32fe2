"""What a tenant's live stream holds, for how long, and where a client may go on reading."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.typing import EncodableT, FieldT

STREAM_LENGTH = 10_000
STREAM_AGE = timedelta(hours=24)
STREAM_EXPIRES = STREAM_AGE + timedelta(hours=1)
RESYNC = "resync"
_REPLAY_BATCH = 500
_ID = re.compile(r"(\d{1,16})-(\d{1,16})")

Id = tuple[int, int]
Fields = dict[bytes, bytes]
START: Id = (0, 0)
_WAS_EMPTY = 999_999_999
"""In place of a sequence number: the stream held nothing at that millisecond."""


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


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """What a client gets: `data` is the JSON of `{"type","payload","timestamp","id"}`.

    One that is not `stored` speaks of the connection itself, under the id of the last stored one before it.
    """

    id: Id
    data: bytes
    stored: bool = True


def parse_id(text: str) -> Id | None:
    """The id of a message as two numbers, which compare; None where it is not one."""
    found = _ID.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def format_id(message_id: Id) -> str:
    return f"{message_id[0]}-{message_id[1]}"


def message(message_type: str, payload: dict[str, Any], *, at: datetime, message_id: Id) -> LiveMessage:
    """A message of the connection itself."""
    body = {
        "type": message_type,
        "payload": payload,
        "timestamp": at.isoformat(),
        "id": format_id(message_id),
    }
    return LiveMessage(message_id, msgspec.json.encode(body), stored=False)


def _as_message(raw_id: bytes, fields: Fields) -> LiveMessage:
    text = raw_id.decode()
    body = {
        "type": fields[b"type"].decode(),
        "payload": msgspec.Raw(fields[b"payload"]),
        "timestamp": fields[b"timestamp"].decode(),
        "id": text,
    }
    return LiveMessage(parse_id(text) or START, msgspec.json.encode(body))


class LiveStreams:
    """The tenants' streams in Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def last_id(self, stream: str) -> Id:
        """The id of the newest message; of an empty stream one that stands for now."""
        found: Any = await self._redis.xrevrange(stream, count=1)
        if found:
            return parse_id(found[0][0].decode()) or START
        seconds, micros = await self._redis.time()
        return seconds * 1000 + micros // 1000 - 1, _WAS_EMPTY

    async def read(self, after: dict[str, Id], *, block_ms: int) -> dict[str, list[LiveMessage]]:
        """What is new in each stream; waits up to `block_ms` for something."""
        asked: Any = {stream: format_id(cursor) for stream, cursor in after.items()}
        found: Any = await self._redis.xread(asked, count=_REPLAY_BATCH, block=block_ms)
        pairs = found.items() if isinstance(found, dict) else found or []
        return {stream.decode(): _messages(entries) for stream, entries in pairs}

    async def is_lost(self, stream: str, after: Id, *, now: datetime) -> bool:
        """Whether messages after `after` may be gone: too old, cut off, or the stream began anew."""
        if now - datetime.fromtimestamp(after[0] / 1000, tz=UTC) > STREAM_AGE:
            return True
        oldest: Any = await self._redis.xrange(stream, count=1)
        if after[1] == _WAS_EMPTY:
            return bool(oldest) and await self._was_cut(stream)
        if not oldest:
            return True
        return after < (parse_id(oldest[0][0].decode()) or START) or after > await self.last_id(stream)

    async def _was_cut(self, stream: str) -> bool:
        told: Any = await self._redis.xinfo_stream(stream)
        return bool(told["entries-added"] != told["length"])

    async def between(self, stream: str, after: Id, until: Id) -> list[LiveMessage]:
        """A batch of what came after `after`, up to and with `until`."""
        if after >= until:
            return []
        found: Any = await self._redis.xrange(
            stream, f"({format_id(after)}", format_id(until), count=_REPLAY_BATCH
        )
        return _messages(found)


def _messages(entries: Any) -> list[LiveMessage]:
    # RESP3 wraps each stream's entries once more.
    flat = entries[0] if len(entries) == 1 and isinstance(entries[0], list) else entries
    return [_as_message(raw_id, fields) for raw_id, fields in flat]
