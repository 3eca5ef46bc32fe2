"""From an event's JSON to the row that is stored, or the reason why not.

Hot: decoded once into structs, its properties passed on as they came unless they may name a person.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from app.core.ids import uuid7
from app.services.cdp.events import identifiers as people
from app.services.cdp.events import rules
from app.services.cdp.events.rules import EventType, MatchKey, Refused, VerdictCode
from app.services.cdp.identity.rules import is_garbage

_NONE = Raw(b"")
_ABSENT = frozenset({b"", b"null"})
_EMPTY = "{}"
_EVENT_TYPES = frozenset(EventType)
_IN_QUERY = re.compile(r"[?&#](gclid|gbraid|wbraid|fbclid|ttclid|ScCid)=([^&#\s]{1,500})", re.IGNORECASE)
_CLICK_NAMES = {
    name.lower(): name for name in ("gclid", "gbraid", "wbraid", "fbclid", "fbc", "fbp", "ttclid", "ScCid")
} | {"_fbc": "fbc", "_fbp": "fbp"}
_LONGEST_CLICK = 500
# Plain numbers: an IntFlag's own arithmetic costs more than reading the event.
_EMAIL, _PHONE, _EXTERNAL_ID = int(MatchKey.EMAIL), int(MatchKey.PHONE), int(MatchKey.EXTERNAL_ID)
_IP, _USER_AGENT = int(MatchKey.IP), int(MatchKey.USER_AGENT)
_FBC, _FBP, _CLICK_ID = int(MatchKey.FBC), int(MatchKey.FBP), int(MatchKey.CLICK_ID)

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
    properties: Raw = _NONE
    traits: Raw = _NONE
    context: Raw = _NONE
    integrations: Raw = _NONE


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
    properties: Raw = _NONE
    traits: Raw = _NONE
    context: Raw = _NONE

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


class _Lens(Struct):
    """The members of properties that we read ourselves."""

    order_id: Raw = _NONE
    orderId: Raw = _NONE  # noqa: N815
    transaction_id: Raw = _NONE
    revenue: Raw = _NONE
    total: Raw = _NONE
    value: Raw = _NONE
    currency: Raw = _NONE


_decode_segment: Callable[[bytes | Raw], Item] = msgspec.json.Decoder(Item).decode
_decode_native: Callable[[bytes | Raw], NativeItem] = msgspec.json.Decoder(NativeItem).decode
_decode_lens: Callable[[bytes], _Lens] = msgspec.json.Decoder(_Lens).decode
_decode_members: Callable[[bytes | Raw], dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_any: Callable[[bytes | Raw], Any] = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Row(NamedTuple):
    """One event as the store writes it; the order is the order of the columns in the statement."""

    message_id: str
    id: UUID
    received_at: datetime
    source_id: UUID | None
    event_type: str
    event_name: str
    event_time: datetime
    anonymous_id: str | None
    user_id_hash: bytes | None
    email_hash: bytes | None
    phone_hash: bytes | None
    identifiers: bytes | None
    properties: str
    context: str
    order_id: str | None
    value_micros: int | None
    currency: str | None
    is_order: bool
    is_refund: bool
    click_ids: str | None
    match_keys: int
    person_key: UUID | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the events of one request share."""

    tenant_id: int
    source_id: UUID | None
    dialect: str
    received_at: datetime
    event_type: str | None = None
    sent_at: datetime | None = None
    context: bytes = b""
    integrations: bytes = b""
    ip: str | None = None
    user_agent: str | None = None
    clock_lead: timedelta = timedelta(0)
    """How far the domain's clock is ahead of real time: it is real time by which clients say that they sent."""

    def read(self, raw: bytes) -> "Row | Verdict":
        """The row to store, or why it may not be stored."""
        try:
            _check_shape(raw)
            return self._row(self._item(raw))
        except Refused as refused:
            return self._verdict(raw, refused.code, refused.reason)
        except msgspec.ValidationError as error:
            return self._verdict(raw, VerdictCode.WRONG_TYPE, str(error))
        except msgspec.DecodeError as error:
            return self._verdict(raw, VerdictCode.MALFORMED, str(error))
        except UnicodeError:
            return self._verdict(raw, VerdictCode.NOT_UNICODE, "it is not valid UTF-8")

    def refuse(self, raw: bytes, code: VerdictCode, reason: str) -> "Verdict":
        return self._verdict(raw, code, reason)

    def _item(self, raw: bytes) -> Item:
        return _decode_native(raw).to_item() if self.dialect == "native" else _decode_segment(raw)

    def _verdict(self, raw: bytes, code: VerdictCode, reason: str) -> "Verdict":
        members = _loose_members(raw)
        native = self.dialect == "native"
        message_id = _text_of(members.get("message_id" if native else "messageId"))
        name = _text_of(members.get("event_name" if native else "event"))
        return Verdict(
            self,
            _stored_id(message_id, self.tenant_id)[:200] if message_id else None,
            people.without_addresses(name)[:200].replace("\x00", "") if name else None,
            code,
            people.without_addresses(reason)[:500].replace("\x00", ""),
            raw,
        )

    def _row(self, item: Item) -> Row:
        kind = self.event_type or item.type or ""
        name = _name(kind, item)
        taken: dict[str, Any] = {}
        user_id, anonymous_id = _id(item.userId, "userId"), _id(item.anonymousId, "anonymousId")
        if user_id is None and anonymous_id is None:
            raise Refused(VerdictCode.IDENTITY_MISSING, "userId or anonymousId is required")
        body = item.traits if kind in (EventType.IDENTIFY, EventType.GROUP) else item.properties
        is_traits = body is item.traits
        properties = _object(body, "traits" if is_traits else "properties")
        context = self._context_of(item)
        said = _decode_object(context)
        happened = rules.corrected(self.received_at, self._sent(item), _said(item))
        if user_id is not None:
            taken["user_id"] = user_id
        for other, what in ((item.previousId, "previous_id"), (item.groupId, "group_id")):
            if other is not None and (named := _id(other, what)) is not None:
                taken[what] = named
        person = _Person(taken, item.email, item.phone)
        held = _decode_object(properties)
        stored_properties = person.seal_in(
            properties, held, "traits" if is_traits else "properties", traits=is_traits
        )
        stored_context = person.seal_in(context, said, "context", traits=False)
        commerce = _commerce(kind, name, properties)
        keys, clicks = _match(properties, context, held, said, happened)
        keys |= self._keys_of_the_request(said, taken)
        email_hash, phone_hash = person.hashes(self.tenant_id)
        known = (
            None if user_id is None or is_garbage(user_id) else people.user_id_hash(user_id, self.tenant_id)
        )
        visitor = None if anonymous_id is None else _stored_id(anonymous_id, self.tenant_id)
        strongest = known or email_hash or phone_hash
        keys |= (_EMAIL if email_hash else 0) | (_PHONE if phone_hash else 0) | (_EXTERNAL_ID if known else 0)
        return Row(
            self._message_id(item),
            uuid7(),
            self.received_at,
            self.source_id,
            kind,
            name,
            happened,
            visitor,
            known,
            email_hash,
            phone_hash,
            self._sealed(taken, user_id),
            stored_properties,
            stored_context,
            commerce.order_id,
            commerce.value_micros,
            commerce.currency,
            commerce.is_order,
            commerce.is_refund,
            clicks,
            keys,
            people.key_of(strongest)
            if strongest
            else people.device_key(people.device_of(said), self.tenant_id)
            or people.anonymous_key(visitor, self.tenant_id),
        )

    def _sealed(self, taken: dict[str, Any], user_id: str | None) -> bytes | None:
        if not taken:
            return None
        if len(taken) == 1 and user_id is not None:
            return people.seal_user_id(user_id, self.tenant_id)
        return people.seal_identifiers(taken, self.tenant_id)

    def _keys_of_the_request(self, context: dict[str, Any], taken: dict[str, Any]) -> int:
        """The visitor's address and browser: the event's own word, else the request's."""
        keys = 0
        ip = context.get("ip")
        # Some SDKs send it for "unknown".
        ip = ip[:60] if isinstance(ip, str) and ip not in ("", "0.0.0.0") else self.ip  # noqa: S104
        if ip:
            taken["ip"] = ip
            keys = _IP
        if context.get("userAgent"):
            return keys | _USER_AGENT
        if self.user_agent:
            taken["user_agent"] = self.user_agent
            keys |= _USER_AGENT
        return keys

    def _message_id(self, item: Item) -> str:
        message_id = item.messageId
        if not message_id:
            return f"stratum-{uuid7()}"
        if len(message_id) >= rules.MAX_ID_CHARACTERS:
            raise Refused(
                VerdictCode.MESSAGE_ID_TOO_LONG, f"messageId has {len(message_id)} characters; under 100"
            )
        _refuse_nul(message_id)
        return _stored_id(message_id, self.tenant_id)

    def _sent(self, item: Item) -> datetime | None:
        if item.sentAt is None:
            return self.sent_at
        said = sent_time(item.sentAt)
        return None if said is None else said + self.clock_lead

    def _context_of(self, item: Item) -> bytes:
        own, shared = _object(item.context, "context"), self.context
        if own and shared:
            own = _encode({**_decode_members(shared), **_decode_members(own)})
        context = own or shared
        integrations = _object(item.integrations, "integrations") or self.integrations
        if integrations and integrations != b"{}":
            inner = context[1:] if context and context[1:].strip() != b"}" else b"}"
            joint = b"," if inner != b"}" else b""
            context = b'{"integrations":' + integrations + joint + inner
        return context


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why an event was refused, and the event itself, to be read and replayed."""

    delivery: Delivery
    message_id: str | None
    event_name: str | None
    code: VerdictCode
    reason: str
    payload: bytes


class _Person:
    """Collects what names the event's person while it is taken out of the event."""

    __slots__ = ("_email", "_phone", "_taken")

    def __init__(self, taken: dict[str, Any], email: str | None, phone: Id) -> None:
        self._taken = taken
        self._email = None if email is None else people.normal_email(email)
        self._phone = None if phone is None else people.normal_phone(phone)

    def seal_in(self, raw: bytes, value: dict[str, Any], path: str, *, traits: bool) -> str:
        """The JSON to store for `raw`, which decodes to `value`."""
        if not raw:
            return _EMPTY
        if not people.holds_a_person(value, traits=traits):
            return raw.decode()
        fields: dict[str, Any] = {}
        clean = people.take_out(value, path, fields, traits=traits)
        if fields:
            self._taken.setdefault("fields", {}).update(fields)
        for name, held in fields.items():
            last = name.rpartition(".")[2].lower()
            if self._email is None and last in ("email", "mail", "email_address", "emailaddress"):
                self._email = people.normal_email(held)
            elif self._phone is None and last in ("phone", "phone_number", "phonenumber", "mobile"):
                self._phone = people.normal_phone(held)
        return _encode(clean).decode()

    def hashes(self, tenant_id: int) -> tuple[bytes | None, bytes | None]:
        email_hash = phone_hash = None
        if self._email is not None:
            self._taken["email"] = self._email
            email_hash = people.email_hash(self._email, tenant_id)
        if self._phone is not None:
            self._taken["phone"] = self._phone
            phone_hash = people.phone_hash(self._phone, tenant_id)
        return email_hash, phone_hash


