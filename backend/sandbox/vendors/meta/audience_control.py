"""`/control/meta/audiences`: who is in a custom audience, as no advertiser is ever told; the terms, accepted or not."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from sandbox.control.refusals import Refused
from sandbox.vendors.meta import constants
from sandbox.vendors.meta.audiences import KIND
from sandbox.vendors.meta.state import MetaState


class Terms(BaseModel):
    model_config = ConfigDict(extra="forbid")

    accepted: bool
    account: str = constants.US_ACCOUNT


def router(meta: MetaState) -> APIRouter:
    """Below `/control/meta`."""
    routes = APIRouter()

    @routes.get("/audiences")
    async def every() -> list[dict[str, Any]]:
        """Each custom audience, with how many entries are in it now."""
        return [
            {"id": n.id, "account": n.account, **n.data, "entries": len(meta.audiences.members(n.id))}
            for n in meta.nodes.all(KIND)
        ]

    @routes.get("/audiences/{audience}")
    async def one(audience: str) -> dict[str, Any]:
        """Everybody who is in it now."""
        node = meta.nodes.find(audience)
        if node is None or node.kind != KIND:
            raise Refused("There is no such audience.", 404)
        return {"id": node.id, **meta.audiences.shown(node.id)}

    @routes.post("/audience-terms")
    async def accept_terms(wanted: Terms) -> dict[str, Any]:
        """Whether a person has accepted the terms of custom audiences for this account, as they have at first."""
        if wanted.account not in meta.world.of(constants.PLATFORM):
            raise Refused("There is no such account.", 404)
        without = meta.audiences.without_terms
        (without.discard if wanted.accepted else without.add)(wanted.account)
        return {"accepted": wanted.accepted}

    return routes
