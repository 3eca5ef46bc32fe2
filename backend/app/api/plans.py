"""A route's dependencies in the order in which they are called, worked out once instead of at every request.

FastAPI walks the tree of dependencies at each request, and again below each dependency that is named twice: for an
authenticated read that is most of its cost. A plan calls each once. It takes on the plain case alone, a read answered
in JSON whose dependencies hold nothing open; `plan_of` leaves every other route to FastAPI.

To do without: have `app.api.dispatch` use `context.app` alone, and delete this module. Nothing else knows of it, and
every answer stays the same.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import RouteContext, serialize_response
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_OK = 200
_MISSING = object()


class _NotPlain(Exception):
    """A dependency that a plan does not take on."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One call: the steps that give its arguments, the names under which it takes the request, its inputs."""

    call: Callable[..., Any]
    needs: tuple[tuple[str, int], ...]
    takes_request: tuple[str, ...]
    inputs: Dependant | None

    def arguments(self, request: Request, results: list[Any], errors: list[Any]) -> dict[str, Any] | None:
        """None when what it needs could not be had, or an input is not valid; `errors` then says why."""
        found: dict[str, Any] = {}
        for name, index in self.needs:
            result = results[index]
            if result is _MISSING:
                return None
            found[name] = result
        for name in self.takes_request:
            found[name] = request
        if self.inputs is None:
            return found
        known = len(errors)
        for values, faults in _read(self.inputs, request):
            found.update(values)
            errors += faults
        return found if len(errors) == known else None


def _read(inputs: Dependant, request: Request) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    if inputs.path_params:
        yield request_params_to_args(inputs.path_params, request.path_params)
    if inputs.query_params:
        yield request_params_to_args(inputs.query_params, request.query_params)
    if inputs.header_params:
        yield request_params_to_args(inputs.header_params, request.headers)
    if inputs.cookie_params:
        yield request_params_to_args(inputs.cookie_params, request.cookies)


class Plan:
    """Answers one route's requests; errors go up to the handlers that render FastAPI's own."""

    def __init__(self, route: RouteContext) -> None:
        self._steps: list[_Step] = []
        self._places: dict[object, int] = {}
        self._status = route.status_code or _OK
        self._shape = {
            "field": route.response_field,
            "include": route.response_model_include,
            "exclude": route.response_model_exclude,
            "by_alias": route.response_model_by_alias,
            "exclude_unset": route.response_model_exclude_unset,
            "exclude_defaults": route.response_model_exclude_defaults,
            "exclude_none": route.response_model_exclude_none,
        }
        self._place(route.dependant)

    def _place(self, node: Dependant) -> int:
        """The index of the node's step, which comes after those that it needs."""
        key = node.call if node.use_cache else object()
        if key in self._places:
            return self._places[key]
        if node.call is None or not _is_plain(node):
            raise _NotPlain
        each = [(inner.name, self._place(inner)) for inner in node.dependencies]
        has_inputs = node.path_params or node.query_params or node.header_params or node.cookie_params
        step = _Step(
            node.call,
            tuple((name, index) for name, index in each if name is not None),
            tuple(name for name in (node.request_param_name, node.http_connection_param_name) if name),
            node if has_inputs else None,
        )
        self._places[key] = len(self._steps)
        self._steps.append(step)
        return self._places[key]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        results: list[Any] = []
        errors: list[Any] = []
        for step in self._steps:
            arguments = step.arguments(request, results, errors)
            results.append(_MISSING if arguments is None else await step.call(**arguments))
        if errors:
            raise RequestValidationError(errors)
        answer = results[-1]
        if isinstance(answer, Response):
            await answer(scope, receive, send)
            return
        body: bytes = await serialize_response(response_content=answer, dump_json=True, **self._shape)
        headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _is_plain(node: Dependant) -> bool:
    call = node.call if inspect.isroutine(node.call) else getattr(type(node.call), "__call__", None)  # noqa: B004  (the method itself)
    special = (
        node.body_params, node.websocket_param_name, node.response_param_name, node.background_tasks_param_name,
        node.security_scopes_param_name, node.own_oauth_scopes, node.concurrency,
    )  # fmt: skip
    return inspect.iscoroutinefunction(call) and not any(special)


def plan_of(route: RouteContext) -> ASGIApp | None:
    """The route's plan; None where FastAPI serves it: a body, a transaction held open, a stream, another media type."""
    plain = (
        route.methods == {"GET"}
        and route.response_field is not None
        and isinstance(route.response_class, DefaultPlaceholder)
        and route.max_body_size is None
        and not route.is_json_stream
    )
    try:
        return Plan(route) if plain else None
    except _NotPlain:
        return None
