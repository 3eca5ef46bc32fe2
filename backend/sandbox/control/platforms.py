"""`/control/platforms`: how an application finds the platforms here."""

from typing import Any

from fastapi import APIRouter, Request

from sandbox.services import Services


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/control/platforms", tags=["platforms"])

    @routes.get("")
    async def platforms(request: Request) -> dict[str, Any]:
        """The settings of an application's environment that point it here, with its own apps' secrets."""
        url = str(request.base_url).rstrip("/")
        return {name: value for each in services.vendors for name, value in each.settings(url).items()}

    return routes
