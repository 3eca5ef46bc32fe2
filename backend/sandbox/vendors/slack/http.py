"""Slack's Web API: a method's name is its path, arguments come in a query, a form or JSON."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.vendors.slack import channels
from sandbox.vendors.slack.errors import SlackError
from sandbox.vendors.slack.limits import Limits
from sandbox.vendors.slack.messages import Messages, page
from sandbox.vendors.slack.tokens import Token, Tokens, demand


class SlackHttp:
    def __init__(self, tokens: Tokens, messages: Messages, limits: Limits) -> None:
        self._tokens = tokens
        self._messages = messages
        self._limits = limits

    async def answer(self, request: Request) -> Response:
        try:
            arguments = await _arguments(request)
            token = self._tokens.check(_token(request, arguments))
            said = self._call(request.path_params["method"], token, arguments)
        except SlackError as error:
            return JSONResponse(error.body(), error.status, error.headers)
        return JSONResponse({"ok": True, **said}, headers={"X-OAuth-Scopes": ",".join(token.scopes)})

    async def page(self, _: Request) -> Response:
        names = {each.id: each.name for each in channels.CHANNELS}
        return HTMLResponse(page(self._messages.all(), names))

    def _call(self, method: str, token: Token, arguments: dict[str, Any]) -> dict[str, Any]:
        if method == "auth.test":
            self._limits.count(method)
            return _identity()
        if method == "conversations.list":
            demand(token, "channels:read", "groups:read")
            self._limits.count(method)
            return channels.listed(arguments)
        if method == "chat.postMessage":
            demand(token, "chat:write")
            self._limits.count(method, str(arguments.get("channel", "")))
            return self._messages.post(arguments)
        if method == "chat.update":
            demand(token, "chat:write")
            self._limits.count(method)
            return self._messages.update(arguments)
        raise SlackError("unknown_method", req_method=method)


def _identity() -> dict[str, Any]:
    return {
        "url": channels.TEAM_URL,
        "team": channels.TEAM_NAME,
        "user": channels.BOT_NAME,
        "team_id": channels.TEAM_ID,
        "user_id": channels.BOT_USER_ID,
        "bot_id": channels.BOT_ID,
        "is_enterprise_install": False,
    }


def _token(request: Request, arguments: dict[str, Any]) -> str | None:
    """The header's, or the argument's of that name; one in the query of an address is not taken."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    token = arguments.get("token")
    return token if isinstance(token, str) and "token" not in request.query_params else None


async def _arguments(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = dict(request.query_params)
    if request.method != "POST":
        return found
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/json":
        return found | _from_json(await request.body())
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = await request.form()
        return found | {name: value for name, value in form.items() if isinstance(value, str)}
    if kind and await request.body():
        raise SlackError("invalid_post_type")
    return found


def _from_json(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise SlackError("invalid_json") from error
    if not isinstance(values, dict):
        raise SlackError("json_not_object")
    return values
