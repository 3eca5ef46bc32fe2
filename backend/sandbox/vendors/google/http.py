"""Google over HTTP: several hosts under one prefix, each at the paths that it has in the field."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from sandbox.vendors.google import datamanager, mutate, oauth, search, user_lists
from sandbox.vendors.google.changes import Actor
from sandbox.vendors.google.constants import (
    ADS_SCOPE,
    NEWEST_VERSION,
    OLDEST_VERSION,
    USER_EMAIL,
)
from sandbox.vendors.google.enums import named
from sandbox.vendors.google.errors import (
    AdsError,
    EventsError,
    Fault,
    OAuthError,
    denied,
    request_fault,
    request_id,
    unknown_method,
)
from sandbox.vendors.google.mutate import Wire
from sandbox.vendors.google.state import DIRECT, GoogleState
from sandbox.vendors.google.tokens import Grant
from sandbox.vendors.vendor import refused_items, rows_of_page

_CUSTOMER_CALL = re.compile(r"customers/([^/]+)/([A-Za-z]+):([A-Za-z]+)")
_CUSTOMER_ID = re.compile(r"\d{10}")
_ME = Actor.program(USER_EMAIL)
Json = dict[str, Any]


class GoogleHttp:
    def __init__(self, google: GoogleState) -> None:
        self._google = google

    # Signing in.

    async def dialog(self, request: Request) -> Response:
        params = dict(request.query_params)
        try:
            if request.method == "GET":
                return HTMLResponse(oauth.dialog(params))
            form = await request.form()
            answer = str(form.get("answer", "cancel"))
            return RedirectResponse(oauth.decide(self._google.tokens, params, answer), status_code=302)
        except OAuthError as error:
            return JSONResponse(error.body(), error.http)

    async def token(self, request: Request) -> Response:
        return await self._signing(request, oauth.exchange)

    async def revoke(self, request: Request) -> Response:
        return await self._signing(request, oauth.revoke)

    async def token_info(self, request: Request) -> Response:
        return await self._signing(request, oauth.token_info)

    async def _signing(self, request: Request, answer: Callable[[Any, Mapping[str, str]], Json]) -> Response:
        params = dict(request.query_params)
        if request.method == "POST":
            form = await request.form()
            params |= {name: value for name, value in form.items() if isinstance(value, str)}
        try:
            return JSONResponse(answer(self._google.tokens, params))
        except OAuthError as error:
            return JSONResponse(error.body(), error.http)

    # The Ads API.

    async def ads(self, request: Request) -> Response:
        version, path = f"v{request.path_params['version']}", str(request.path_params["path"])
        wire = Wire(version, request_id())
        headers = {"request-id": wire.request}
        try:
            number = int(version[1:])
            if number > NEWEST_VERSION:
                return self.unknown_path(request)
            if number < OLDEST_VERSION:
                raise request_fault("UNSUPPORTED_VERSION", f"Version {version} is deprecated.")
            grant = self._admitted(request)
            body = await _body(request)
            answer = self._routed(request, path, body, grant=grant, wire=wire)
        except AdsError as error:
            return JSONResponse(error.body(version, wire.request), error.http, headers)
        if answer is None:
            return self.unknown_path(request)
        return JSONResponse(answer, headers=headers)

    def _admitted(self, request: Request) -> Grant:
        grant = self._google.tokens.check(request.headers.get("authorization"))
        if ADS_SCOPE not in grant.scopes:
            raise AdsError(
                "PERMISSION_DENIED",
                Fault("authorizationError", "AUTHORIZATION_ERROR", "Insufficient authentication scopes."),
            )
        if not self._google.settings.approved:
            raise denied(
                "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION",
                "The Google Cloud project is only approved for use with test accounts.",
            )
        return grant

    def _routed(self, request: Request, path: str, body: Json, *, grant: Grant, wire: Wire) -> Any:
        """None for what is not emulated."""
        del grant
        if path == "customers:listAccessibleCustomers" and request.method == "GET":
            self._google.quota.spend(1, self._google.now())
            return {"resourceNames": [f"customers/{one}" for one in DIRECT]}
        found = _CUSTOMER_CALL.fullmatch(path)
        if found is None or request.method != "POST":
            return None
        customer, service, method = found.groups()
        self._check_customer(customer, request.headers.get("login-customer-id"))
        google = self._google
        if google.ground.faults.active("platform_outage", customer, google.now()):
            raise AdsError(
                "UNAVAILABLE", Fault("internalError", "TRANSIENT_ERROR", "A transient error occurred.")
            )
        if (service, method) == ("googleAds", "search"):
            size = rows_of_page(request.scope, google.settings.page_rows)
            return search.search(google, customer, body, size)
        if (service, method) == ("googleAds", "searchStream"):
            return search.stream(google, customer, body, wire.request)
        if method != "mutate" or (service != "googleAds" and service not in mutate.SERVICES):
            return None
        return mutate.answer(
            google,
            mutate.Asked(customer, service, body, _ME, wire),
            lambda count: refused_items(request.scope, count),
        )

    def _check_customer(self, customer: str, login: str | None) -> None:
        if not _CUSTOMER_ID.fullmatch(customer):
            raise request_fault("INVALID_CUSTOMER_ID", f"Invalid customer ID '{customer}'.")
        if login is not None and not _CUSTOMER_ID.fullmatch(login):
            raise AdsError(
                "INVALID_ARGUMENT",
                Fault(
                    "headerError",
                    "INVALID_LOGIN_CUSTOMER_ID",
                    "The login customer ID could not be validated.",
                ),
            )
        if customer not in self._google.customers or not self._google.may(customer, login):
            raise denied(
                "USER_PERMISSION_DENIED",
                "User doesn't have permission to access customer. Note: If you're accessing a client customer, "
                "the manager's customer id must be set in the 'login-customer-id' header. See "
                "https://developers.google.com/google-ads/api/docs/concepts/call-structure#cid",
            )

    # The Data Manager API.

    async def ingest(self, request: Request) -> Response:
        async def answer(grant: Grant, request_name: str) -> Json:
            body = named(await _body(request))
            count = len(body["events"]) if isinstance(body.get("events"), list) else 0
            refused = refused_items(request.scope, count)
            return datamanager.ingest(self._google, grant, body, request=request_name, refused=refused)

        return await self._events(request, answer)

    async def members(self, request: Request) -> Response:
        """`audienceMembers:ingest`, `:remove` and `:removeAll`."""
        verb = str(request.path_params["verb"])
        if verb not in {"ingest", "remove", "removeAll"}:
            return self.unknown_path(request)

        async def answer(grant: Grant, request_name: str) -> Json:
            body = named(await _body(request))
            if verb == "removeAll":
                return user_lists.remove_all(self._google, grant, body, request=request_name)
            count = len(body["audienceMembers"]) if isinstance(body.get("audienceMembers"), list) else 0
            refused = refused_items(request.scope, count)
            act = user_lists.ingest if verb == "ingest" else user_lists.remove
            return act(self._google, grant, body, request=request_name, refused=refused)

        return await self._events(request, answer)

    async def user_lists(self, request: Request) -> Response:
        parent, login = str(request.path_params["parent"]), request.headers.get("login-account")

        async def answer(grant: Grant, _: str) -> Json:
            if request.method == "POST":
                return user_lists.create(self._google, grant, parent, login, named(await _body(request)))
            return user_lists.listed(self._google, grant, parent, login, request.query_params)

        return await self._events(request, answer)

    async def user_list(self, request: Request) -> Response:
        name = "{parent}/userLists/{number}".format(**request.path_params)
        act = user_lists.read if request.method == "GET" else user_lists.delete

        async def answer(grant: Grant, _: str) -> Json:
            return act(self._google, grant, name, request.headers.get("login-account"))

        return await self._events(request, answer)

    async def request_status(self, request: Request) -> Response:
        async def answer(grant: Grant, _: str) -> Json:
            return datamanager.status(self._google, grant, request.query_params.get("requestId", ""))

        return await self._events(request, answer)

    async def _events(self, request: Request, answer: Callable[[Grant, str], Any]) -> Response:
        name = request_id()
        try:
            grant = self._google.tokens.check(request.headers.get("authorization"))
            return JSONResponse(await answer(grant, name))
        except AdsError as error:
            reason = "ACCESS_TOKEN_EXPIRED" if error.http == 401 else "INVALID_ARGUMENT"  # noqa: PLR2004 - HTTP's
            told = EventsError(error.status, error.body("", "")["error"]["message"], reason)
            return JSONResponse(told.body(name), told.http)
        except EventsError as error:
            return JSONResponse(error.body(name), error.http)

    def unknown_path(self, request: Request) -> Response:
        return HTMLResponse(unknown_method(request.url.path.lstrip("/")), 404)

    async def anything(self, request: Request) -> Response:
        return self.unknown_path(request)


async def _body(request: Request) -> Json:
    """JSON alone, as the REST interface takes it."""
    raw = await request.body()
    try:
        found = json.loads(raw or b"{}")
    except ValueError as error:
        raise _payload() from error
    if not isinstance(found, dict):
        raise _payload()
    return found


def _payload() -> AdsError:
    return AdsError("INVALID_ARGUMENT", Fault("requestError", "UNKNOWN", "Invalid JSON payload received."))
