"""Which events are conversions, and whom they tell of. Pure."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.services.integrations.ports import ConversionEvent

CONVERSIONS: dict[str, str] = {
    "order completed": "purchase",
    "completed order": "purchase",
    "order placed": "purchase",
    "order paid": "purchase",
    "purchase": "purchase",
    "purchased": "purchase",
    "checkout completed": "purchase",
    "order created": "purchase",
    "product added": "add_to_cart",
    "added to cart": "add_to_cart",
    "add to cart": "add_to_cart",
    "lead": "lead",
    "lead generated": "lead",
    "generate lead": "lead",
    "form submitted": "lead",
    "signed up": "sign_up",
    "sign up": "sign_up",
    "account created": "sign_up",
    "products searched": "search",
    "search": "search",
}
"""Event names of the tracking dialects, in lower case. Page views are the browser pixel's own: not sent again."""

MOST_ATTEMPTS = 8
_FIRST_PAUSE = timedelta(seconds=20)
_LONGEST_PAUSE = timedelta(hours=1)
FIRST_VERDICT = timedelta(minutes=5)
"""After an acknowledgement, before the platform is asked what it made of it."""
_SELDOM = timedelta(hours=1)
_TOLD_WITHIN = timedelta(days=7)
_PARTS = 8
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_NAMES: dict[str, str] = {
    "email": "email",
    "emailaddress": "email",
    "mail": "email",
    "phone": "phone",
    "phonenumber": "phone",
    "mobile": "phone",
    "mobilephone": "phone",
    "telephone": "phone",
    "tel": "phone",
    "firstname": "first_name",
    "givenname": "first_name",
    "lastname": "last_name",
    "familyname": "last_name",
    "surname": "last_name",
    "city": "city",
    "state": "state",
    "region": "state",
    "postalcode": "zip",
    "postcode": "zip",
    "zip": "zip",
    "zipcode": "zip",
    "country": "country",
    "countrycode": "country",
    "gender": "gender",
    "birthday": "date_of_birth",
    "birthdate": "date_of_birth",
    "dateofbirth": "date_of_birth",
    "dob": "date_of_birth",
    "userid": "external_id",
    "ip": "ip",
    "useragent": "user_agent",
}
_SEALED = "[sealed]"
_CLICK_IDS = {"ScCid": "sc_click_id"}
"""Of other platforms, as they stand in the landing address."""


TAKEN_BACK = "taken_back"
"""Why a conversion that never left is not sent: what it tells of is undone."""
DESTINATION = "destination"
"""In a delivery's `response`: which conversion data set it went to."""


class AdjustmentStatus(StrEnum):
    """How a delivery stands to what its order is worth now.

    `even`: it says so already; `taken`: the platform works at it; `impossible`: it stays as it was reported.
    """

    EVEN = "even"
    TAKEN = "taken"
    ADJUSTED = "adjusted"
    FAILED = "failed"
    DEAD = "dead"
    IMPOSSIBLE = "impossible"


RELEASED_BY = "released_by"
"""In a delivery's `response`: by whom a value far beyond the usual was let go."""
OUTLIER_NEEDS = 30
"""Orders of the past without which nothing can be called far from usual."""
_FAR = math.log(10)
_SPREADS = 6.0
_QUARTILES_TO_SIGMA = 1.349


@dataclass(frozen=True, slots=True)
class ValueHistory:
    """The shop's own orders of one currency: how many, and the quartiles of the natural logarithm of their value."""

    orders: int
    lower: float
    middle: float
    upper: float


def is_outlier(value_micros: int, past: ValueHistory) -> bool:
    """Over ten times the usual order, and over six robust deviations from it: both, so that a dear shop is none."""
    if past.orders < OUTLIER_NEEDS or value_micros <= 0:
        return False
    spread = (past.upper - past.lower) / _QUARTILES_TO_SIGMA
    return math.log(value_micros) - past.middle > max(_FAR, _SPREADS * spread)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event of the store with its person's identifiers opened; `fields` holds them by their path in the event."""

    message_id: str
    name: str
    type: str
    at: datetime
    properties: Mapping[str, Any]
    context: Mapping[str, Any]
    identifiers: Mapping[str, Any]
    click_ids: Mapping[str, Any]
    order_id: str | None
    value_micros: int | None
    currency: str | None


def canonical(event_type: str, name: str) -> str | None:
    """Our word for the conversion, or None for an event that is none."""
    if event_type != "track":
        return None
    return CONVERSIONS.get(_NOT_WORD.sub(" ", name.lower()).strip())


