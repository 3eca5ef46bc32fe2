"""Conversions in TikTok's form. One event that TikTok would refuse has its whole request refused: it stays out."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.services.integrations.ports import ConversionEvent, EventRefused, PreparedEvent
from app.services.integrations.tiktok.money import MICROS
from app.services.integrations.tiktok.normalisation import user

EVENTS = {
    "purchase": "Purchase",
    "add_to_cart": "AddToCart",
    "lead": "Lead",
    "page_view": "PageView",
    "sign_up": "CompleteRegistration",
    "search": "Search",
}
MOST_EVENTS = 1_000
"""A request with more is refused whole."""
_CURRENCIES = (
    "AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR ISK "
    "JPY KES KHR KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY "
    "TWD UAH USD VES VND ZAR"
)
CURRENCIES = frozenset(_CURRENCIES.split())
_OLDEST = timedelta(days=28)
"""The longest window in which TikTok attributes."""
_AHEAD = timedelta(minutes=5)
_ENOUGH = frozenset({"email", "phone", "external_id", "ttclid", "ttp"})
_DEVICE = frozenset({"ip", "user_agent"})


def prepare(event: ConversionEvent, now: datetime) -> PreparedEvent | EventRefused:
    """The event as TikTok wants it at `now`, or why it is not sent."""
    platform_event = EVENTS.get(event.name)
    if platform_event is None:
        return EventRefused("no_such_event")
    if event.at < now - _OLDEST:
        return EventRefused("older_than_28_days")
    if event.at > now + _AHEAD:
        return EventRefused("in_the_future")
    person = user(event.identifiers)
    if not (person.keys() & _ENOUGH or person.keys() >= _DEVICE):
        return EventRefused("nobody_to_match")
    properties = _properties(event)
    if event.name == "purchase" and not {"value", "currency"} <= properties.keys():
        return EventRefused("purchase_without_value")
    body: dict[str, Any] = {
        "event": platform_event,
        "event_time": int(event.at.timestamp()),
        "event_id": event.dedupe_key,
        "user": person,
        "properties": properties,
    }
    if event.url:
        body["page"] = {"url": event.url}
    if event.limited_data_use:
        body["limited_data_use"] = True
    return PreparedEvent(body, tuple(sorted(person)))


def _properties(event: ConversionEvent) -> dict[str, Any]:
    found: dict[str, Any] = {}
    currency = (event.currency or "").upper()
    if event.value_micros is not None and event.value_micros >= 0 and currency in CURRENCIES:
        # TikTok wants a JSON number; a double holds every amount under 9 billion to the last micro.
        found = {"value": float(Decimal(event.value_micros) / MICROS), "currency": currency}
    if event.order_id:
        found["order_id"] = event.order_id
    if event.contents:
        found |= {
            "content_type": "product",
            "contents": [
                {"content_id": str(one["id"])} | ({"quantity": one["quantity"]} if "quantity" in one else {})
                for one in event.contents
                if "id" in one
            ],
        }
    return found
