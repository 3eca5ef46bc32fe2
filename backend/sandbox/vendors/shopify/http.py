"""A shop's own host under `/shopify/{shop}`: its Admin API, the sign-in, the end of an installation."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.vendors.shopify import constants as ids
from sandbox.vendors.shopify import oauth
from sandbox.vendors.shopify.errors import GraphError, HttpError, OAuthError, not_found
from sandbox.vendors.shopify.graph import Graph
from sandbox.vendors.shopify.state import ShopifyState
from sandbox.vendors.vendor import SHORT, rows_of_page

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_MOST = 250


class ShopifyHttp:
    def __init__(self, state: ShopifyState) -> None:
        self._state = state
        self._graph = Graph(state.records, state.hooks, state.bucket)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/{shop}/admin/oauth/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/{shop}/admin/oauth/access_token", self.token, methods=["POST"]),
            Route("/{shop}/admin/api/{version}/graphql.json", self.graph, methods=["POST"]),
            Route("/{shop}/admin/api_permissions/current.json", self.uninstall, methods=["DELETE"]),
            Route("/{path:path}", self.unknown, methods=_METHODS),
        ]

    async def authorize(self, request: Request) -> Response:
        params = dict(request.query_params)
        try:
            _demand_shop(request)
            if request.method == "GET":
                return HTMLResponse(oauth.dialog(params))
            answer = str((await request.form()).get("answer", "cancel"))
            return RedirectResponse(oauth.decide(self._state.tokens, params, answer), status_code=302)
        except OAuthError as error:
            return JSONResponse(error.body(), 400)
        except HttpError as error:
            return JSONResponse(error.body(), error.status)

    async def token(self, request: Request) -> Response:
        try:
            _demand_shop(request)
            return JSONResponse(oauth.exchange(self._state.tokens, await _form(request)))
        except OAuthError as error:
            return JSONResponse(error.body(), 400)
        except HttpError as error:
            return JSONResponse(error.body(), error.status)

    async def graph(self, request: Request) -> Response:
        try:
            _demand_shop(request)
            if request.path_params["version"] not in ids.VERSIONS:
                raise not_found()
            self._state.tokens.check(request.headers.get("X-Shopify-Access-Token"))
            body = _parsed(await request.body())
            most = rows_of_page(request.scope, _MOST) if SHORT in request.scope else None
            return JSONResponse(self._graph.answer(body, most))
        except GraphError as error:
            return JSONResponse(error.body())
        except HttpError as error:
            return JSONResponse(error.body(), error.status, error.headers)

    async def uninstall(self, request: Request) -> Response:
        """The app gives up its place in the shop: its tokens and its webhooks end."""
        try:
            _demand_shop(request)
            self._state.tokens.check(request.headers.get("X-Shopify-Access-Token"))
        except HttpError as error:
            return JSONResponse(error.body(), error.status)
        self._state.uninstall()
        return JSONResponse({})

    async def unknown(self, request: Request) -> Response:
        """REST's resources and whatever else there is: not here."""
        del request
        error = not_found()
        return JSONResponse(error.body(), error.status)


def _demand_shop(request: Request) -> None:
    if request.path_params["shop"] != ids.SHOP:
        raise not_found()


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise HttpError(400, "Bad Request") from error


async def _form(request: Request) -> dict[str, str]:
    """As JSON or as a form: both are taken."""
    if request.headers.get("content-type", "").startswith("application/json"):
        found = _parsed(await request.body())
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
    return {name: str(value) for name, value in (await request.form()).items()}
