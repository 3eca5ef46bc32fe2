"""Events: received by any dialect, stored once, read, and replayed where they were refused."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from app.core.clock import Clock, real_now
from app.core.config import Settings
from app.core.logging import redact_text
from app.core.rate_limits import RateLimiter
from app.db.session import TenantDoor, TenantScope
from app.models.cdp.events import CdpEvent, CdpEventVerdict
from app.services.cdp.events import identifiers as people
from app.services.cdp.events import measures
from app.services.cdp.events.admission import Admission
from app.services.cdp.events.bodies import decompressed, is_json, members
from app.services.cdp.events.clock_correction import moved, sent_time
from app.services.cdp.events.commerce import names_an_order
from app.services.cdp.events.dialects import NATIVE
from app.services.cdp.events.errors import (
    BadBatch,
    BatchTooLarge,
    EventNotFound,
    VerdictNotFound,
)
from app.services.cdp.events.forgetting import events_forgotten
from app.services.cdp.events.measures import Measures
from app.services.cdp.events.reading import Delivery, Row, Verdict
from app.services.cdp.events.repository import EventFilter, EventRepository, SourceCounts, VerdictFilter
from app.services.cdp.events.rules import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_EVENT_BYTES, MatchKey
from app.services.cdp.events.sampling import SHOWN
from app.services.cdp.events.store_repository import NO_SOURCE, EventStore, Outcome, kept_payload
from app.services.cdp.events.validation import is_too_deep
from app.services.cdp.events.writer import WRITERS, GroupWriter
from app.services.cdp.sources.service import Sender, SourceKind, WriteKeys

__all__ = [
    "MAX_BATCH_BYTES",
    "NO_SOURCE",
    "SEALED",
    "Bucket",
    "Envelope",
    "EventFilter",
    "EventService",
    "Ingestion",
    "MatchKey",
    "Measures",
    "Outcome",
    "SourceCounts",
    "Stored",
    "VerdictFilter",
    "anonymous_key",
    "decompressed",
    "device_key",
    "event_message_id",
    "events_forgotten",
    "identifier_key",
    "is_personal",
    "key_of",
    "keys_named",
    "keys_of",
    "measures",
    "names_an_order",
    "normal_email",
    "normal_phone",
    "open_envelope",
    "open_identifiers",
    "refused_event",
    "why_refused",
]

_TURN = 250
_BOM = b"\xef\xbb\xbf"
_SIGNS = str.maketrans(dict.fromkeys("{}[]\":,\\'", " "))
_HIDDEN_IDS = ("userId", "user_id", "previousId", "groupId")

SEALED = people.SEALED
open_identifiers = people.open_identifiers
anonymous_key, device_key, identifier_key = people.anonymous_key, people.device_key, people.identifier_key
key_of, keys_of, keys_named = people.key_of, people.keys_of, people.keys_named
is_personal = people.is_personal
normal_email, normal_phone = people.normal_email, people.normal_phone


@dataclass(frozen=True, slots=True)
class Stored:
    """An event, and whose it is; None where that is not worked out yet."""

    event: CdpEvent
    profile_id: UUID | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """What came in an hour or a day from `at` on."""

    at: datetime
    accepted: int
    duplicates: int
    rejected: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Envelope:
    """A request's body, cut into the JSON of its events, and what it says for all of them."""

    items: Sequence[bytes]
    write_key: str | None = None
    sent_at: datetime | None = None
    context: bytes = b""
    integrations: bytes = b""


class _Members(Struct):
    """What stands beside the events, in either dialect's spelling."""

    batch: list[Raw] | None = None
    events: list[Raw] | None = None
    writeKey: Raw = Raw(b"")  # noqa: N815  (the wire's name, and so below)
    write_key: Raw = Raw(b"")
    sentAt: Raw = Raw(b"")  # noqa: N815
    sent_at: Raw = Raw(b"")
    context: Raw = Raw(b"")
    integrations: Raw = Raw(b"")


_BESIDE = frozenset(_Members.__struct_fields__) - {"batch", "events"}
_decode_members = msgspec.json.Decoder(_Members).decode


