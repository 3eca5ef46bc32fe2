from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input

PlatformName = Literal["meta", "google", "tiktok", "snapchat"]


ConnectionSort = Literal[
    "platform", "-platform", "status", "-status", "created_at", "-created_at", "expires_at", "-expires_at"
]


class PlatformRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    platform: PlatformName = Field(description="The ad platform.")
    name: str = Field(description="As people read it.")
    signs_in: bool = Field(
        description="People can sign in there; otherwise a token that they made there connects it."
    )


class AuthorizeBody(Input):
    read_only: bool = Field(True, description="Ask the platform for the right to read alone.")


class AuthorizeRead(BaseModel):
    authorize_url: str = Field(description="Send the browser here; it comes back to /connect.")
    state: str = Field(description="What the platform gives back with the browser; sealed.")


class ConnectionCreate(Input):
    platform: PlatformName = Field(description="The ad platform.")
    access_token: str = Field(
        min_length=8, max_length=4096, pattern=r"^[\x21-\x7e]*$", description="A token of that platform's."
    )
    read_only: bool = Field(default=True, description="Nothing is ever written through it.")


class ConnectionRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The connection's id.")
    platform: str = Field(description="The ad platform, such as `meta`.")
    status: str = Field(description="`active`, `needs_sign_in` or `disconnected`.")
    name: str | None = Field(None, validation_alias="external_user_name", description="Who signed in there.")
    scopes: list[str] = Field(description="What the platform granted.")
    read_only: bool = Field(description="Nothing is ever written through it.")
    created_at: datetime = Field(description="When it was made, UTC.")
    expires_at: datetime | None = Field(description="None for a token that does not expire.")
    error: str | None = Field(
        None, validation_alias="last_error_code", description="The platform's last refusal of the token."
    )
