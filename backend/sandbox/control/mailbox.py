"""The mailbox, for people (`/mailbox`) and for tests (`/control/mailbox`)."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from sandbox.mailbox import page
from sandbox.services import Services


def router(services: Services) -> APIRouter:
    routes = APIRouter(tags=["mailbox"])
    mailbox = services.mailbox

    @routes.get("/mailbox", response_class=HTMLResponse)
    async def read() -> HTMLResponse:
        return HTMLResponse(page(mailbox.mails()))

    @routes.get("/control/mailbox")
    async def search(to: str | None = None) -> list[dict[str, Any]]:
        return mailbox.mails(to)

    @routes.delete("/control/mailbox", status_code=204)
    async def empty() -> None:
        mailbox.empty()

    return routes
