"""From a shop's orders to the events that they become. Pure; money is exact millionths."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from app.models.integrations.kinds import OrderState
from app.services.integrations.shops.ports import RemoteOrder

OVERLAP = timedelta(minutes=10)
"""The search of a shop lags behind its orders: what was updated shortly before is read again."""
INTERVAL = timedelta(minutes=5)
LOOK_AGAIN = timedelta(days=1)
"""A shop takes a subscription away whose messages failed for a while: it is asked what it still has, on real time."""
HISTORY = timedelta(days=30)
"""How much of its past is read when a shop is connected."""
AROUND = timedelta(days=7)
"""How far from the order's own time the shop's event of it is looked for, before and behind."""

PLACED, REFUNDED, CANCELLED, GROWN = "Order Completed", "Order Refunded", "Order Cancelled", "Order Updated"
_MICROS = 1_000_000
_MOST_MICROS = 2**63 - 1
_LONGEST_AMOUNT = 64
_CATEGORIES = {"email": "EmailMarketing", "sms": "SmsMarketing"}
_FIELDS = {"email": "email", "sms": "phone"}
_FINAL = frozenset({OrderState.TEST, OrderState.VOID, OrderState.REFUSED, OrderState.ERASED})


def exact_micros(amount: str) -> int | None:
    """Exact millionths; None for what is no amount of money, or is finer than that."""
    if len(amount) > _LONGEST_AMOUNT:
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


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the shop's own events have told of an order: whether, its worth if they said it, and what came back."""

    ordered: bool = False
    worth: int | None = None
    back: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """What we know of an order from before."""

    state: str | None = None
    told: int | None = None
    back: int = 0
    grown: int | None = None
    refunds: frozenset[str] = frozenset()
    tellings: int = 0


