"""`/control/shop`: where the shop sends its events, and its past."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.refusals import Refused
from sandbox.services import Services


class ShopChange(BaseModel):
    """`host` as the Segment client takes it; `rate` is the share of browsing that is sent."""

    model_config = ConfigDict(extra="forbid")

    host: Annotated[str, Field(pattern=r"^https?://")] | None = None
    write_key: Annotated[str, Field(min_length=1)] | None = None
    enabled: bool | None = None
    rate: Annotated[float, Field(ge=0, le=1)] | None = None


class Backfill(BaseModel):
    model_config = ConfigDict(extra="forbid")

    days: Annotated[float, Field(gt=0, le=75)]


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/control/shop", tags=["shop"])
    shop = services.shop

    @routes.get("")
    async def read() -> dict[str, Any]:
        return shop.state()

    @routes.post("")
    async def change(wanted: ShopChange) -> dict[str, Any]:
        host = shop.settings.host if wanted.host is None else wanted.host
        key = shop.settings.write_key if wanted.write_key is None else wanted.write_key
        if wanted.enabled and not (host and key):
            raise Refused("A shop that sends needs host and write_key.")
        shop.configure(**wanted.model_dump())
        return shop.state()

    @routes.post("/backfill", status_code=202)
    async def backfill(wanted: Backfill) -> dict[str, Any]:
        if not shop.settings.enabled:
            raise Refused("The shop sends nothing: give it host and write_key, and enable it.")
        return {"orders": shop.backfill(wanted.days)}

    return routes
