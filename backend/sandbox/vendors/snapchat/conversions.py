"""The Conversions API v3: validation, deduplication within 48 hours, and the test endpoints beside it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.store import Store
from sandbox.vendors.snapchat.errors import EventsError
from sandbox.world.seasons import DAY, HOUR

_MOST = 2000
_OLDEST = 37 * DAY
_WINDOW = 48 * HOUR
_AHEAD = 10 * 60
_MILLISECONDS = 100_000_000_000
_NO_TIME = 10**15
_TOLD_HOURS = 24
_TEST = "#test"
_CUSTOM = tuple(f"CUSTOM_EVENT_{number}" for number in range(1, 6))
EVENTS = frozenset(
    {
        *_CUSTOM,
        "PURCHASE",
        "SAVE",
        "START_CHECKOUT",
        "ADD_CART",
        "VIEW_CONTENT",
        "ADD_BILLING",
        "SIGN_UP",
        "SEARCH",
        "PAGE_VIEW",
        "SUBSCRIBE",
        "AD_CLICK",
        "AD_VIEW",
        "COMPLETE_TUTORIAL",
        "LEVEL_COMPLETE",
        "INVITE",
        "LOGIN",
        "SHARE",
        "RESERVE",
        "ACHIEVEMENT_UNLOCKED",
        "ADD_TO_WISHLIST",
        "SPENT_CREDITS",
        "RATE",
        "START_TRIAL",
        "LIST_VIEW",
        "APP_INSTALL",
        "APP_OPEN",
    }
)
_SOURCES = frozenset({"WEB", "MOBILE_APP", "OFFLINE"})
_HASHED = ("em", "ph", "fn", "ln", "ge", "ct", "st", "zp", "country", "external_id")
_PLAIN = ("client_ip_address", "client_user_agent", "sc_click_id", "sc_cookie1", "madid", "idfv")
_SHA = re.compile(r"[0-9a-f]{64}")
Problem = tuple[str, str]
"""A code and a sentence. 517 is the one that the documentation shows; the others are this sandbox's own."""


def _problem(event: dict[str, Any], now: float) -> Problem | None:
    for check in (_fields_problem, _person_problem, _purchase_problem):
        if found := check(event):
            return found
    at = _seconds(event["event_time"])
    if not now - _OLDEST <= at <= now + _AHEAD:
        return "517", "Timestamp invalid or out of range: event_time must be within the last 37 days"
    return None


def _fields_problem(event: dict[str, Any]) -> Problem | None:
    if str(event.get("event_name")) not in EVENTS:
        return "501", "event_name is missing or unknown"
    at = event.get("event_time")
    if not isinstance(at, int) or isinstance(at, bool) or not 0 < at < _NO_TIME:
        return "517", "Timestamp invalid or out of range: event_time must be an epoch timestamp"
    source = event.get("action_source")
    if str(source) not in _SOURCES:
        return "502", f"action_source must be one of {', '.join(sorted(_SOURCES))}"
    if source == "WEB" and not isinstance(event.get("event_source_url"), str):
        return "503", "event_source_url is required for WEB"
    return None


def _person_problem(event: dict[str, Any]) -> Problem | None:
    person = event.get("user_data")
    if not isinstance(person, dict):
        return "510", "user_data is required"
    for name, value in person.items():
        if name not in _HASHED and name not in _PLAIN:
            return "511", f"user_data.{name} is unknown"
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, str) or (name in _HASHED and not _SHA.fullmatch(one)):
                return "512", f"Unhashed PII: user_data.{name} must be a lower-case SHA-256"
    both = {"client_ip_address", "client_user_agent"} <= person.keys()
    if not both and not person.keys() & {"em", "ph", "madid"}:
        return "513", "Insufficient PII: one of em, ph, madid, or IP address and user agent, is needed"
    return None


def _purchase_problem(event: dict[str, Any]) -> Problem | None:
    if event["event_name"] != "PURCHASE":
        return None
    custom = event.get("custom_data")
    facts = custom if isinstance(custom, dict) else {}
    value, currency = facts.get("value"), facts.get("currency")
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return "514", "Missing price: custom_data.value must be a number"
    if not isinstance(currency, str) or len(currency) != 3:  # noqa: PLR2004 - ISO 4217 letters
        return "515", "Missing currency: custom_data.currency must be an ISO 4217 code"
    return None


