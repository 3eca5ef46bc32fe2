"""Outermost: gives every answer its request id and its duration, and counts it by route template."""

import re
import time
from functools import lru_cache

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.ids import uuid7
from app.core.logging import get_logger
from app.core.metrics import HTTP_IN_FLIGHT, HTTP_REQUESTS, HTTP_SECONDS
from app.middleware.headers import header

log = get_logger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_UNMATCHED = "unmatched"
_LONGEST_PATH = 2_048
_QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})


class TimingMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = header(scope, b"x-request-id")
        request_id = given if given and _REQUEST_ID.fullmatch(given) else str(uuid7())
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 500

        async def stamped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                took = (time.perf_counter() - started) * 1000
                message.setdefault("headers", []).extend(
                    ((b"x-request-id", request_id.encode()), (b"x-process-time-ms", b"%.2f" % took))
                )
            await send(message)

        HTTP_IN_FLIGHT.inc()
        try:
            await self.app(scope, receive, stamped)
        finally:
            HTTP_IN_FLIGHT.dec()
            self._record(scope, status, time.perf_counter() - started)

    @staticmethod
    def _record(scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or _UNMATCHED
        requests, durations = _counted(scope["method"], route, status)
        requests.inc()
        durations.observe(seconds)
        if scope["path"] not in _QUIET:
            log.info(
                "request_completed",
                method=scope["method"],
                path=scope["path"][:_LONGEST_PATH],
                status_code=status,
                duration_ms=round(seconds * 1000, 2),
            )


@lru_cache(maxsize=4096)
def _counted(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return HTTP_REQUESTS.labels(method, route, str(status)), HTTP_SECONDS.labels(method, route)
