"""The ids that ad platforms put into a link: taken from an event's members and from the addresses in it."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.services.cdp.events.raw_json import encode
from app.services.cdp.events.rules import MatchKey

_IN_QUERY = re.compile(r"[?&#](gclid|gbraid|wbraid|fbclid|ttclid|ScCid)=([^&#\s]{1,500})", re.IGNORECASE)
_NAMES = {
    name.lower(): name
    for name in ("gclid", "gbraid", "wbraid", "fbclid", "fbc", "fbp", "ttclid", "ttp", "ScCid")
} | {"_fbc": "fbc", "_fbp": "fbp", "_ttp": "ttp"}
_LONGEST = 500
_LEVELS = 3
# Plain numbers: an IntFlag's own arithmetic costs more than reading the event.
_FBC, _FBP, _CLICK_ID = int(MatchKey.FBC), int(MatchKey.FBP), int(MatchKey.CLICK_ID)


def is_among(names: Iterable[str]) -> bool:
    """Whether one of these is a click id's."""
    return any(name.lower() in _NAMES for name in names)


def may_be_in_a_query(raw: bytes) -> bool:
    """Whether an address in it may carry one: all of their names end with a d."""
    return b"=" in raw and (b"d=" in raw or b"D=" in raw)


def collect(*values: dict[str, Any]) -> dict[str, str]:
    """Click ids by name; of two of one name the first value's."""
    found: dict[str, str] = {}
    for value in values:
        _collect(value, found, depth=0)
    return found


def _collect(value: Any, found: dict[str, str], *, depth: int) -> None:
    """By their names at any of the first levels, and in the query of any address."""
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str):
                name = _NAMES.get(key.lower())
                if name and item and len(item) <= _LONGEST:
                    found.setdefault(name, item)
                elif "=" in item:
                    for match in _IN_QUERY.finditer(item):
                        found.setdefault(_NAMES[match[1].lower()], match[2])
            elif depth < _LEVELS:  # context.page.url is the deepest that SDKs send
                _collect(item, found, depth=depth + 1)


def match_keys(found: dict[str, str]) -> int:
    keys = _FBC if "fbc" in found or "fbclid" in found else 0
    if "fbp" in found:
        keys |= _FBP
    if found.keys() - {"fbc", "fbp", "fbclid"}:
        keys |= _CLICK_ID
    return keys


def dated(found: dict[str, str], happened: datetime) -> str | None:
    """The JSON that is stored: each id with the time of its event."""
    if not found:
        return None
    at = happened.isoformat()
    return encode({name: {"value": value, "at": at} for name, value in found.items()}).decode()
