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
        """Of every campaign on every platform."""
        pulls = {
            campaign: state.pull
            for account in world.accounts.values()
            for campaign, state in account.campaigns.items()
        }
        accounts = [
            {
                "account": name,
                "platform": found.platform,
                "shop": found.shop.id,
                "currency": found.currency,
                "campaigns": list(found.campaigns),
            }
            for name, found in world.accounts.items()
        ]
        return {"pull": pulls, "accounts": accounts}

    @routes.post("")
    async def change(wanted: Pull) -> dict[str, Any]:
        """From the next hour on; the past stays as it was."""
        account = world.account_of(wanted.campaign_id)
        if account is None:
            raise Refused("There is no such campaign.", 404)
        world.set_pull(account, wanted.campaign_id, clock.now(), wanted.pull)
        return {"campaign_id": wanted.campaign_id, "pull": wanted.pull}

    return routes
