from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

ConversionName = Literal["purchase", "add_to_cart", "lead", "page_view", "sign_up", "search"]


AdAccountSort = Literal["name", "-name", "platform", "-platform", "last_synced_at", "-last_synced_at"]


class AdAccountRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    connection_id: UUID
    platform: str
    external_id: str
    name: str
    currency: str
    timezone: str
    status: str = Field(description="The platform's word for the account's state.")
    enabled: bool
    write_lease: bool = Field(description="This workspace is the one that may write to the account.")
    pixel_id: str | None
    conversions_enabled: bool
    primary_conversion: str
    attribution_click_days: int
    attribution_view_days: int
    last_synced_at: datetime | None
    last_metrics_at: datetime | None = Field(description="When a figure last moved.")
    sync_error: str | None = Field(None, validation_alias="sync_error_code")


class AdAccountPatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    enabled: bool | None = None
    write_lease: bool | None = None
    pixel_id: str | None = Field(None, pattern=r"^\d{1,32}$")
    conversions_enabled: bool | None = None
    primary_conversion: ConversionName | None = None
    attribution_click_days: int | None = Field(None, ge=0, le=28)
    attribution_view_days: int | None = Field(None, ge=0, le=1)


class SyncQueued(BaseModel):
    task: str
