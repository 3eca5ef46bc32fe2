"""Conversions in the Data Manager API's form. One bad record has its whole request refused: it stays out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.services.integrations.google.errors import PLATFORM, invalid
from app.services.integrations.google.money import MICROS
from app.services.integrations.google.normalisation import click_ids, user_identifiers
from app.services.integrations.ports import ConversionEvent, EventRefused, PreparedEvent, Verdict

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
_UNDER_WAY = frozenset({None, "PROCESSING", "REQUEST_STATUS_UNKNOWN"})
_REASON = "PROCESSING_ERROR_REASON_"
_COUNTED = frozenset({"DUPLICATE_TRANSACTION_ID", "DUPLICATE_GCLID"})
"""It has the event already, from an earlier request: nothing is lost."""
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


def verdict(receipt: str, answer: Mapping[str, Any]) -> Verdict | None:
    """What became of a request's events, at all of its destinations; None while Google works at one of them.

    Raises KeyError, TypeError or ValueError for an answer that cannot be read.
    """
    told = answer["requestStatusPerDestination"]
    if not told or any(one.get("requestStatus") in _UNDER_WAY for one in told):
        return None
    refused: dict[str, int] = {}
    for one in told:
        counts = (one.get("errorInfo") or {}).get("errorCounts") or []
        if one["requestStatus"] == "FAILED" and not counts:
            records = (one.get("eventsIngestionStatus") or {}).get("recordCount", 1)
            counts = [{"reason": "FAILED", "recordCount": records}]
        for each in counts:
            reason = str(each["reason"]).removeprefix(_REASON)
            if reason not in _COUNTED:
                code = f"{PLATFORM}.{reason.lower()}"
                refused[code] = refused.get(code, 0) + int(each["recordCount"])
    return Verdict(receipt, refused)


def _has_value(event: ConversionEvent) -> bool:
    return event.value_micros is not None and event.value_micros >= 0 and bool(event.currency)


def chosen_actions(found: Mapping[str, Sequence[str]], chosen: str, categories: set[str]) -> dict[str, str]:
    """Which conversion action each category goes to: the chosen one for its own, the first of the others."""
    own = next((category for category, ids in found.items() if chosen in ids), None)
    if own is None:
        raise invalid("no_such_action", "The account has no such conversion action that takes events.")
    missing = sorted(categories - set(found))
    if missing:
        raise invalid("no_conversion_action", f"The account has no conversion action for {missing[0]}.")
    return {category: chosen if category == own else found[category][0] for category in categories}
