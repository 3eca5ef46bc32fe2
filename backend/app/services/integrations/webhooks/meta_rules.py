"""Meta's webhooks: how they are signed, and of which ad accounts they tell. Pure.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started: `X-Hub-Signature-256` is `sha256=` and the
HMAC-SHA256 of the body under the app's secret. What was not taken is sent again for 36 hours.
"""

import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

OLDEST = timedelta(days=3)
"""Twice as long as Meta goes on trying: what is older comes from nobody who is owed an answer."""
_PREFIX = "sha256="
_ACCOUNT = re.compile(r"(?:act_)?([0-9]{1,32})")
_OBJECT = "ad_account"
_MOST_ENTRIES = 1_000


class Unreadable(ValueError):
    """What is wrong with the message, in a sentence that says what it should be."""


def is_signed(header: str | None, body: bytes, secret: str) -> bool:
    """Compared in constant time; an absent header is no signature."""
    if header is None or not header.startswith(_PREFIX):
        return False
    mine = hmac.digest(secret.encode(), body, "sha256").hex()
    return hmac.compare_digest(mine.encode(), header.removeprefix(_PREFIX).encode())


def accounts_of(message: Any, now: float) -> list[str]:
    """The external ids of the ad accounts in which something changed; none where it is about something else.

    `now` is in seconds since 1970: entries older than `OLDEST` are left out.
    """
    if not isinstance(message, Mapping) or not isinstance(message.get("object"), str):
        raise Unreadable("Send an object with `object` and `entry`.")
    entries = message.get("entry")
    if not isinstance(entries, list) or len(entries) > _MOST_ENTRIES:
        raise Unreadable(f"`entry` is a list of {_MOST_ENTRIES} at most.")
    if message["object"] != _OBJECT:
        return []
    return sorted({account for entry in entries if (account := _account(entry, now)) is not None})


def _account(entry: Any, now: float) -> str | None:
    if not isinstance(entry, Mapping):
        raise Unreadable("Each of `entry` is an object.")
    at, changes = entry.get("time"), entry.get("changes")
    if isinstance(at, bool) or not isinstance(at, int | float) or not isinstance(changes, list):
        raise Unreadable("Each of `entry` has `id`, `time` in seconds since 1970, and a list `changes`.")
    found = _ACCOUNT.fullmatch(str(entry.get("id", "")))
    if found is None:
        raise Unreadable("`id` of an entry is an ad account's.")
    return found[1] if changes and now - at <= OLDEST.total_seconds() else None
