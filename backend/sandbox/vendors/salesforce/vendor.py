"""Salesforce's entry in the table of vendors: a CRM, with no ads of its own."""

import json
import re

from fastapi import APIRouter
from starlette.routing import BaseRoute

from sandbox.faults import Fault
from sandbox.vendors.salesforce import constants as sf
from sandbox.vendors.salesforce import control
from sandbox.vendors.salesforce.errors import (
    OAuthError,
    SalesforceError,
    bad_session,
    limit_exceeded,
    unavailable,
)
from sandbox.vendors.salesforce.http import OrgHttp
from sandbox.vendors.salesforce.state import OrgState
from sandbox.vendors.vendor import Answer, Ground

_UNAVAILABLE = 503


class Salesforce:
    name = "salesforce"
    title = "Salesforce"
    prefix = "/salesforce"
    version = re.compile(r"^/services/data/v[0-9]+\.[0-9](?=/|$)")
    limit_codes: tuple[int, ...] = ()

    def __init__(self, ground: Ground) -> None:
        self.state = OrgState(ground)

    def open_worlds(self) -> None:
        """It has no ad accounts."""

    def lay(self) -> None:
        self.state.lay()

    def routes(self) -> list[BaseRoute]:
        return OrgHttp(self.state, self.prefix).routes()

    def control(self) -> APIRouter:
        return control.router(self.state)

    def broken(self, fault: Fault, path: str) -> Answer:
        if fault.kind == "malformed_json":
            return Answer(200, b'{"totalSize":300,"done":true,"records":[{"attri')
        if fault.kind == "rate_limit":
            return _worded(limit_exceeded())
        if fault.kind == "server_error":
            return _worded(
                unavailable() if fault.status == _UNAVAILABLE else _unexpected(fault.status or 500)
            )
        if path.startswith(f"{self.prefix}/services/oauth2/"):
            return _worded(OAuthError("invalid_grant", "expired access/refresh token"))
        return _worded(bad_session())

    def failed(self, path: str) -> Answer:
        del path
        return _worded(_unexpected(500))

    def settings(self, url: str) -> dict[str, str]:
        return {
            "SALESFORCE_LOGIN_URL": url + self.prefix,
            "SALESFORCE_INSTANCE_URL": url + self.prefix,
            "SALESFORCE_CLIENT_ID": sf.CLIENT_ID,
            "SALESFORCE_CLIENT_SECRET": self.state.tokens.client_secret,
        }

    def account_name(self, account: str) -> str:
        return account

    def campaign_name(self, campaign: str) -> str | None:
        del campaign
        return None


def _unexpected(status: int) -> SalesforceError:
    return SalesforceError("UNKNOWN_EXCEPTION", "An unexpected error occurred.", status=status)


def _worded(error: SalesforceError) -> Answer:
    return Answer(error.status, json.dumps(error.body()).encode())
