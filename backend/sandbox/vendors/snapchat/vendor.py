"""Snapchat's entry in the table of vendors."""

import json
import re

from fastapi import APIRouter
from starlette.routing import BaseRoute

from sandbox.faults import Fault
from sandbox.membership import CustomerLists, Membership
from sandbox.vendors.snapchat import control, segments, stock
from sandbox.vendors.snapchat.changelogs import Changelogs
from sandbox.vendors.snapchat.constants import APP_ID, PLATFORM
from sandbox.vendors.snapchat.entities import Entities
from sandbox.vendors.snapchat.errors import EventsError, OAuthError, SnapError, bad_token, rate_limited
from sandbox.vendors.snapchat.http import SnapHttp
from sandbox.vendors.snapchat.limits import Limits
from sandbox.vendors.snapchat.state import SnapState
from sandbox.vendors.snapchat.tokens import Tokens
from sandbox.vendors.vendor import Answer, Ground

_ENDED = {"token_expired": "expired", "token_revoked": "revoked"}


class Snapchat:
    name = PLATFORM
    title = "Snapchat"
    prefix = "/snapchat"
    version = re.compile(r"^/v\d+(?=/|$)")
    limit_codes: tuple[int, ...] = ()

    def __init__(self, ground: Ground) -> None:
        self.state = SnapState(
            ground,
            Entities(ground.store),
            Tokens(ground.world.seed, ground.store),
            Changelogs(ground.store),
            Limits(),
            CustomerLists(ground.store, PLATFORM, segments.FIRST_ID),
            Membership(ground.store, ground.world, segments.KNOWLEDGE),
        )

    def open_worlds(self) -> None:
        stock.open_worlds(self.state.ground.world)

    def lay(self) -> None:
        if not self.state.entities.load():
            stock.lay(self.state.entities, self.state.ground.world)
        for ad in self.state.entities.all("ad"):
            if "until" in (ad.hidden.get("review") or {}):
                self.state.await_review(ad)

    def routes(self) -> list[BaseRoute]:
        return SnapHttp(self.state).routes()

    def control(self) -> APIRouter:
        return control.router(self.state)

    def broken(self, fault: Fault, path: str) -> Answer:
        if fault.kind == "malformed_json":
            return Answer(200, b'{"request_status":"SUCCESS","campaigns":[{"sub_req')
        if fault.kind == "rate_limit":
            error = rate_limited(None if fault.seconds is None else round(fault.seconds), fault.status)
        elif fault.kind == "server_error":
            error = SnapError("Internal server error", None, status=fault.status or 500)
        elif path.startswith(f"{self.prefix}/login/"):
            words = OAuthError("invalid_grant", "The refresh token is invalid or revoked.")
            return Answer(words.status, json.dumps(words.body()).encode())
        else:
            error = bad_token(_ENDED[fault.kind])
        return self._worded(error, path)

    def failed(self, path: str) -> Answer:
        return self._worded(SnapError("Internal server error", None, status=500), path)

    def settings(self, url: str) -> dict[str, str]:
        hosts = dict.fromkeys(
            ("SNAPCHAT_API_URL", "SNAPCHAT_ACCOUNTS_URL", "SNAPCHAT_EVENTS_URL"), url + self.prefix
        )
        return hosts | {
            "SNAPCHAT_APP_ID": APP_ID,
            "SNAPCHAT_APP_SECRET": self.state.tokens.app_secret,
        }

    def account_name(self, account: str) -> str:
        return account

    def campaign_name(self, campaign: str) -> str | None:
        entity = self.state.entities.find(campaign, "campaign")
        return None if entity is None else str(entity.data["name"])

    def _worded(self, error: SnapError, path: str) -> Answer:
        is_event = path.startswith(f"{self.prefix}/v3/")
        body = EventsError(error.debug).body() if is_event else error.body()
        return Answer(error.status, json.dumps(body).encode(), error.headers)
