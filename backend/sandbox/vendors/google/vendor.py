"""Google's entry in the table of vendors."""

import json
import re

from fastapi import APIRouter
from starlette.routing import BaseRoute, Route

from sandbox.faults import Fault
from sandbox.membership import CustomerLists, Membership
from sandbox.vendors.google import control, stock, user_lists
from sandbox.vendors.google.book import Book
from sandbox.vendors.google.changes import Changes
from sandbox.vendors.google.constants import CLIENT_ID, NEWEST_VERSION, PLATFORM
from sandbox.vendors.google.errors import (
    AdsError,
    EventsError,
    OAuthError,
    exhausted,
    request_id,
    unauthenticated,
)
from sandbox.vendors.google.http import GoogleHttp
from sandbox.vendors.google.quota import Quota
from sandbox.vendors.google.state import GoogleState, Settings
from sandbox.vendors.google.tokens import Tokens
from sandbox.vendors.vendor import Answer, Ground

_EVENTS = re.compile(r"/v1/(events|requestStatus|audienceMembers|accountTypes)")
_SIGN_IN = re.compile(r"/(token|revoke|tokeninfo|o/oauth2/v2/auth)$")
_ENDED = {
    "token_expired": ("OAUTH_TOKEN_EXPIRED", "Oauth token in the header has expired."),
    "token_revoked": ("OAUTH_TOKEN_REVOKED", "Oauth token in the header has been revoked."),
}
_STATUSES = {503: "UNAVAILABLE", 501: "UNIMPLEMENTED"}
_SHORT_WAIT = 30.0


class Google:
    name = PLATFORM
    title = "Google"
    prefix = "/google"
    version = re.compile(r"^/v\d+(?=/|$)")
    limit_codes: tuple[int, ...] = ()

    def __init__(self, ground: Ground) -> None:
        seed, store = ground.world.seed, ground.store
        self.state = GoogleState(
            ground,
            Book(store),
            Tokens(seed, store),
            Changes(seed, store),
            Quota(store),
            stock.CUSTOMERS,
            Settings(),
            CustomerLists(store, PLATFORM, user_lists.FIRST_ID),
            Membership(store, ground.world, user_lists.KNOWLEDGE),
        )

    def open_worlds(self) -> None:
        stock.open_worlds(self.state.world)

    def lay(self) -> None:
        if not self.state.book.load():
            stock.lay(self.state)
        for account in stock.CUSTOMERS:
            for ad in self.state.book.of(account, "ad_group_ad"):
                if "until" in (ad.hidden.get("review") or {}):
                    self.state.await_review(ad)

    def routes(self) -> list[BaseRoute]:
        http = GoogleHttp(self.state)
        return [
            Route("/o/oauth2/v2/auth", http.dialog, methods=["GET", "POST"]),
            Route("/token", http.token, methods=["POST"]),
            Route("/revoke", http.revoke, methods=["POST"]),
            Route("/tokeninfo", http.token_info, methods=["GET", "POST"]),
            Route("/v1/events:ingest", http.ingest, methods=["POST"]),
            Route("/v1/audienceMembers:{verb}", http.members, methods=["POST"]),
            Route("/v1/{parent:path}/userLists", http.user_lists, methods=["GET", "POST"]),
            Route("/v1/{parent:path}/userLists/{number}", http.user_list, methods=["GET", "DELETE"]),
            Route("/v1/requestStatus:retrieve", http.request_status, methods=["GET"]),
            Route("/v1/{path:path}", http.anything, methods=["GET", "POST"]),
            Route("/v{version:int}/{path:path}", http.ads, methods=["GET", "POST"]),
            Route("/{path:path}", http.anything, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ]

    def control(self) -> APIRouter:
        return control.router(self.state)

    def broken(self, fault: Fault, path: str) -> Answer:
        """Each of Google's APIs has its own words: by the path one knows which was asked."""
        if fault.kind == "malformed_json":
            return Answer(200, b'{"results":[{"campaign":{"resourceName":"customers/444')
        if fault.kind == "rate_limit":
            seconds = max(1, round(fault.seconds if fault.seconds is not None else _SHORT_WAIT))
            error = exhausted(seconds, "Requests per account", code="RESOURCE_TEMPORARILY_EXHAUSTED")
        elif fault.kind == "server_error":
            error = AdsError(_STATUSES.get(fault.status or 500, "INTERNAL"), http=fault.status or 500)
        else:
            error = unauthenticated(*_ENDED[fault.kind])
        return _worded(error, path, fault.status if fault.kind == "rate_limit" else None)

    def failed(self, path: str) -> Answer:
        return _worded(AdsError("INTERNAL"), path)

    def settings(self, url: str) -> dict[str, str]:
        here = f"{url}{self.prefix}"
        return {
            "GOOGLE_ADS_BASE_URL": here,
            "GOOGLE_DATA_MANAGER_BASE_URL": here,
            "GOOGLE_OAUTH_BASE_URL": here,
            "GOOGLE_DIALOG_URL": here,
            "GOOGLE_CLIENT_ID": CLIENT_ID,
            "GOOGLE_CLIENT_SECRET": self.state.tokens.client_secret,
        }

    def account_name(self, account: str) -> str:
        return account

    def campaign_name(self, campaign: str) -> str | None:
        for account in stock.CUSTOMERS:
            found = self.state.book.find(f"customers/{account}/campaigns/{campaign}")
            if found is not None:
                return str(found.data["name"])
        return None


def _worded(error: AdsError, path: str, status: int | None = None) -> Answer:
    name, http = request_id(), status or error.http
    if _SIGN_IN.search(path):
        ended = error.status == "UNAUTHENTICATED"
        told = OAuthError("invalid_grant", "Token has been expired or revoked.") if ended else None
        told = told or OAuthError("internal_failure", "Try again.", http)
        return Answer(told.http, json.dumps(told.body()).encode())
    if _EVENTS.search(path):
        reason = error.faults[0].code if error.faults else "INTERNAL_ERROR"
        text = error.body("", name)["error"]["message"]
        return Answer(http, json.dumps(EventsError(error.status, text, reason).body(name)).encode())
    found = re.search(r"/(v\d+)/", path)
    version = found[1] if found else f"v{NEWEST_VERSION}"
    return Answer(http, json.dumps(error.body(version, name)).encode(), {"request-id": name})
