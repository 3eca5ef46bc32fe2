"""Innermost: renders what nobody expected, so that a 500 too has its request id and CORS headers.

A database that cannot be reached is no error of ours: 503, and when to come again.
"""

import traceback

import sentry_sdk
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.context import origin
from app.core.errors import Unavailable
from app.core.logging import get_logger
from app.core.metrics import ERRORS
from app.db.session import is_outage
from app.schemas.errors import ErrorBody

log = get_logger(__name__)


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
            ERRORS.labels(down.code if down else "internal").inc()
            if started:
                raise
            await self._answer(error, down)(scope, receive, send)

    def _answer(self, error: Exception, down: Unavailable | None) -> JSONResponse:
        if down is None:
            return JSONResponse(self._body(error), 500)
        said = ErrorBody(error=down.detail, code=down.code, request_id=origin.get().request_id)
        return JSONResponse(said.model_dump(), down.status, headers=down.headers)

    def _body(self, error: Exception) -> dict[str, object]:
        body: dict[str, object] = {
            "success": False,
            "error": "An unexpected error occurred",
            "code": "internal",
            "fields": None,
            "request_id": origin.get().request_id,
        }
        if self._show_traceback:
            body["error"] = str(error) or type(error).__name__
            body["traceback"] = "".join(traceback.format_exception(error))
        return body
