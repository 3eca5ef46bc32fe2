"""Conversions in Snapchat's form. One event that Snapchat would refuse has its whole request refused: it stays out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.services.integrations.ports import ConversionEvent, EventRefused, PreparedEvent
from app.services.integrations.snapchat.money import to_major
from app.services.integrations.snapchat.normalisation import user_data

EVENTS: Mapping[str, str] = {
    "purchase": "PURCHASE",
    "add_to_cart": "ADD_CART",
    # Snapchat has no lead: one of five events stands for it, which the advertiser chooses.
    "lead": "CUSTOM_EVENT",
    "page_view": "PAGE_VIEW",
    "sign_up": "SIGN_UP",
    "search": "SEARCH",
}
_OLDEST = timedelta(days=37) - timedelta(minutes=15)
_AHEAD = timedelta(minutes=5)
_MATCHES = frozenset({"em", "ph"})
_TOGETHER = frozenset({"client_ip_address", "client_user_agent"})
# Limited data use: its option for people who said no to being tracked over sites.
_LIMITED = ["LMU"]


def prepare(event: ConversionEvent, now: datetime, lead_event: str | None) -> PreparedEvent | EventRefused:
    """The event as Snapchat wants it at `now`, or why it is not sent; `lead_event` stands for a lead."""
    platform_event = lead_event if event.name == "lead" else EVENTS.get(event.name)
    if platform_event is None:
        return EventRefused("lead_event_not_chosen" if event.name == "lead" else "no_such_event")
    if event.at < now - _OLDEST:
        return EventRefused("older_than_37_days")
    if event.at > now + _AHEAD:
        return EventRefused("in_the_future")
    person = user_data(event.identifiers)
    if not person.keys() & _MATCHES and not person.keys() >= _TOGETHER:
        return EventRefused("nobody_to_match")
    custom = _custom_data(event)
    if event.name == "purchase" and not {"value", "currency"} <= custom.keys():
        return EventRefused("purchase_without_value")
    body: dict[str, Any] = {
        "event_name": platform_event,
        "event_time": int(event.at.timestamp()),
        "event_id": event.dedupe_key,
        "action_source": _source(event),
        "user_data": person,
    }
    if event.url:
        body["event_source_url"] = event.url
    if custom:
        body["custom_data"] = custom
    if event.limited_data_use:
        body["data_processing_options"] = _LIMITED
    return PreparedEvent(body, tuple(sorted(person)))


def _source(event: ConversionEvent) -> str:
    """A web event needs its page's address: without one it is told as what a server knew."""
    return "WEB" if event.action_source == "website" and event.url else "OFFLINE"


def _custom_data(event: ConversionEvent) -> dict[str, Any]:
    custom: dict[str, Any] = {}
    if event.value_micros is not None and event.value_micros >= 0 and event.currency:
        custom = {"value": to_major(event.value_micros), "currency": event.currency.upper()}
    if event.order_id:
        custom["order_id"] = event.order_id
    if event.contents:
        custom["content_ids"] = [str(one["id"]) for one in event.contents if "id" in one]
        custom["contents"] = [{name: str(value) for name, value in one.items()} for one in event.contents]
        custom["num_items"] = sum(int(one.get("quantity", 1)) for one in event.contents)
    return custom
