"""Slack's entry in the table of vendors: one workspace, one installed app, no ads."""

import json
import re

from fastapi import APIRouter
from starlette.routing import BaseRoute, Route

from sandbox.faults import Fault
from sandbox.vendors.slack import control
from sandbox.vendors.slack.errors import SlackError
from sandbox.vendors.slack.http import SlackHttp
from sandbox.vendors.slack.limits import Limits
from sandbox.vendors.slack.messages import Messages
from sandbox.vendors.slack.tokens import Tokens
from sandbox.vendors.vendor import Answer, Ground


class Slack:
    name = "slack"
    title = "Slack"
    prefix = "/slack"
    version = re.compile(r"^/api(?=/|$)")
    limit_codes: tuple[int, ...] = ()

    def __init__(self, ground: Ground) -> None:
        self.tokens = Tokens(ground.world.seed, ground.store)
        self.messages = Messages(ground.store)
        self.limits = Limits()

    def open_worlds(self) -> None:
        """It has no ad accounts."""

    def lay(self) -> None:
        """Its channels are always there."""

    def routes(self) -> list[BaseRoute]:
        web = SlackHttp(self.tokens, self.messages, self.limits)
        return [
            Route("/messages", web.page, methods=["GET"]),
            Route("/api/{method:path}", web.answer, methods=["GET", "POST"]),
            Route("/{method:path}", web.answer, methods=["GET", "POST", "PUT", "DELETE"]),
        ]

    def control(self) -> APIRouter:
        return control.router(self.tokens, self.messages, self.limits)

    def broken(self, fault: Fault, path: str) -> Answer:
        del path
        if fault.kind == "malformed_json":
            return Answer(200, b'{"ok":true,"channel":"C0AL')
        if fault.kind == "rate_limit":
            seconds = round(fault.seconds if fault.seconds is not None else 30.0)
            return _worded(SlackError("ratelimited", retry_after=max(1, seconds)))
        if fault.kind == "server_error":
            return _worded(SlackError("internal_error", status=fault.status or 500))
        return _worded(SlackError(fault.kind))

    def failed(self, path: str) -> Answer:
        del path
        return _worded(SlackError("fatal_error", status=500))

    def settings(self, url: str) -> dict[str, str]:
        return {"SLACK_BASE_URL": f"{url}/slack/api/"}

    def account_name(self, account: str) -> str:
        return account

    def campaign_name(self, campaign: str) -> str | None:
        del campaign
        return None


def _worded(error: SlackError) -> Answer:
    return Answer(error.status, json.dumps(error.body()).encode(), error.headers)