def _seconds(at: int) -> float:
    """Seconds or milliseconds since 1970."""
    return at / 1000 if at >= _MILLISECONDS else float(at)


def _events(body: Any) -> list[dict[str, Any]]:
    rows = body.get("data") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise EventsError("The body must hold a list named data.")
    if len(rows) > _MOST:
        raise EventsError(f"A request holds at most {_MOST} events.")
    return rows


def receive(store: Store, asset: str, body: Any, now: float, refused: frozenset[int]) -> dict[str, Any]:
    """Every event is in order, or none is taken."""
    events = _events(body)
    for index, event in enumerate(events):
        found = _problem(event, now)
        if found is None and index in refused:
            found = ("500", "The event could not be processed")
        if found is not None:
            raise EventsError(found[1], index=index, code=found[0])
    with store.together():
        for event in events:
            _keep(store, asset, event, now)
    return {"status": "VALID", "reason": "Events have been processed successfully."}


def validate(store: Store, asset: str, body: Any, now: float) -> tuple[int, dict[str, Any]]:
    """A test: nothing is counted, each event gets its verdict, the log remembers it for a day."""
    logs, bad = [], 0
    for index, event in enumerate(_events(body)):
        found = _problem(event, now)
        bad += found is not None
        entry: dict[str, Any] = {"event": index, "status": "INVALID" if found else "VALID"}
        if found is not None:
            entry["errors"] = {"codes": [found[0]], "error_msgs": [found[1]]}
        logs.append(entry)
        _keep(store, asset + _TEST, event | {"#errors": [found[1]] if found else []}, now)
    status = "INVALID" if bad else "VALID"
    reason = f"{bad} of the events are invalid." if bad else "All test events are valid."
    return (400 if bad else 200), {
        "status": status,
        "test_event": True,
        "reason": reason,
        "event_logs": logs,
    }


def logs(store: Store, asset: str, now: float) -> dict[str, Any]:
    """The test events of the last 24 hours."""
    found = [
        {
            "asset_id": asset,
            "event_name": str(row["event"].get("event_name")),
            "event_time": str(row["event"].get("event_time")),
            "action_source": str(row["event"].get("action_source")),
            "status": "INVALID" if row["event"]["#errors"] else "VALID",
            "error_records": row["event"]["#errors"],
            "warning_records": [],
        }
        for row in received(store, asset + _TEST, now - _TOLD_HOURS * HOUR)
    ]
    return {"status": "SUCCESS", "reason": "", "logs": found}


def counts(store: Store, asset: str, now: float) -> dict[str, Any]:
    """How many of each kind came within the hour."""
    found = {}
    for name, key in (("test", asset + _TEST), ("live", asset)):
        rows = received(store, key, now - HOUR)
        newest = int(max((row["received_at"] for row in rows), default=0) * 1000)
        found[name] = {"event_count_past_hour": len(rows), "latest_event_ts": newest}
    return {"status": "SUCCESS", "reason": "", "stats": found}


def _keep(store: Store, asset: str, event: Mapping[str, Any], now: float) -> None:
    name, event_id = str(event.get("event_name")), str(event["event_id"]) if event.get("event_id") else None
    seen = event_id is not None and bool(
        store.read(
            "SELECT 1 FROM server_events WHERE pixel = ? AND name = ? AND event_id = ? AND received_at > ?"
            " LIMIT 1",
            (asset, name, event_id, now - _WINDOW),
        )
    )
    at = event.get("event_time")
    happened = _seconds(at) if isinstance(at, int) and abs(at) < _NO_TIME else 0.0
    store.write(
        "INSERT INTO server_events (pixel, name, event_id, event_time, received_at, duplicate, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(asset, name, event_id, happened, now, int(seen), json.dumps(event))],
    )


def received(store: Store, asset: str, since: float) -> list[dict[str, Any]]:
    """What arrived since then, duplicates marked; newest first."""
    rows = store.read(
        "SELECT name, event_id, event_time, received_at, duplicate, body FROM server_events"
        " WHERE pixel = ? AND received_at >= ? ORDER BY id DESC LIMIT 5000",
        (asset, since),
    )
    names = ("event_name", "event_id", "event_time", "received_at", "duplicate")
    return [dict(zip(names, row, strict=False)) | {"event": json.loads(row[5])} for row in rows]
