"""What an event must be, and what it tells of commerce. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from enum import IntFlag, StrEnum
from functools import lru_cache

MAX_EVENT_BYTES = 32 * 1024
MAX_BATCH_BYTES = 500 * 1024
MAX_BATCH_EVENTS = 2_500
MAX_ID_CHARACTERS = 100
MAX_NAME_CHARACTERS = 500
MAX_DEPTH = 64

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST_AHEAD = timedelta(days=1)
_MICROS = 1_000_000
_MAX_MICROS = 2**63 - 1
_EPOCH_MILLISECONDS_FROM = 10**11
_LONGEST_NUMBER = 64


class EventType(StrEnum):
    TRACK = "track"
    IDENTIFY = "identify"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    ALIAS = "alias"


class VerdictCode(StrEnum):
    """Why an event was refused."""

    MALFORMED = "malformed"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_TYPE = "unknown_type"
    EVENT_MISSING = "event_missing"
    IDENTITY_MISSING = "identity_missing"
    MESSAGE_ID_TOO_LONG = "message_id_too_long"
    TOO_LONG = "too_long"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    NUL_CHARACTER = "nul_character"
    NOT_UNICODE = "not_unicode"
    ABSURD_NUMBER = "absurd_number"
    ABSURD_TIME = "absurd_time"
    UNSTORABLE = "unstorable"


class Refused(Exception):
    """An event breaks a rule; the others of its batch do not suffer for it."""

    def __init__(self, code: VerdictCode, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


class MatchKey(IntFlag):
    """Which keys a platform could match the event's person by: the evidence of event match quality."""

    EMAIL = 1
    PHONE = 2
    EXTERNAL_ID = 4
    IP = 8
    USER_AGENT = 16
    FBC = 32
    FBP = 64
    CLICK_ID = 128


def parse_time(value: str | float, what: str) -> datetime:
    """ISO 8601, or a number of milliseconds (or seconds) since 1970; without a zone it is UTC."""
    try:
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value)
            return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed
        seconds = value / 1000 if abs(value) >= _EPOCH_MILLISECONDS_FROM else value
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Refused(VerdictCode.ABSURD_TIME, f"{what} is not a time: {value!r:.60}") from error


def corrected(received_at: datetime, sent_at: datetime | None, said: datetime | None) -> datetime:
    """When it happened by our clock: `receivedAt - (sentAt - originalTimestamp)`."""
    if said is None:
        return received_at
    try:
        happened = said if sent_at is None else received_at - (sent_at - said)
        if _EARLIEST <= happened <= received_at + _LATEST_AHEAD:
            return happened
    except OverflowError:
        pass
    raise Refused(VerdictCode.ABSURD_TIME, f"it would have happened at an absurd time: {said.isoformat()}")


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
