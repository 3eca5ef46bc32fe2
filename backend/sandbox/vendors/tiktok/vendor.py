"""TikTok's entry in the table of vendors."""

import re

from fastapi import APIRouter
from starlette.routing import BaseRoute, Route

from sandbox.faults import Fault
from sandbox.membership import CustomerLists, Membership
from sandbox.vendors.tiktok import audiences, constants, control, stock
from sandbox.vendors.tiktok.changelog import ChangeLog
from sandbox.vendors.tiktok.entities import Entities
from sandbox.vendors.tiktok.errors import TikTokError, bad_token, expired_token, rate_limited, system
from sandbox.vendors.tiktok.http import TikTokHttp, render
from sandbox.vendors.tiktok.quota import Quota
from sandbox.vendors.tiktok.state import TikTokState
from sandbox.vendors.tiktok.tokens import Tokens
from sandbox.vendors.vendor import Answer, Ground

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class TikTok:
    name = constants.PLATFORM
    title = "TikTok"
    prefix = "/tiktok"
    version = re.compile(r"^/open_api/v\d+\.\d+(?=/|$)")
    limit_codes: tuple[int, ...] = ()

    def __init__(self, ground: Ground) -> None:
        self.state = TikTokState(
            ground,
            Entities(ground.store),
            Tokens(ground.world.seed, ground.store),
            ChangeLog(ground.store),
            Quota(),
            CustomerLists(ground.store, constants.PLATFORM, audiences.FIRST_ID),
            Membership(ground.store, ground.world, audiences.KNOWLEDGE),
        )

    def open_worlds(self) -> None:
        stock.open_worlds(self.state.ground.world)

    def lay(self) -> None:
        if not self.state.entities.load():
            stock.lay(self.state.entities, self.state.ground.world)

    def routes(self) -> list[BaseRoute]:
        served = TikTokHttp(self.state)
        return [
            Route("/portal/auth", served.portal, methods=["GET", "POST"]),
            Route("/{path:path}", served.answer, methods=_METHODS),
        ]

    def control(self) -> APIRouter:
        return control.router(self.state)

    def broken(self, fault: Fault, path: str) -> Answer:
        del path
        if fault.kind == "malformed_json":
            return Answer(200, b'{"code": 0, "message": "OK", "data": {"list": [{"campaign_id')
        if fault.kind == "rate_limit":
            error = rate_limited()
            error.status = fault.status or 200
            wait = {} if fault.seconds is None else {"Retry-After": str(round(fault.seconds))}
            return _worded(error, wait)
        if fault.kind == "server_error":
            return _worded(system(fault.status or 500))
        return _worded(expired_token() if fault.kind == "token_expired" else bad_token())

    def failed(self, path: str) -> Answer:
        del path
        return _worded(system(500))

    def settings(self, url: str) -> dict[str, str]:
        return {
            "TIKTOK_BASE_URL": f"{url}{self.prefix}",
            "TIKTOK_PORTAL_URL": f"{url}{self.prefix}",
            "TIKTOK_APP_ID": constants.APP_ID,
            "TIKTOK_APP_SECRET": self.state.tokens.app_secret,
        }

    def account_name(self, account: str) -> str:
        return account

    def campaign_name(self, campaign: str) -> str | None:
        entity = self.state.entities.any(campaign)
        return None if entity is None else entity.name


def _worded(error: TikTokError, headers: dict[str, str] | None = None) -> Answer:
    status, body = render(error)
    return Answer(status, body, headers or {})
