"""The tracking API that Segment's, RudderStack's and Jitsu's SDKs speak; served where they look for it.

Public: a source's write key is the credential.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from app.api.bodies import BOUNDED_BY_ITSELF, batch_body, says_gpc
from app.api.errors import DOCUMENTED
from app.core import tracking
from app.core.context import origin
from app.schemas.errors import TrackingErrorBody
from app.services.cdp.ingest.service import BATCH, CALLS, JITSU_CALLS, Sent, TrackingApi

_SAID_TO_SDKS = frozenset({400, 401, 404, 429, 503})
_ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {"description": DOCUMENTED[status]["description"], "model": TrackingErrorBody}
    if status in _SAID_TO_SDKS
    else DOCUMENTED[status]
    for status in (400, 401, 404, 405, 429, 500, 503)
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "JSON whatever the `Content-Type` says; `Content-Encoding: gzip` is understood.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}

router = APIRouter(tags=["tracking"], responses=_ANSWERS)


class Received(BaseModel):
    """What the SDKs wait for: a 200 with a JSON body, sent when the events are committed."""

    success: bool = Field(default=True, description="Always true: what fails has another status.")


def _receiver(kind: str) -> Callable[[Request], Awaitable[Received]]:
    # Without dependencies: of a request with one event, their solving would be a fifth of the cost.
    async def receive(request: Request) -> Received:
        headers, ingestion = request.headers, request.app.state.ingestion
        encoding, who = headers.get("content-encoding", ""), origin.get()
        with ingestion.admission.body(headers.get("content-length"), encoding):
            sent = Sent(
                body=await batch_body(request),
                encoding=encoding,
                authorization=headers.get("authorization", ""),
                x_write_key=headers.get("x-write-key", ""),
                ip=who.ip,
                ip_policy=headers.get("x-ip-policy", ""),
                user_agent=who.user_agent,
                gpc=says_gpc(request),
            )
            await TrackingApi(ingestion).receive(kind, sent)
        return Received()

    return receive


_KINDS = {f"{tracking.SEGMENT}{call}": kind for call, kind in CALLS.items()} | {
    f"{tracking.JITSU}{server}{call}": call for server in ("", "s2s/") for call in JITSU_CALLS
}

for _path, _kind in _KINDS.items():
    _address = _path.removeprefix(tracking.SEGMENT).removeprefix(tracking.JITSU)
    _dialect = "tracking" if _path.startswith(tracking.SEGMENT) else "jitsu"
    router.post(
        _path,
        name=f"{_dialect} {_address}",
        operation_id=f"{_dialect}_{_address.replace('/', '_')}",
        summary=f"Send a batch of events ({_address})"
        if _kind == BATCH
        else f"Send one {_kind} ({_address})",
        description="Answered once the events are committed. What breaks a rule is kept with its verdict.",
        openapi_extra=_BODY,
        max_body_size=BOUNDED_BY_ITSELF,
    )(_receiver(_kind))


@router.get(f"{tracking.SEGMENT}projects/{{write_key}}/settings", responses={422: DOCUMENTED[422]})
async def settings(
    write_key: Annotated[str, Path(description="The source's write key.")],
    request: Request,
) -> dict[str, Any]:
    """What the browser SDK asks for before it sends."""
    tracking = TrackingApi(request.app.state.ingestion)
    return await tracking.settings(write_key, request.url.scheme, request.url.netloc, origin.get().ip)
