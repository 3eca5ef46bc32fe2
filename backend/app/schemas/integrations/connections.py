from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

PlatformName = Literal["meta"]


ConnectionSort = Literal[
    "platform", "-platform", "status", "-status", "created_at", "-created_at", "expires_at", "-expires_at"
]


class AuthorizeBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    read_only: bool = Field(True, description="Ask the platform for the right to read alone.")


class AuthorizeRead(BaseModel):
    authorize_url: str = Field(description="Send the browser here; it comes back to /connect.")
    state: str


class ConnectionCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    platform: PlatformName
    access_token: str = Field(min_length=8, max_length=4096)
    read_only: bool = True


class ConnectionRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    platform: str
    status: str = Field(description="`active`, `needs_sign_in` or `disconnected`.")
    name: str | None = Field(None, validation_alias="external_user_name", description="Who signed in there.")
    scopes: list[str]
    read_only: bool
    created_at: datetime
    expires_at: datetime | None = Field(description="None for a token that does not expire.")
    error: str | None = Field(
        None, validation_alias="last_error_code", description="The platform's last refusal of the token."
    )
