"""`/control/<vendor>/audiences`: who is in a list of customers, as no advertiser is ever told."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from sandbox.control.refusals import Refused


def router(
    every: Callable[[], list[dict[str, Any]]], inside: Callable[[str], dict[str, Any] | None]
) -> APIRouter:
    """Below `/control/<vendor>`; `inside` tells None where there is no such list."""
    routes = APIRouter()

    @routes.get("/audiences")
    async def every_audience() -> list[dict[str, Any]]:
        """Each list, with how many entries are in it now."""
        return every()

    @routes.get("/audiences/{audience}")
    async def one_audience(audience: str) -> dict[str, Any]:
        """Everybody who is in it now."""
        found = inside(audience)
        if found is None:
            raise Refused("There is no such audience.", 404)
        return found

    return routes
