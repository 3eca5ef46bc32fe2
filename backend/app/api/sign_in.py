"""How a session reaches its holder: cookies for browsers, the body for programs."""

import contextlib
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from fastapi.security import HTTPAuthorizationCredentials

from app.api.deps import DoorsDep, LimiterDep, SettingsDep
from app.auth.deps import bearer
from app.auth.jwt import InvalidToken, read_access_token
from app.core.config import Settings
from app.core.errors import Forbidden, Unauthorized
from app.schemas.auth.sessions import RefreshRequest, SessionRead, TenantOption, UserRead
from app.services.auth.sessions.service import SignedIn, SignInService, csrf_is_right


async def sign_in_service(doors: DoorsDep, limiter: LimiterDep, settings: SettingsDep) -> SignInService:
    return SignInService(doors, limiter, settings)


SignIn = Annotated[SignInService, Depends(sign_in_service)]

REFRESH_COOKIE = "stratum_refresh"
CSRF_COOKIE = "stratum_csrf"
_PROGRAM = "program"


class ForeignOrigin(Forbidden):
    """This page may not sign anybody in or out here."""

    code = "auth.foreign_origin"


class CsrfFailed(Forbidden):
    """The X-CSRF-Token header does not match the session's cookie."""

    code = "auth.csrf_failed"


class NoRefreshToken(Unauthorized):
    """There is no session to go on with: sign in."""

    code = "auth.no_refresh_token"


async def own_origin(request: Request, settings: SettingsDep) -> None:
    """Refuses a page of another site; a program sends no Origin."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    allowed = {*settings.allowed_origins, settings.public_url.rstrip("/")}
    if origin not in allowed and urlsplit(origin).netloc != request.headers.get("host"):
        raise ForeignOrigin(origin=origin)


OwnOrigin = Depends(own_origin)


ClientHeader = Annotated[
    str | None,
    Header(
        alias="X-Client",
        max_length=50,
        description="`program`: the refresh token stands in the body, and no cookie is set.",
    ),
]
CsrfHeader = Annotated[
    str | None,
    Header(
        alias="X-CSRF-Token",
        max_length=200,
        description="The cookie `stratum_csrf`, said again: that a page of ours asks.",
    ),
]


async def refresh_credential(
    request: Request,
    body: RefreshRequest | None = None,
    csrf: CsrfHeader = None,
) -> str:
    """The refresh token of the body, or that of the cookie when the CSRF token proves that a page of ours asks."""
    if body is not None:
        return body.refresh_token
    token = request.cookies.get(REFRESH_COOKIE)
    if token is None:
        raise NoRefreshToken
    if csrf is None or csrf != request.cookies.get(CSRF_COOKIE) or not csrf_is_right(token, csrf):
        raise CsrfFailed
    return token


async def leaving(
    request: Request,
    access: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    body: RefreshRequest | None = None,
    csrf: CsrfHeader = None,
) -> UUID | str:
    """Whose session to end: that of the access token where one is sent, else that of the refresh token."""
    if access is not None and body is None:
        with contextlib.suppress(InvalidToken):
            return read_access_token(access.credentials).session_id
    return await refresh_credential(request, body, csrf)


class Delivery:
    """Answers a sign-in; a browser gets the refresh token in a cookie that no script can read."""

    def __init__(self, response: Response, settings: Settings, *, to_program: bool) -> None:
        self._response = response
        self._settings = settings
        self._to_program = to_program

    def __call__(self, signed_in: SignedIn) -> SessionRead:
        self._response.headers["Cache-Control"] = "no-store"
        if signed_in.refresh_token is not None and not self._to_program:
            self._set_cookies(signed_in.refresh_token, signed_in.csrf_token)
        return SessionRead(
            access_token=signed_in.access_token,
            expires_in=signed_in.expires_in,
            csrf_token=signed_in.csrf_token,
            refresh_token=signed_in.refresh_token if self._to_program else None,
            user=UserRead.model_validate(signed_in.user),
            tenants=[TenantOption.model_validate(each) for each in signed_in.tenants],
            tenant_id=signed_in.tenant_id,
        )

    def _set_cookies(self, refresh_token: str, csrf_token: str) -> None:
        lifetime = min(self._settings.refresh_token_days, self._settings.refresh_idle_days) * 86_400
        secure = self._settings.cookie_secure
        self._response.set_cookie(
            REFRESH_COOKIE, refresh_token, max_age=lifetime, path=_auth_path(self._settings),
            secure=secure, httponly=True, samesite="strict",
        )  # fmt: skip
        self._response.set_cookie(
            CSRF_COOKIE, csrf_token, max_age=lifetime, path="/",
            secure=secure, httponly=False, samesite="strict",
        )  # fmt: skip


async def delivery(response: Response, settings: SettingsDep, client: ClientHeader = None) -> Delivery:
    return Delivery(response, settings, to_program=client == _PROGRAM)


async def refresh_delivery(
    response: Response, settings: SettingsDep, body: RefreshRequest | None = None
) -> Delivery:
    """The way the old token came: no header lets a script read what came in the cookie."""
    return Delivery(response, settings, to_program=body is not None)


Leaving = Annotated[UUID | str, Depends(leaving)]
RefreshCredential = Annotated[str, Depends(refresh_credential)]
Deliver = Annotated[Delivery, Depends(delivery)]
DeliverRefresh = Annotated[Delivery, Depends(refresh_delivery)]


def forget(response: Response, settings: Settings) -> None:
    response.delete_cookie(REFRESH_COOKIE, path=_auth_path(settings))
    response.delete_cookie(CSRF_COOKIE, path="/")


def _auth_path(settings: Settings) -> str:
    return f"{settings.api_v1_prefix}/auth"
