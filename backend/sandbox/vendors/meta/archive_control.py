"""`/control/meta/archive`: an account as large as one likes, and what the platform says of it restated."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.refusals import Refused
from sandbox.vendors.meta import archive, constants
from sandbox.vendors.meta.state import MetaState


class Archive(BaseModel):
    model_config = ConfigDict(extra="forbid")

    account: str = constants.US_ACCOUNT
    campaigns: Annotated[int, Field(ge=1, le=50_000)]
    days: Annotated[int, Field(ge=1, le=400)]


class Restatement(BaseModel):
    model_config = ConfigDict(extra="forbid")

    account: str = constants.US_ACCOUNT
    share: Annotated[float, Field(gt=0, le=1)]


def router(meta: MetaState) -> APIRouter:
    routes = APIRouter(prefix="/archive", tags=["meta"])

    @routes.post("")
    async def fill(wanted: Archive) -> dict[str, Any]:
        """So many more campaigns, paused, each with figures for so many days before today."""
        archive.fill(meta, _account(meta, wanted.account), wanted.campaigns, wanted.days)
        return {"campaigns": wanted.campaigns, "days": wanted.days}

    @routes.post("/restate")
    async def restate(wanted: Restatement) -> dict[str, Any]:
        """Other figures for this share of the archive's days."""
        account = _account(meta, wanted.account)
        if meta.world.accounts[account].archive is None:
            raise Refused("This account has no archive: fill it first.", 409)
        meta.world.restate_archive(account, meta.clock.now(), wanted.share)
        return {"share": wanted.share}

    return routes


def _account(meta: MetaState, name: str) -> str:
    account = name.removeprefix("act_")
    if account not in meta.world.of(constants.PLATFORM):
        raise Refused("There is no such ad account.", 404)
    return account
