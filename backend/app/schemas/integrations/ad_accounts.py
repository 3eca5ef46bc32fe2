from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input

ConversionName = Literal["purchase", "add_to_cart", "lead", "page_view", "sign_up", "search"]


LeadEvent = Literal["CUSTOM_EVENT_1", "CUSTOM_EVENT_2", "CUSTOM_EVENT_3", "CUSTOM_EVENT_4", "CUSTOM_EVENT_5"]

AdAccountSort = Literal["name", "-name", "platform", "-platform", "last_synced_at", "-last_synced_at"]


class AdAccountRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The account's id here.")
    connection_id: UUID = Field(description="The connection that reaches it.")
    platform: str = Field(description="The ad platform, such as `meta`.")
    external_id: str = Field(description="Its id at the platform.")
    name: str = Field(description="Its name there.")
    currency: str = Field(description="ISO 4217, such as `EUR`.")
    timezone: str = Field(description="Of its days, IANA.")
    status: str = Field(description="The platform's word for the account's state.")
    enabled: bool = Field(description="It is synced and may be changed.")
    write_lease: bool = Field(description="This workspace is the one that may write to the account.")
    pixel_id: str | None = Field(description="The pixel or data set that conversions are sent to.")
    conversions_enabled: bool = Field(description="Conversions are sent on to it.")
    lead_event: str | None = Field(
        description="Snapchat's event that stands for a lead; null: leads are not sent there."
    )
    primary_conversion: str = Field(description="The conversion that its return is measured by.")
    attribution_click_days: int = Field(description="Days after a click in which a conversion counts.")
    attribution_view_days: int = Field(description="Days after a view in which a conversion counts.")
    last_synced_at: datetime | None = Field(description="When it was last read from the platform, UTC.")
    last_metrics_at: datetime | None = Field(description="When a figure last moved.")
    sync_error: str | None = Field(
        None, validation_alias="sync_error_code", description="A stable code of why the last sync failed."
    )
    ads_read_at: datetime | None = Field(description="When all of its ads were last read, UTC.")
    ads_error: str | None = Field(
        None,
        validation_alias="ads_error_code",
        description="A stable code of why its ads could not be read the last time.",
    )


class AdAccountPatch(Input):
    enabled: bool | None = Field(None, description="Whether it is synced and may be changed.")
    write_lease: bool | None = Field(
        None, description="Whether this workspace is the one that may write to it."
    )
    pixel_id: str | None = Field(
        None,
        pattern=r"^[0-9A-Za-z_-]{1,64}$",
        description="The pixel or data set that conversions are sent to.",
    )
    conversions_enabled: bool | None = Field(None, description="Whether conversions are sent on to it.")
    lead_event: LeadEvent | None = Field(
        None, description="Snapchat alone: its event that stands for a lead; null sends none."
    )
    primary_conversion: ConversionName | None = Field(
        None, description="The conversion that its return is measured by."
    )
    attribution_click_days: int | None = Field(
        None, ge=0, le=28, description="Days after a click in which a conversion counts."
    )
    attribution_view_days: int | None = Field(
        None, ge=0, le=7, description="Days after a view in which a conversion counts."
    )


class SyncQueued(BaseModel):
    task: str = Field(description="The task that was queued, by name.")