def _decode_object(raw: bytes) -> dict[str, Any]:
    """Decodes for good and all: what PostgreSQL would refuse later is refused here."""
    if not raw:
        return {}
    try:
        value: dict[str, Any] = _decode_any(raw)
    except msgspec.ValidationError as error:
        raise Refused(VerdictCode.ABSURD_NUMBER, "it holds a number too large to keep") from error
    return value


def _match(
    properties: bytes, context: bytes, held: dict[str, Any], said: dict[str, Any], happened: datetime
) -> tuple[int, str | None]:
    """The match keys of click ids, and the click ids with their time."""
    found: dict[str, str] = {}
    for raw, value in ((context, said), (properties, held)):
        if (
            b"clid" in raw
            or b"fbc" in raw
            or b"fbp" in raw
            or b"braid" in raw
            or b"ScCid" in raw
            or b"sccid" in raw
        ):
            _collect_clicks(value, found, depth=0)
    if not found:
        return 0, None
    keys = _FBC if "fbc" in found or "fbclid" in found else 0
    if "fbp" in found:
        keys |= _FBP
    if found.keys() - {"fbc", "fbp", "fbclid"}:
        keys |= _CLICK_ID
    at = happened.isoformat()
    return keys, _encode({name: {"value": value, "at": at} for name, value in found.items()}).decode()


