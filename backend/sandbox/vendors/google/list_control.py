"""`/control/google/audiences`, and the terms of Customer Match, which only a person accepts."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from sandbox.control import audiences
from sandbox.control.refusals import Refused
from sandbox.vendors.google import constants, user_lists
from sandbox.vendors.google.state import GoogleState


class Terms(BaseModel):
    model_config = ConfigDict(extra="forbid")

    accepted: bool
    account: str = constants.US_ACCOUNT


def router(google: GoogleState) -> APIRouter:
    """Below `/control/google`."""
    routes = audiences.router(
        lambda: user_lists.every(google), lambda audience: user_lists.inside(google, audience)
    )

    @routes.post("/audience-terms")
    async def accept_terms(wanted: Terms) -> dict[str, Any]:
        """Whether a person has accepted the terms for this account, as they have at first."""
        if wanted.account not in google.world.of(constants.PLATFORM):
            raise Refused("There is no such account.", 404)
        without = google.settings.without_terms
        (without.discard if wanted.accepted else without.add)(wanted.account)
        return {"accepted": wanted.accepted}

    return routes
