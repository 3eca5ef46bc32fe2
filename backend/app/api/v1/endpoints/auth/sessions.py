from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status
from pydantic import Field

from app.api.deps import PageParams, ScopeDep, SettingsDep
from app.api.ids import SessionId
from app.api.sign_in import Deliver, DeliverRefresh, Leaving, OwnOrigin, RefreshCredential, SignIn, forget
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.auth.sessions import (
    LoginRequest,
    MeRead,
    MfaChallenge,
    RefreshRequest,
    SessionRead,
    SignInSessionRead,
    SignInSessionSort,
    SwitchTenantRequest,
    TenantOption,
    UserRead,
)
from app.schemas.pages import Page
from app.services.auth.sessions.own import OwnSessions
from app.services.auth.sessions.service import SecondFactorNeeded

router = APIRouter(prefix="/auth", tags=["auth"])

CanRead = Annotated[Principal, requires("auth.self:read")]
CanWrite = Annotated[Principal, requires("auth.self:write")]


async def own_sessions(scope: ScopeDep, principal: CanRead, settings: SettingsDep) -> OwnSessions:
    return OwnSessions(scope, principal, settings)


Own = Annotated[OwnSessions, Depends(own_sessions)]


@router.post("/login", dependencies=[OwnOrigin])
async def login(body: LoginRequest, sign_in: SignIn, deliver: Deliver) -> SessionRead | MfaChallenge:
    """Sign in; an account with a second factor gets an `mfa_token` instead of a session."""
    outcome = await sign_in.sign_in(body.email, body.password, body.tenant_id)
    if isinstance(outcome, SecondFactorNeeded):
        return MfaChallenge(mfa_token=outcome.mfa_token)
    return deliver(outcome)


@router.post("/refresh", dependencies=[OwnOrigin])
async def refresh(
    token: RefreshCredential, sign_in: SignIn, deliver: DeliverRefresh, body: RefreshRequest | None = None
) -> SessionRead:
    """Exchange a refresh token, once; to use it again ends the session.

    A cookie that another tab exchanged within the last ten seconds gets the same answer as that tab.
    """
    return deliver(await sign_in.refresh(token, shared=body is None))


@router.post("/logout", dependencies=[OwnOrigin], status_code=status.HTTP_204_NO_CONTENT)
async def logout(leaving: Leaving, sign_in: SignIn, response: Response, settings: SettingsDep) -> None:
    """End the session of the access token, of the cookie, or of the refresh token in the body."""
    await sign_in.sign_out(leaving)
    forget(response, settings)


@router.post("/switch-tenant", dependencies=[OwnOrigin])
async def switch_tenant(
    body: SwitchTenantRequest, principal: CanWrite, sign_in: SignIn, deliver: Deliver
) -> SessionRead:
    """Go on in another company; the tokens of before stop working."""
    return deliver(await sign_in.switch_tenant(principal, body.tenant_id))


@router.get("/me")
async def me(principal: CanRead, own: Own) -> MeRead:
    """Who asks, for which tenant, and what the role allows."""
    who = await own.me()
    return MeRead(
        user=UserRead.model_validate(who.user),
        tenant=TenantOption(id=who.tenant.id, name=who.tenant.name, role=principal.role),
        role=principal.role,
        permissions=sorted(principal.permissions),
        tenants=[TenantOption.model_validate(each) for each in who.tenants],
    )


class SessionFilter(PageParams):
    sort: SignInSessionSort = Field("-last_used_at", description="A leading minus turns the order round.")


@router.get("/sessions")
async def list_sessions(
    query: Annotated[SessionFilter, Query()], principal: CanRead, own: Own
) -> Page[SignInSessionRead]:
    """Where the person is signed in."""
    found = await own.page(page=query.page, limit=query.limit, sort=query.sort)
    rows = [SignInSessionRead.model_validate(row) for row in found.items]
    for row in rows:
        row.current = row.id == principal.session_id
    return Page[SignInSessionRead].of(found, rows)


@router.delete("/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT)
async def revoke_session(session_id: SessionId, _: CanWrite, own: Own) -> None:
    """Sign one of the person's sessions out; its tokens stop working at once."""
    await own.revoke(session_id)
