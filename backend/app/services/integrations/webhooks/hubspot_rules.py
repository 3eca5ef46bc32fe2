"""HubSpot's webhooks: how they are signed, and of which objects they tell. Pure.

https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation:
`X-HubSpot-Signature-v3` is the base64 of the HMAC-SHA256, under the app's secret, of the method, the address, the body
and `X-HubSpot-Request-Timestamp`. The address is the one that is registered there, with twelve encodings undone.
What was not taken is sent again ten times within a day, signed anew each time.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.services.integrations.crm.ports import Kind, Notice

OLDEST = timedelta(minutes=5)
EARLIEST = timedelta(minutes=1)
"""By how much HubSpot's clock may be ahead of ours."""
_MOST_NOTICES = 1_000
_DECODED = {
    code: chr(int(code[1:], 16))
    for code in ("%3A", "%2F", "%3F", "%40", "%21", "%24", "%27", "%28", "%29", "%2A", "%2C", "%3B")
}
_ENCODED = re.compile("|".join(_DECODED), re.IGNORECASE)
_TYPES: Mapping[str, Kind] = {"contact": "contacts", "deal": "deals"}
_GENERIC = {"0-1": "contact", "0-3": "deal"}
"""Newer subscriptions say `object.creation`, and the object's type beside it."""
_WHAT = frozenset(
    {"creation", "propertyChange", "deletion", "privacyDeletion", "merge", "restore", "associationChange"}
)
_LARGEST = 2**63


class Unreadable(ValueError):
    """What is wrong with the message, in a sentence that says what it should be."""


def is_signed(header: str | None, timestamp: str | None, body: bytes, *, secret: str, url: str) -> bool:
    """Compared in constant time; an absent header is no signature."""
    if header is None or timestamp is None:
        return False
    signed = b"POST" + _plain(url).encode() + body + timestamp.encode()
    mine = base64.b64encode(hmac.digest(secret.encode(), signed, "sha256"))
    return hmac.compare_digest(mine, header.encode())


def is_fresh(timestamp: str | None, now: datetime) -> bool:
    """`timestamp` in milliseconds since 1970: five minutes old at most."""
    if timestamp is None or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 14:  # noqa: PLR2004  (past any time)
        return False
    at = datetime.fromtimestamp(int(timestamp) / 1000, UTC)
    return now - OLDEST <= at <= now + EARLIEST


def _plain(url: str) -> str:
    return _ENCODED.sub(lambda found: _DECODED[found[0].upper()], url)


def read(message: Any) -> list[Notice]:
    """Each object that is named, once for each thing that happened; what is nothing to us is left out."""
    if not isinstance(message, list) or len(message) > _MOST_NOTICES:
        raise Unreadable(f"Send a list of {_MOST_NOTICES} notifications at most.")
    return [notice for each in message for notice in _notices(each)]


def portals(message: Any) -> list[str]:
    """Whose name a message is in, as far as that can be read; nothing of it is checked."""
    rows = message if isinstance(message, list) else []
    named = (each.get("portalId") for each in rows[:_MOST_NOTICES] if isinstance(each, Mapping))
    return sorted({str(each) for each in named if _is_number(each)})


def _notices(each: Any) -> list[Notice]:
    if not isinstance(each, Mapping):
        raise Unreadable("Each notification is an object.")
    of, _, what = str(each.get("subscriptionType") or each.get("eventType") or "").partition(".")
    if of == "object":
        of = _GENERIC.get(str(each.get("objectTypeId")), "")
    kind = _TYPES.get(of)
    if kind is None or what not in _WHAT:
        return []
    portal, at = each.get("portalId"), each.get("occurredAt")
    if not _is_number(portal) or not _is_number(at):
        raise Unreadable("`portalId` and `occurredAt` of a notification are whole numbers.")
    try:
        occurred_at = datetime.fromtimestamp(int(str(at)) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Unreadable("`occurredAt` of a notification is in milliseconds since 1970.") from error
    objects = _objects(what, each)
    into = str(each.get("newObjectId") or each.get("primaryObjectId") or "") if what == "merge" else ""
    return [
        Notice(
            str(portal),
            kind,
            name,
            occurred_at,
            _digest(each, of, what, name),
            privacy=what == "privacyDeletion" and kind == "contacts",
            merged_into=into if into and into != name else None,
        )
        for name in objects
    ]


def _objects(what: str, each: Mapping[str, Any]) -> list[str]:
    named = [each.get("objectId")]
    if what == "merge":
        merged = each.get("mergedObjectIds")
        merged = merged if isinstance(merged, list) else []
        named = [each.get("newObjectId"), each.get("primaryObjectId"), *merged]
    elif what == "associationChange":
        named = [each.get("fromObjectId")]
    found = list(dict.fromkeys(str(one) for one in named if one not in (None, "")))
    if not found or not all(_is_number(one) for one in found):
        raise Unreadable("A notification names its objects by their numbers.")
    return found


def _digest(each: Mapping[str, Any], of: str, what: str, name: str) -> bytes:
    facts = ("eventId", "subscriptionId", "portalId", "occurredAt", "propertyName", "propertyValue")
    said = [of, what, name, *(str(each.get(fact)) for fact in facts)]
    return hashlib.sha256("\n".join(said).encode("utf-8", "surrogatepass")).digest()


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return False
    text = str(value)
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) < _LARGEST  # noqa: PLR2004  (an id's digits)
