"""Names the tenant and the person in every log line of a request. It decides nothing: `auth.deps` does."""

from functools import lru_cache

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from app.auth.jwt import InvalidToken, read_access_token
from app.auth.principals import InvalidApiKey, parse_api_key
from app.middleware.headers import header

_LONGEST = 2_048
"""Characters of a credential; what is longer is none of ours, and not to be remembered."""


class TenantMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            authorization, api_key = header(scope, b"authorization"), header(scope, b"x-api-key")
            if len(authorization) + len(api_key) <= _LONGEST:
                structlog.contextvars.bind_contextvars(**_named_in(authorization, api_key))
        await self.app(scope, receive, send)


@lru_cache(maxsize=4096)
def _named_in(authorization: str, api_key: str) -> dict[str, str | int]:
    scheme, _, token = authorization.partition(" ")
    try:
        if scheme.lower() == "bearer" and token:
            claims = read_access_token(token)
            return {"tenant_id": claims.tenant_id, "user_id": str(claims.user_id)}
        if api_key:
            tenant_id, key_id, _ = parse_api_key(api_key)
            return {"tenant_id": tenant_id, "api_key_id": str(key_id)}
    except (InvalidToken, InvalidApiKey):
        return {}
    return {}
