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

    id: UUID
    email: str
    full_name: str
    role: Role
    is_active: bool
    is_protected: bool = Field(description="Only a superadmin may change this person.")
    mfa_enabled: bool
    last_login_at: datetime | None
    joined_at: datetime


class MemberPatch(Input):
    role: MemberRole | None = None
    is_active: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.role is None and self.is_active is None:
            raise ValueError("give role, is_active or both")
        return self
