from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.models.integrations.kinds import AdReview as AdVerdict

__all__ = ["AdDetail", "AdRead", "AdReviewRead", "AdSort", "AdVerdict"]

AdSort = Literal[
    "name", "-name", "campaign", "-campaign", "review", "-review", "reviewed_at", "-reviewed_at", "synced_at",
    "-synced_at",
]  # fmt: skip


class AdRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The ad's id here.")
    ad_account_id: UUID = Field(description="The ad account's id here.")
    campaign_id: UUID = Field(description="Its campaign's id here.")
    campaign_name: str = Field(description="Its campaign's name.")
    ad_set_id: UUID | None = Field(description="Its ad set's id here; null while that is not known.")
    ad_set_name: str | None = Field(description="Its ad set's name.")
    platform: str = Field(description="The ad platform, such as `meta`.")
    external_id: str = Field(description="Its id at the platform.")
    name: str = Field(description="Its name there.")
    status: str = Field(description="What its owner set.")
    effective_status: str = Field(description="What it comes to, with its review and what it belongs to.")
    review: AdVerdict | None = Field(
        description="The platform's verdict; null while it does not tell, as of an ad that is stopped."
    )
    review_reasons: list[str] = Field(description="Why, in the platform's own words.")
    reviewed_at: datetime = Field(
        description="When the newest verdict was first seen here; a stop that hides it is no other."
    )
    creative_id: str | None = Field(description="The platform's id of what is shown.")
    creative_kind: str | None = Field(
        description="`image`, `video`, `carousel`, `text`, or the platform's own word."
    )
    headline: str | None = Field(description="The headline; null where the platform tells none.")
    body: str | None = Field(description="The text; null where the platform tells none.")
    call_to_action: str | None = Field(description="What the button says, in words.")
    landing_url: str | None = Field(description="Where a click leads.")
    image_url: str | None = Field(description="Its picture or thumbnail, at the platform; may end in time.")
    media: str | None = Field(description="The platform's id of its video or picture.")
    platform_updated_at: datetime | None = Field(description="When it was changed at the platform.")
    synced_at: datetime = Field(description="When it was last read from the platform, UTC.")
    gone: bool = Field(description="The platform no longer lists it.")


class AdReviewRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    seen_at: datetime = Field(description="When the verdict was first seen here; it held until the next one.")
    review: AdVerdict | None = Field(description="The verdict; null while the platform did not tell.")
    reasons: list[str] = Field(description="Why, in the platform's own words.")


class AdDetail(AdRead):
    reviews: list[AdReviewRead] = Field(description="Every verdict that was seen, the newest first.")
