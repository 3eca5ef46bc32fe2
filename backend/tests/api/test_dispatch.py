"""The short way of a request leads where FastAPI's own leads, and says the same."""

import ast
import contextlib
import hashlib
import inspect
import pkgutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from httpx2 import AsyncClient
from starlette.exceptions import HTTPException  # noqa: TID251  (what the walk raises where nobody serves)
from starlette.types import Message

from app.api.dispatch import Directory
from app.api.plans import plan_of
from app.auth.permissions import Role
from app.core.config import Settings
from app.core.errors import StratumError
from app.core.ids import uuid7
from app.main import create_app
from tests.api.routes import served
from tests.factories.access import Company, client_of

_ODD = [
    ("GET", "/"),
    ("GET", "/nothing/here"),
    ("GET", "/api/v1/nothing"),
    ("GET", "/api/v1/campaigns/"),
    ("GET", "/api/v1/tenants/current/"),
    ("PUT", "/api/v1/tenants/current"),
    ("HEAD", "/api/v1/tenants/current"),
    ("HEAD", "/openapi.json"),
    ("OPTIONS", "/api/v1/campaigns"),
    ("DELETE", "/health"),
    ("GET", "/api/v1/campaigns/not-an-id"),
    ("GET", "/api/v1/campaigns/a/b/c"),
]
_READS = [
    "/health/live",
    "/api/v1/tenants/current",
    "/api/v1/tenants/current?unasked=1",
    "/api/v1/dashboard/triage",
    "/api/v1/integrations/connections",
]


@pytest.fixture(scope="module")
async def plain_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The same application, served by FastAPI's router alone."""
    app = create_app(settings)
    app.router.middleware_stack = app.router.app
    async with app.router.lifespan_context(app):
        yield app


async def _reached(app: FastAPI, method: str, path: str) -> tuple[str, object]:
    """The endpoint that an anonymous request comes to, and what its path was read as."""
    scope: dict[str, Any] = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": [(b"host", b"testserver")],
        "client": ("10.1.2.3", 1), "server": ("testserver", 80), "state": {}, "app": app,
        "fastapi_middleware_astack": AsyncExitStack(),
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: Message) -> None:
        pass

    with contextlib.suppress(StratumError, HTTPException, RequestValidationError):
        await app.router(scope, receive, send)
    endpoint = scope.get("endpoint")
    return (f"{endpoint.__module__}.{endpoint.__qualname__}" if endpoint else "nowhere"), scope.get(
        "path_params"
    )


async def test_every_address_leads_where_the_walk_leads(app: FastAPI, plain_app: FastAPI) -> None:
    known = [
        (route.method, route.url(**dict.fromkeys(route.parameters, uuid7())))
        for route in served(app)
        if route.method not in {"WEBSOCKET", "MOUNT"}
    ]
    asked = [*known, *(("PUT" if method != "PUT" else "GET", path) for method, path in known), *_ODD]
    short = {each: await _reached(app, *each) for each in asked}
    long = {each: await _reached(plain_app, *each) for each in asked}
    assert short == long
    assert all(short[each][0] != "nowhere" for each in known)


class _Counting(dict[str, Any]):
    """Says how often it was asked."""

    asked = 0

    def get(self, key: str, default: Any = None) -> Any:
        self.asked += 1
        return super().get(key, default)


@pytest.mark.parametrize("part", ["/", "/a"])
async def test_a_long_address_is_looked_up_no_more_often_than_a_short_one(app: FastAPI, part: str) -> None:
    """An address has no limit of its own, and everybody may ask for it: each look-up copies what stands before."""
    directory = Directory(app.router.routes)
    counting = directory._by_start = _Counting(directory._by_start)
    directory.find("GET", "/api/v1" + part * 50)
    short, counting.asked = counting.asked, 0
    directory.find("GET", "/api/v1" + part * 500_000)
    assert 0 < counting.asked == short


