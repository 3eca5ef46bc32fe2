"""Compression of answers, never of a stream: a compressor would hold live messages back."""

from starlette.middleware.gzip import GZipResponder, IdentityResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.middleware.headers import header

_STREAMS = ("/events/stream",)
_SMALLEST = 1_024
_LEVEL = 5


class GzipMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].endswith(_STREAMS):
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        responder: IdentityResponder | None = None

        async def compressing(message: Message) -> None:
            """A small answer goes as it is: the compressor is made for one that is worth it."""
            nonlocal start, responder
            if responder is None:
                if message["type"] == "http.response.start":
                    start = message
                    return
                if start is not None and _is_small(message):
                    first, start = start, None
                    await send(first)
                    await send(message)
                    return
                responder = self._responder(scope, send)
                if start is not None:
                    await responder.send_with_compression(start)
            await responder.send_with_compression(message)

        await self.app(scope, receive, compressing)

    def _responder(self, scope: Scope, send: Send) -> IdentityResponder:
        accepted = "gzip" in header(scope, b"accept-encoding")
        responder = (
            GZipResponder(self.app, _SMALLEST, compresslevel=_LEVEL)
            if accepted
            else IdentityResponder(self.app, _SMALLEST)
        )
        responder.send = send
        return responder


def _is_small(message: Message) -> bool:
    return (
        message["type"] == "http.response.body"
        and len(message.get("body", b"")) < _SMALLEST
        and not message.get("more_body", False)
    )
