"""FastAPI dependencies: who calls, and whether they may."""

import hashlib
from typing import Annotated, Any

from fastapi import Depends
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from app.auth.permissions import PERMISSIONS
from app.auth.principals import Principal, PrincipalCache, principal_from_api_key, principal_from_token
from app.core.errors import Forbidden, Unauthorized

bearer = HTTPBearer(auto_error=False, description="An access token from `/api/v1/auth/login`.")
api_key_header = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="A key from `/api/v1/api-keys`."
)


class PermissionMissing(Forbidden):
    """Your role does not allow this."""

    code = "auth.permission_missing"


async def authenticate(connection: HTTPConnection, token: str | None, api_key: str | None) -> Principal:
    """The live principal behind a credential; `Unauthorized` when there is none."""
    credential = token or api_key
    if credential is None:
        raise Unauthorized
    cache: PrincipalCache = connection.app.state.principals
    digest = hashlib.sha256(credential.encode()).digest()
    principal = cache.get(digest)
    if principal is not None:
        return principal
    async with cache.asking(digest):
        principal = cache.get(digest)
        if principal is None:
            engine = connection.app.state.engine
            principal = await (
                principal_from_token(engine, token) if token else principal_from_api_key(engine, credential)
            )
            cache.put(digest, principal)
    return principal


async def current_principal(
    connection: HTTPConnection,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    api_key: Annotated[str | None, Depends(api_key_header)],
) -> Principal:
    return await authenticate(connection, token.credentials if token else None, api_key)


CurrentPrincipal = Annotated[Principal, Depends(current_principal, scope="function")]


async def maybe_principal(
    connection: HTTPConnection,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Principal | None:
    """For a route that proves itself in another way, and where being signed in may add to that."""
    return None if token is None else await authenticate(connection, token.credentials, None)


MaybePrincipal = Annotated[Principal | None, Depends(maybe_principal, scope="function")]


class Requires:
    """The declared permission of a route; tests read `permission` off the route's dependencies."""

    def __init__(self, permission: str) -> None:
        if permission not in PERMISSIONS:
            raise LookupError(f"{permission} does not stand in the role matrix")
        self.permission = permission

    async def __call__(self, principal: CurrentPrincipal) -> Principal:
        if not principal.may(self.permission):
            raise PermissionMissing(permission=self.permission, role=principal.role)
        return principal


def requires(permission: str) -> Any:
    return Depends(Requires(permission), scope="function")
