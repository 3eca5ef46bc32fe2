"""Conversions in the Data Manager API's form. One bad record has its whole request refused: it stays out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.services.integrations.google.money import MICROS
from app.services.integrations.google.normalisation import click_ids, user_identifiers
from app.services.integrations.ports import ConversionEvent, EventRefused, PreparedEvent

EVENTS = {
    "purchase": "purchase",
    "add_to_cart": "add_to_cart",
    "lead": "generate_lead",
    "page_view": "page_view",
    "sign_up": "sign_up",
}
"""Searches have no category among Google's conversion actions: they are not sent."""
CATEGORIES = {
    "purchase": "PURCHASE",
    "add_to_cart": "ADD_TO_CART",
    "lead": "SUBMIT_LEAD_FORM",
    "page_view": "PAGE_VIEW",
    "sign_up": "SIGNUP",
}
MOST_EVENTS = 2000
_OLDEST = timedelta(days=90) - timedelta(minutes=15)
_AHEAD = timedelta(minutes=5)
_SOURCES = {"website": "WEB", "app": "APP", "physical_store": "IN_STORE", "phone_call": "PHONE"}


def prepare(event: ConversionEvent, now: datetime) -> PreparedEvent | EventRefused:
    """The event as Google wants it at `now`, or why it is not sent."""
    if event.name not in EVENTS:
        return EventRefused("no_such_event")
    if event.at < now - _OLDEST:
        return EventRefused("older_than_ninety_days")
    if event.at > now + _AHEAD:
        return EventRefused("in_the_future")
    people, clicks = user_identifiers(event.identifiers), click_ids(event.identifiers)
    if not people and not clicks:
        return EventRefused("nobody_to_match")
    if event.name == "purchase" and not _has_value(event):
        # Google would count it with the value that the action has by default: an invented one.
        return EventRefused("purchase_without_value")
    body: dict[str, Any] = {
        "transactionId": event.order_id or event.dedupe_key,
        "eventTimestamp": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "eventSource": _SOURCES.get(event.action_source, "OTHER"),
        "consent": {
            "adUserData": "CONSENT_GRANTED",
            "adPersonalization": "CONSENT_DENIED" if event.limited_data_use else "CONSENT_GRANTED",
        },
    }
    if people:
        body["userData"] = {"userIdentifiers": people}
    if clicks:
        body["adIdentifiers"] = clicks
    if _has_value(event):
        # A JSON number, and a double holds every amount under 9 billion to the last micro.
        body["conversionValue"] = float(Decimal(event.value_micros or 0) / MICROS)
        body["currency"] = (event.currency or "").upper()
    keys = sorted({*clicks, *(name for one in people for name in one)})
    return PreparedEvent({"category": CATEGORIES[event.name], "event": body}, tuple(keys))


def request(
    events: Sequence[PreparedEvent], actions: Mapping[str, str], *, account: str, manager: str | None
) -> dict[str, Any]:
    """An `IngestEventsRequest`: each event to the conversion action of its category."""
    return {
        "destinations": [
            {
                "reference": category,
                "operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": account},
                "loginAccount": {"accountType": "GOOGLE_ADS", "accountId": manager or account},
                "productDestinationId": action,
            }
            for category, action in sorted(actions.items())
        ],
        "events": [{**one.body["event"], "destinationReferences": [one.body["category"]]} for one in events],
        "encoding": "HEX",
    }


def _has_value(event: ConversionEvent) -> bool:
    return event.value_micros is not None and event.value_micros >= 0 and bool(event.currency)
