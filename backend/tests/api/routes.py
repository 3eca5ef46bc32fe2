"""Every route of the application as it is really served: through nested routers, WebSockets too."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant

_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Served:
    """One method of one address. `permissions` are those that its dependencies declare."""

    method: str
    path: str
    permissions: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return _PARAMETER.findall(self.path)

    @property
    def changes(self) -> bool:
        return self.method not in _SAFE

    def url(self, **values: object) -> str:
        return _PARAMETER.sub(lambda found: str(values[found[1]]), self.path)


def served(app: FastAPI) -> list[Served]:
    found = sorted(set(_walk(app.router.routes)), key=lambda each: (each.path, each.method))
    assert len(found) > 50, "the walk finds hardly any route: FastAPI keeps them elsewhere now"
    return found


def _walk(routes: Iterable[Any]) -> Iterator[Served]:
    for route in routes:
        if hasattr(route, "effective_candidates"):
            yield from _walk(route.effective_candidates())
            yield from _walk(route.effective_low_priority_routes())
            continue
        methods = getattr(route, "methods", None)
        if not methods:
            # A WebSocket or a mount: an included one is kept beside its context.
            route = getattr(route, "starlette_route", None) or route  # noqa: PLW2901  (the one meant)
        dependant = getattr(route, "dependant", None)
        permissions = frozenset(_permissions(dependant)) if dependant is not None else frozenset()
        if not methods:
            yield Served("WEBSOCKET" if dependant is not None else "MOUNT", route.path, permissions)
            continue
        for method in set(methods) - {"HEAD", "OPTIONS"}:
            yield Served(method, route.path, permissions)


def _permissions(dependant: Dependant) -> Iterator[str]:
    for inner in dependant.dependencies:
        permission = getattr(inner.call, "permission", None)
        if permission is not None:
            yield permission
        yield from _permissions(inner)
