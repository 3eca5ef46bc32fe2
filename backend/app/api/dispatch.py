"""The way of a request to its route: a look-up by address, where FastAPI tries one pattern after another.

FastAPI matches its tree of routers anew on every level, so that a request costs more with each module that is added.
The directory gives the answer that the walk would give, from the routes as they stand when the server starts (without
a server, at the first request); what it does not know (a wrong method, no such address, another protocol, a traced
request) goes the old way.

To do without: take `dispatch.install` out of `app.main` and delete this module and `app.api.plans`. Every answer stays
the same. `tests/api/test_dispatch.py` fails when FastAPI changes what the two rest on, and says what to do then.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from re import Pattern
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.plans import plan_of


@dataclass(frozen=True, slots=True)
class _Entry:
    """A route and its place in the order of declaration; without an `app` it is left to FastAPI."""

    order: int
    pattern: Pattern[str]
    convertors: dict[str, Any]
    methods: frozenset[str] | None
    app: ASGIApp | None
    route: BaseRoute

    def parameters(self, method: str, path: str) -> dict[str, Any] | None:
        """What the path names, if this route takes it."""
        if self.methods is not None and method not in self.methods:
            return None
        match = self.pattern.match(path)
        if match is None:
            return None
        return {key: self.convertors[key].convert(value) for key, value in match.groupdict().items()}


class Way(NamedTuple):
    """Where a request goes, and what its path names."""

    app: ASGIApp
    route: BaseRoute
    parameters: dict[str, Any]


class Directory:
    """Routes by their addresses: those without parameters by the whole, the others by what stands before the first."""

    def __init__(self, routes: list[BaseRoute]) -> None:
        self._by_start: dict[str, list[_Entry]] = {}
        fixed = []
        for entry, path in _entries(routes):
            start = path.partition("{")[0]
            is_fixed = start == path and not isinstance(entry.route, Mount)
            self._by_start.setdefault(start if is_fixed else start[: start.rfind("/") + 1], []).append(entry)
            if is_fixed:
                fixed.append((path, entry))
        self._deepest = max((start.count("/") for start in self._by_start), default=0)
        self._fixed = {
            (method, path): self._search(method, path)
            for path, entry in fixed
            for method in entry.methods or ()
        }

    def find(self, method: str, path: str) -> Way | None:
        known = self._fixed.get((method, path))
        return known if known is not None else self._search(method, path)

    def _search(self, method: str, path: str) -> Way | None:
        """The first of all routes, in the order of declaration, that takes the path."""
        found = [*self._by_start.get(path, ())]
        end = path.find("/") + 1
        for _ in range(self._deepest):  # and no further: an address may be a megabyte of slashes
            if end in (0, len(path)):
                break
            found += self._by_start.get(path[:end], ())
            end = path.find("/", end) + 1
        for entry in sorted(found, key=lambda each: each.order):
            parameters = entry.parameters(method, path)
            if parameters is not None:
                return Way(entry.app, entry.route, parameters) if entry.app is not None else None
        return None


def _entries(routes: list[BaseRoute]) -> Iterator[tuple[_Entry, str]]:
    """Up to the first route that is matched by something else than its path."""
    for order, context in enumerate(iter_route_contexts(routes)):
        path, pattern = context.path, getattr(context, "path_regex", None)
        if path is None or pattern is None:
            return
        methods = context.methods
        if methods is None and not isinstance(context.original_route, Mount):
            continue
        yield (
            _Entry(
                order,
                pattern,
                context.param_convertors,
                frozenset(methods) if methods is not None else None,
                _app_of(context),
                context.original_route,
            ),
            f"{path}/" if methods is None else path,
        )


def _app_of(context: RouteContext) -> ASGIApp | None:
    if not isinstance(context.original_route, APIRoute):
        return None
    app: ASGIApp = plan_of(context) or context.app
    return app


class Dispatch:
    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._directory: Directory | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            self._directory = Directory(self._app.router.routes)
        way = self._find(scope) if scope["type"] == "http" else None
        if way is None:
            await self._app.router.app(scope, receive, send)
            return
        scope["router"] = self._app.router
        scope["route"] = way.route
        scope["endpoint"] = getattr(way.route, "endpoint", None)
        scope["path_params"] = dict(way.parameters)
        await way.app(scope, receive, send)

    def _find(self, scope: Scope) -> Way | None:
        if scope.get("root_path") or "fastapi.telemetry" in scope or self._app.dependency_overrides:
            return None
        if self._directory is None:
            self._directory = Directory(self._app.router.routes)
        return self._directory.find(scope["method"], scope["path"])


def install(app: FastAPI) -> None:
    app.router.middleware_stack = Dispatch(app)