def identifiers_of(event: StoredEvent) -> dict[str, str]:
    """The person's identifiers in our words; the most particular mention of each wins."""
    found: dict[str, str] = {}
    inside = event.identifiers.get("fields")
    told = {**event.identifiers, **(inside if isinstance(inside, Mapping) else {})}
    told.pop("fields", None)
    for path, value in sorted(told.items(), key=lambda item: -_rank(item[0])):
        _collect(path.rpartition(".")[2], value, found)
    agent = event.context.get("userAgent")
    if isinstance(agent, str) and agent != _SEALED:
        found.setdefault("user_agent", agent)
    traits = event.context.get("traits")
    for source in (event.properties, traits if isinstance(traits, Mapping) else {}):
        for name in ("city", "state", "country", "gender"):
            _collect(name, source.get(name), found)
    for name in ("fbc", "fbp", "gclid", "gbraid", "wbraid", "ttclid", "ttp"):
        if value := _click(event.click_ids, name):
            found[name] = value
    for name, ours in _CLICK_IDS.items():
        if value := _click(event.click_ids, name):
            found[ours] = value
    if "fbc" not in found and (clicked := _click(event.click_ids, "fbclid")):
        found["fbc"] = f"fb.1.{int(event.at.timestamp() * 1000)}.{clicked}"
    return found


def dedupe_key(event: StoredEvent) -> str:
    """The id that the shop's browser sends too, if it told us; else our own message's."""
    for name in ("event_id", "eventId", "eventID"):
        value = event.properties.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value)[:200]
    return event.message_id


def to_conversion(event: StoredEvent, name: str) -> ConversionEvent:
    identifiers = identifiers_of(event)
    page = event.context.get("page")
    url = page.get("url") if isinstance(page, Mapping) else None
    return ConversionEvent(
        dedupe_key=dedupe_key(event),
        name=name,
        at=event.at,
        identifiers=identifiers,
        value_micros=event.value_micros,
        currency=event.currency,
        order_id=event.order_id,
        url=url if isinstance(url, str) and _SEALED not in url else None,
        action_source="website" if "user_agent" in identifiers else "other",
        contents=tuple(_contents(event.properties.get("products"))),
        limited_data_use=event.context.get("gpc") is True,
    )


def pause_before_retry(attempts: int, retry_after: int | None) -> timedelta:
    """Growing from 20 s to an hour, and at least what the platform asked for. `attempts` counts from 1."""
    grown = min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << min(20, max(0, attempts - 1))))
    return max(grown, timedelta(seconds=retry_after or 0))


class Outcome(StrEnum):
    COUNTED = "counted"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    """Some of them came to nothing, and nobody says which."""


def outcome(events: int, refused: Mapping[str, int]) -> Outcome:
    """Of a request with that many events, whose refused ones are counted by reason.

    >>> outcome(2, {}), outcome(2, {"x.bad": 2}), outcome(2, {"x.bad": 1})
    (<Outcome.COUNTED: 'counted'>, <Outcome.REFUSED: 'refused'>, <Outcome.UNCLEAR: 'unclear'>)
    """
    lost = sum(refused.values())
    if not lost:
        return Outcome.COUNTED
    return Outcome.REFUSED if events == 1 or (len(refused) == 1 and lost >= events) else Outcome.UNCLEAR


def part_of(events: int) -> int:
    """How many of them go into one request when they are sent apart: a few rounds find one among hundreds."""
    return -(-events // _PARTS)


def pause_before_verdict(age: timedelta) -> timedelta | None:
    """Longer the longer it takes; None where the platform will not tell any more."""
    return None if age > _TOLD_WITHIN else min(_SELDOM, max(FIRST_VERDICT, age / 2))


def _collect(name: str, value: Any, found: dict[str, str]) -> None:
    if isinstance(value, Mapping):
        for inner, item in value.items():
            _collect(str(inner), item, found)
        return
    ours = _NAMES.get(_word(name))
    if ours and isinstance(value, str | int) and not isinstance(value, bool) and value not in ("", _SEALED):
        found.setdefault(ours, str(value))


def _rank(path: str) -> int:
    """What the event itself says of its person comes before what its context remembers."""
    return 2 if "properties" in path else 1 if "traits" in path else 0


def _click(click_ids: Mapping[str, Any], name: str) -> str | None:
    entry = click_ids.get(name)
    value = entry.get("value") if isinstance(entry, Mapping) else None
    return value if isinstance(value, str) else None


def _contents(products: Any) -> list[dict[str, Any]]:
    found = []
    for product in products if isinstance(products, list) else ():
        if isinstance(product, Mapping) and (item := product.get("product_id") or product.get("sku")):
            entry: dict[str, Any] = {"id": str(item)[:100]}
            if isinstance(quantity := product.get("quantity"), int) and not isinstance(quantity, bool):
                entry["quantity"] = quantity
            found.append(entry)
    return found[:100]


def _word(name: str) -> str:
    return _NOT_WORD.sub("", name.lower())
