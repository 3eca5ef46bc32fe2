from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

RemoteState = Literal["empty", "filling", "too_small", "ready", "blocked", "unknown"]


class RemoteAudienceRead(BaseModel):
    """An audience as the platform has it, whoever made it."""

    model_config = ConfigDict(from_attributes=True)

    external_id: str = Field(description="The platform's id of it.")
    name: str = Field(description="Its name there.")
    description: str | None = Field(description="What is said of it there.")
    state: RemoteState = Field(description="What the platform says of it.")
    told: str | None = Field(description="The platform's own words for that.")
    size_lower: int | None = Field(description="Whom it can reach, at least; null where it does not say.")
    size_upper: int | None = Field(description="At most.")


class RemoteAudiencesRead(BaseModel):
    items: list[RemoteAudienceRead] = Field(description="All that the account has.")