def open_envelope(body: bytes, array: str, *, required: bool) -> Envelope:
    """The events of a body: the items of its `array`, or (where that is not `required`) the body itself."""
    body = body.removeprefix(_BOM).strip()
    try:
        found = _decode_members(body)
    except msgspec.ValidationError as error:
        raise BadBatch(str(error)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        found = _decode_oddly(body, array)
    items = found.batch if array == "batch" else found.events
    if items is None:
        if required:
            raise BadBatch(f"The body has no array {array}.")
        return Envelope([body], _text(found.writeKey) or _text(found.write_key))
    if len(items) > MAX_BATCH_EVENTS:
        raise BatchTooLarge
    return Envelope(
        [bytes(item) for item in items],
        _text(found.writeKey) or _text(found.write_key),
        sent_time(_value(found.sentAt) or _value(found.sent_at)),
        _object(found.context),
        _object(found.integrations),
    )


def _decode_oddly(body: bytes, array: str) -> _Members:
    """JSON that a strict decoder refuses whole, for the sake of one odd event in it."""
    if not is_json(body) or not body.startswith(b"{"):
        raise BadBatch
    beside, cut = members(body, array.encode())
    found = _Members()
    for name in _BESIDE & beside.keys():
        setattr(found, name, Raw(beside[name]))
    if array in beside:
        setattr(found, array, [Raw(item) for item in cut])
    return found


def _value(raw: Raw) -> str | float | None:
    try:
        value: Any = msgspec.json.decode(raw) if bytes(raw) else None
    except (msgspec.MsgspecError, UnicodeError):
        return None
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _text(raw: Raw) -> str | None:
    value = _value(raw)
    return value if isinstance(value, str) else None


def _object(raw: Raw) -> bytes:
    """A shared object as it came, for each event to be judged with; what is no object is left out."""
    text = bytes(raw)
    if len(text) > MAX_EVENT_BYTES:
        raise BatchTooLarge
    return text if text.startswith(b"{") else b""


class Ingestion:
    """The way in, one per process: who sends, what they sent, and its commit."""

    def __init__(
        self, door: TenantDoor, clock: Clock, settings: Settings, limiter: RateLimiter | None = None
    ) -> None:
        self.keys = WriteKeys(door, limiter)
        self.admission = Admission(settings.cdp_intake_megabytes * 2**20)
        self._clock = clock
        self._store = EventStore(settings, connections=WRITERS)
        self._writer = GroupWriter(self._store)

    async def receive(
        self,
        sender: Sender,
        envelope: Envelope,
        *,
        dialect: str = NATIVE,
        event_type: str | None = None,
        ip: str | None = None,
        user_agent: str | None = None,
        gpc: bool = False,
        contact_suffices: bool = False,
    ) -> Outcome:
        """Store the events of a request; answers when they are committed.

        `ip` and `user_agent` are the request's: its visitor's own where a browser or an app sends. `gpc` says that
        it carried `Sec-GPC: 1`. `contact_suffices` lets an event in that names its person by an e-mail address or a
        phone number alone.
        """
        await self._clock.sync()
        near_the_visitor = sender.kind is not SourceKind.SERVER
        received_at = self._clock.now()
        # Whole seconds: two readings of one clock are microseconds apart, and those are no lead.
        lead = timedelta(seconds=round((received_at - real_now()).total_seconds()))
        delivery = Delivery(
            tenant_id=sender.tenant_id,
            source_id=sender.source_id,
            dialect=dialect,
            received_at=received_at,
            event_type=event_type,
            sent_at=moved(envelope.sent_at, lead),
            clock_lead=lead,
            context=envelope.context,
            integrations=envelope.integrations,
            ip=ip if near_the_visitor else None,
            user_agent=user_agent if near_the_visitor else None,
            gpc=gpc,
            contact_suffices=contact_suffices,
        )
        with self.admission.events(len(envelope.items)):
            return await self.store(delivery, envelope.items)

    async def store(self, delivery: Delivery, items: Sequence[bytes]) -> Outcome:
        rows: list[Row] = []
        raw: list[bytes] = []
        verdicts: list[Verdict] = []
        for number, item in enumerate(items, 1):
            read = delivery.read(item)
            if isinstance(read, Verdict):
                verdicts.append(read)
            else:
                rows.append(read)
                raw.append(item)
            if number % _TURN == 0:
                await asyncio.sleep(0)
        return await self._writer.submit(delivery, rows, raw, verdicts)

    async def close(self) -> None:
        """Commit what waits."""
        await self._writer.close()
        await self._store.close()


def why_refused(item: bytes, tenant_id: int, now: datetime, dialect: str, context: bytes) -> str | None:
    """Why an event of a file would be refused today; None where it would be stored. Stores nothing."""
    delivery = Delivery(tenant_id, None, dialect, now, context=context, contact_suffices=True)
    read = delivery.read(item)
    return read.reason if isinstance(read, Verdict) else None


def event_message_id(text: str, tenant_id: int) -> str:
    """The message id as it is stored: a stand-in where it holds an e-mail address."""
    return people.pseudonym(text, tenant_id) if people.names_a_person(text) else text


class EventService:
    """What people read of the events, and the replay of those that were refused."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._events = EventRepository(scope)

    async def newest(
        self, wanted: EventFilter, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpEvent], str | None]:
        if wanted.identifier:
            keys = people.keys_of(wanted.identifier, self._scope.tenant_id)
            visitor = wanted.identifier
            if people.names_a_person(visitor):
                visitor = people.pseudonym(visitor, self._scope.tenant_id)
            wanted = replace(wanted, identifier=visitor, keys=frozenset(keys.values()))
        if wanted.message_id and people.names_a_person(wanted.message_id):
            wanted = replace(wanted, message_id=people.pseudonym(wanted.message_id, self._scope.tenant_id))
        return await self._events.newest(wanted, cursor=cursor, limit=limit)

    async def by_keys(self, keys: Sequence[tuple[datetime, UUID]]) -> Sequence[CdpEvent]:
        """The events with these times of receipt and ids."""
        return await self._events.by_keys(keys)

    async def verdicts(
        self, wanted: VerdictFilter, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpEventVerdict], str | None]:
        if wanted.message_id and people.names_a_person(wanted.message_id):
            wanted = replace(wanted, message_id=people.pseudonym(wanted.message_id, self._scope.tenant_id))
        return await self._events.verdicts(wanted, cursor=cursor, limit=limit)

    async def verdict(self, verdict_id: UUID) -> CdpEventVerdict:
        found = await self._events.verdict(verdict_id)
        if found is None:
            raise VerdictNotFound(verdict_id=str(verdict_id))
        return found

    async def show(self, received_from: datetime, received_to: datetime, count: int) -> None:
        """Give the tenant's live view a sample of what was received: the last few events of a batch of `count`."""
        events = await self._events.sample(received_from, received_to, SHOWN)
        if events:
            told = {"events": [_live(event) for event in events], "of": count}
            await self._scope.announce("cdp_event", told)

    async def stats(self, since: datetime | None) -> Sequence[SourceCounts]:
        return await self._events.counts(since)

    async def one(self, event_id: UUID, received_at: datetime | None) -> Stored:
        """The event as it is stored, and the person whose it is by now."""
        found = await self._events.one(event_id, received_at)
        if found is None:
            raise EventNotFound(event_id=str(event_id))
        key = found.person_key
        return Stored(found, None if key is None else await self._events.owner(key))

    async def volume(self, source_id: UUID, *, by: str, buckets: int, begins: datetime) -> Sequence[Bucket]:
        """What a source sent in the last `buckets` hours or days (UTC), the running one included.

        Each is counted exactly, so that one without a row is a true zero; none lies before the source `begins`.
        """
        step = timedelta(hours=1) if by == "hour" else timedelta(days=1)
        last = _floor(self._scope.now(), by)
        first = max(last - step * (buckets - 1), _floor(begins, by))
        found = await self._events.counts_by(source_id, by, first)
        moments = [first + step * number for number in range((last - first) // step + 1)]
        return [Bucket(at, *found.get(at, (0, 0, 0)), complete=at != last) for at in moments]

    def payload_shown(self, verdict: CdpEventVerdict) -> Any:
        """The refused event with what names a person masked; text where it is not JSON; None where not kept."""
        if verdict.payload is None:
            return None
        item = kept_payload(verdict.payload, self._scope.tenant_id).item.encode("latin-1")
        if is_too_deep(item):
            return _text_shown(item)
        try:
            value = msgspec.json.decode(item)
            if not isinstance(value, dict):
                return people.take_out(value, "", {})
            hidden = {name: people.SEALED for name in _HIDDEN_IDS if value.get(name) is not None}
            return people.take_out({**value, **hidden}, "", {}, traits=False)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return _text_shown(item)


def _text_shown(item: bytes) -> str:
    return redact_text(item.decode("utf-8", "replace"))[:2_000]


def _floor(at: datetime, by: str) -> datetime:
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour if by == "hour" else hour.replace(hour=0)


def refused_event(payload: bytes, tenant_id: int) -> Any:
    """A refused event as it came, with what its request said of it; text where it is not JSON."""
    kept = kept_payload(payload, tenant_id)
    return [_said(kept.item), _said(kept.context), _said(kept.integrations), kept.ip]


def _said(text: str) -> Any:
    """What JSON says that was kept as it came; its words where it is none."""
    item = text.encode("latin-1")
    try:
        return msgspec.json.decode(item)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return item.decode("utf-8", "replace").translate(_SIGNS).split()


def _live(event: CdpEvent) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "event_name": event.event_name,
        "event_type": event.event_type,
        "source_id": str(event.source_id) if event.source_id else None,
        "message_id": event.message_id,
        "event_time": event.event_time.isoformat(),
        "received_at": event.received_at.isoformat(),
    }
