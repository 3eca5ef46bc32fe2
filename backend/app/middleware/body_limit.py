"""Bounds the body of every request; a route may set its own bound. A refusal has the error's usual body and headers."""

from starlette.datastructures import Headers
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import TooLarge
from app.middleware.answers import answer

_TOO_LARGE = 413


class BodyLimitMiddleware:
    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self.app = app
        self._limited = RequestBodyLimitMiddleware(app, max_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _has_no_body(scope):
            await self.app(scope, receive, send)
            return
        refused = False

        async def in_our_words(message: Message) -> None:
            """The limiter refuses in plain text, which nothing else here answers with."""
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] == _TOO_LARGE:
                kind = Headers(raw=message["headers"]).get("content-type", "")
                if refused := kind.startswith("text/plain"):
                    await answer(TooLarge())(scope, receive, send)
            if not refused:
                await send(message)

        await self._limited(scope, receive, in_our_words)


def _has_no_body(scope: Scope) -> bool:
    """In HTTP/1 a body is announced by one of two headers."""
    return (
        scope["type"] == "http"
        and scope["http_version"].startswith("1")
        and not any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])
    )
