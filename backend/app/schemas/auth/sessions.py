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
    email: Email
    password: Password
    tenant_id: int | None = Field(
        None, ge=1, le=LARGEST_TENANT, description="Which company to enter; else the last one."
    )


class RefreshRequest(Input):
    refresh_token: Token


class SwitchTenantRequest(Input):
    tenant_id: int = Field(ge=1, le=LARGEST_TENANT)


class UserRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    full_name: str
    is_superadmin: bool
    mfa_enabled: bool
    last_login_at: datetime | None


class TenantOption(BaseModel):
    """A company that the person may switch to, and their role there."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    role: Role


class SessionRead(BaseModel):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  (a kind of token)
    expires_in: int = Field(description="Seconds until the access token expires.")
    csrf_token: str = Field(description="Send it as `X-CSRF-Token` to refresh and log out by cookie.")
    refresh_token: str | None = Field(None, description="For programs only: browsers hold it in a cookie.")
    user: UserRead
    tenants: list[TenantOption]
    tenant_id: int


class MfaChallenge(BaseModel):
    mfa_required: Literal[True] = True
    mfa_token: str = Field(description="Send it with a code to `/auth/mfa/verify` within five minutes.")


class MeRead(BaseModel):
    user: UserRead
    tenant: TenantOption
    role: Role
    permissions: list[str]
    tenants: list[TenantOption]


class SignInSessionRead(BaseModel):
    """A place where the person is signed in."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    tenant_id: int
    ip: str | None
    user_agent: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool = Field(default=False, description="The session of this very request.")