@dataclass(frozen=True, slots=True)
class Telling:
    """One event to be told. `ref` tells it from all others of the order; `refund` is the shop's id, if it has one."""

    event: str
    ref: str
    at: str
    micros: int
    refund: str | None = None

    def kept(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Plan:
    """What an order comes to, and what is to be told of it now."""

    state: OrderState
    due_at: datetime | None = None
    told: int | None = None
    back: int = 0
    grown: int | None = None
    refunds: set[str] = field(default_factory=set)
    tellings: int = 0
    tell: list[Telling] = field(default_factory=list)


def plan(
    order: RemoteOrder, held: Held, elsewhere: Elsewhere, *, now: datetime, wait: timedelta, named: bool
) -> Plan:
    """What is told is never more than what was ordered, and never given back twice, whoever told it.

    An order is told once, by whoever comes first. Its worth is what it was when it was placed. What comes back is the
    greater of its refunds and of what is gone from it, so that an item that is taken out and paid back counts once;
    all of it, where it was cancelled. Each of these waits for the shop's own event, as the order does.
    """
    found = Plan(
        OrderState(held.state or OrderState.WAITING),
        told=held.told,
        back=held.back,
        grown=held.grown,
        refunds=set(held.refunds),
        tellings=held.tellings,
    )
    if found.state in _FINAL:
        return found
    if order.test:
        found.state = OrderState.TEST
        return found
    if found.told is None and not _begin(order, found, elsewhere, now=now, wait=wait, named=named):
        return found
    if named:
        _give_back(order, found, elsewhere, now=now, wait=wait)
    _grow(order, found, named=named)
    return found


def _begin(
    order: RemoteOrder, found: Plan, elsewhere: Elsewhere, *, now: datetime, wait: timedelta, named: bool
) -> bool:
    """Whether the order is told, by whomever."""
    if elsewhere.ordered:
        found.state = OrderState.COVERED
        found.told = order.total.micros if elsewhere.worth is None else elsewhere.worth
    elif now < order.ordered_at + wait:
        found.state, found.due_at = OrderState.WAITING, order.ordered_at + wait
    elif order.cancelled_at is not None:
        found.state = OrderState.VOID
    elif not named:
        found.state = OrderState.UNNAMED
    else:
        found.state, found.told = OrderState.TOLD, order.total.micros
        found.tell.append(Telling(PLACED, "placed", order.ordered_at.isoformat(), order.total.micros))
    return found.told is not None


def _give_back(
    order: RemoteOrder, found: Plan, elsewhere: Elsewhere, *, now: datetime, wait: timedelta
) -> None:
    told = found.told or 0
    refunded = sum(each.given.micros for each in order.refunds)
    gone = max(0, order.total.micros - order.current.micros)
    back = told if order.cancelled_at is not None else min(told, max(refunded, gone))
    owed = max(0, back - found.back - elsewhere.back)
    fresh = sorted(
        (each for each in order.refunds if each.id not in found.refunds), key=lambda each: (each.at, each.id)
    )
    waiting = {each.id: each.at + wait for each in fresh if wait and now < each.at + wait}
    later = sum(each.given.micros for each in fresh if each.id in waiting)
    at = order.cancelled_at or order.updated_at
    unnumbered = max(0, back - refunded)
    if wait and owed > 0 and unnumbered and now < at + wait:
        waiting[""], later = at + wait, later + unnumbered
    found.due_at = min(waiting.values(), default=None)
    owed = max(0, owed - later)
    for each in fresh:
        if each.id in waiting:
            continue
        found.refunds.add(each.id)
        amount = min(each.given.micros, owed)
        if amount > 0:
            owed -= amount
            found.back += amount
            found.tell.append(Telling(REFUNDED, f"r{each.id}", each.at.isoformat(), amount, each.id))
    if owed > 0:
        found.tellings += 1
        found.back += owed
        event = REFUNDED if order.cancelled_at is None else CANCELLED
        found.tell.append(Telling(event, f"b{found.tellings}", at.isoformat(), owed))


def _grow(order: RemoteOrder, found: Plan, *, named: bool) -> None:
    """A worth that grew is told beside the order: another order would be one more, which nobody placed."""
    if not named or order.current.micros <= order.total.micros or order.current.micros == found.grown:
        return
    found.tellings += 1
    found.grown = order.current.micros
    found.tell.append(
        Telling(GROWN, f"g{found.tellings}", order.updated_at.isoformat(), order.current.micros)
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order is from, for the ids and the context of its events."""

    provider: str
    domain: str
    customer_ids: bool = False

    @property
    def prefix(self) -> str:
        """What the ids of all our messages of this shop begin with."""
        return f"{self.provider}-{self.domain}-"


def reference(order: RemoteOrder, by: str) -> str:
    return order.name if by == "name" else order.id


def aliases(order: RemoteOrder, by: str) -> list[str]:
    """Under which ids the shop's own events may tell it. A bare number is nobody's alone, unless somebody says so."""
    return [*order.aliases, *([order.name.lstrip("#")] if by == "name" else [])]


def spellings(order_id: str, name: str, told_as: str) -> set[str]:
    """How an order that was told under `told_as` may be called, but for its provider's own forms of the id."""
    return {order_id, name, *([name.lstrip("#")] if name.startswith(told_as) else [])}


def identifiers(order: RemoteOrder, place: Place) -> dict[str, str]:
    """Of the buyer, by the tracking dialect's members."""
    buyer = order.buyer
    found = {
        "email": _clean(buyer.email),
        "phone": _clean(buyer.phone),
        "userId": _clean(buyer.customer) if place.customer_ids else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def event_of(order: RemoteOrder, telling: Telling, place: Place, order_id: str) -> bytes:
    """A track call. Read again, it is the same event: its id is the shop's, the order's and the change's."""
    properties: dict[str, Any] = {
        "order_id": order_id,
        "total": written(telling.micros),
        "currency": order.total.currency,
        "shop": place.provider,
        "shop_order_id": order.id,
        "shop_order_name": order.name,
    }
    if telling.event in {REFUNDED, CANCELLED}:
        properties["refund_id"] = telling.refund or telling.ref
        properties |= _presented_refund(order, telling)
    elif telling.event == PLACED:
        properties["products"] = [
            {"sku": line.sku or line.name, "name": line.name, "quantity": line.quantity}
            for line in order.lines
        ]
        if order.presented.currency != order.total.currency:
            properties["presentment_total"] = written(order.presented.micros)
            properties["presentment_currency"] = order.presented.currency
    context: dict[str, Any] = {
        "shop": {"provider": place.provider, "domain": place.domain, "order": order.id},
        "traits": _traits(order),
    }
    if order.buyer.no_sale:
        context["consent"] = {"categoryPreferences": {"Advertising": False}}
    return msgspec.json.encode(
        {
            "type": "track",
            "event": telling.event,
            "messageId": message_id(order, telling, place),
            "timestamp": telling.at,
            **identifiers(order, place),
            "properties": properties,
            "context": context,
        }
    )


def message_id(order: RemoteOrder, telling: Telling, place: Place) -> str:
    return f"{place.prefix}o{order.id}-{telling.ref}"


def _presented_refund(order: RemoteOrder, telling: Telling) -> dict[str, str]:
    """What the buyer got, where it is the whole refund and in another currency."""
    for each in order.refunds:
        whole = each.id == telling.refund and each.given.micros == telling.micros
        if whole and each.presented.currency != each.given.currency:
            return {
                "presentment_total": written(each.presented.micros),
                "presentment_currency": each.presented.currency,
            }
    return {}


def consent_mark(order: RemoteOrder) -> str | None:
    """What the buyer says of consent, shortly and without who it is; None where it is nothing."""
    said = [
        f"{each.channel}:{each.granted}@{each.at}"
        for each in order.buyer.consents
        if each.granted is not None
    ]
    said += ["no_sale"] if order.buyer.no_sale else []
    return hashlib.blake2b("|".join(said).encode(), digest_size=12).hexdigest() if said else None


def consent_events(order: RemoteOrder, place: Place) -> Iterator[bytes]:
    """An identify for each channel that the buyer has spoken of, stamped with when they did."""
    for each in order.buyer.consents:
        value = _clean(each.value)
        if each.granted is None or value is None:
            continue
        at = each.at or order.updated_at
        named = {_FIELDS[each.channel]: value}
        yield _consent(order, place, named, at, _CATEGORIES[each.channel], granted=each.granted)
    if order.buyer.no_sale and (named := identifiers(order, place)):
        yield _consent(order, place, named, order.updated_at, "Advertising", granted=False)


def _consent(
    order: RemoteOrder, place: Place, named: Mapping[str, str], at: datetime, category: str, *, granted: bool
) -> bytes:
    whose = order.buyer.customer or f"o{order.id}"
    stamp = round(at.timestamp())
    return msgspec.json.encode(
        {
            "type": "identify",
            "messageId": f"{place.prefix}c{whose}-{category}-{'yes' if granted else 'no'}-{stamp}",
            "timestamp": at.isoformat(),
            **named,
            "traits": {},
            "context": {
                "shop": {"provider": place.provider, "domain": place.domain},
                "consent": {"categoryPreferences": {category: granted}},
            },
        }
    )


def _traits(order: RemoteOrder) -> dict[str, str]:
    found = {name: _clean(value) for name, value in order.buyer.traits.items()}
    traits = {name: value for name, value in found.items() if value is not None}
    if order.buyer.customer is not None:
        traits["shopCustomerId"] = order.buyer.customer
    return traits


def since(read_until: datetime | None) -> datetime | None:
    """From when on is to be read next, where everything up to `read_until` was read before."""
    return None if read_until is None else read_until - OVERLAP


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading under way: where it began, the page it goes on behind, and the newest update it has seen."""

    since: datetime | None
    after: str | None
    newest: datetime | None

    def kept(self) -> dict[str, Any]:
        return {
            "since": None if self.since is None else self.since.isoformat(),
            "after": self.after,
            "newest": None if self.newest is None else self.newest.isoformat(),
        }


def kept_reading(kept: Mapping[str, Any]) -> Reading | None:
    if not kept:
        return None
    times = {name: kept.get(name) for name in ("since", "newest")}
    parsed = {name: None if text is None else datetime.fromisoformat(text) for name, text in times.items()}
    return Reading(parsed["since"], kept.get("after"), parsed["newest"])


def tellings_of(pending: Sequence[Mapping[str, Any]]) -> list[Telling]:
    return [Telling(**each) for each in pending]


def _clean(value: str | None) -> str | None:
    if value is None or "\x00" in value:
        return None
    return value.strip() or None
