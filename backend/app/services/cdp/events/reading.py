"""From an event's JSON to the row that is stored, or the reason why not.

Hot: an event is decoded once, what its request or its kind shares is decided once, and properties are passed on as
they came unless they may name a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Raw

from app.core.ids import BareId, bare_uuid7, uuid7
from app.services.cdp.events import click_ids, clock_correction, dialects, member_names, raw_json, validation
from app.services.cdp.events import identifiers as people
from app.services.cdp.events.commerce import NO_COMMERCE, commerce_of
from app.services.cdp.events.dialects import Item
from app.services.cdp.events.identifiers import Clean
from app.services.cdp.events.raw_json import NONE
from app.services.cdp.events.rules import MAX_NAME_CHARACTERS, EventType, MatchKey, Refused, VerdictCode

_WITH_TRAITS = frozenset({EventType.IDENTIFY, EventType.GROUP})
_VIEWS = frozenset({EventType.PAGE, EventType.SCREEN})
_NOTHING = Clean("{}")
# Plain numbers: an IntFlag's own arithmetic costs more than reading the event.
_EMAIL, _PHONE, _EXTERNAL_ID = int(MatchKey.EMAIL), int(MatchKey.PHONE), int(MatchKey.EXTERNAL_ID)
_IP, _USER_AGENT = int(MatchKey.IP), int(MatchKey.USER_AGENT)


class Row(NamedTuple):
    """One event as the store writes it; the order is the order of the columns in the statement."""

    message_id: str
    id: BareId
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
    clock_shift_ms: int | None


class _Context(NamedTuple):
    """What is the same for all events of a request that say the same of their surroundings."""

    value: dict[str, Any]
    clean: Clean
    device_key: UUID | None
    may_hold_click_ids: bool
    request: Mapping[str, str]
    match_keys: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why an event was refused, and the event itself, to be read and replayed."""

    delivery: "Delivery"
    message_id: str | None
    event_name: str | None
    code: VerdictCode
    reason: str
    payload: bytes


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
    gpc: bool = False
    contact_suffices: bool = False
    """Whether an e-mail address, a phone number or a device names the person well enough: so it is in files."""
    clock_lead: timedelta = timedelta(0)
    """How far the domain's clock is ahead of real time: it is real time by which clients say that they sent."""
    _contexts: dict[tuple[bytes, bytes], _Context | Refused] = field(
        default_factory=dict, repr=False, compare=False
    )

    def read(self, raw: bytes) -> Row | Verdict:
        """The row to store, or why it may not be stored."""
        try:
            validation.check_shape(raw, beside=len(self.context))
            return self._row(raw, dialects.decode(raw, self.dialect))
        except Refused as refused:
            return self._verdict(raw, refused.code, refused.reason)
        except msgspec.ValidationError as error:
            return self._verdict(raw, VerdictCode.WRONG_TYPE, str(error))
        except msgspec.DecodeError as error:
            return self._verdict(raw, VerdictCode.MALFORMED, str(error))
        except UnicodeError:
            return self._verdict(raw, VerdictCode.NOT_UNICODE, "it is not valid UTF-8")

    def _verdict(self, raw: bytes, code: VerdictCode, reason: str) -> Verdict:
        members = raw_json.loose_members(raw)
        message_id, name = (raw_json.text_of(members.get(each)) for each in dialects.names_of(self.dialect))
        return Verdict(
            self,
            self._stored_id(message_id).replace("\x00", "")[:200] if message_id else None,
            people.without_addresses(name)[:200].replace("\x00", "") if name else None,
            code,
            people.without_addresses(reason)[:500].replace("\x00", ""),
            raw,
        )

    def _row(self, raw: bytes, item: Item) -> Row:
        kind = self.event_type or item.type or ""
        name = validation.event_name(kind, item)
        user_id = validation.plain_id(item.userId, "userId")
        anonymous_id = validation.plain_id(item.anonymousId, "anonymousId")
        if user_id is None and anonymous_id is None and not self.contact_suffices:
            raise Refused(VerdictCode.IDENTITY_MISSING, "userId or anonymousId is required")
        may_hold_an_address = people.may_hold_an_address(raw)
        if may_hold_an_address:
            name = people.without_addresses(name)
        has_traits = kind in _WITH_TRAITS
        body, path = (
            (_traits(kind, item), "traits") if has_traits else (_properties(kind, item), "properties")
        )
        held = raw_json.object_in(body, path)
        if kind in _VIEWS and not item.name:
            name = _name_among(held) or name
        context = self._context_of(item)
        said = item.timestamp if item.originalTimestamp is None else item.originalTimestamp
        said_at = None if said is None else clock_correction.parse_time(said, "timestamp")
        happened = clock_correction.corrected(self.received_at, self._sent(item), said_at)
        told = member_names.told_by(held, traits=has_traits)
        properties = _NOTHING
        if told & member_names.PERSONAL or (may_hold_an_address and people.holds_an_address(held)):
            properties = people.cleaned(held, path, traits=has_traits)
        elif held:
            properties = Clean(str(body, "utf-8"))
        commerce = commerce_of(name, body, held) if kind == EventType.TRACK and held else NO_COMMERCE
        user = None if user_id is None else people.user_of(user_id, self.tenant_id)
        match_keys = context.match_keys if user is None else context.match_keys | _EXTERNAL_ID
        clicks = None
        if context.may_hold_click_ids or told & member_names.CLICK_ID or click_ids.may_be_in_a_query(raw):
            found = click_ids.collect(context.value, held)
            clicks = click_ids.dated(found, happened)
            match_keys |= click_ids.match_keys(found)
        visitor = None if anonymous_id is None else self._stored_id(anonymous_id)
        key = user.key if user else context.device_key or people.anonymous_key(visitor, self.tenant_id)
        # A group's traits are a company's: its address is none of the person who belongs to it.
        own = _NOTHING if kind == EventType.GROUP else properties
        email = people.normal_email(item.email) or own.email or context.clean.email
        phone = people.normal_phone(item.phone) or own.phone or context.clean.phone
        email_hash = phone_hash = None
        if phone is not None:
            phone_hash = people.phone_hash(phone, self.tenant_id)
            match_keys |= _PHONE
            key = key if user else people.key_of(phone_hash)
        if email is not None:
            email_hash = people.email_hash(email, self.tenant_id)
            match_keys |= _EMAIL
            key = key if user else people.key_of(email_hash)
        if key is None and self.contact_suffices:
            raise Refused(VerdictCode.IDENTITY_MISSING, "no identifier in it names a person")
        return Row(
            self._message_id(item),
            bare_uuid7(),
            self.received_at,
            self.source_id,
            kind,
            name,
            happened,
            visitor,
            user.keyed if user else None,
            email_hash,
            phone_hash,
            self._identifiers(item, user_id, (email, phone), properties, context),
            properties.text,
            context.clean.text,
            commerce.order_id,
            commerce.value_micros,
            commerce.currency,
            commerce.is_order,
            commerce.is_refund,
            clicks,
            match_keys,
            key,
            None if said_at is None else clock_correction.shift_ms(said_at, happened),
        )

    def _identifiers(
        self,
        item: Item,
        user_id: str | None,
        contact: tuple[str | None, str | None],
        properties: Clean,
        context: _Context,
    ) -> bytes | None:
        """Everything that names the event's person, sealed."""
        named: dict[str, Any] = dict(context.request)
        if item.previousId is not None:
            named["previous_id"] = validation.plain_id(item.previousId, "previousId")
        if item.groupId is not None:
            named["group_id"] = validation.plain_id(item.groupId, "groupId")
        if contact != (None, None):
            named["email"], named["phone"] = contact
        if properties.taken or context.clean.taken:
            named["fields"] = {**properties.taken, **context.clean.taken}
        if not named:
            return None if user_id is None else people.seal_user_id(user_id, self.tenant_id)
        named["user_id"] = user_id
        known = {name: value for name, value in named.items() if value is not None}
        return people.seal_identifiers(known, self.tenant_id) if known else None

    def _message_id(self, item: Item) -> str:
        if not item.messageId:
            return f"stratum-{uuid7()}"
        validation.check_message_id(item.messageId)
        return self._stored_id(item.messageId)

    def _stored_id(self, text: str) -> str:
        return people.pseudonym(text, self.tenant_id) if people.names_a_person(text) else text

    def _sent(self, item: Item) -> datetime | None:
        if item.sentAt is None:
            return self.sent_at
        return clock_correction.moved(clock_correction.sent_time(item.sentAt), self.clock_lead)

    def _context_of(self, item: Item) -> _Context:
        """Read once for each wording of it: an SDK says the same with every event."""
        said = (raw_json.bytes_of(item.context), raw_json.bytes_of(item.integrations))
        known = self._contexts.get(said)
        if known is None:
            try:
                known = self._read_context(*said)
            except Refused as refused:
                known = refused
            self._contexts[said] = known
        if isinstance(known, Refused):
            raise Refused(known.code, known.reason)
        return known

    def _read_context(self, own: bytes, integrations: bytes) -> _Context:
        for shared in (self.context, self.integrations):
            if shared:
                validation.check_shape(shared)
        text = self._merged(own, integrations or self.integrations)
        value = raw_json.object_in(text, "context") if text else {}
        told = member_names.told_by(value)
        clean = _NOTHING
        if told & member_names.PERSONAL or (
            people.may_hold_an_address(text) and people.holds_an_address(value)
        ):
            clean = people.cleaned(value, "context", traits=False)
        elif text:
            clean = Clean(text.decode())
        clicks = bool(told & member_names.CLICK_ID) or click_ids.may_be_in_a_query(text)
        device = people.device_key(people.device_of(value), self.tenant_id)
        return _Context(value, clean, device, clicks, *self._of_the_request(value))

    def _merged(self, own: bytes, integrations: bytes) -> bytes:
        """One object of the batch's context, the event's own and its integrations; the event's word goes first."""
        for text, what in ((own, "context"), (integrations, "integrations")):
            if text and text[:1] != b"{":
                raise Refused(VerdictCode.WRONG_TYPE, f"{what} is not an object")
        if own and self.context:
            own = raw_json.encode({**raw_json.members(self.context), **raw_json.members(own)})
        context = own or self.context
        if integrations and integrations != b"{}":
            inner = context[1:] if context and context[1:].strip() != b"}" else b"}"
            joint = b"," if inner != b"}" else b""
            context = b'{"integrations":' + integrations + joint + inner
        return _with_gpc(context) if self.gpc else context

    def _of_the_request(self, context: dict[str, Any]) -> tuple[dict[str, str], int]:
        """The visitor's address and browser, with their match keys: the event's own word, else the request's."""
        named: dict[str, str] = {}
        keys = 0
        ip = context.get("ip")
        # Some SDKs send it for "unknown".
        ip = ip[:60] if isinstance(ip, str) and ip not in ("", "0.0.0.0") else self.ip  # noqa: S104
        if ip:
            named["ip"] = ip
            keys = _IP
        if context.get("userAgent"):
            keys |= _USER_AGENT
        elif self.user_agent:
            named["user_agent"] = self.user_agent
            keys |= _USER_AGENT
        return named, keys


def _with_gpc(context: bytes) -> bytes:
    """The browser's signal goes into the context, whatever the event itself says of it."""
    bare = context.rstrip()
    return (bare[:-1] + b"," if bare and bare[1:-1].strip() else b"{") + b'"gpc":true}'


def _traits(kind: str, item: Item) -> Raw:
    """RudderStack's SDK for Python says an identify's traits in its context alone."""
    if kind == EventType.IDENTIFY and not raw_json.bytes_of(item.traits):
        return raw_json.loose_members(bytes(item.context)).get("traits", NONE)
    return item.traits


def _properties(kind: str, item: Item) -> Raw:
    """A page's or screen's category stands beside its properties: kept among them, where browsers' SDKs put it."""
    if item.category is NONE or kind not in _VIEWS or not (category := raw_json.bytes_of(item.category)):
        return item.properties
    own = raw_json.bytes_of(item.properties)
    return Raw(raw_json.encode({"category": Raw(category), **(raw_json.members(own) if own else {})}))


def _name_among(properties: dict[str, Any]) -> str | None:
    """Jitsu says a page's name among its properties; one that could name a person is no name to store."""
    name = properties.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME_CHARACTERS:
        return None
    return people.without_addresses(name)
