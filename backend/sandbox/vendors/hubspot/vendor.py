"""HubSpot's entry in the table of vendors: a CRM, with no ads of its own."""

import json
import re

from fastapi import APIRouter
from starlette.routing import BaseRoute

from sandbox.faults import Fault
from sandbox.vendors.hubspot import constants as ids
from sandbox.vendors.hubspot import control
from sandbox.vendors.hubspot.errors import HubError, OAuthError, bad_token, rate_limited
from sandbox.vendors.hubspot.http import HubHttp
from sandbox.vendors.hubspot.limits import SECONDLY, TEN_SECONDLY
from sandbox.vendors.hubspot.state import HubState
from sandbox.vendors.vendor import Answer, Ground

_ENDED = {"token_expired": "expired", "token_revoked": "revoked"}


class HubSpot:
    name = "hubspot"
    title = "HubSpot"
    prefix = "/hubspot"
    version = re.compile(r"^/crm/objects/2026-03(?=/|$)")
    limit_codes: tuple[int, ...] = ()

    def __init__(self, ground: Ground) -> None:
        self.state = HubState(ground)

    def open_worlds(self) -> None:
        """It has no ad accounts."""

    def lay(self) -> None:
        self.state.lay()

    def routes(self) -> list[BaseRoute]:
        return HubHttp(self.state).routes()

    def control(self) -> APIRouter:
        return control.router(self.state)

    def broken(self, fault: Fault, path: str) -> Answer:
        if fault.kind == "malformed_json":
            return Answer(200, b'{"results":[{"id":"10000')
        if fault.kind == "rate_limit":
            policy = SECONDLY if path.endswith("/search") else TEN_SECONDLY
            headers = {} if fault.seconds is None else {"Retry-After": str(round(fault.seconds))}
            return _worded(rate_limited(policy, headers))
        if fault.kind == "server_error":
            return _worded(HubError("internal error", "INTERNAL_ERROR", status=fault.status or 500))
        if path.startswith(f"{self.prefix}/oauth/"):
            return _worded(OAuthError("invalid_grant", "missing or invalid refresh token"))
        return _worded(bad_token(_ENDED[fault.kind]))

    def failed(self, path: str) -> Answer:
        del path
        return _worded(HubError("internal error", "INTERNAL_ERROR", status=500))

    def settings(self, url: str) -> dict[str, str]:
        return {
            "HUBSPOT_BASE_URL": url + self.prefix,
            "HUBSPOT_APP_URL": url + self.prefix,
            "HUBSPOT_CLIENT_ID": ids.CLIENT_ID,
            "HUBSPOT_CLIENT_SECRET": self.state.tokens.client_secret,
        }

    def account_name(self, account: str) -> str:
        return account

    def campaign_name(self, campaign: str) -> str | None:
        del campaign
        return None


def _worded(error: HubError) -> Answer:
    return Answer(error.status, json.dumps(error.body()).encode(), error.headers)
