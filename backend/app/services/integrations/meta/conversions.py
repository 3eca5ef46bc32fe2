"""Conversions in Meta's form. One event that Meta would refuse has its whole request refused: it stays out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.services.integrations.meta.money import MICROS
from app.services.integrations.meta.normalisation import user_data
from app.services.integrations.ports import ConversionEvent, EventRefused, PreparedEvent

EVENTS = {
    "purchase": "Purchase",
    "add_to_cart": "AddToCart",
    "lead": "Lead",
    "page_view": "PageView",
    "sign_up": "CompleteRegistration",
    "search": "Search",
}
_OLDEST = timedelta(days=7) - timedelta(minutes=15)
_AHEAD = timedelta(minutes=5)
_ALONE_NOT_ENOUGH = frozenset({"client_user_agent", "country", "ct", "st", "zp", "ge", "fn", "ln", "db"})


def prepare(event: ConversionEvent, now: datetime) -> PreparedEvent | EventRefused:
    """The event as Meta wants it at `now`, or why it is not sent."""
    platform_event = EVENTS.get(event.name)
    if platform_event is None:
        return EventRefused("no_such_event")
    if event.at < now - _OLDEST:
        return EventRefused("older_than_seven_days")
    if event.at > now + _AHEAD:
        return EventRefused("in_the_future")
    person = user_data(event.identifiers)
    if set(person) <= _ALONE_NOT_ENOUGH:
        return EventRefused("nobody_to_match")
    custom = _custom_data(event)
    if event.name == "purchase" and not {"value", "currency"} <= custom.keys():
        return EventRefused("purchase_without_value")
    body: dict[str, Any] = {
        "event_name": platform_event,
        "event_time": int(event.at.timestamp()),
        "event_id": event.dedupe_key,
        "action_source": event.action_source,
        "user_data": person,
    }
    if event.url:
        body["event_source_url"] = event.url
    if custom:
        body["custom_data"] = custom
    if event.limited_data_use:
        # Country and state 0: Meta finds out where the person is.
        body |= {
            "data_processing_options": ["LDU"],
            "data_processing_options_country": 0,
            "data_processing_options_state": 0,
        }
    return PreparedEvent(body, tuple(sorted(person)))


def match_quality(body: Mapping[str, Any]) -> dict[str, float]:
    """Meta's own EMQ by our name of the event, of a Dataset Quality answer."""
    ours = {platform_event: name for name, platform_event in EVENTS.items()}
    found: dict[str, float] = {}
    for row in body.get("web") or ():
        score = (row.get("event_match_quality") or {}).get("composite_score")
        name = ours.get(str(row.get("event_name")))
        if name is not None and isinstance(score, int | float):
            found[name] = float(score)
    return found


def _custom_data(event: ConversionEvent) -> dict[str, Any]:
    custom: dict[str, Any] = {}
    if event.value_micros is not None and event.value_micros >= 0 and event.currency:
        # Meta wants a JSON number; a double holds every amount under 9 billion to the last micro.
        custom = {"value": float(Decimal(event.value_micros) / MICROS), "currency": event.currency.upper()}
    if event.order_id:
        custom["order_id"] = event.order_id
    if event.contents:
        custom |= {"contents": [dict(one) for one in event.contents], "content_type": "product"}
    return custom
