"""From a contact and a deal of a CRM to the events that they become. Pure."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol
from uuid import UUID

import msgspec

from app.core.errors import FieldError
from app.schemas.integrations.crm import CrmDealFieldTo, CrmDirection, CrmFieldTo, CrmWins
from app.services.integrations.crm.ports import RemoteDeal, RemoteObject, Window

OVERLAP = timedelta(minutes=15)
"""A search of a CRM lags behind its objects by seconds: what was modified shortly before is read again."""
INTERVAL = timedelta(minutes=5)
REVERSED = "Order Cancelled"
_IDENTIFIERS: Mapping[str, str] = {"email": "email", "phone": "phone", "user_id": "userId"}
_MICROS = 1_000_000
_MOST_MICROS = 2**63 - 1
_LONGEST_AMOUNT = 64


_NAMED = frozenset({"trait", "computed", "segment"})
_MOVING = frozenset({"churn.days_since_last_order", "churn.ratio"})


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a contact or a deal, and what of ours it stands for: an identifier, or what `name` names.

    `direction` says who tells whom; `wins` whose value stands where both have changed.
    """

    property: str
    to: CrmFieldTo | CrmDealFieldTo
    name: str | None = None
    direction: CrmDirection = "from"
    wins: CrmWins = "newest"


def is_written(field: Field) -> bool:
    return field.direction != "from"


def fields_of(mapping: Sequence[Mapping[str, Any]]) -> list[Field]:
    return [
        Field(
            each["property"],
            each["to"],
            each.get("name"),
            each.get("direction", "from"),
            each.get("wins", "newest"),
        )
        for each in mapping
    ]


def deal_fields_of(mapping: Sequence[Mapping[str, Any]]) -> list[Field]:
    """All that stands at a deal is worked out here: it goes there alone."""
    return [Field(each["property"], each["to"], each.get("name"), "to", "ours") for each in mapping]


def written_fields(fields: Sequence[Field]) -> list[Field]:
    return [each for each in fields if is_written(each)]


def taken_fields(fields: Sequence[Field], refused: Collection[str]) -> list[Field]:
    """Those that are written, but for the properties of which the CRM takes no value."""
    return [each for each in written_fields(fields) if each.property not in refused]


def meaning_others(now: Sequence[Field], before: Sequence[Field]) -> list[str]:
    """Properties that left the mapping, stand for something else, or are written for the first time."""
    means, meant = _meanings(now), _meanings(before)
    return sorted(
        {*meant, *(each.property for each in written_fields(now))}
        - {name for name, each in meant.items() if means.get(name) == each}
    )


def _meanings(fields: Sequence[Field]) -> dict[str, set[tuple[str, str | None]]]:
    found: dict[str, set[tuple[str, str | None]]] = {}
    for each in fields:
        found.setdefault(each.property, set()).add((each.to, each.name))
    return found


def mapping_faults(fields: Sequence[Field]) -> list[FieldError]:
    """What of a mapping cannot be done."""
    faults: list[FieldError] = []
    seen: set[tuple[str, str | None]] = set()
    used: set[str] = set()
    written_to = {each.property for each in fields if is_written(each)}
    for place, each in enumerate(fields):
        where = f"body.mapping.{place}"
        if each.to in _NAMED and not each.name:
            faults.append(FieldError(f"{where}.name", f"Name the {each.to}.", "missing"))
        if each.to not in _NAMED and each.name:
            message = "Only a trait or a segment has a name: leave it out."
            faults.append(FieldError(f"{where}.name", message, "not_a_trait"))
        faults += _direction_faults(each, where)
        if not is_written(each):
            if (each.to, each.name) in seen:
                message = "Another property is told as that already: choose another."
                faults.append(FieldError(f"{where}.to", message, "twice"))
            seen.add((each.to, each.name))
        if each.property in written_to and each.property in used:
            message = "A property that is written stands here once."
            faults.append(FieldError(f"{where}.property", message, "twice"))
        used.add(each.property)
    if not any(each.to in _IDENTIFIERS for each in fields):
        message = f"Say which property names the person: {', '.join(_IDENTIFIERS)}."
        faults.append(FieldError("body.mapping", message, "no_identifier"))
    return faults


def deal_mapping_faults(fields: Sequence[Field]) -> list[FieldError]:
    """What of a deals' mapping cannot be done."""
    faults: list[FieldError] = []
    used: set[str] = set()
    for place, each in enumerate(fields):
        where = f"body.deal_mapping.{place}"
        if each.to == "lifetime_value" and each.name:
            faults.append(FieldError(f"{where}.name", "Only a touch has parts: leave it out.", "not_a_touch"))
        if each.to != "lifetime_value" and not each.name:
            faults.append(FieldError(f"{where}.name", "Name the part of the touch.", "missing"))
        if each.property.casefold() in used:
            message = "A property that is written stands here once."
            faults.append(FieldError(f"{where}.property", message, "twice"))
        used.add(each.property.casefold())
    return faults


