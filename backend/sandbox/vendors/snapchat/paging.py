"""Cursor paging: with a `limit`, pages of 50 to 1000 and a whole `next_link`; without one, everything."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, TypeVar
from urllib.parse import urlencode

from sandbox.vendors.snapchat.calls import Call
from sandbox.vendors.snapchat.errors import invalid

_LEAST, _MOST = 50, 1000
T = TypeVar("T")


def page(rows: list[T], call: Call) -> tuple[list[T], dict[str, Any]]:
    """This page's rows, and `paging` for the answer."""
    if "limit" not in call.query:
        if "cursor" in call.query:
            raise invalid("A cursor goes with a limit")
        return rows, {}
    start, limit = _start(call), _limit(call)
    chosen = rows[start : start + limit]
    if start + limit >= len(rows):
        return chosen, {"paging": {}}
    after = urlsafe_b64encode(f"at:{start + limit}".encode()).decode().rstrip("=")
    query = {**call.query, "cursor": after}
    return chosen, {"paging": {"next_link": f"{call.url}?{urlencode(query)}"}}


def _limit(call: Call) -> int:
    text = call.query["limit"]
    if not text.isdecimal() or not _LEAST <= int(text) <= _MOST:
        raise invalid(f"limit must be between {_LEAST} and {_MOST}")
    return min(int(text), call.rows)


def _start(call: Call) -> int:
    cursor = call.query.get("cursor")
    if cursor is None:
        return 0
    try:
        word, _, number = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
    except ValueError as error:
        raise invalid("The cursor is invalid") from error
    if word != "at" or not number.isdecimal():
        raise invalid("The cursor is invalid")
    return int(number)
