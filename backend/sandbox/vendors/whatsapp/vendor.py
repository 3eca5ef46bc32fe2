"""WhatsApp's entry in the table of vendors: one business account with one number, no ads."""

import json
import re

from fastapi import APIRouter
from starlette.routing import BaseRoute, Route

from sandbox.faults import Fault
from sandbox.vendors.vendor import Answer, Ground
from sandbox.vendors.whatsapp import control
from sandbox.vendors.whatsapp.errors import LIMIT_CODES, WhatsAppError, bad_token
from sandbox.vendors.whatsapp.http import WhatsAppHttp
from sandbox.vendors.whatsapp.limits import Limits
from sandbox.vendors.whatsapp.messages import Messages
from sandbox.vendors.whatsapp.outbox import Outbox
from sandbox.vendors.whatsapp.templates import Templates
from sandbox.vendors.whatsapp.tokens import Tokens

_ENDED = {
    "token_expired": ("Session has expired.", 463),
    "token_revoked": ("The session has been invalidated.", 460),
}


class WhatsApp:
    name = "whatsapp"
    title = "WhatsApp"
    prefix = "/whatsapp"
    version = re.compile(r"^/v\d+\.\d+(?=/|$)")
    limit_codes = LIMIT_CODES

    def __init__(self, ground: Ground) -> None:
        self.tokens = Tokens(ground.world.seed, ground.store)
        self.templates = Templates(ground.store)
        self.limits = Limits()
        self.outbox = Outbox(self.tokens.app_secret)
        self.messages = Messages(ground.clock, ground.store, self.templates, self.limits, self.outbox)

    def open_worlds(self) -> None:
        """It has no ad accounts."""

    def lay(self) -> None:
        """Its number is always there."""

    def routes(self) -> list[BaseRoute]:
        web = WhatsAppHttp(self.tokens, self.templates, self.messages)
        return [
            Route("/messages", web.page, methods=["GET"]),
            Route("/{path:path}", web.answer, methods=["GET", "POST", "DELETE"]),
        ]

    def control(self) -> APIRouter:
        return control.router(self.tokens, self.templates, self.messages, self.limits, self.outbox)

    def broken(self, fault: Fault, path: str) -> Answer:
        del path
        if fault.kind == "malformed_json":
            return Answer(200, b'{"messaging_product":"whatsapp","contacts":[{"inp')
        if fault.kind == "rate_limit":
            code = fault.code if fault.code in LIMIT_CODES else 130429
            return _worded(WhatsAppError(code, "Too many messages.", status=fault.status))
        if fault.kind == "server_error":
            return _worded(WhatsAppError(131000, "An unknown error occurred.", status=fault.status or 500))
        return _worded(bad_token(*_ENDED[fault.kind]))

    def failed(self, path: str) -> Answer:
        del path
        return _worded(WhatsAppError(131000, "An unknown error occurred."))

    def settings(self, url: str) -> dict[str, str]:
        return {"WHATSAPP_BASE_URL": f"{url}/whatsapp"}

    def account_name(self, account: str) -> str:
        return account

    def campaign_name(self, campaign: str) -> str | None:
        del campaign
        return None


def _worded(error: WhatsAppError) -> Answer:
    return Answer(error.status, json.dumps(error.body()).encode())
