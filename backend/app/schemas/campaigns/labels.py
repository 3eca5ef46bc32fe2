from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.schemas.inputs import Input

LabelSort = Literal["name", "-name", "campaigns", "-campaigns", "created_at", "-created_at"]
LabelName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
MOST_CAMPAIGNS = 200
CampaignIds = Annotated[list[UUID], Field(max_length=MOST_CAMPAIGNS)]


class LabelCreate(Input):
    name: LabelName = Field(description="What people read; in any case, no other label's name.")


class LabelPatch(Input):
    name: LabelName = Field(description="The new name.")


class LabelRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The label's id.")
    name: str = Field(description="What people read.")
    campaigns: int = Field(description="How many campaigns bear it.")
    created_by: str = Field(description="Who made it.")
    created_at: datetime = Field(description="When, UTC.")


class LabelChange(Input):
    """Puts the label on campaigns and takes it off others; no platform is told."""

    add_campaign_ids: CampaignIds = Field(default_factory=list, description="Campaigns that get it.")
    remove_campaign_ids: CampaignIds = Field(default_factory=list, description="Campaigns that lose it.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.add_campaign_ids and not self.remove_campaign_ids:
            raise ValueError("Name at least one campaign in add_campaign_ids or remove_campaign_ids.")
        if set(self.add_campaign_ids) & set(self.remove_campaign_ids):
            raise ValueError("Name a campaign either in add_campaign_ids or in remove_campaign_ids.")
        return self


LabelOutcome = Literal["done", "unchanged", "not_found"]


class LabelChanged(BaseModel):
    """What became of each campaign, in the order in which it was named."""

    added: list[LabelOutcome] = Field(description="Of each of `add_campaign_ids`.")
    removed: list[LabelOutcome] = Field(description="Of each of `remove_campaign_ids`.")
