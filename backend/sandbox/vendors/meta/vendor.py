"""Meta's entry in the table of vendors."""

import json
import re

from fastapi import APIRouter
from starlette.routing import BaseRoute, Route

from sandbox.faults import Fault
from sandbox.vendors.meta import archive_control, audience_control, control, stock
from sandbox.vendors.meta.activities import Activities
from sandbox.vendors.meta.audience_book import AudienceBook
from sandbox.vendors.meta.constants import APP_ID, PLATFORM
from sandbox.vendors.meta.errors import LIMIT_CODES, GraphError, bad_token, rate_limited
from sandbox.vendors.meta.graph import Graph
from sandbox.vendors.meta.http import MetaHttp
from sandbox.vendors.meta.nodes import Nodes
from sandbox.vendors.meta.state import MetaState
from sandbox.vendors.meta.tokens import Tokens
from sandbox.vendors.meta.usage import Usage
from sandbox.vendors.vendor import Answer, Ground

_ENDED = {
    "token_expired": ("Session has expired.", 463),
    "token_revoked": ("The session has been invalidated.", 460),
}


class Meta:
    name = PLATFORM
    title = "Meta"
    prefix = ""
    version = re.compile(r"^/v\d+\.\d+(?=/|$)")
    limit_codes = LIMIT_CODES

    def __init__(self, ground: Ground) -> None:
        self.state = MetaState(
            ground.clock,
            ground.store,
            ground.world,
            ground.faults,
            Nodes(ground.store),
            Tokens(ground.world.seed, ground.store),
            Activities(ground.store),
            Usage(),
            AudienceBook(ground.store, ground.world),
        )

    def open_worlds(self) -> None:
        stock.open_worlds(self.state.world)

    def lay(self) -> None:
        if not self.state.nodes.load():
            stock.lay(self.state.nodes, self.state.world)
        for ad in self.state.nodes.all("ad"):
            if "until" in (ad.hidden.get("review") or {}):
                self.state.await_review(ad)

    def routes(self) -> list[BaseRoute]:
        graph = MetaHttp(Graph(self.state))
        return [Route("/{path:path}", graph.answer, methods=["GET", "POST", "DELETE"])]

    def control(self) -> APIRouter:
        routes = control.router(self.state)
        routes.include_router(audience_control.router(self.state))
        routes.include_router(archive_control.router(self.state))
        return routes

    def broken(self, fault: Fault, path: str) -> Answer:
        del path
        if fault.kind == "malformed_json":
            return Answer(200, b'{"data":[{"id":"1202100000')
        if fault.kind == "rate_limit":
            minutes = max(1, round((fault.seconds if fault.seconds is not None else 300.0) / 60))
            headers = Usage().headers(fault.account or "0", wait_minutes=minutes)
            code = fault.code if fault.code in LIMIT_CODES else 80004
            return _worded(rate_limited(code, status=fault.status, headers=headers))
        if fault.kind == "server_error":
            return _worded(_unknown("An unknown error has occurred.", fault.status or 500))
        reason, subcode = _ENDED[fault.kind]
        return _worded(bad_token(f"Error validating access token: {reason}", subcode))

    def failed(self, path: str) -> Answer:
        del path
        return _worded(GraphError("An unknown error occurred", 1, status=500))

    def settings(self, url: str) -> dict[str, str]:
        return {
            "META_BASE_URL": url,
            "META_DIALOG_URL": url,
            "META_APP_ID": APP_ID,
            "META_APP_SECRET": self.state.tokens.app_secret,
        }

    def account_name(self, account: str) -> str:
        return f"act_{account}"

    def campaign_name(self, campaign: str) -> str | None:
        node = self.state.nodes.find(campaign)
        return None if node is None else str(node.data["name"])


def _unknown(sentence: str, status: int) -> GraphError:
    return GraphError(sentence, 1, status=status, extra={"is_transient": True})


def _worded(error: GraphError) -> Answer:
    return Answer(error.status, json.dumps(error.body()).encode(), error.headers)
