"""Shopify's entry in the table of vendors: the first shop's own counter, with no ads of its own."""

import json
import re
from typing import Any

from fastapi import APIRouter
from starlette.routing import BaseRoute

from sandbox.faults import Fault
from sandbox.vendors.shopify import constants as ids
from sandbox.vendors.shopify import control
from sandbox.vendors.shopify.errors import HttpError, OAuthError, bad_token
from sandbox.vendors.shopify.http import ShopifyHttp
from sandbox.vendors.shopify.state import ShopifyState
from sandbox.vendors.vendor import Answer, Ground


class Shopify:
    name = "shopify"
    title = "Shopify"
    prefix = "/shopify"
    version = re.compile(r"^/[^/]+/admin/api/\d{4}-\d{2}(?=/|$)")
    limit_codes: tuple[int, ...] = ()

    def __init__(self, ground: Ground) -> None:
        self.state = ShopifyState(ground)

    def open_worlds(self) -> None:
        """It has no ad accounts."""

    def lay(self) -> None:
        """Its orders are the shop's, read when somebody asks."""

    def routes(self) -> list[BaseRoute]:
        return ShopifyHttp(self.state).routes()

    def control(self) -> APIRouter:
        return control.router(self.state)

    def broken(self, fault: Fault, path: str) -> Answer:
        if fault.kind == "malformed_json":
            return Answer(200, b'{"data":{"orders":{"nodes":[{"id":"gid')
        if fault.kind == "rate_limit":
            headers = {"Retry-After": f"{fault.seconds if fault.seconds is not None else 2.0:.1f}"}
            return _worded(
                429, HttpError(429, "Exceeded API rate limit. Please retry later.").body(), headers
            )
        if fault.kind == "server_error":
            status = fault.status or 500
            return _worded(status, HttpError(status, "Internal Server Error").body())
        if "/admin/oauth/" in path:
            body = OAuthError("invalid_grant", "The refresh token is invalid, expired or was revoked").body()
            return _worded(400, body)
        return _worded(401, bad_token().body())

    def failed(self, path: str) -> Answer:
        del path
        return _worded(500, HttpError(500, "Internal Server Error").body())

    def settings(self, url: str) -> dict[str, str]:
        return {
            "SHOPIFY_BASE_URL": f"{url}{self.prefix}/{{shop}}",
            "SHOPIFY_CLIENT_ID": ids.CLIENT_ID,
            "SHOPIFY_CLIENT_SECRET": self.state.tokens.client_secret,
        }

    def account_name(self, account: str) -> str:
        return account

    def campaign_name(self, campaign: str) -> str | None:
        del campaign
        return None


def _worded(status: int, body: Any, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(body).encode(), headers or {})
