"""Compression of answers, never of a stream: a compressor would hold live messages back."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_STREAMS = ("/events/stream",)
_SMALLEST = 1_024


class GzipMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._compressed = GZipMiddleware(app, minimum_size=_SMALLEST, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streams = scope["type"] != "http" or scope["path"].endswith(_STREAMS)
        await (self.app if streams else self._compressed)(scope, receive, send)
