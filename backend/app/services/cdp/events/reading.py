"""From an event's JSON to the row that is stored, or the reason why not.

Hot: decoded once into structs, its properties passed on as they came unless they may name a person.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from app.core.ids import uuid7
from app.services.cdp.events import identifiers as people
from app.services.cdp.events import rules
from app.services.cdp.events.rules import EventType, MatchKey, Refused, VerdictCode

_NONE = Raw(b"")
_ABSENT = frozenset({b"", b"null"})
_EMPTY = "{}"
_EVENT_TYPES = frozenset(EventType)
_CLICKS = re.compile(rb"gclid|gbraid|wbraid|fbclid|fbc|fbp|ttclid|sccid", re.IGNORECASE)
_IN_QUERY = re.compile(r"[?&#](gclid|gbraid|wbraid|fbclid|ttclid|ScCid)=([^&#\s]{1,500})", re.IGNORECASE)
_CLICK_NAMES = {
    name.lower(): name for name in ("gclid", "gbraid", "wbraid", "fbclid", "fbc", "fbp", "ttclid", "ScCid")
} | {"_fbc": "fbc", "_fbp": "fbp"}
_LONGEST_CLICK = 500
_HUGE_EXPONENT = re.compile(rb"[eE]\+?\d{3,}")
_MANY_DIGITS = re.compile(rb"\d{400,}")
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)

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


class _Address(Struct):
    """The members of context that we read ourselves."""

    ip: Raw = _NONE
    userAgent: Raw = _NONE  # noqa: N815


_decode_segment: Callable[[bytes | Raw], Item] = msgspec.json.Decoder(Item).decode
_decode_native: Callable[[bytes | Raw], NativeItem] = msgspec.json.Decoder(NativeItem).decode
_decode_lens: Callable[[bytes], _Lens] = msgspec.json.Decoder(_Lens).decode
_decode_address: Callable[[bytes], _Address] = msgspec.json.Decoder(_Address).decode
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
        properties = _object(body, "traits" if body is item.traits else "properties")
        context = self._context_of(item)
        happened = rules.corrected(self.received_at, self._sent(item), _said(item))
        if user_id is not None:
            taken["user_id"] = user_id
        for said, what in ((item.previousId, "previous_id"), (item.groupId, "group_id")):
            if (other := _id(said, what)) is not None:
                taken[what] = other
        person = _Person(self.tenant_id, taken, item.email, item.phone)
        is_traits = body is item.traits
        prefix = "traits" if is_traits else "properties"
        stored_properties = person.seal_in(properties, prefix, traits=is_traits)
        stored_context = person.seal_in(context, "context", traits=False)
        commerce = _commerce(kind, name, properties) if properties else rules.Commerce()
        keys, clicks = self._match(properties, context, happened)
        if user_id is not None:
            keys |= MatchKey.EXTERNAL_ID
        ip = self._ip(context)
        if ip:
            taken["ip"] = ip
            keys |= MatchKey.IP
        if self.user_agent and not keys & MatchKey.USER_AGENT:
            keys |= MatchKey.USER_AGENT
            taken["user_agent"] = self.user_agent
        email_hash, phone_hash = person.hashes()
        keys |= (MatchKey.EMAIL if email_hash else 0) | (MatchKey.PHONE if phone_hash else 0)
        return Row(
            message_id=self._message_id(item),
            id=uuid7(),
            received_at=self.received_at,
            source_id=self.source_id,
            event_type=kind,
            event_name=name,
            event_time=happened,
            anonymous_id=None if anonymous_id is None else _stored_id(anonymous_id, self.tenant_id),
            user_id_hash=None if user_id is None else people.user_id_hash(user_id, self.tenant_id),
            email_hash=email_hash,
            phone_hash=phone_hash,
            identifiers=people.seal_identifiers(taken, self.tenant_id) if taken else None,
            properties=stored_properties,
            context=stored_context,
            order_id=commerce.order_id,
            value_micros=commerce.value_micros,
            currency=commerce.currency,
            is_order=commerce.is_order,
            is_refund=commerce.is_refund,
            click_ids=clicks,
            match_keys=int(keys),
        )

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
        return sent_time(item.sentAt)

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

    def _ip(self, context: bytes) -> str | None:
        if context and b'"ip"' in context:
            said = _text_of(_decode_address(context).ip)
            if said and said != "0.0.0.0":  # noqa: S104  (what some SDKs send for "unknown")
                return said[:60]
        return self.ip

    @staticmethod
    def _match(properties: bytes, context: bytes, happened: datetime) -> tuple[MatchKey, str | None]:
        keys = MatchKey(0)
        if b'"userAgent"' in context and _text_of(_decode_address(context).userAgent):
            keys |= MatchKey.USER_AGENT
        if not (_CLICKS.search(properties) or _CLICKS.search(context)):
            return keys, None
        found: dict[str, str] = {}
        for part in (context, properties):
            if part:
                _collect_clicks(_decode_any(part), found, depth=0)
        if not found:
            return keys, None
        if "fbc" in found or "fbclid" in found:
            keys |= MatchKey.FBC
        if "fbp" in found:
            keys |= MatchKey.FBP
        if found.keys() - {"fbc", "fbp", "fbclid"}:
            keys |= MatchKey.CLICK_ID
        at = happened.isoformat()
        return keys, _encode({name: {"value": value, "at": at} for name, value in found.items()}).decode()


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

    __slots__ = ("_email", "_phone", "_taken", "_tenant_id")

    def __init__(self, tenant_id: int, taken: dict[str, Any], email: str | None, phone: Id) -> None:
        self._tenant_id = tenant_id
        self._taken = taken
        self._email = people.normal_email(email)
        self._phone = people.normal_phone(phone)

    def seal_in(self, raw: bytes, path: str, *, traits: bool) -> str:
        """The JSON to store for `raw`."""
        if not raw:
            return _EMPTY
        if not traits and not people.may_name_a_person(raw):
            return raw.decode()
        fields: dict[str, Any] = {}
        clean = people.take_out(_decode_any(raw), path, fields, traits=traits)
        if not fields:
            # A key may have held an address; a value surely did not.
            return _encode(clean).decode() if b"@" in raw or b"\\u" in raw or b"%40" in raw else raw.decode()
        self._taken.setdefault("fields", {}).update(fields)
        for name, value in fields.items():
            last = name.rpartition(".")[2].lower()
            if self._email is None and last in ("email", "mail", "email_address", "emailaddress"):
                self._email = people.normal_email(value)
            elif self._phone is None and last in ("phone", "phone_number", "phonenumber", "mobile"):
                self._phone = people.normal_phone(value)
        return _encode(clean).decode()

    def hashes(self) -> tuple[bytes | None, bytes | None]:
        email_hash = phone_hash = None
        if self._email is not None:
            self._taken["email"] = self._email
            email_hash = people.email_hash(self._email, self._tenant_id)
        if self._phone is not None:
            self._taken["phone"] = self._phone
            phone_hash = people.phone_hash(self._phone, self._tenant_id)
        return email_hash, phone_hash


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
    if _HUGE_EXPONENT.search(raw) or _MANY_DIGITS.search(raw):
        bare = _STRINGS.sub(b'""', raw)
        if _HUGE_EXPONENT.search(bare) or _MANY_DIGITS.search(bare):
            raise Refused(VerdictCode.ABSURD_NUMBER, "it holds a number too large to keep")
    raw.decode()


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
    if kind != EventType.TRACK:
        return rules.Commerce()
    lens = _decode_lens(properties)
    order_id = _text_of(lens.order_id) or _text_of(lens.orderId) or _text_of(lens.transaction_id)
    value = _text_of(lens.revenue) or _text_of(lens.total) or _text_of(lens.value)
    if order_id is None and value is None:
        return rules.commerce(name, None, None, None)
    if order_id is not None:
        order_id = people.without_addresses(order_id)[: rules.MAX_NAME_CHARACTERS]
    return rules.commerce(name, order_id, value, _text_of(lens.currency))


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
