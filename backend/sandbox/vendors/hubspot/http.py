"""HubSpot's hosts under one prefix: the CRM's dated paths, the sign-in, owners, properties, the account."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.vendors.hubspot import constants as ids
from sandbox.vendors.hubspot import oauth, schema
from sandbox.vendors.hubspot.errors import HubError, missing_scopes, not_found, not_supported
from sandbox.vendors.hubspot.objects import Call, Objects, Said, kind_of
from sandbox.vendors.hubspot.records import told
from sandbox.vendors.hubspot.state import HubState
from sandbox.vendors.hubspot.tokens import Token
from sandbox.vendors.vendor import refused_items

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_BEARER = "bearer "
_READS = ("search", "batch/read")


class HubHttp:
    def __init__(self, hub: HubState) -> None:
        self._hub = hub
        self._objects = Objects(hub)

    def routes(self) -> list[BaseRoute]:
        """The sign-in answers at HubSpot's dated path and at the third version's, which ends in 2027."""
        return [
            Route("/oauth/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/oauth/{version}/token", self.token, methods=["POST"]),
            Route("/oauth/{version}/token/introspect", self.token, methods=["POST"]),
            Route("/oauth/{version}/token/revoke", self.token, methods=["POST"]),
            Route("/{path:path}", self.api, methods=_METHODS),
        ]

    async def authorize(self, request: Request) -> Response:
        params = dict(request.query_params)
        try:
            if request.method == "GET":
                return HTMLResponse(oauth.dialog(params))
            answer = str((await request.form()).get("answer", "cancel"))
            return RedirectResponse(oauth.decide(self._hub.tokens, params, answer), status_code=302)
        except HubError as error:
            return _refused(error)

    async def token(self, request: Request) -> Response:
        try:
            form = await _form(request)
            if request.path_params["version"] not in {"v3", ids.VERSION}:
                raise not_supported("POST", request.url.path)
            if request.url.path.endswith("/introspect"):
                return JSONResponse(oauth.introspect(self._hub.tokens, form))
            if request.url.path.endswith("/revoke"):
                oauth.revoke(self._hub.tokens, form)
                return Response(status_code=204)
            return JSONResponse(oauth.exchange(self._hub.tokens, form))
        except HubError as error:
            return _refused(error)

    async def api(self, request: Request) -> Response:
        path = str(request.path_params["path"])
        headers: dict[str, str] = {}
        try:
            token = self._hub.tokens.check(_bearer(request))
            headers = self._hub.limits.count(search=path.endswith("/search"))
            self._hub.calls[path] += 1
            status, body = await self._answer(request, path, token)
        except HubError as error:
            return JSONResponse(error.body(), error.status, headers | error.headers)
        return (
            Response(status_code=status, headers=headers)
            if body is None
            else JSONResponse(body, status, headers)
        )

    async def _answer(self, request: Request, path: str, token: Token) -> Said:
        parts = tuple(part for part in path.split("/") if part)
        body = _parsed(await request.body()) if request.method in {"POST", "PUT", "PATCH"} else None
        match parts:
            case ("crm", "objects", ids.VERSION, kind, *rest):
                reads = request.method == "GET" or "/".join(rest) in _READS
                _demand(token, f"crm.objects.{kind_of(kind)}.{'read' if reads else 'write'}")
                inputs = body.get("inputs") if isinstance(body, dict) else None
                refused = refused_items(request.scope, len(inputs) if isinstance(inputs, list) else 0)
                query = dict(request.query_params)
                return self._objects.answer(Call(request.method, (kind, *rest), query, body, refused))
            case ("crm", "associations", ids.VERSION, start, end, "batch", "read") if (
                request.method == "POST"
            ):
                _demand(token, f"crm.objects.{kind_of(start)}.read")
                return self._objects.associations(start, end, body)
            case ("crm", "owners", ids.VERSION, *rest) if request.method == "GET":
                _demand(token, "crm.objects.owners.read")
                return 200, _owners(rest[0] if rest else None)
            case ("crm", "properties", ids.VERSION, kind) if request.method == "GET":
                _demand(token, f"crm.schemas.{kind_of(kind)}.read")
                return 200, _properties(kind_of(kind), self._hub.made)
            case ("account-info", ids.VERSION, "details") if request.method == "GET":
                return 200, self._account()
        raise not_supported(request.method, path)

    def _account(self) -> dict[str, Any]:
        now = datetime.fromtimestamp(self._hub.now() / 1000, UTC).astimezone(ZoneInfo(self._hub.timezone))
        offset = now.utcoffset()
        seconds = 0 if offset is None else round(offset.total_seconds())
        return {
            "portalId": ids.PORTAL,
            "accountType": "SANDBOX",
            "timeZone": self._hub.timezone,
            "companyCurrency": self._hub.currency,
            "additionalCurrencies": [],
            "utcOffset": now.strftime("%z")[:3] + ":" + now.strftime("%z")[3:],
            "utcOffsetMilliseconds": seconds * 1000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }


def _demand(token: Token, scope: str) -> None:
    if scope not in token.scopes:
        raise missing_scopes(scope)


def _owners(wanted: str | None) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {
            "id": str(number),
            "type": "PERSON",
            "firstName": first,
            "lastName": last,
            "email": email,
            "userId": number,
            "userIdIncludingInactive": number,
            "createdAt": told(0),
            "updatedAt": told(0),
            "archived": False,
        }
        for number, first, last, email in ids.OWNERS
    ]
    if wanted is None:
        return {"results": rows}
    found = next((row for row in rows if row["id"] == wanted), None)
    if found is None:
        raise not_found()
    return found


def _properties(kind: str, made: schema.Definitions) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "label": name.replace("_", " ").capitalize(),
            "type": wanted,
            "fieldType": "number" if wanted == "number" else "text",
            "groupName": "contactinformation" if kind == ids.CONTACTS else "dealinformation",
            "description": "",
            "options": [_option(each) for each in schema.OPTIONS.get(name, ())],
            "hubspotDefined": not name.startswith("stratum_"),
            "modificationMetadata": {
                "readOnlyValue": name in schema.READ_ONLY or name in made.locked,
                "readOnlyDefinition": True,
                "archivable": False,
            },
        }
        for name, wanted in schema.PROPERTIES[kind].items()
        if name not in made.archived
    ]
    return {"results": rows}


def _option(value: str) -> dict[str, Any]:
    return {"label": value.capitalize(), "value": value, "hidden": False, "displayOrder": -1}


def _bearer(request: Request) -> str | None:
    text = request.headers.get("authorization", "")
    return text[len(_BEARER) :].strip() if text.lower().startswith(_BEARER) else None


async def _form(request: Request) -> dict[str, str]:
    """A form, as RFC 6749 wants it, or the JSON that the official client sends."""
    if request.headers.get("content-type", "").startswith("application/json"):
        body = _parsed(await request.body())
        found: dict[str, Any] = body if isinstance(body, dict) else {}
    else:
        found = dict(await request.form())
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _refused(error: HubError) -> Response:
    return JSONResponse(error.body(), error.status, error.headers)


def _parsed(raw: bytes) -> Any:
    try:
        value = json.loads(raw or b"{}")
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise HubError("Invalid input JSON") from error
    return value
