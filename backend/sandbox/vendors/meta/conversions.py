"""The Conversions API: validation as Meta's, all or nothing, and deduplication within 48 hours."""

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.store import Store
from sandbox.vendors.meta.errors import GraphError, invalid, missing_parameter, trace_id
from sandbox.world.seasons import DAY, HOUR

_MOST = 1000
_WINDOW = 48 * HOUR
_AHEAD = 10 * 60
_SOURCES = frozenset(
    {
        "website",
        "app",
        "phone_call",
        "chat",
        "email",
        "other",
        "physical_store",
        "system_generated",
        "business_messaging",
    }
)
_HASHED = ("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country")
KEYS = (
    *_HASHED,
    "external_id",
    "client_ip_address",
    "client_user_agent",
    "fbc",
    "fbp",
    "subscription_id",
    "lead_id",
    "madid",
    "anon_id",
    "fb_login_id",
    "page_id",
    "page_scoped_user_id",
    "ctwa_clid",
)
_SHA = re.compile(r"[0-9a-f]{64}")
_ALONE_NOT_ENOUGH = frozenset({"client_user_agent", "country", "ct", "st", "zp", "ge", "fn", "ln", "db"})


def _refused(title: str, text: str, subcode: int) -> GraphError:
    return invalid("Invalid parameter", subcode=subcode, title=title, text=text)


def _events(params: Mapping[str, str]) -> list[dict[str, Any]]:
    if "data" not in params:
        raise missing_parameter("data")
    try:
        rows = json.loads(params["data"])
        found = [json.loads(row) if isinstance(row, str) else row for row in rows]
    except (TypeError, ValueError) as error:
        raise invalid("(#100) param data must be an array.") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in found) or not found:
        raise invalid("(#100) param data must be an array.")
    if len(found) > _MOST:
        raise _refused("Too many events", f"A request holds at most {_MOST} events.", 2804010)
    return found


def _check(index: int, event: dict[str, Any], now: float) -> None:
    if not isinstance(event.get("event_name"), str) or not event["event_name"]:
        raise invalid(f"(#100) param data[{index}]['event_name'] is required.")
    at = event.get("event_time")
    if not isinstance(at, int) or isinstance(at, bool):
        raise invalid(f"(#100) param data[{index}]['event_time'] must be an integer.")
    if at < now - 7 * DAY:
        text = "The timestamp for this event is too far in the past. Events need to be sent from your server within 7 days of when they occurred. Enter a timestamp that has occurred within the last 7 days."  # noqa: E501 - Meta's sentence, whole
        raise _refused("Event Timestamp Too Old", text, 2804003)
    if at > now + _AHEAD:
        raise _refused(
            "Event Timestamp In The Future", "The timestamp for this event is in the future.", 2804004
        )
    if event.get("action_source") not in _SOURCES:
        raise invalid(
            f"(#100) param data[{index}]['action_source'] must be one of {', '.join(sorted(_SOURCES))}"
        )
    _check_person(index, event.get("user_data"))
    if event["event_name"] == "Purchase":
        _check_purchase(event.get("custom_data"))


def _check_person(index: int, person: Any) -> None:
    if not isinstance(person, dict) or not person:
        raise invalid(f"(#100) param data[{index}]['user_data'] must be non-empty.")
    for name, value in person.items():
        if name not in KEYS:
            raise invalid(f"(#100) Unexpected key \"{name}\" on param \"$['data'][{index}]['user_data']\".")
        for one in value if isinstance(value, list) else [value]:
            if name in _HASHED and not (isinstance(one, str) and _SHA.fullmatch(one)):
                raise _refused(
                    "Unhashed Customer Information", f"The field {name} must be hashed with SHA-256.", 2804019
                )
    if set(person) <= _ALONE_NOT_ENOUGH:
        text = "This event doesn't have enough customer information parameters, or only provides an invalid combination of customer information parameters."  # noqa: E501 - Meta's sentence, whole
        raise _refused("Parameters Missing for Events", text, 2804050)


def _check_purchase(custom: Any) -> None:
    facts = custom if isinstance(custom, dict) else {}
    value = facts.get("value")
    if not isinstance(value, (int, float)) or isinstance(value, bool) or value < 0:
        raise _refused(
            "Missing Value for Purchase", "A Purchase event needs a value that is a number.", 2804008
        )
    if not isinstance(facts.get("currency"), str) or len(facts["currency"]) != 3:  # noqa: PLR2004 - ISO 4217 letters
        raise _refused("Missing Currency for Purchase", "A Purchase event needs a currency.", 2804009)


def receive(store: Store, pixel: str, params: Mapping[str, str], now: float) -> dict[str, Any]:
    """Every event is in order, or none is taken."""
    events = _events(params)
    for index, event in enumerate(events):
        _check(index, event, now)
    if not params.get("test_event_code"):
        with store.together():
            for event in events:
                _keep(store, pixel, event, now)
    return {"events_received": len(events), "messages": [], "fbtrace_id": trace_id()}


def _keep(store: Store, pixel: str, event: dict[str, Any], now: float) -> None:
    event_id = str(event["event_id"]) if event.get("event_id") else None
    seen = event_id is not None and bool(
        store.read(
            "SELECT 1 FROM server_events WHERE pixel = ? AND name = ? AND event_id = ? AND received_at > ?"
            " LIMIT 1",
            (pixel, event["event_name"], event_id, now - _WINDOW),
        )
    )
    row = (pixel, event["event_name"], event_id, event["event_time"], now, int(seen), json.dumps(event))
    store.write(
        "INSERT INTO server_events (pixel, name, event_id, event_time, received_at, duplicate, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [row],
    )


def received(store: Store, pixel: str, since: float) -> list[dict[str, Any]]:
    """What arrived since then, duplicates marked; newest first."""
    rows = store.read(
        "SELECT name, event_id, event_time, received_at, duplicate, body FROM server_events"
        " WHERE pixel = ? AND received_at >= ? ORDER BY id DESC LIMIT 5000",
        (pixel, since),
    )
    names = ("event_name", "event_id", "event_time", "received_at", "duplicate")
    return [dict(zip(names, row, strict=False)) | {"event": json.loads(row[5])} for row in rows]
