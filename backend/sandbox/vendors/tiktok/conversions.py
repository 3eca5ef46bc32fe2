"""The Events API 2.0: a request is taken whole or refused whole; the same event counts once in 48 hours."""

import json
import re
from typing import Any

from sandbox.store import Store
from sandbox.vendors.tiktok.calls import Call
from sandbox.vendors.tiktok.errors import missing, wrong
from sandbox.world.seasons import DAY, HOUR

_MOST = 1000
_WINDOW = 48 * HOUR
_AHEAD = 10 * 60
_OLDEST = 28 * DAY
_HASHED = ("email", "phone", "external_id", "first_name", "last_name", "zip_code")
KEYS = frozenset(
    {*_HASHED, "ttclid", "ttp", "ip", "user_agent", "city", "state", "country", "locale", "idfa", "gaid"}
)
_MEMBERS = frozenset(
    {"event", "event_time", "event_id", "user", "properties", "page", "limited_data_use", "device"}
)
_SHA = re.compile(r"[0-9a-f]{64}")


def receive(store: Store, call: Call, now: float) -> dict[str, Any]:
    """Every event is in order, or none is taken."""
    source = call.text("event_source")
    if source != "web":
        raise wrong("event_source: Must be one of: web (others are not emulated by this sandbox).")
    pixel = call.text("event_source_id")
    events = call.objects("data")
    if not events:
        raise missing("data")
    if len(events) > _MOST:
        raise wrong(f"data: Longer than maximum length {_MOST}.")
    for index, event in enumerate(events):
        _check(f"data.{index}", event, now)
    if not call.params.get("test_event_code"):
        with store.together():
            for event in events:
                _keep(store, pixel, event, now)
    return {}


def _check(at: str, event: dict[str, Any], now: float) -> None:
    if unknown := event.keys() - _MEMBERS:
        raise wrong(f"{at}.{min(unknown)}: Unknown field.")
    if not isinstance(event.get("event"), str) or not event["event"]:
        raise missing(f"{at}.event")
    time = event.get("event_time")
    if not isinstance(time, int) or isinstance(time, bool):
        raise wrong(f"{at}.event_time: Not a valid integer.")
    if not now - _OLDEST <= time <= now + _AHEAD:
        raise wrong(f"{at}.event_time: The time is too far in the past, or in the future.")
    if "event_id" in event and not isinstance(event["event_id"], str):
        raise wrong(f"Invalid value for {at}.event_id: not a valid string.")
    _check_person(at, event.get("user"))
    _check_properties(at, event.get("properties", {}))


def _check_person(at: str, person: Any) -> None:
    if not isinstance(person, dict) or not person:
        raise missing(f"{at}.user")
    for name, value in person.items():
        if name not in KEYS:
            raise wrong(f"{at}.user.{name}: Unknown field.")
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, str):
                raise wrong(f"{at}.user.{name}: Not a valid string.")
            if name in _HASHED and not _SHA.fullmatch(one):
                raise wrong(f"{at}.user.{name}: It must be hashed with SHA-256.")


def _check_properties(at: str, properties: Any) -> None:
    if not isinstance(properties, dict):
        raise wrong(f"{at}.properties: Not a valid object.")
    value = properties.get("value")
    if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
        raise wrong(f"{at}.properties.value: Not a valid number.")
    currency = properties.get("currency")
    if currency is not None and not (isinstance(currency, str) and re.fullmatch(r"[A-Z]{3}", currency)):
        raise wrong(f"{at}.properties.currency: Must be an ISO 4217 code.")


def _keep(store: Store, pixel: str, event: dict[str, Any], now: float) -> None:
    event_id = event.get("event_id")
    seen = event_id is not None and bool(
        store.read(
            "SELECT 1 FROM server_events WHERE pixel = ? AND name = ? AND event_id = ? AND received_at > ?"
            " LIMIT 1",
            (pixel, event["event"], event_id, now - _WINDOW),
        )
    )
    row = (pixel, event["event"], event_id, event["event_time"], now, int(seen), json.dumps(event))
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
    names = ("event", "event_id", "event_time", "received_at", "duplicate")
    return [dict(zip(names, row, strict=False)) | {"body": json.loads(row[5])} for row in rows]
