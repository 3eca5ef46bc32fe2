"""What an event tells of orders, refunds and their worth."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Raw, Struct

from app.services.cdp.events.identifiers import without_addresses
from app.services.cdp.events.raw_json import NONE, text_of
from app.services.cdp.events.rules import MAX_NAME_CHARACTERS, Refused, VerdictCode

_MICROS = 1_000_000
_MAX_MICROS = 2**63 - 1
_LONGEST_NUMBER = 64

_ORDER_NAMES = frozenset(
    {
        "order completed",
        "completed order",
        "order placed",
        "order paid",
        "purchase",
        "purchased",
        "checkout completed",
        "order created",
    }
)
_REFUND_NAMES = frozenset(
    {
        "order refunded",
        "refund",
        "refunded",
        "order returned",
        "return",
        "order cancelled",
        "order canceled",
        "product returned",
    }
)
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_CURRENCY = re.compile(r"[A-Za-z]{3}")


@dataclass(frozen=True, slots=True)
class Commerce:
    """The canonical commerce fields of an event. A value is exact millionths of its currency, never a float."""

    order_id: str | None = None
    value_micros: int | None = None
    currency: str | None = None
    is_order: bool = False
    is_refund: bool = False


NO_COMMERCE = Commerce()


@lru_cache(maxsize=4096)
def _meaning(name: str) -> tuple[bool, bool]:
    """Whether an event of that name tells of an order, or of a refund."""
    words = _NOT_WORD.sub(" ", name.lower()).strip()
    return words in _ORDER_NAMES, words in _REFUND_NAMES


def names_an_order(name: str) -> bool:
    """Whether an event of that name tells of an order; one of a negative worth is a refund all the same."""
    return _meaning(name)[0]


@lru_cache(maxsize=4096)
def micros(text: str) -> int | None:
    """Exact millionths of a decimal number; None for what is no number."""
    if len(text) > _LONGEST_NUMBER:
        return None
    try:
        value = Decimal(text)
        if not value.is_finite():
            return None
        scaled = int((value * _MICROS).to_integral_value(ROUND_HALF_EVEN)) if value.adjusted() < 20 else None  # noqa: PLR2004 past bigint
    except InvalidOperation:
        return None
    if scaled is None or abs(scaled) > _MAX_MICROS:
        raise Refused(VerdictCode.ABSURD_NUMBER, f"the value {text} is out of range")
    return scaled


def commerce(name: str, order_id: str | None, value: str | None, currency: str | None) -> Commerce:
    """A refund's value is kept positive; a negative order is a refund."""
    names_order, names_refund = _meaning(name)
    if not (order_id or value or names_order or names_refund):
        return NO_COMMERCE
    amount = None if value is None else micros(value)
    negative = amount is not None and amount < 0
    is_refund = names_refund or (negative and names_order)
    return Commerce(
        order_id=order_id,
        value_micros=abs(amount) if amount is not None and is_refund else amount,
        currency=currency.upper() if currency and _CURRENCY.fullmatch(currency) else None,
        is_order=names_order and not is_refund,
        is_refund=is_refund,
    )


class _Lens(Struct):
    """The members of properties that tell of commerce, not decoded: a value must stay exact."""

    order_id: Raw = NONE
    orderId: Raw = NONE  # noqa: N815  (the wire's name)
    transaction_id: Raw = NONE
    revenue: Raw = NONE
    total: Raw = NONE
    value: Raw = NONE
    currency: Raw = NONE


_NAMES = frozenset(_Lens.__struct_fields__)
_decode_lens: Callable[[bytes | Raw], _Lens] = msgspec.json.Decoder(_Lens).decode


def commerce_of(name: str, properties: Raw, held: dict[str, Any]) -> Commerce:
    """What a track call's properties, which decode to `held`, tell of commerce."""
    if _NAMES.isdisjoint(held):
        return commerce(name, None, None, None)
    lens = _decode_lens(properties)
    order_id = _first(lens.order_id, lens.orderId, lens.transaction_id)
    value = _first(lens.revenue, lens.total, lens.value)
    if order_id is not None:
        order_id = without_addresses(order_id)[:MAX_NAME_CHARACTERS]
    currency = None if order_id is None and value is None else text_of(lens.currency)
    return commerce(name, order_id, value, currency)


def _first(*raws: Raw) -> str | None:
    for raw in raws:
        if raw is not NONE and (text := text_of(raw)):
            return text
    return None
