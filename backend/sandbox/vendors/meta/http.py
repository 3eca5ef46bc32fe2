"""The Graph API over HTTP: versions, parameters wherever clients put them, usage headers, batches."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.vendors.meta import oauth
from sandbox.vendors.meta.calls import Call, Reply
from sandbox.vendors.meta.constants import NEWEST_VERSION, OLDEST_VERSION
from sandbox.vendors.meta.errors import GraphError, invalid, outage, trace_id, unsupported
from sandbox.vendors.meta.graph import Graph
from sandbox.vendors.meta.paging import limit_of
from sandbox.vendors.meta.tokens import Token
from sandbox.vendors.vendor import SHORT, refused_items, rows_of_page

_VERSION = re.compile(r"v(\d+)\.\d+")
_MOST_IN_BATCH = 50
_MOST_BYTES = 45 * 1_048_576
"""Of one field of a form: an image as base64."""


def split_version(path: str) -> tuple[str, str]:
    """(version, rest): a path without one gets the oldest, as at Meta."""
    first, _, rest = path.strip("/").partition("/")
    if not _VERSION.fullmatch(first):
        return f"v{OLDEST_VERSION}.0", path.strip("/")
    return first, rest.strip("/")


def _check_version(version: str) -> None:
    number = int(version[1:].split(".", maxsplit=1)[0])
    if number < OLDEST_VERSION:
        newest = f"v{NEWEST_VERSION}.0"
        text = "(#2635) You are calling a deprecated version of the Ads API."
        raise GraphError(f"{text} Please update to the latest version: {newest}.", 2635)
    if number > NEWEST_VERSION:
        raise GraphError(f"Unknown path components: /{version}", 2500)


async def _params(request: Request, files: dict[str, bytes]) -> dict[str, str]:
    """Query and body, form or JSON, with the body on top; a bearer header counts as access_token.

    A form's files go into `files`, by their names.
    """
    found = dict(request.query_params)
    if request.method in {"POST", "DELETE"}:
        kind = request.headers.get("content-type", "")
        if kind.startswith("application/json"):
            found |= _from_json(await request.body())
        elif kind.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
            form = await request.form(max_part_size=_MOST_BYTES)
            for name, value in form.multi_items():
                if isinstance(value, str):
                    found[name] = value
                else:
                    files[value.filename or name] = await value.read()
    authorization = request.headers.get("authorization", "")
    if "access_token" not in found and authorization[:7].lower() in {"bearer ", "oauth t"}:
        found["access_token"] = authorization.split(" ", 1)[1]
    return found


def _from_json(body: bytes) -> dict[str, str]:
    try:
        values = json.loads(body or b"{}")
    except ValueError as error:
        raise invalid("(#100) The request body is not valid JSON") from error
    if not isinstance(values, dict):
        raise invalid("(#100) The request body must be a JSON object")
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class MetaHttp:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def answer(self, request: Request) -> Response:
        try:
            version, path = split_version(request.url.path)
            _check_version(version)
            files: dict[str, bytes] = {}
            params = await _params(request, files)
            if path == "dialog/oauth":
                return self._dialog(request, params)
            return self._respond(self._route(request, version, path, params, files))
        except GraphError as error:
            return self._respond(Reply(error.body(), error.status, error.headers))

    def _dialog(self, request: Request, params: dict[str, str]) -> Response:
        if request.method == "GET":
            return HTMLResponse(oauth.dialog(params))
        answer = params.get("answer", "cancel")
        return RedirectResponse(oauth.decide(self._graph.meta.tokens, params, answer), status_code=302)

    def _route(
        self, request: Request, version: str, path: str, params: dict[str, str], files: dict[str, bytes]
    ) -> Reply:
        tokens = self._graph.meta.tokens
        if path == "oauth/access_token":
            return Reply(oauth.exchange(tokens, params))
        if path == "debug_token":
            return Reply(oauth.debug(tokens, params))
        token = tokens.check(params.get("access_token"), params.get("appsecret_proof"))
        method = params.get("method", request.method).upper() if request.method == "POST" else request.method
        base = str(request.base_url).rstrip("/")
        if SHORT in request.scope:
            params |= {"limit": str(rows_of_page(request.scope, limit_of(params)))}
        call = Call(method, base, version, path, params, token, files)
        if not path and method == "POST":
            return self._batch(call, request)
        return self._graph.answer(call)

    def _respond(self, reply: Reply) -> Response:
        usage = self._graph.meta.usage.headers(reply.account)
        headers = usage | {"x-fb-trace-id": trace_id(), "facebook-api-version": "v25.0"} | reply.headers
        return Response(json.dumps(reply.body), reply.status, headers, "application/json; charset=UTF-8")

    def _batch(self, call: Call, request: Request) -> Reply:
        steps = call.json("batch")
        if not isinstance(steps, list):
            raise unsupported("POST", "")
        if len(steps) > _MOST_IN_BATCH:
            raise invalid(
                f"(#100) Too many requests in batch message. Maximum batch size is {_MOST_IN_BATCH}"
            )
        broken = refused_items(request.scope, len(steps))
        return Reply([self._step(call, step, broken=n in broken) for n, step in enumerate(steps)])

    def _step(self, outer: Call, step: Any, *, broken: bool) -> dict[str, Any]:
        """One call of a batch: its failure is its own."""
        try:
            if broken:
                raise outage()
            reply = self._graph.answer(self._call_of(outer, step))
        except GraphError as error:
            reply = Reply(error.body(), error.status, error.headers)
        headers = self._graph.meta.usage.headers(reply.account) | {
            "Content-Type": "application/json; charset=UTF-8"
        }
        shown = [{"name": name, "value": value} for name, value in (headers | reply.headers).items()]
        return {"code": reply.status, "headers": shown, "body": json.dumps(reply.body)}

    def _call_of(self, outer: Call, step: Any) -> Call:
        if not isinstance(step, dict) or "relative_url" not in step:
            raise invalid("(#100) Each step of a batch needs method and relative_url")
        if "{result=" in json.dumps(step):
            raise invalid("(#100) References between steps of a batch are not supported by this sandbox")
        parts = urlsplit(str(step["relative_url"]))
        version, path = split_version(parts.path)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        params |= dict(parse_qsl(str(step.get("body", "")), keep_blank_values=True))
        token: Token = outer.token
        if "access_token" in params:
            token = self._graph.meta.tokens.check(params["access_token"])
        chosen = version if _VERSION.match(parts.path.strip("/")) else outer.version
        return Call(str(step.get("method", "GET")).upper(), outer.base_url, chosen, path, params, token)