def sent_time(value: str | float | None) -> datetime | None:
    """When the client says it sent; None where that is no time: then nothing is mended."""
    if value is None:
        return None
    try:
        return rules.parse_time(value, "sentAt")
    except Refused:
        return None


def _said(item: Item) -> datetime | None:
    said = item.timestamp if item.originalTimestamp is None else item.originalTimestamp
    return None if said is None else rules.parse_time(said, "timestamp")


def _name(kind: str, item: Item) -> str:
    if kind not in _EVENT_TYPES:
        raise Refused(VerdictCode.UNKNOWN_TYPE, f"{kind[:40] or 'no'} type; one of {', '.join(EventType)}")
    if kind == EventType.TRACK:
        if not item.event or not item.event.strip():
            raise Refused(VerdictCode.EVENT_MISSING, "track needs event")
        name = item.event
    else:
        name = item.name or kind
    if len(name) > rules.MAX_NAME_CHARACTERS:
        raise Refused(VerdictCode.TOO_LONG, f"the name has {len(name)} characters; at most 500")
    _refuse_nul(name)
    return people.without_addresses(name)


def _id(value: Id, what: str) -> str | None:
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else str(value)
    if len(text) > rules.MAX_NAME_CHARACTERS:
        raise Refused(VerdictCode.TOO_LONG, f"{what} has {len(text)} characters; at most 500")
    _refuse_nul(text)
    return text


