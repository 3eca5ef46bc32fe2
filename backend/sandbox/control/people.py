"""What a person sees first at `/`, and what a supervisor asks at `/control/health`."""

from html import escape
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from sandbox.services import Services

_LINKS = (
    ("/mailbox", "Mailbox: what the application has mailed"),
    ("/control/docs", "The control API, to try out"),
    ("/control/clock", "The clock"),
    ("/control/faults", "Faults: what is broken, and what can be"),
    ("/control/shop", "The shop: where its events go"),
    ("/control/truth/campaigns", "The truth about the campaigns"),
    ("/control/truth/curves", "Their hidden response curves"),
)


def router(services: Services) -> APIRouter:
    routes = APIRouter(tags=["people"])

    @routes.get("/", response_class=HTMLResponse)
    async def home() -> HTMLResponse:
        now = services.clock.reading()
        entries = [(f"/control/{v.name}", f"{v.title}: tokens and ids") for v in services.vendors]
        links = "".join(f'<li><a href="{href}">{escape(text)}</a></li>' for href, text in (*_LINKS, *entries))
        served = ", ".join(f"{v.title} at {v.prefix or '/'}" for v in services.vendors)
        return HTMLResponse(
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Stratum sandbox</title><style>'
            "body{font:16px/1.6 system-ui;max-width:40rem;margin:8vh auto;padding:0 1rem}</style></head>"
            "<body><h1>The platforms, on your own machine</h1><p>They answer here at their own paths, over a "
            f"simulated shop and its visitors: {escape(served)}. Nothing leaves this machine.</p>"
            f"<p>It is <strong>{escape(now['now'])}</strong> here, at {now['rate']:g} simulated seconds a "
            f"second; seed {services.seed}; mail is taken at port {services.smtp_port}.</p>"
            f"<ul>{links}</ul></body></html>"
        )

    @routes.get("/control/health")
    async def health() -> dict[str, Any]:
        return {
            "status": "ok",
            "seed": services.seed,
            "smtp_port": services.smtp_port,
            "clock": services.clock.reading(),
        }

    return routes
