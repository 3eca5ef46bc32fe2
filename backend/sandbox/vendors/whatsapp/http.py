"""The Cloud API's paths: `/{version}/{id}` and `/{version}/{id}/{edge}`."""

import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.vendors.whatsapp.errors import WhatsAppError, invalid, unsupported
from sandbox.vendors.whatsapp.messages import DISPLAY, NAME, NUMBER_ID, WABA_ID, Messages, page
from sandbox.vendors.whatsapp.templates import Templates
from sandbox.vendors.whatsapp.tokens import MANAGEMENT, MESSAGING, Tokens

_PATH = re.compile(r"v\d+\.\d+/(\d+)(?:/(\w+))?")
_DEFAULT_LIMIT, _LARGEST_LIMIT = 25, 100


class WhatsAppHttp:
    def __init__(self, tokens: Tokens, templates: Templates, messages: Messages) -> None:
        self._tokens, self._templates, self._messages = tokens, templates, messages
        self.is_subscribed = False

    async def page(self, _: Request) -> Response:
        return HTMLResponse(page(self._messages.all()))

    async def answer(self, request: Request) -> Response:
        try:
            return JSONResponse(await self._answered(request))
        except WhatsAppError as error:
            return JSONResponse(error.body(), error.status)

    async def _answered(self, request: Request) -> dict[str, Any]:
        path = str(request.path_params["path"])
        found = _PATH.fullmatch(path)
        if found is None:
            raise WhatsAppError(2500, message=f"Unknown path components: /{path}")
        node, edge = found[1], found[2] or ""
        scope = MESSAGING if edge == "messages" else MANAGEMENT
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        token = value.strip() if scheme.lower() == "bearer" else request.query_params.get("access_token")
        self._tokens.check(token, request.query_params.get("appsecret_proof"), scope)
        if (request.method, node, edge) == ("POST", NUMBER_ID, "messages"):
            return self._messages.send(await _body(request))
        if (request.method, node, edge) == ("GET", NUMBER_ID, ""):
            return _chosen(_number(), request)
        if node != WABA_ID:
            raise unsupported(request.method, node)
        return await self._of_account(request, edge)

    async def _of_account(self, request: Request, edge: str) -> dict[str, Any]:
        match (request.method, edge):
            case ("GET", ""):
                return {"id": WABA_ID, "name": "Northwind"}
            case ("GET", "phone_numbers"):
                return {"data": [_number()]}
            case ("POST", "subscribed_apps"):
                self.is_subscribed = True
                return {"success": True}
            case ("GET", "message_templates"):
                return self._listed(request)
            case ("POST", "message_templates"):
                made = self._templates.create(await _body(request))
                return {name: made[name] for name in ("id", "status", "category")}
        raise unsupported(request.method, WABA_ID)

    def _listed(self, request: Request) -> dict[str, Any]:
        rows = self._templates.listed()
        if wanted := request.query_params.get("name"):
            rows = [each for each in rows if wanted in each["name"]]
        limit = min(_number_of(request, "limit", _DEFAULT_LIMIT), _LARGEST_LIMIT)
        start = _number_of(request, "after", 0)
        body: dict[str, Any] = {"data": [_chosen(each, request) for each in rows[start : start + limit]]}
        if start + limit < len(rows):
            after = str(start + limit)
            body["paging"] = {
                "cursors": {"after": after},
                "next": str(request.url.include_query_params(after=after)),
            }
        return body


def _number() -> dict[str, Any]:
    return {
        "id": NUMBER_ID,
        "display_phone_number": DISPLAY,
        "verified_name": NAME,
        "quality_rating": "GREEN",
        "code_verification_status": "VERIFIED",
    }


def _chosen(node: dict[str, Any], request: Request) -> dict[str, Any]:
    fields = request.query_params.get("fields")
    wanted = set(fields.split(",")) | {"id"} if fields else node.keys()
    return {name: value for name, value in node.items() if name in wanted}


def _number_of(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name) or ""
    return int(text) if text.isdigit() else otherwise


async def _body(request: Request) -> dict[str, Any]:
    try:
        found = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError) as error:
        raise invalid("The body is no JSON.") from error
    if not isinstance(found, dict):
        raise invalid("The body is no object.")
    return found