def _stored_id(text: str, tenant_id: int) -> str:
    return people.pseudonym(text, tenant_id) if people.names_a_person(text) else text.replace("\x00", "")


def _refuse_nul(text: str) -> None:
    if "\x00" in text:
        raise Refused(VerdictCode.NUL_CHARACTER, "it holds a NUL character, which no text may")


def _object(raw: Raw, what: str) -> bytes:
    """The bytes of a JSON object; empty where there is none."""
    text = bytes(raw)
    if text in _ABSENT:
        return b""
    if text[:1] != b"{":
        raise Refused(VerdictCode.WRONG_TYPE, f"{what} is not an object")
    return text


def _check_shape(raw: bytes) -> None:
    """What PostgreSQL or a decoder would choke on: refused here, with a reason, before it spoils its batch."""
    if len(raw) > rules.MAX_EVENT_BYTES:
        raise Refused(VerdictCode.TOO_LARGE, f"{len(raw)} bytes; at most {rules.MAX_EVENT_BYTES}")
    if raw.count(b"{") + raw.count(b"[") > rules.MAX_DEPTH and _depth(raw) > rules.MAX_DEPTH:
        raise Refused(VerdictCode.TOO_DEEP, f"it is nested deeper than {rules.MAX_DEPTH} levels")
    if b"\\u0000" in raw and _has_nul(raw):
        raise Refused(VerdictCode.NUL_CHARACTER, "it holds a NUL character, which no text may")
    if b"\\u" in raw and _has_half_a_pair(raw):
        raise Refused(VerdictCode.NOT_UNICODE, "it holds half a surrogate pair")


def _depth(raw: bytes) -> int:
    depth = deepest = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', raw, re.DOTALL):
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
            deepest = max(deepest, depth)
        elif mark in (b"}", b"]"):
            depth -= 1
    return deepest


def _escapes(raw: bytes) -> list[str]:
    r"""The four digits of each `\uXXXX`; an escaped backslash before a `u` is none."""
    return [
        escape[2:].decode("ascii", "replace").lower()
        for escape in re.findall(rb"\\(?:u[0-9A-Fa-f]{4}|.)", raw, re.DOTALL)
        if escape[1:2] == b"u" and len(escape) > 2  # noqa: PLR2004  (a backslash and one character)
    ]


def _has_nul(raw: bytes) -> bool:
    return "0000" in _escapes(raw)


_PAIRS = re.compile(rb"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}")


def _has_half_a_pair(raw: bytes) -> bool:
    if b"\\ud" not in raw and b"\\uD" not in raw:
        return False
    rest = _PAIRS.sub(b"", raw.replace(b"\\\\", b""))
    return any(digits[0] == "d" and digits[1] in "89abcdef" for digits in _escapes(rest))


def _loose_members(raw: bytes) -> dict[str, Raw]:
    try:
        return _decode_members(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}


def _text_of(raw: Raw | None) -> str | None:
    """The text of a JSON string or number; None for anything else."""
    if raw is None or (data := bytes(raw)) in _ABSENT:
        return None
    if data[:1] != b'"':
        return data.decode("ascii", "replace") if data[:1] in b"-0123456789" else None
    try:
        text: Any = _decode_any(data)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    return text if isinstance(text, str) else None


def _commerce(kind: str, name: str, properties: bytes) -> rules.Commerce:
    if kind != EventType.TRACK or not properties:
        return rules.NO_COMMERCE
    lens = _decode_lens(properties)
    order_id = _first(lens.order_id, lens.orderId, lens.transaction_id)
    value = _first(lens.revenue, lens.total, lens.value)
    if order_id is None and value is None:
        return rules.commerce(name, None, None, None)
    if order_id is not None:
        order_id = people.without_addresses(order_id)[: rules.MAX_NAME_CHARACTERS]
    return rules.commerce(name, order_id, value, _text_of(lens.currency))


def _first(*raws: Raw) -> str | None:
    for raw in raws:
        if raw is not _NONE and (text := _text_of(raw)):
            return text
    return None


def _collect_clicks(value: Any, found: dict[str, str], *, depth: int) -> None:
    """Click ids by their names at any of the first levels, and in the query of any address."""
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str):
                name = _CLICK_NAMES.get(key.lower())
                if name and item and len(item) <= _LONGEST_CLICK:
                    found.setdefault(name, item)
                elif "=" in item:
                    for match in _IN_QUERY.finditer(item):
                        found.setdefault(_CLICK_NAMES[match[1].lower()], match[2])
            elif depth < 3:  # noqa: PLR2004  (context.page.url is the deepest that SDKs send)
                _collect_clicks(item, found, depth=depth + 1)
