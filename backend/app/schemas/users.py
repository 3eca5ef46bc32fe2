from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.auth.permissions import Role
from app.schemas.inputs import Input
from app.schemas.roles import MemberRole

MemberSort = Literal[
    "name",
    "-name",
    "email",
    "-email",
    "role",
    "-role",
    "joined_at",
    "-joined_at",
    "last_login_at",
    "-last_login_at",
]


class MemberRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The person's id.")
    email: str = Field(description="E-mail address.")
    full_name: str = Field(description="The person's name.")
    role: Role = Field(description="Their role here.")
    is_active: bool = Field(description="They may sign in here.")
    is_protected: bool = Field(description="Only a superadmin may change this person.")
    mfa_enabled: bool = Field(description="Signing in takes a second factor.")
    last_login_at: datetime | None = Field(description="When they last signed in, UTC.")
    joined_at: datetime = Field(description="When they became a member here, UTC.")


class MemberPatch(Input):
    role: MemberRole | None = Field(None, description="Their role here.")
    is_active: bool | None = Field(None, description="Whether they may sign in here.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.role is None and self.is_active is None:
            raise ValueError("give role, is_active or both")
        return self
