"""Who may call from a page: the API, the origins in the settings; event collection, any page, without cookies."""

from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import tracking
from app.middleware.headers import header

_OPEN: dict[str, Any] = {
    "allow_origins": ["*"],
    "allow_methods": ["GET", "POST"],
    "allow_headers": [
        *("authorization", "content-type", "content-encoding", "x-retry-count", "x-write-key"),
        *("x-enable-debug", "x-ip-policy"),
    ],
    "expose_headers": ["Retry-After", "X-RateLimit-Reset", "X-Request-ID"],
    "max_age": 86_400,
}


class CorsMiddleware:
    def __init__(self, app: ASGIApp, *, collection: str, policy: dict[str, Any]) -> None:
        self.app = app
        self._closed = CORSMiddleware(app, **policy)
        self._open = CORSMiddleware(app, **_OPEN)
        self._known = frozenset(policy["allow_origins"])
        self._collection = collection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if not header(scope, b"origin"):
            await self._answer_no_page(scope, receive, send)
            return
        await (self._open if self._collects(scope) else self._closed)(scope, receive, send)

    async def _answer_no_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Caches are told that a page would get another answer; nothing else is asked of us."""

        async def varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", []).append((b"vary", b"Origin"))
            await send(message)

        await self.app(scope, receive, varying)

    def _collects(self, scope: Scope) -> bool:
        path: str = scope["path"]
        if path.startswith(tracking.PREFIXES):
            return True
        return path == self._collection and header(scope, b"origin") not in self._known
