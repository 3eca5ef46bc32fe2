"""From stored events to what they assert, and what they add to the identifiers that they are anchored to."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from app.core.ids import id_of
from app.core.security import seal
from app.services.cdp.events import service as events
from app.services.cdp.identity.graph_rules import Assertion, Kind, Position
from app.services.cdp.identity.match_rules import MatchKeySpec, match_keys
from app.services.cdp.identity.rules import PRIORITY, IdentifierType
from app.services.cdp.profiles.rules import State, later, looks_sealed, stamp
from app.services.cdp.profiles.service import IDENTIFIER_PURPOSE, sealed_trait

_decode: Any = msgspec.json.Decoder().decode


class StoredEvent(NamedTuple):
    """The columns of an event that the graph and the profiles read, in the order of the query."""

    id: UUID
    received_at: datetime
    message_id: str
    source_id: UUID | None
    event_type: str
    event_name: str
    event_time: datetime
    person_key: UUID | None
    anonymous_id: str | None
    user_id_hash: bytes | None
    email_hash: bytes | None
    phone_hash: bytes | None
    device_id: str | None
    identifiers: bytes | None
    traits: str | None
    value_micros: int | None
    currency: str | None
    is_order: bool
    is_refund: bool
    click_ids: str | None


@dataclass(slots=True)
class Sighting:
    """An identifier as the events of one batch show it."""

    type: IdentifierType
    first: Position
    last_on: date
    event: StoredEvent
    """One that carries its value."""


@dataclass(slots=True)
class Batch:
    """What a set of events comes to."""

    sightings: dict[UUID, Sighting] = field(default_factory=dict)
    states: dict[UUID, State] = field(default_factory=dict)
    event_names: dict[UUID, set[str]] = field(default_factory=dict)
    assertions: dict[UUID, Assertion] = field(default_factory=dict)
    evidence: dict[UUID, StoredEvent] = field(default_factory=dict)


def assertion_id(keys: Iterable[UUID]) -> UUID:
    """The same identifiers named together are the same assertion, whenever and however often."""
    return id_of(hashlib.blake2b(b"".join(sorted(key.bytes for key in keys)), digest_size=16).digest())


def read_events(
    stored: Iterable[StoredEvent],
    tenant_id: int,
    garbage: frozenset[UUID],
    match_specs: Sequence[MatchKeySpec] = (),
) -> Batch:
    """`garbage` are the keys of values that the tenant says name nobody."""
    batch = Batch()
    for event in stored:
        if event.person_key is None:
            continue
        keys = _identifiers(event, tenant_id)
        at: Position = (event.event_time, event.message_id)
        clear = _clear_traits(event, tenant_id)
        if match_specs and clear:
            for text in match_keys(clear, match_specs):
                keys[events.identifier_key(IdentifierType.MATCH_KEY, text, tenant_id)] = (
                    IdentifierType.MATCH_KEY
                )
        for key, kind in keys.items():
            _see(batch, key, kind, at, event)
        _count(batch, event, clear, tenant_id)
        linked = [key for key in keys if key not in garbage]
        if len(linked) > 1:
            _assert(batch, linked, keys, at, event)
    return batch


def _identifiers(event: StoredEvent, tenant_id: int) -> dict[UUID, IdentifierType]:
    """By falling priority."""
    found: dict[UUID, IdentifierType] = {}
    if event.user_id_hash is not None:
        found[events.key_of(event.user_id_hash)] = IdentifierType.USER_ID
    if event.email_hash is not None:
        found[events.key_of(event.email_hash)] = IdentifierType.EMAIL
    if event.phone_hash is not None:
        found[events.key_of(event.phone_hash)] = IdentifierType.PHONE
    if (key := events.device_key(event.device_id, tenant_id)) is not None:
        found[key] = IdentifierType.DEVICE_ID
    if (key := events.anonymous_key(event.anonymous_id, tenant_id)) is not None:
        found[key] = IdentifierType.ANONYMOUS_ID
    if event.event_type == "alias" and (
        key := events.anonymous_key(_previous_id(event, tenant_id), tenant_id)
    ):
        found.setdefault(key, IdentifierType.ANONYMOUS_ID)
    return found


def _previous_id(event: StoredEvent, tenant_id: int) -> str | None:
    previous = events.open_identifiers(event.identifiers, tenant_id).get("previous_id")
    return previous if isinstance(previous, str) else None


def _see(batch: Batch, key: UUID, kind: IdentifierType, at: Position, event: StoredEvent) -> None:
    seen = batch.sightings.get(key)
    if seen is None:
        batch.sightings[key] = Sighting(kind, at, event.event_time.date(), event)
        return
    seen.first = min(seen.first, at)
    seen.last_on = max(seen.last_on, event.event_time.date())


def _count(batch: Batch, event: StoredEvent, clear: Mapping[str, Any], tenant_id: int) -> None:
    key = event.person_key
    if key is None:
        return
    state = batch.states.get(key)
    if state is None:
        state = batch.states[key] = State()
        batch.event_names[key] = set()
    batch.event_names[key].add(event.event_name)
    state.event(event.event_time)
    if event.is_order:
        state.order(event.event_time, event.value_micros, event.currency)
    if event.is_refund:
        state.refund(event.value_micros, event.currency)
    if event.click_ids is not None:
        for name, click in _decode(event.click_ids).items():
            register = [click["value"], stamp(event.event_time), event.message_id]
            held = state.click_ids.get(name)
            state.click_ids[name] = register if held is None else later(held, register)
    if event.traits is not None:
        stored: dict[str, Any] = _decode(event.traits)
        for name, value in stored.items():
            named = clear[name]
            kept = (
                value if named == value and not looks_sealed(value) else sealed_trait(name, named, tenant_id)
            )
            register = [kept, stamp(event.event_time), event.message_id]
            held = state.traits.get(name)
            state.traits[name] = register if held is None else later(held, register)


def _clear_traits(event: StoredEvent, tenant_id: int) -> dict[str, Any]:
    """The traits of an identify, with what was taken out of them put back."""
    if event.traits is None:
        return {}
    traits: dict[str, Any] = _decode(event.traits)
    if events.SEALED not in event.traits:
        return traits
    fields = events.open_identifiers(event.identifiers, tenant_id).get("fields", {})
    return {name: _restored(value, f"traits.{name}", fields) for name, value in traits.items()}


def _restored(value: Any, path: str, fields: Mapping[str, Any]) -> Any:
    """A value with what was taken out of it put back."""
    if path in fields:
        return fields[path]
    if isinstance(value, dict):
        return {name: _restored(item, f"{path}.{name}", fields) for name, item in value.items()}
    if isinstance(value, list):
        return [_restored(item, f"{path}.{index}", fields) for index, item in enumerate(value)]
    return value


def _assert(
    batch: Batch, linked: list[UUID], kinds: Mapping[UUID, IdentifierType], at: Position, event: StoredEvent
) -> None:
    keys = tuple(sorted(linked, key=lambda key: (-PRIORITY[kinds[key]], key)))
    name = assertion_id(keys)
    held = batch.assertions.get(name)
    if held is None or at < held.at:
        batch.assertions[name] = Assertion(name, Kind.OBSERVED, at, keys)
        batch.evidence[name] = event


def sealed_value(key: UUID, sighting: Sighting, tenant_id: int) -> bytes | None:
    """The identifier's value, sealed by itself."""
    value = _value(key, sighting, tenant_id)
    return None if value is None else seal(value, purpose=IDENTIFIER_PURPOSE, tenant_id=tenant_id)


def _value(key: UUID, sighting: Sighting, tenant_id: int) -> str | None:
    event = sighting.event
    if sighting.type is IdentifierType.MATCH_KEY:
        return None
    if sighting.type is IdentifierType.DEVICE_ID:
        return event.device_id
    if sighting.type is IdentifierType.ANONYMOUS_ID:
        own = events.anonymous_key(event.anonymous_id, tenant_id) == key
        return event.anonymous_id if own else _previous_id(event, tenant_id)
    value = events.open_identifiers(event.identifiers, tenant_id).get(sighting.type)
    return value if isinstance(value, str) else None
