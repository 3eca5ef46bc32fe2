"""Names the tenant and the person in every log line of a request. It decides nothing: `auth.deps` does."""

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.auth.jwt import InvalidToken, read_access_token
from app.auth.principals import InvalidApiKey, parse_api_key


class TenantMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            structlog.contextvars.bind_contextvars(**_named_in(Headers(scope=scope)))
        await self.app(scope, receive, send)


def _named_in(headers: Headers) -> dict[str, str | int]:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() == "bearer" and token:
            claims = read_access_token(token)
            return {"tenant_id": claims.tenant_id, "user_id": str(claims.user_id)}
        if key := headers.get("x-api-key"):
            tenant_id, key_id, _ = parse_api_key(key)
            return {"tenant_id": tenant_id, "api_key_id": str(key_id)}
    except (InvalidToken, InvalidApiKey):
        return {}
    return {}
