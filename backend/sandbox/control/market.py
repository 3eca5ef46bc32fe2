"""`/control/market`: what truly changes out there, and is no fault of anybody's report."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.refusals import Refused
from sandbox.services import Services


class Pull(BaseModel):
    """1 is the campaign's own curve; 0.3 leaves it three orders of ten, at the same spend and clicks."""

    model_config = ConfigDict(extra="forbid")

    campaign_id: str
    pull: Annotated[float, Field(ge=0, le=5)]


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/control/market", tags=["market"])
    world, clock = services.world, services.clock

    @routes.get("")
    async def read() -> dict[str, Any]:
        pulls = {
            campaign: state.pull
            for account in world.accounts.values()
            for campaign, state in account.campaigns.items()
        }
        return {"pull": pulls}

    @routes.post("")
    async def change(wanted: Pull) -> dict[str, Any]:
        """From the next hour on; the past stays as it was."""
        for name, account in world.accounts.items():
            if wanted.campaign_id in account.campaigns:
                world.set_pull(name, wanted.campaign_id, clock.now(), wanted.pull)
                return {"campaign_id": wanted.campaign_id, "pull": wanted.pull}
        raise Refused("There is no such campaign.", 404)

    return routes
