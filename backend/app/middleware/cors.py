"""Who may call from a page: the API, the origins in the settings; event collection, any page, without cookies."""

from typing import Any

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_COLLECTION_PREFIX = "/v1/"
_OPEN: dict[str, Any] = {
    "allow_origins": ["*"],
    "allow_methods": ["GET", "POST"],
    "allow_headers": ["authorization", "content-type", "content-encoding", "x-retry-count", "x-write-key"],
    "expose_headers": ["Retry-After", "X-RateLimit-Reset", "X-Request-ID"],
    "max_age": 86_400,
}


class CorsMiddleware:
    def __init__(self, app: ASGIApp, *, collection: str, policy: dict[str, Any]) -> None:
        self._closed = CORSMiddleware(app, **policy)
        self._open = CORSMiddleware(app, **_OPEN)
        self._known = frozenset(policy["allow_origins"])
        self._collection = collection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._open if self._collects(scope) else self._closed)(scope, receive, send)

    def _collects(self, scope: Scope) -> bool:
        if scope["type"] != "http":
            return False
        path: str = scope["path"]
        if path.startswith(_COLLECTION_PREFIX):
            return True
        return path == self._collection and Headers(scope=scope).get("origin") not in self._known
