"""`/control/calls`: what reached the platforms, whoever sent it, and when."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from sandbox.services import Services


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/control/calls", tags=["calls"])

    @routes.get("")
    async def calls(after: int = 0) -> dict[str, Any]:
        """Those behind the number `after`, oldest first; `newest` is what to ask behind the next time."""
        book = services.calls
        return {"newest": book.count, "calls": [asdict(each) for each in book.after(after)]}

    return routes
