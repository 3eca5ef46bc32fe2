"""The tracking API that Segment's and RudderStack's SDKs speak; served outside `/api/v1`, where they look for it.

Public: a source's write key is the credential.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from app.api.bodies import BOUNDED_BY_ITSELF, batch_body, says_gpc
from app.api.errors import DOCUMENTED
from app.core.context import origin
from app.services.cdp.ingest.service import CALLS, Sent, TrackingApi

_ANSWERS: dict[int | str, dict[str, Any]] = {
    status: DOCUMENTED[status] for status in (400, 401, 404, 405, 429, 500, 503)
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "JSON whatever the `Content-Type` says; `Content-Encoding: gzip` is understood.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}

router = APIRouter(prefix="/v1", tags=["tracking"], responses=_ANSWERS)


class Received(BaseModel):
    """What the SDKs wait for: a 200 with a JSON body, sent when the events are committed."""

    success: bool = True


async def tracking_api(request: Request) -> TrackingApi:
    return TrackingApi(request.app.state.ingestion)


Tracking = Annotated[TrackingApi, Depends(tracking_api)]


async def sent(request: Request) -> AsyncIterator[Sent]:
    headers = request.headers
    encoding = headers.get("content-encoding", "")
    admission = request.app.state.ingestion.admission
    with admission.body(headers.get("content-length"), encoding):
        yield Sent(
            body=await batch_body(request),
            encoding=encoding,
            authorization=headers.get("authorization", ""),
            x_write_key=headers.get("x-write-key", ""),
            ip=origin.get().ip,
            user_agent=origin.get().user_agent,
            gpc=says_gpc(request),
        )


def _receiver(kind: str) -> Callable[..., Awaitable[Received]]:
    async def receive(tracking: Tracking, sent: Annotated[Sent, Depends(sent, scope="function")]) -> Received:
        await tracking.receive(kind, sent)
        return Received()

    return receive


for _address, _kind in CALLS.items():
    router.post(
        f"/{_address}",
        name=f"tracking {_address}",
        operation_id=f"tracking_{_address}",
        summary=f"Send a batch of events ({_address})"
        if _kind == "batch"
        else f"Send one {_kind} ({_address})",
        openapi_extra=_BODY,
        max_body_size=BOUNDED_BY_ITSELF,
    )(_receiver(_kind))


@router.get("/projects/{write_key}/settings")
async def settings(write_key: str, request: Request, tracking: Tracking) -> dict[str, Any]:
    """What the browser SDK asks for before it sends."""
    return await tracking.settings(write_key, request.url.scheme, request.url.netloc, origin.get().ip)
