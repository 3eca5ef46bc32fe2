"""The Business API over HTTP: whatever happens, the answer is a 200 whose body says what happened."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from secrets import token_hex
from time import time
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.vendors.tiktok import audiences, conversions, oauth, reading, reports, review, tasks, writes
from sandbox.vendors.tiktok import constants as ids
from sandbox.vendors.tiktok.calls import Call, parsed
from sandbox.vendors.tiktok.changelog import Actor
from sandbox.vendors.tiktok.errors import TikTokError, forbidden, no_such, system, unsupported, wrong
from sandbox.vendors.tiktok.state import TikTokState
from sandbox.vendors.vendor import SHORT, refused_items, rows_of_page

Reader = Callable[[TikTokState, Call], dict[str, Any]]
Writer = Callable[[TikTokState, Call, Actor, frozenset[int]], dict[str, Any]]
_API = f"open_api/{ids.VERSION}/"
_APP = Actor(ids.USER_NAME, ids.APP_ID)
_READERS: dict[str, Reader] = {
    "user/info": reading.user,
    "oauth2/advertiser/get": reading.reached,
    "advertiser/info": reading.advertisers,
    "pixel/list": reading.pixels,
    "campaign/get": reading.listing("campaign"),
    "adgroup/get": reading.listing("adgroup"),
    "ad/get": reading.listing("ad"),
    "ad/review_info": review.info,
    "report/integrated/get": reports.answer,
    "dmp/custom_audience/list": audiences.listed,
    "dmp/custom_audience/get": audiences.details,
}
_WRITERS: dict[str, Writer] = {
    "adgroup/budget/update": writes.change_budgets,
    "segment/audience": audiences.change,
    "segment/mapping": audiences.map_users,
    "dmp/custom_audience/delete": audiences.delete,
    **{f"{kind}/update": writes.update(kind) for kind in ("campaign", "adgroup")},
    **{f"{kind}/status/update": writes.change_status(kind) for kind in ("campaign", "adgroup", "ad")},
    **{f"{kind}/create": writes.create(kind) for kind in ("campaign", "adgroup", "ad")},
}


def request_id() -> str:
    return f"{datetime.fromtimestamp(time(), UTC):%Y%m%d%H%M%S}{token_hex(9).upper()}"


def render(error: TikTokError) -> tuple[int, bytes]:
    return error.status, json.dumps(error.body(request_id())).encode()


async def _params(request: Request) -> dict[str, Any]:
    if request.method != "POST":
        return dict(request.query_params)
    body = parsed("The request body", await request.body() or b"{}")
    if not isinstance(body, dict):
        raise wrong("The request body: Not a valid object.")
    return body


class TikTokHttp:
    def __init__(self, state: TikTokState) -> None:
        self._state = state
        self._tasks = tasks.Tasks()
        made = self._tasks
        self._readers: dict[str, Reader] = _READERS | {
            "report/task/check": lambda s, c: {"status": made.of(s, c, "report").status},
            "changelog/task/check": lambda s, c: {"status": made.of(s, c, "changelog").status},
            "changelog/task/download": self._log,
        }
        self._askers: dict[str, Reader] = {
            "report/task/create": partial(tasks.start_report, made),
            "changelog/task/create": partial(tasks.start_log, made),
            "report/task/cancel": self._cancel,
        }

    async def portal(self, request: Request) -> Response:
        """`/portal/auth`: the page on which a person decides."""
        params = dict(request.query_params)
        try:
            if request.method == "GET":
                names = [self._state.entities.get(each).data["name"] for each in self._state.advertisers]
                return HTMLResponse(oauth.page(params, names))
            form = await request.form()
            where = oauth.decide(self._state.tokens, params, str(form.get("answer", "cancel")))
        except TikTokError as error:
            return self._refused(error)
        return RedirectResponse(where, status_code=302)

    async def answer(self, request: Request) -> Response:
        path = request.path_params["path"].strip("/")
        try:
            if not path.startswith(_API):
                raise unsupported(path)
            name, params = path.removeprefix(_API), await _params(request)
            if (request.method, name) == ("GET", "report/task/download"):
                return self._file(self._call(request, name, params))
            return self._told(self._route(request, name, params))
        except TikTokError as error:
            return self._refused(error)

    def _route(self, request: Request, name: str, params: dict[str, Any]) -> dict[str, Any]:
        state = self._state
        if request.method == "POST" and name in {"oauth2/access_token", "oauth2/revoke_token"}:
            act = oauth.exchange if name == "oauth2/access_token" else oauth.revoke
            return act(state.tokens, params, state.advertisers)
        if name not in {*self._readers, *_WRITERS, *self._askers, "event/track"}:
            raise unsupported(name)
        call = self._call(request, name, params)
        if request.method == "GET" and name in self._readers:
            return self._readers[name](state, call)
        if request.method == "POST" and name in self._askers:
            return self._askers[name](state, call)
        if request.method != "POST" or name in self._readers:
            raise wrong(f"{request.method} is not allowed at /{name}/.")
        if not call.token.may(ids.MANAGE):
            raise forbidden()
        if name == "event/track":
            return self._events(call)
        count = max([1, *(len(v) for v in params.values() if isinstance(v, list))])
        return _WRITERS[name](state, call, _APP, refused_items(request.scope, count))

    def _call(self, request: Request, name: str, params: dict[str, Any]) -> Call:
        """A call of somebody who may speak, while TikTok can hear."""
        token = self._state.tokens.check(request.headers.get("access-token"))
        self._state.quota.count()
        accounts = [each for each in self._state.advertisers if each == params.get("advertiser_id")]
        faults, now = self._state.ground.faults, self._state.now
        if any(faults.active("platform_outage", each, now) for each in accounts or self._state.advertisers):
            raise system()
        call = Call(request.method, name, params, token, str(request.base_url))
        if SHORT in request.scope and "page_size" in params:
            size = rows_of_page(request.scope, call.whole("page_size", 1, 1_000))
            return replace(call, params={**params, "page_size": size})
        return call

    def _events(self, call: Call) -> dict[str, Any]:
        pixel = self._state.entities.any(call.text("event_source_id"))
        if pixel is None or pixel.kind != "pixel":
            raise no_such("event_source_id: There is no such pixel.")
        return conversions.receive(self._state.ground.store, call, self._state.now)

    def _log(self, state: TikTokState, call: Call) -> dict[str, Any]:
        task = self._tasks.finished(state, call, "changelog")
        return {"status": task.status, "changelog": task.write()}

    def _cancel(self, state: TikTokState, call: Call) -> dict[str, Any]:
        task = self._tasks.of(state, call, "report")
        if task.status == "SUCCESS":
            raise wrong("task_id: The task is finished and can't be canceled.")
        task.canceled = True
        return {"task_id": task.id}

    def _file(self, call: Call) -> Response:
        text = self._tasks.finished(self._state, call, "report").write()
        named = {"content-disposition": f'attachment; filename="report_{call.text("task_id")}.csv"'}
        return Response(text, 200, named, "text/csv; charset=utf-8")

    def _told(self, data: dict[str, Any]) -> Response:
        body = {"code": 0, "message": "OK", "request_id": request_id(), "data": data}
        return Response(json.dumps(body), media_type="application/json")

    def _refused(self, error: TikTokError) -> Response:
        status, body = render(error)
        return Response(body, status, media_type="application/json")
