"""Cursor paging: `data`, `paging.cursors.before/after`, `next` and `previous` as whole URLs."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sandbox.vendors.meta.errors import GraphError

DEFAULT_LIMIT = 25
MAX_LIMIT = 5000


def _encode(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError as error:
        raise GraphError("(#100) Invalid cursors values", 100) from error


def limit_of(params: Mapping[str, str]) -> int:
    text = params.get("limit", str(DEFAULT_LIMIT))
    if not text.isdecimal() or int(text) == 0:
        raise GraphError("(#100) Param limit must be a positive integer", 100)
    return min(int(text), MAX_LIMIT)


def page(rows: Sequence[tuple[str, Any]], params: Mapping[str, str], url: str) -> dict[str, Any]:
    """One page of (key, item) rows that are sorted by key, ascending; an item may be a function that makes it."""
    limit = limit_of(params)
    if params.get("before"):
        before = _decode(params["before"])
        earlier = [row for row in rows if row[0] < before]
        chosen = earlier[-limit:]
        more_after, more_before = True, len(earlier) > limit
    else:
        after = _decode(params["after"]) if params.get("after") else ""
        later = [row for row in rows if row[0] > after]
        chosen = later[:limit]
        more_after, more_before = len(later) > limit, bool(after)
    body: dict[str, Any] = {"data": [item() if callable(item) else item for _, item in chosen]}
    if chosen:
        cursors = {"before": _encode(chosen[0][0]), "after": _encode(chosen[-1][0])}
        body["paging"] = {"cursors": cursors}
        kept = {k: v for k, v in params.items() if k not in {"after", "before"}}
        if more_after:
            body["paging"]["next"] = f"{url}?{urlencode(kept | {'after': cursors['after']})}"
        if more_before:
            body["paging"]["previous"] = f"{url}?{urlencode(kept | {'before': cursors['before']})}"
    if params.get("summary", "").lower() in {"true", "1", "total_count", '["total_count"]'}:
        body["summary"] = {"total_count": len(rows)}
    return body
