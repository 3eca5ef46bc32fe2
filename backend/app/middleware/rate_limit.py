"""How often one caller may ask: a signed-in session or API key by itself, everybody else by their address."""

import hashlib
import time
from collections.abc import Mapping, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.jwt import InvalidToken, read_access_token
from app.auth.principals import Principal, PrincipalCache
from app.core.errors import TooManyRequests
from app.core.metrics import RATE_LIMITED
from app.core.rate_limits import Allowance, Limit, RateLimiter, neighbourhood, whole_seconds
from app.middleware.answers import answer
from app.middleware.audit import ClientAddress
from app.middleware.headers import header
from app.schemas.errors import ErrorBody

_MINUTE = 60
_TRY_AGAIN_LATER = 1013


class RateLimitMiddleware:
    """`limits` names the requests a minute under a path prefix, the longest prefix first; None leaves a prefix free.

    Paths under no prefix (health, metrics, the dashboard's files) are free too. What is posted to `collection` counts
    events, and bars those who guess write keys, itself: only a credential of ours that nobody knows counts here.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: Mapping[str, int | None],
        collection: str,
        trusted_proxies: Sequence[str],
    ) -> None:
        self.app = app
        self._collection = collection
        self._address = ClientAddress(trusted_proxies)
        self._limits = sorted(
            ((prefix, _limit(prefix, times)) for prefix, times in limits.items()),
            key=lambda each: len(each[0]),
            reverse=True,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self._limit_of(scope)
        if limit is None or self._counts_itself(scope):
            await self.app(scope, receive, send)
            return
        limiter: RateLimiter = scope["app"].state.limiter
        allowance = await limiter.take(limit, self._subject(scope))
        if not allowance.allowed:
            RATE_LIMITED.labels(limit.name).inc()
            await _refuse(allowance, scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.setdefault("headers", [])
                # A stricter limit further in has said its own already.
                said = {name for name, _ in given}
                given.extend((name, value) for name, value in _lines(allowance) if name not in said)
            await send(message)

        await self.app(scope, receive, told)

    def _limit_of(self, scope: Scope) -> Limit | None:
        if scope["type"] not in {"http", "websocket"}:
            return None
        path: str = scope["path"]
        return next((limit for prefix, limit in self._limits if path.startswith(prefix)), None)

    def _counts_itself(self, scope: Scope) -> bool:
        if scope["path"] != self._collection or scope.get("method") != "POST":
            return False
        token, api_key = _credential(scope)
        return not (token or api_key) or _known(scope, token or api_key) is not None

    def _subject(self, scope: Scope) -> str:
        """A credential counts by itself only when it is genuine: made-up ones all count for their address."""
        token, api_key = _credential(scope)
        if credential := token or api_key:
            known = _known(scope, credential)
            if known is not None:
                return str(known.session_id or known.api_key_id)
            if token:
                try:
                    return str(read_access_token(token).session_id)
                except InvalidToken:
                    return neighbourhood(self._address.of(scope))
        return neighbourhood(self._address.of(scope))


def _credential(scope: Scope) -> tuple[str, str]:
    """An access token and an API key, as far as they are sent."""
    scheme, _, token = header(scope, b"authorization").partition(" ")
    return token if scheme.lower() == "bearer" else "", header(scope, b"x-api-key")


def _known(scope: Scope, credential: str) -> Principal | None:
    cache: PrincipalCache = scope["app"].state.principals
    return cache.get(hashlib.sha256(credential.encode()).digest())


def _limit(prefix: str, times: int | None) -> Limit | None:
    if times is None:
        return None
    return Limit(f"http:{prefix}", times=times, seconds=_MINUTE, lease=max(1, times // _MINUTE))


def _lines(allowance: Allowance) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"x-ratelimit-limit", b"%d" % allowance.limit),
        (b"x-ratelimit-remaining", b"%d" % allowance.remaining),
        (b"x-ratelimit-reset", b"%d" % (time.time() + allowance.reset_after + 1)),
    )


async def _refuse(allowance: Allowance, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER, "reason": "too_many_requests"})
        return
    error = TooManyRequests(retry_after=whole_seconds(allowance.retry_after))
    body = ErrorBody.of(error, request_id=scope.get("state", {}).get("request_id"))
    headers = {name.decode(): value.decode() for name, value in _lines(allowance)}
    await answer(error, headers, body=body)(scope, receive, send)