@pytest.mark.parametrize("path", _READS)
async def test_a_planned_read_answers_as_fastapi_would(
    app: FastAPI, plain_app: FastAPI, acme: Company, path: str
) -> None:
    planned = {context.path for context in iter_route_contexts(app.router.routes) if _is_planned(context)}
    assert path.partition("?")[0] in planned
    token = acme.person(Role.VIEWER).token
    async with client_of(app, token) as short, client_of(plain_app, token) as long:
        ours, theirs = await short.get(path), await long.get(path)
    assert ours.status_code == 200
    assert (ours.status_code, ours.content, ours.headers["content-type"]) == (
        theirs.status_code,
        theirs.content,
        theirs.headers["content-type"],
    )


async def test_a_planned_read_refuses_as_fastapi_would(
    anonymous: AsyncClient, acme: Company, plain_app: FastAPI
) -> None:
    path = "/api/v1/tenants/current"
    async with client_of(plain_app) as plain:
        for headers in (
            {},
            {"Authorization": "Bearer no"},
            {"Authorization": "Basic no"},
            {"X-API-Key": "sk_1"},
        ):
            ours, theirs = (
                await anonymous.get(path, headers=headers),
                await plain.get(path, headers=headers),
            )
            assert ours.status_code == theirs.status_code == 401
            assert _said(ours.json()) == _said(theirs.json())


def _said(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"request_id": None}


def _is_planned(context: Any) -> bool:
    return getattr(context, "dependant", None) is not None and plan_of(context) is not None


def test_no_dependency_takes_a_thread(app: FastAPI) -> None:
    """FastAPI runs a plain `def` in a thread pool: a hop there and back, for what only makes an object."""
    threaded = {
        f"{call.__module__}.{call.__qualname__}"
        for context in iter_route_contexts(app.router.routes)
        for call in _calls(getattr(context, "dependant", None))
        if inspect.isfunction(call)
        and not (inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call))
    }
    assert threaded == set()


def _calls(dependant: Dependant | None) -> Iterator[Any]:
    for inner in dependant.dependencies if dependant is not None else ():
        yield inner.call
        yield from _calls(inner)


_RESTS_ON = {
    "fastapi.dependencies.models:Dependant": "9f6d0dba138b",
    "fastapi.dependencies.utils:request_params_to_args": "e028df88c5ea",
    "fastapi.dependencies.utils:solve_dependencies": "19825365bd06",
    "fastapi.routing:APIRouter": "d2d776272fe3",
    "fastapi.routing:RouteContext": "a9fddbda66e2",
    "fastapi.routing:get_request_handler": "d959336b7162",
    "fastapi.routing:iter_route_contexts": "087db59981fa",
    "fastapi.routing:request_response": "69a7733a6238",
    "fastapi.routing:serialize_response": "69d99624855b",
    "starlette.routing:Router": "d18973ff5436",
    "starlette.routing:compile_path": "8092946a4c2c",
}
"""What FastAPI does with a request itself and `app.api.dispatch` and `app.api.plans` do in its place: the first digits
of the SHA-256 of each, as it was when the two were last held against it."""


def _in_its_file(name: str) -> str:
    """Its source as it is installed: Sentry puts functions of its own in the place of some."""
    module, _, wanted = name.partition(":")
    lines = inspect.getsource(pkgutil.resolve_name(module)).splitlines(keepends=True)
    (found,) = (
        each
        for each in ast.parse("".join(lines)).body
        if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and each.name == wanted
    )
    start = min([found.lineno, *(each.lineno for each in found.decorator_list)])
    return "".join(lines[start - 1 : found.end_lineno])


@pytest.mark.parametrize("name", _RESTS_ON)
def test_what_the_short_way_stands_in_for_is_as_it_was(name: str) -> None:
    source = _in_its_file(name)
    digest = hashlib.sha256(source.encode()).hexdigest()[:12]
    assert digest == _RESTS_ON[name], (
        f"An upgrade changed {name}. Read what changed. If app/api/dispatch.py and app/api/plans.py still do the "
        f"same (the other tests here pass), write {digest!r} into _RESTS_ON. If not, follow the change there, or do "
        "without the two: their docstrings say how."
    )
