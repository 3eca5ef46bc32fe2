"""Innermost: renders what nobody expected, so that a 500 too has its request id and CORS headers.

A database that cannot be reached is no error of ours: 503, and when to come again.
"""

import traceback

import sentry_sdk
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import StratumError, Unavailable
from app.core.logging import get_logger
from app.core.metrics import ERRORS
from app.db.session import is_outage
from app.middleware.answers import answer
from app.schemas.errors import ErrorBody

log = get_logger(__name__)

_UNEXPECTED = "An unexpected error occurred"


class UnexpectedErrorMiddleware:
    def __init__(self, app: ASGIApp, *, show_traceback: bool) -> None:
        self.app = app
        self._show_traceback = show_traceback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            down = Unavailable() if is_outage(error) else None
            if down:
                log.warning(
                    "database_unreachable", path=scope["path"], error=str(error) or type(error).__name__
                )
            else:
                log.exception("unhandled_exception", path=scope["path"], method=scope["method"])
            sentry_sdk.capture_exception(error)
            if started:
                ERRORS.labels(down.code if down else "internal").inc()
                raise
            await (answer(down) if down else self._answer(error))(scope, receive, send)

    def _answer(self, error: Exception) -> JSONResponse:
        if not self._show_traceback:
            return answer(StratumError(_UNEXPECTED))
        ERRORS.labels("internal").inc()
        said = ErrorBody.of(StratumError(str(error) or type(error).__name__)).model_dump()
        return JSONResponse({**said, "traceback": "".join(traceback.format_exception(error))}, 500)