def _direction_faults(field: Field, where: str) -> list[FieldError]:
    if field.to in _IDENTIFIERS and is_written(field):
        message = "What names the person is read from the CRM alone."
        return [FieldError(f"{where}.direction", message, "identifier")]
    if field.to not in _IDENTIFIERS and field.to != "trait" and field.direction != "to":
        message = "This is worked out here: it goes to the CRM alone."
        return [FieldError(f"{where}.direction", message, "computed")]
    if field.to == "computed" and field.name in _MOVING:
        message = "This moves by itself with time, and is not stored: choose another."
        return [FieldError(f"{where}.name", message, "moving")]
    if field.to == "segment" and field.name and not _is_uuid(field.name):
        return [FieldError(f"{where}.name", "Give the segment's id.", "not_an_id")]
    return []


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def properties_asked(fields: Sequence[Field]) -> list[str]:
    return list(dict.fromkeys(each.property for each in fields))


def properties_of_buyers(fields: Sequence[Field], person: Mapping[str, str]) -> list[str]:
    """What is read of the contact of a won deal: who it is, and what platforms match by."""
    named = [each.property for each in fields if each.to in _IDENTIFIERS]
    return list(dict.fromkeys((*named, *person)))


@dataclass(frozen=True, slots=True)
class Told:
    """A contact as it is told; `identifiers` by the tracking dialect's members."""

    contact: RemoteObject
    identifiers: Mapping[str, str]
    traits: Mapping[str, str]

    @property
    def digest(self) -> bytes:
        """Of everything that is told of it."""
        told = msgspec.json.encode([sorted(self.identifiers.items()), sorted(self.traits.items())])
        return hashlib.blake2b(told, digest_size=16).digest()


def told(contact: RemoteObject, fields: Sequence[Field]) -> Told | None:
    """By what is read from there alone; None for one that names nobody."""
    identifiers: dict[str, str] = {}
    traits: dict[str, str] = {}
    for each in fields:
        value = clean(contact.properties.get(each.property))
        if value is None or is_written(each):
            continue
        if each.to == "trait":
            traits[each.name or each.property] = value
        else:
            identifiers[_IDENTIFIERS[each.to]] = value
    return Told(contact, identifiers, traits) if identifiers else None


def contact_event(found: Told, *, provider: str, portal: str) -> bytes:
    """An identify. Its id is the object's, its modification's and its content's: read again, it is the same event."""
    stamp = round(found.contact.modified_at.timestamp() * 1000)
    message_id = f"{provider}-{portal}-c{found.contact.id}-{stamp}-{found.digest.hex()[:8]}"
    return msgspec.json.encode(
        {
            "type": "identify",
            "messageId": message_id,
            "timestamp": found.contact.modified_at.isoformat(),
            **found.identifiers,
            "traits": dict(found.traits),
            "context": {"crm": {"provider": provider, "account": portal, "contact": found.contact.id}},
        }
    )


def news_event(
    found: Told, news: Mapping[str, str | None], at: datetime, *, provider: str, portal: str
) -> bytes:
    """An identify of traits whose value there has won; null is one that was emptied. The same news has the same id."""
    digest = hashlib.blake2b(msgspec.json.encode(sorted(news.items())), digest_size=8).hexdigest()
    stamp = round(at.timestamp() * 1_000_000)
    return msgspec.json.encode(
        {
            "type": "identify",
            "messageId": f"{provider}-{portal}-c{found.contact.id}-n{stamp}-{digest}",
            "timestamp": at.isoformat(),
            **found.identifiers,
            "traits": dict(news),
            "context": {"crm": {"provider": provider, "account": portal, "contact": found.contact.id}},
        }
    )


def message_id_of(event: bytes) -> str:
    found: str = msgspec.json.decode(event)["messageId"]
    return found


@dataclass(frozen=True, slots=True)
class Sale:
    """A won deal, or one that is taken back, as it is told: the `times`-th time."""

    deal: str
    name: str
    at: datetime
    times: int
    amount: str | None
    currency: str | None


