"""What is known of a person, as a fold of events that does not mind their order. Pure.

Counts and money add up, times take their least or greatest, and traits and click ids are last-writer-wins registers
`[value, time, message_id]`: events may be folded into identifiers, and identifiers into profiles, in any order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.services.cdp.identity.rules import IdentifierType, Lifecycle

Register = list[Any]
"""A value, when it was said (`stamp`) and in which message; a later stamp wins, then the greater message id."""

SEALED_KEY = "$sealed"
HASH_KEY = "$hash"


def stamp(at: datetime) -> str:
    """A time as text that sorts as times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def later(one: Register, other: Register) -> Register:
    return one if (one[1], one[2]) >= (other[1], other[2]) else other


def merge_registers(held: Mapping[str, Register], brought: Mapping[str, Register]) -> dict[str, Register]:
    merged = dict(held)
    for name, register in brought.items():
        merged[name] = later(merged[name], register) if name in merged else register
    return merged


def add_money(held: Mapping[str, int], brought: Mapping[str, int]) -> dict[str, int]:
    """Micros by currency."""
    total = dict(held)
    for currency, micros in brought.items():
        total[currency] = total.get(currency, 0) + micros
    return total


def earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    return other if one is None else one if other is None else min(one, other)


def latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return other if one is None else one if other is None else max(one, other)


@dataclass(slots=True)
class State:
    """What the events of an identifier, or of a whole profile, come to."""

    event_count: int = 0
    order_count: int = 0
    refund_count: int = 0
    revenue: dict[str, int] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    first_order_at: datetime | None = None
    last_order_at: datetime | None = None
    traits: dict[str, Register] = field(default_factory=dict)
    click_ids: dict[str, Register] = field(default_factory=dict)

    @property
    def is_counts_alone(self) -> bool:
        """Whether nothing but the number and the times of events is in it."""
        return not (self.order_count or self.refund_count or self.traits or self.click_ids)

    def event(self, at: datetime) -> None:
        self.event_count += 1
        if self.first_event_at is None or at < self.first_event_at:
            self.first_event_at = at
        if self.last_event_at is None or at > self.last_event_at:
            self.last_event_at = at

    def order(self, at: datetime, value: int | None, currency: str | None) -> None:
        self.order_count += 1
        self.first_order_at = earliest(self.first_order_at, at)
        self.last_order_at = latest(self.last_order_at, at)
        if value is not None and currency is not None:
            self.revenue = add_money(self.revenue, {currency: value})

    def refund(self, value: int | None, currency: str | None) -> None:
        self.refund_count += 1
        if value is not None and currency is not None:
            self.refunded = add_money(self.refunded, {currency: value})

    def add(self, other: "State") -> None:
        self.event_count += other.event_count
        self.order_count += other.order_count
        self.refund_count += other.refund_count
        self.revenue = add_money(self.revenue, other.revenue)
        self.refunded = add_money(self.refunded, other.refunded)
        self.first_event_at = earliest(self.first_event_at, other.first_event_at)
        self.last_event_at = latest(self.last_event_at, other.last_event_at)
        self.first_order_at = earliest(self.first_order_at, other.first_order_at)
        self.last_order_at = latest(self.last_order_at, other.last_order_at)
        self.traits = merge_registers(self.traits, other.traits)
        self.click_ids = merge_registers(self.click_ids, other.click_ids)


@dataclass(frozen=True, slots=True)
class Traits:
    """A profile's traits: in the clear what names nobody; else sealed, with a hash to find it by."""

    clear: dict[str, Any]
    sealed: dict[str, str]
    hashes: dict[str, str]


def looks_sealed(value: object) -> bool:
    """Whether a register's value is what stands for a sealed trait; what a client sends in that form is sealed too."""
    return isinstance(value, dict) and SEALED_KEY in value


def shown_traits(registers: Mapping[str, Register]) -> Traits:
    """A trait that was set to null is gone."""
    traits = Traits({}, {}, {})
    for name, (value, _at, _message) in registers.items():
        if looks_sealed(value):
            traits.sealed[name] = value[SEALED_KEY]
            traits.hashes[name] = value[HASH_KEY]
        elif value is not None:
            traits.clear[name] = value
    return traits


def lifecycle(
    kinds: Iterable[IdentifierType | str], orders: int, last_seen_at: datetime, now: datetime, churn_days: int
) -> Lifecycle:
    """Churned after so many days without an event; else a customer once they bought, known by e-mail or phone."""
    if last_seen_at < now - timedelta(days=churn_days):
        return Lifecycle.CHURNED
    if orders:
        return Lifecycle.CUSTOMER
    if not {IdentifierType.EMAIL, IdentifierType.PHONE}.isdisjoint(kinds):
        return Lifecycle.KNOWN
    return Lifecycle.ANONYMOUS


_SHOWN_DIGITS = 2
_SHORTEST_NUMBER = 6


def masked(value: str) -> str:
    """An e-mail address or a phone number as a hint; anything else as it is."""
    name, at, host = value.rpartition("@")
    if at:
        return f"{name[:1]}\u2026@{host}"
    digits = value.removeprefix("+")
    if digits.isdigit() and len(digits) >= _SHORTEST_NUMBER and value != digits:
        return f"{value[:3]}\u2026{value[-_SHOWN_DIGITS:]}"
    return value
