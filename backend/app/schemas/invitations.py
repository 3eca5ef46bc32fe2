from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.auth.permissions import Role
from app.schemas.inputs import Input
from app.schemas.roles import MemberRole
from app.schemas.text import Email, Line, NewPassword, Token

InvitationSort = Literal["email", "-email", "created_at", "-created_at", "expires_at", "-expires_at"]


class InvitationCreate(Input):
    email: Email = Field(description="Where the invitation goes.")
    role: MemberRole = Field(description="What they will be here.")


class InvitationRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The invitation's id.")
    email: str = Field(description="Where it went.")
    role: Role = Field(description="What they will be here.")
    created_at: datetime = Field(description="When it was sent, UTC.")
    expires_at: datetime = Field(description="Until when its link works, UTC.")
    accepted_at: datetime | None = Field(description="When it was accepted, UTC.")
    revoked_at: datetime | None = Field(description="When it was withdrawn, UTC.")


class InvitationAccept(Input):
    token: Token = Field(description="From the link in the mail.")
    full_name: Line | None = Field(None, description="For whoever has no account yet.")
    password: NewPassword | None = Field(
        None, description="For whoever has no account yet: 12 characters or more."
    )


class InvitationAccepted(BaseModel):
    message: str = Field(description="What comes next, in words.")
    email: str = Field(description="The account's address.")
