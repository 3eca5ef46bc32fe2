from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.auth.permissions import Role
from app.schemas.inputs import Input
from app.schemas.roles import MemberRole
from app.schemas.text import Email, Line, NewPassword, Token

InvitationSort = Literal["email", "-email", "created_at", "-created_at", "expires_at", "-expires_at"]


class InvitationCreate(Input):
    email: Email
    role: MemberRole


class InvitationRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    role: Role
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


class InvitationAccept(Input):
    token: Token
    full_name: Line | None = None
    password: NewPassword | None = None


class InvitationAccepted(BaseModel):
    message: str
    email: str
