"""A platform that there is not: a second entry in the vendors' table, with words of its own.

`python -m tests.sandbox.elsewhere` is the sandbox with Meta and it.
"""

import json
import re
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from sandbox.__main__ import main
from sandbox.faults import Fault
from sandbox.vendors.meta.vendor import Meta
from sandbox.vendors.vendor import Answer, Ground, refused_items
from sandbox.world.account import Account
from sandbox.world.northwind import US_SHOP
from sandbox.world.parameters import Curve, Habits

ACCOUNT, CAMPAIGN, LINE = "900100", "900200", "900300"
HABITS = Habits(click_claim=0.8, view_claim=0.1, click_days=28.0, view_days=7.0, report_hours=3.0)
CURVE = Curve(
    ceiling=60,
    scale=60_000,
    half_life_hours=20,
    overclaim=0.2,
    cpm=1500,
    click_rate=0.012,
    fatigue=0.1,
)
DAILY = 45_000.0


class Elsewhere:
    """Its account pays in yen and lives in Tokyo, and its platform leaves TikTok's marks in the shop."""

    name = "tiktok"
    title = "Elsewhere"
    prefix = "/elsewhere"
    version = re.compile(r"^/api/v\d+(?=/|$)")
    limit_codes = (40100,)

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    def open_worlds(self) -> None:
        world = self.ground.world
        world.open_account(Account(ACCOUNT, self.name, "JPY", "Asia/Tokyo", HABITS), US_SHOP)
        world.first_campaign(ACCOUNT, CAMPAIGN, CURVE, {LINE: (DAILY, None)})

    def lay(self) -> None:
        """It has no objects."""

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/api/v1/account", self._account),
            Route("/api/v1/items", self._items, methods=["POST"]),
            Route("/api/v1/fail", self._fail),
            Route("/{path:path}", self._unknown, methods=["GET", "POST", "PUT"]),
        ]

    def control(self) -> APIRouter:
        routes = APIRouter(prefix=f"/control/{self.name}")

        @routes.get("")
        async def read() -> dict[str, Any]:
            return {"accounts": list(self.ground.world.of(self.name))}

        return routes

    def broken(self, fault: Fault, path: str) -> Answer:
        if fault.kind == "malformed_json":
            return Answer(200, b'{"code": 0, "da')
        body = {"code": fault.code or fault.kind, "path": path}
        return Answer(fault.status or 200, json.dumps(body).encode(), {"X-Elsewhere": "broken"})

    def failed(self, path: str) -> Answer:
        return Answer(500, json.dumps({"code": 50000, "path": path}).encode())

    def settings(self, url: str) -> dict[str, str]:
        return {"ELSEWHERE_BASE_URL": f"{url}{self.prefix}"}

    def account_name(self, account: str) -> str:
        return f"adv-{account}"

    def campaign_name(self, campaign: str) -> str | None:
        return "Elsewhere | All" if campaign == CAMPAIGN else None

    async def _account(self, _: Request) -> JSONResponse:
        spent = self.ground.account(ACCOUNT).spent
        return JSONResponse({"code": 0, "spent": spent})

    async def _items(self, request: Request) -> JSONResponse:
        count = len(await request.json())
        return JSONResponse({"code": 0, "refused": sorted(refused_items(request.scope, count))})

    async def _fail(self, _: Request) -> JSONResponse:
        raise RuntimeError("nobody expected this")

    async def _unknown(self, request: Request) -> JSONResponse:
        return JSONResponse({"code": 40404, "path": request.path_params["path"]}, 404)


if __name__ == "__main__":
    main((Meta, Elsewhere))
