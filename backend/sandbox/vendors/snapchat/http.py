"""Snapchat's three hosts under one prefix: `/v1` the Marketing API, `/login` the sign-in, `/v3` the events."""

import json
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.vendors.snapchat import constants as ids
from sandbox.vendors.snapchat import conversions, oauth
from sandbox.vendors.snapchat.ads_api import AdsApi
from sandbox.vendors.snapchat.calls import Call
from sandbox.vendors.snapchat.errors import EventsError, OAuthError, SnapError, invalid, not_found
from sandbox.vendors.snapchat.state import SnapState
from sandbox.vendors.vendor import refused_items, rows_of_page

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_BEARER = "bearer "
_BODIES = ("campaigns", "adsquads", "ads", "creatives", "media", "segments", "users", "data")


class SnapHttp:
    def __init__(self, snap: SnapState) -> None:
        self._snap = snap
        self._ads = AdsApi(snap)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/login/oauth2/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/login/oauth2/access_token", self.access_token, methods=["POST"]),
            Route("/v3/{asset}/events{rest:path}", self.events, methods=_METHODS),
            Route("/v1/{path:path}", self.ads, methods=_METHODS),
            Route("/{path:path}", self.nothing, methods=_METHODS),
        ]

    async def authorize(self, request: Request) -> Response:
        params = dict(request.query_params)
        try:
            if request.method == "GET":
                return HTMLResponse(oauth.dialog(params))
            answer = str((await request.form()).get("answer", "cancel"))
            return RedirectResponse(oauth.decide(self._snap.tokens, params, answer), status_code=302)
        except OAuthError as error:
            return JSONResponse(error.body(), error.status)

    async def access_token(self, request: Request) -> Response:
        try:
            form = _texts(await request.form())
            return JSONResponse(oauth.exchange(self._snap.tokens, form))
        except OAuthError as error:
            return JSONResponse(error.body(), error.status)

    async def ads(self, request: Request) -> Response:
        try:
            call = await self._call(request)
            status, body = self._ads.answer(call)
        except SnapError as error:
            return _refused(error)
        return JSONResponse(body, status)

    async def nothing(self, request: Request) -> Response:
        del request
        return _refused(not_found())

    async def events(self, request: Request) -> Response:
        try:
            status, body = await self._events(request)
        except EventsError as error:
            return JSONResponse(error.body(), error.status)
        return JSONResponse(body, status)

    async def _events(self, request: Request) -> tuple[int, dict[str, Any]]:
        snap, asset = self._snap, str(request.path_params["asset"])
        self._admit(asset, request)
        way = (request.method, str(request.path_params["rest"]))
        if way == ("GET", "/validate/logs"):
            return 200, conversions.logs(snap.ground.store, asset, snap.now)
        if way == ("GET", "/validate/stats"):
            return 200, conversions.counts(snap.ground.store, asset, snap.now)
        if way not in {("POST", ""), ("POST", "/validate")}:
            raise EventsError("There is no such endpoint.", status=404)
        try:
            body = _parsed(await request.body())
        except ValueError as error:
            raise EventsError("The body is no JSON.") from error
        if way[1]:
            return conversions.validate(snap.ground.store, asset, body, snap.now)
        refused = refused_items(request.scope, _count(body))
        return 200, conversions.receive(snap.ground.store, asset, body, snap.now, refused)

    def _admit(self, asset: str, request: Request) -> None:
        """By the token in the query, or as a bearer: the marketing scope reaches one's own pixels too."""
        try:
            token = self._snap.tokens.check(request.query_params.get("access_token") or _bearer(request))
        except SnapError as error:
            raise EventsError(error.debug, status=401) from error
        pixel = self._snap.entities.find(asset, "pixel")
        if pixel is None or not {ids.MARKETING, ids.OFFLINE} & set(token.scopes):
            raise EventsError("The token has no access to this asset.", status=403)
        ground = self._snap.ground
        if ground.faults.active("platform_outage", pixel.owner, self._snap.now):
            raise EventsError("Service unavailable", status=503)

    async def _call(self, request: Request) -> Call:
        token = self._snap.tokens.check(_bearer(request))
        body: Any = None
        file: bytes | None = None
        raw = await request.body()
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            file = await _file(request)
        elif request.method in {"POST", "PUT", "PATCH"} or (request.method == "DELETE" and raw):
            try:
                body = _parsed(raw)
            except ValueError as error:
                raise invalid("The body is no JSON") from error
        parts = tuple(part for part in str(request.path_params["path"]).split("/") if part)
        url = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"
        refused = refused_items(request.scope, _count(body))
        rows, query = rows_of_page(request.scope, 1_000), dict(request.query_params)
        return Call(request.method, url, parts, query, body, token, refused, rows, file)


async def _file(request: Request) -> bytes | None:
    found = (await request.form()).get("file")
    return None if found is None or isinstance(found, str) else await found.read()


def _bearer(request: Request) -> str | None:
    text = request.headers.get("authorization", "")
    return text[len(_BEARER) :].strip() if text.lower().startswith(_BEARER) else None


def _parsed(raw: bytes) -> Any:
    """A ValueError for what is no JSON, or could not be told again: half a character, a number that is none."""
    try:
        value = json.loads(raw)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value


def _count(body: Any) -> int:
    """How many items a body holds."""
    lists = [body[name] for name in _BODIES if name in body] if isinstance(body, dict) else []
    return max((len(one) for one in lists if isinstance(one, list)), default=0)


def _texts(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _refused(error: SnapError) -> Response:
    return JSONResponse(error.body(), error.status, error.headers)
