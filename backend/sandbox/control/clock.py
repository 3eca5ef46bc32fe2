"""`/control/clock`: what STRATUM_CLOCK_URL reads, and how time is made to pass."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.clock import ClockCannotGoBack
from sandbox.control.refusals import Refused
from sandbox.control.times import seconds
from sandbox.services import Services


class ClockChange(BaseModel):
    """Steps first (`now`, `advance_…`), then the pace (`rate`, `hours_per_second` or `mode`)."""

    model_config = ConfigDict(extra="forbid")

    now: datetime | None = None
    advance_hours: Annotated[float, Field(ge=0, le=24 * 400)] | None = None
    advance_seconds: Annotated[float, Field(ge=0, le=86400 * 400)] | None = None
    rate: Annotated[float, Field(ge=0, le=86400 * 7)] | None = None
    hours_per_second: Annotated[float, Field(ge=0, le=168)] | None = None
    mode: Literal["real", "paused"] | None = None


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/control/clock", tags=["clock"])
    clock = services.clock

    @routes.get("")
    async def read() -> dict[str, Any]:
        return clock.reading()

    @routes.post("")
    async def change(wanted: ClockChange) -> dict[str, Any]:
        try:
            if wanted.now is not None:
                clock.set_to(seconds(wanted.now))
            clock.advance((wanted.advance_hours or 0.0) * 3600 + (wanted.advance_seconds or 0.0))
        except ClockCannotGoBack as back:
            raise Refused(
                f"Simulated time only goes forward; it is past {back}.", now=clock.reading()["now"]
            ) from back
        if wanted.rate is not None:
            clock.set_rate(wanted.rate)
        if wanted.hours_per_second is not None:
            clock.set_rate(wanted.hours_per_second * 3600)
        if wanted.mode is not None:
            clock.set_rate(1.0 if wanted.mode == "real" else 0.0)
        services.world.run_to(clock.now())
        return clock.reading()

    return routes
