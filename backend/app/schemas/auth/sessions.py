from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.auth.permissions import Role
from app.core.ids import LARGEST_TENANT
from app.schemas.inputs import Input
from app.schemas.text import Email, Password, Token

SignInSessionSort = Literal["last_used_at", "-last_used_at", "created_at", "-created_at"]


class LoginRequest(Input):
    email: Email = Field(description="E-mail address.")
    password: Password = Field(description="The account's password.")
    tenant_id: int | None = Field(
        None, ge=1, le=LARGEST_TENANT, description="Which company to enter; else the last one."
    )


class RefreshRequest(Input):
    refresh_token: Token = Field(description="The one that was given last; a used one ends the session.")


class SwitchTenantRequest(Input):
    tenant_id: int = Field(ge=1, le=LARGEST_TENANT, description="A tenant in which the person is a member.")


class UserRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The person's id, the same in every tenant.")
    email: str = Field(description="E-mail address.")
    full_name: str = Field(description="The person's name.")
    is_superadmin: bool = Field(description="Operates the installation.")
    mfa_enabled: bool = Field(description="Signing in takes a second factor.")
    last_login_at: datetime | None = Field(description="When they last signed in, UTC.")


class TenantOption(BaseModel):
    """A company that the person may switch to, and their role there."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(description="The tenant's id.")
    name: str = Field(description="The company's name.")
    role: Role = Field(description="The person's role there.")


class SessionRead(BaseModel):
    access_token: str = Field(description="A JWT for `Authorization: Bearer`.")
    token_type: Literal["bearer"] = Field("bearer", description="How the token is sent.")
    expires_in: int = Field(description="Seconds until the access token expires.")
    csrf_token: str = Field(description="Send it as `X-CSRF-Token` to refresh and log out by cookie.")
    refresh_token: str | None = Field(None, description="For programs only: browsers hold it in a cookie.")
    user: UserRead = Field(description="Who signed in.")
    tenants: list[TenantOption] = Field(description="Where they are a member.")
    tenant_id: int = Field(description="The tenant that the token is for.")


class MfaChallenge(BaseModel):
    mfa_required: Literal[True] = Field(
        default=True, description="The password was right; a second factor is needed."
    )
    mfa_token: str = Field(description="Send it with a code to `/auth/mfa/verify` within five minutes.")


class MeRead(BaseModel):
    user: UserRead = Field(description="Who asks.")
    tenant: TenantOption = Field(description="For which tenant.")
    role: Role = Field(description="Their role there.")
    permissions: list[str] = Field(description="What the role allows, as `<feature>:<verb>`.")
    tenants: list[TenantOption] = Field(description="Where they are a member.")


class SignInSessionRead(BaseModel):
    """A place where the person is signed in."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The session's id.")
    tenant_id: int = Field(description="The tenant that it was last used in.")
    ip: str | None = Field(description="From which address it began.")
    user_agent: str | None = Field(description="The browser or program, as it names itself.")
    created_at: datetime = Field(description="When it began, UTC.")
    last_used_at: datetime = Field(description="When its token was last renewed, UTC.")
    expires_at: datetime = Field(description="When it ends at the latest, UTC.")
    current: bool = Field(default=False, description="The session of this very request.")