def sale_event(sale: Sale, buyer: Told, person: Mapping[str, str], *, provider: str, portal: str) -> bytes:
    """A track call. The order is the deal: its id, its exact value and its currency; `person` as the port has it."""
    way = "undone" if sale.name == REVERSED else "won"
    # Won again it is the same conversion: platforms, which know it by this id, must not count another.
    properties: dict[str, Any] = {
        "order_id": sale.deal,
        "crm": provider,
        "event_id": conversion_key(sale.deal, provider=provider, portal=portal),
    }
    if sale.amount is not None:
        properties |= {"total": sale.amount, "currency": sale.currency}
    traits = {
        trait: value
        for name, trait in person.items()
        if (value := clean(buyer.contact.properties.get(name))) is not None
    }
    return msgspec.json.encode(
        {
            "type": "track",
            "event": sale.name,
            "messageId": f"{provider}-{portal}-d{sale.deal}-{way}-{sale.times}",
            "timestamp": sale.at.isoformat(),
            **buyer.identifiers,
            "properties": properties,
            "context": {
                "crm": {"provider": provider, "account": portal, "deal": sale.deal},
                "traits": traits,
            },
        }
    )


def conversion_key(deal: str, *, provider: str, portal: str) -> str:
    """By which platforms know the deal, however often it is won: the id of its first telling."""
    return f"{conversion_keys(provider, portal)}{deal}-won-1"


def conversion_keys(provider: str, portal: str) -> str:
    """How the keys of an account's deals begin."""
    return f"{provider}-{portal}-d"


@dataclass(frozen=True, slots=True)
class Worth:
    """What a deal is worth now, by its conversion's key, and what it was when that was told. Zero: taken back."""

    key: str
    micros: int
    currency: str
    told_micros: int
    told_currency: str


class KeptDeal(Protocol):
    external_id: str
    is_won: bool
    amount_micros: int | None
    currency: str | None
    gone_at: datetime | None
    told_micros: int | None
    told_currency: str | None


def worth_now(
    deal: KeptDeal, told: tuple[int | None, str | None], *, provider: str, portal: str
) -> list[Worth]:
    """Of one that was told at a price: one; of any other, and of one whose worth is not known now, none.

    `told` is what stood as told before this reading, which may have told it or taken it back.
    """
    told_micros, told_currency = told
    if told_micros is None:
        told_micros, told_currency = deal.told_micros, deal.told_currency
    is_back = not deal.is_won or deal.gone_at is not None
    micros = 0 if is_back else deal.amount_micros
    currency = told_currency if is_back else deal.currency
    if micros is None or micros < 0 or currency is None or told_micros is None or told_currency is None:
        return []
    key = conversion_key(deal.external_id, provider=provider, portal=portal)
    return [Worth(key, micros, currency, told_micros, told_currency)]


def sold_at(deal: RemoteDeal) -> datetime:
    """When it was closed; a date of the future, or later than what the CRM knows, is somebody's plan."""
    return min(deal.closed_at or deal.modified_at, deal.modified_at)


def micros(amount: str | None) -> int | None:
    """Exact millionths; None for what is no amount of money."""
    if amount is None or len(amount) > _LONGEST_AMOUNT:
        return None
    try:
        value = Decimal(amount) * _MICROS
    except InvalidOperation:
        return None
    if not value.is_finite() or abs(value) > _MOST_MICROS or value != value.to_integral_value():
        return None
    return int(value)


def written(value_micros: int) -> str:
    """Exact decimal text of millionths."""
    return format(Decimal(value_micros) / _MICROS, "f")


def window(until: datetime | None, newest: datetime) -> Window:
    """What is to be read next, where everything up to `until` was read before."""
    return Window(None if until is None else min(until, newest) - OVERLAP, newest)


def kept_window(reading: Mapping[str, Any] | None) -> tuple[Window, str | None] | None:
    """A reading under way: its window, and the last id that was dealt with."""
    if not reading:
        return None
    since = reading.get("since")
    parsed = None if since is None else datetime.fromisoformat(since)
    return Window(parsed, datetime.fromisoformat(reading["until"])), reading.get("after")


def reading_of(found: Window, after: str | None) -> dict[str, Any]:
    since = None if found.since is None else found.since.isoformat()
    return {"since": since, "until": found.until.isoformat(), "after": after}


def sweep_from(until: str | None) -> datetime | None:
    """From when deletions are read, where they were read up to `until` before."""
    return None if until is None else datetime.fromisoformat(until) - OVERLAP


def kept_sweep(
    reading: Mapping[str, str | None] | None,
) -> tuple[datetime | None, str | None, datetime | None]:
    """A reading of deletions under way: since when, where its next page begins, and the last that was seen."""
    if not reading:
        return None, None, None
    since, seen = (
        None if (text := reading.get(name)) is None else datetime.fromisoformat(text)
        for name in ("since", "seen")
    )
    return since, reading.get("place"), seen


def sweep_of(
    since: datetime | None, place: str | None, seen: datetime | None
) -> dict[str, str | None] | None:
    """None once there is no further page."""
    if place is None:
        return None
    moments = {"since": since, "seen": seen}
    return {"place": place} | {name: at.isoformat() if at else None for name, at in moments.items()}


def clean(value: str | None) -> str | None:
    if value is None or "\x00" in value:
        return None
    return value.strip() or None
