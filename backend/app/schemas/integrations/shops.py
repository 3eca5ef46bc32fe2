from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input

ShopProviderName = Literal["shopify"]
OrderReference = Literal["id", "name"]
ShopSort = Literal["name", "-name", "created_at", "-created_at", "last_synced_at", "-last_synced_at"]


class ShopProviderRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    provider: ShopProviderName = Field(description="Where the shop is run.")
    name: str = Field(description="As people read it.")
    example: str = Field(description="A shop's own address, as it is to be written.")
    signs_in: bool = Field(description="People can sign in there: our own app is set up.")


class ShopAuthorize(Input):
    domain: str = Field(
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9.-]+$",
        description="The shop's own address, such as `northwind.myshopify.com`.",
    )


class ShopAuthorizeRead(BaseModel):
    authorize_url: str = Field(description="Send the browser here; it comes back to /connect.")
    state: str = Field(description="What the shop gives back with the browser; sealed.")


class ShopPatch(Input):
    enabled: bool | None = Field(None, description="Whether it is read.")
    order_reference: OrderReference | None = Field(
        None, description="What the shop's own events call an order in `order_id`: its id, or its name."
    )
    wait_minutes: int | None = Field(
        None,
        ge=0,
        le=1_440,
        description="How long an order waits for the shop's own event of it, before it is told from here.",
    )
    customer_ids: bool | None = Field(
        None, description="Whether the shop's customer ids are the user ids of its own events."
    )


class ShopRead(BaseModel):
    id: UUID = Field(description="The shop's id here.")
    provider: ShopProviderName = Field(description="Where the shop is run.")
    domain: str = Field(description="The shop's own address there.")
    name: str = Field(description="As people read it.")
    currency: str = Field(description="What its orders are counted in, whatever its buyers pay with.")
    enabled: bool = Field(description="Whether it is read.")
    status: Literal["active", "needs_sign_in", "disconnected"] = Field(description="How its connection is.")
    order_reference: OrderReference = Field(description="What its own events call an order in `order_id`.")
    wait_minutes: int = Field(description="How long an order waits for the shop's own event of it.")
    customer_ids: bool = Field(description="Its customer ids are the user ids of its own events.")
    orders: int = Field(description="How many of its orders are known.")
    orders_told: int = Field(description="How many of them were told from here.")
    orders_covered: int = Field(description="How many of them the shop's own events had told already.")
    orders_waiting: int = Field(description="How many of them wait for the shop's own event.")
    orders_unnamed: int = Field(description="How many of them name nobody, so that nothing could be told.")
    is_reading: bool = Field(description="A reading has begun and not ended.")
    subscribed: bool = Field(description="The shop tells us of its orders by itself; otherwise it is asked.")
    last_webhook_at: datetime | None = Field(description="When it told of something last, UTC.")
    last_synced_at: datetime | None = Field(description="When all was read last, UTC.")
    next_sync_at: datetime | None = Field(
        description="When it is read next, UTC; null is as soon as possible."
    )
    error_code: str | None = Field(description="A stable code of why the last synchronisation failed.")
    error: str | None = Field(description="The same in the shop's words.")
    created_at: datetime = Field(description="When it was connected first, UTC.")


class ShopSyncRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="The synchronisation's id.")
    started_at: datetime = Field(description="When it began, UTC.")
    finished_at: datetime | None = Field(description="When it ended, UTC.")
    orders_read: int = Field(description="Orders that had been updated.")
    orders_told: int = Field(description="How many were told.")
    orders_covered: int = Field(description="How many the shop's own events had told already.")
    orders_unnamed: int = Field(description="How many name nobody: no identifier is filled in.")
    refunds_told: int = Field(
        description="How much came back: refunds, what was taken out, what was cancelled."
    )
    rejected: int = Field(description="Events that were not taken in; the event log says why.")
    error_code: str | None = Field(description="A stable code of why it failed.")
    error: str | None = Field(description="The same in the shop's words.")


class ShopSyncAsked(BaseModel):
    task: str = Field(description="The task that will do it.")
