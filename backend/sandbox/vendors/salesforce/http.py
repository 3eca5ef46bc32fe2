"""Salesforce's hosts under one prefix: the sign-in, and one org's data API."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.vendors.salesforce import constants as sf
from sandbox.vendors.salesforce import oauth
from sandbox.vendors.salesforce.errors import SalesforceError, not_found, not_supported
from sandbox.vendors.salesforce.rest import Call, Rest, Said
from sandbox.vendors.salesforce.state import OrgState
from sandbox.vendors.salesforce.tokens import Token
from sandbox.vendors.vendor import refused_items, rows_of_page

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_BEARER = "bearer "
_PAGE = 2_000


class OrgHttp:
    def __init__(self, org: OrgState, prefix: str) -> None:
        self._org = org
        self._prefix = prefix
        self._rest = Rest(org)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/services/oauth2/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/services/oauth2/token", self.token, methods=["POST"]),
            Route("/services/oauth2/introspect", self.token, methods=["POST"]),
            Route("/services/oauth2/revoke", self.revoke, methods=["GET", "POST"]),
            Route("/services/oauth2/userinfo", self.who, methods=["GET", "POST"]),
            Route("/id/{org}/{user}", self.who, methods=["GET", "POST"]),
            Route("/services/data", self.versions, methods=["GET"]),
            Route("/services/data/", self.versions, methods=["GET"]),
            Route("/services/data/v{version}", self.api, methods=_METHODS),
            Route("/services/data/v{version}/{path:path}", self.api, methods=_METHODS),
            Route("/{path:path}", self.unknown, methods=_METHODS),
        ]

    async def authorize(self, request: Request) -> Response:
        params = dict(request.query_params)
        try:
            if request.method == "GET":
                return HTMLResponse(oauth.dialog(params))
            answer = str((await request.form()).get("answer", "cancel"))
            return RedirectResponse(oauth.decide(self._org.tokens, params, answer), status_code=302)
        except SalesforceError as error:
            return _refused(error)

    async def token(self, request: Request) -> Response:
        try:
            form = await _form(request)
            if request.url.path.endswith("/introspect"):
                return JSONResponse(oauth.introspect(self._org.tokens, form, self._url(request)))
            return JSONResponse(oauth.exchange(self._org.tokens, form, self._url(request)))
        except SalesforceError as error:
            return _refused(error)

    async def revoke(self, request: Request) -> Response:
        """An empty 200."""
        try:
            form = await _form(request) if request.method == "POST" else dict(request.query_params)
            oauth.revoke(self._org.tokens, form)
        except SalesforceError as error:
            return _refused(error)
        return Response(status_code=200)

    async def who(self, request: Request) -> Response:
        try:
            token = self._org.tokens.check(_bearer(request))
        except SalesforceError:
            return Response("Bad_OAuth_Token", status_code=403)
        if request.url.path.endswith("/userinfo"):
            return JSONResponse(oauth.userinfo(self._url(request)))
        if request.path_params["org"] != sf.ORG_ID:
            return Response("Wrong_Org", status_code=403)
        return JSONResponse(oauth.identity(token, self._url(request)))

    async def versions(self, request: Request) -> Response:
        """Anybody may ask."""
        del request
        return JSONResponse(
            [
                {"label": label, "url": f"/services/data/v{version}", "version": version}
                for version, label in sf.VERSIONS.items()
            ]
        )

    async def unknown(self, request: Request) -> Response:
        return _refused(not_supported(request.method, str(request.path_params["path"])))

    async def api(self, request: Request) -> Response:
        headers: dict[str, str] = {}
        try:
            token = self._org.tokens.check(_bearer(request))
            headers = self._org.limits.count()
            self._org.calls[f"{request.method} {request.path_params.get('path', '')}"] += 1
            status, body = await self._answer(request, token)
        except SalesforceError as error:
            return JSONResponse(error.body(), error.status, headers)
        if body is None:
            return Response(status_code=status, headers=headers)
        return JSONResponse(body, status, headers)

    async def _answer(self, request: Request, token: Token) -> Said:
        if not {"api", "full"} & set(token.scopes):
            raise SalesforceError(
                "INVALID_SESSION_ID", "This session is not valid for use with the REST API", status=403
            )
        version = str(request.path_params["version"])
        if version not in sf.VERSIONS:
            raise not_found()
        parts = tuple(part for part in str(request.path_params.get("path", "")).split("/") if part)
        body = _parsed(await request.body()) if request.method in {"POST", "PUT", "PATCH"} else None
        records = body.get("records") if isinstance(body, dict) else None
        return self._rest.answer(
            Call(
                method=request.method,
                version=version,
                parts=parts,
                query=dict(request.query_params),
                body=body,
                batch=request.headers.get("sforce-query-options", ""),
                refused=refused_items(request.scope, len(records) if isinstance(records, list) else 0),
                rows=rows_of_page(request.scope, _PAGE),
                assigns=request.headers.get("sforce-auto-assign", "").lower() != "false",
            )
        )

    def _url(self, request: Request) -> str:
        """Where this org answers, as a token's answer tells it."""
        return f"{request.url.scheme}://{request.url.netloc}{self._prefix}"


def _bearer(request: Request) -> str | None:
    text = request.headers.get("authorization", "")
    return text[len(_BEARER) :].strip() if text.lower().startswith(_BEARER) else None


async def _form(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def _refused(error: SalesforceError) -> Response:
    return JSONResponse(error.body(), error.status)


def _parsed(raw: bytes) -> Any:
    try:
        value = json.loads(raw or b"{}")
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise SalesforceError("JSON_PARSER_ERROR", "The request body is no JSON.") from error
    return value
