"""A person's data: handed over whole, or erased with a certificate; and how long it is kept."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import StreamingResponse

from app.api.deps import ScopeDep, ScopesDep
from app.api.ids import PrivacyRequestId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.privacy import (
    CertificateRead,
    KeepingPut,
    KeepingRead,
    PrivacyQuery,
    PrivacyRequestCreate,
    PrivacyRequestRead,
)
from app.schemas.pages import CursorPage
from app.services.cdp.privacy.service import (
    Keeping,
    Law,
    PrivacyExports,
    PrivacyRequests,
    PrivacySettings,
    RequestKind,
)

router = APIRouter(prefix="/cdp/privacy", tags=["cdp"])


_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An object of sections, a part at a time",
        "content": {"application/json": {"schema": {"type": "object", "additionalProperties": True}}},
    }
}


async def privacy_requests(scope: ScopeDep) -> PrivacyRequests:
    return PrivacyRequests(scope)


async def privacy_exports(scopes: ScopesDep) -> PrivacyExports:
    return PrivacyExports(scopes)


async def privacy_settings(scope: ScopeDep) -> PrivacySettings:
    return PrivacySettings(scope)


Requests = Annotated[PrivacyRequests, Depends(privacy_requests)]
Settings = Annotated[PrivacySettings, Depends(privacy_settings)]
Reader = Annotated[Principal, requires("cdp.privacy:read")]
Admin = Annotated[Principal, requires("cdp.privacy:admin")]


@router.get("/settings")
async def read_settings(settings: Settings, _: Reader) -> KeepingRead:
    """How long what is kept."""
    return KeepingRead.model_validate(await settings.current())


@router.put("/settings")
async def change_settings(body: KeepingPut, settings: Settings, _: Admin) -> KeepingRead:
    """How long events and refused events are kept; what is older goes within the hour."""
    return KeepingRead.model_validate(await settings.change(Keeping(**body.model_dump())))


@router.get("/requests")
async def list_requests(
    query: Annotated[PrivacyQuery, Query()], requests: Requests, _: Reader
) -> CursorPage[PrivacyRequestRead]:
    """The last asked first."""
    kind = RequestKind(query.kind) if query.kind else None
    found, cursor = await requests.newest(kind=kind, cursor=query.cursor, limit=query.limit)
    items = [_shown(requests, each) for each in found]
    return CursorPage(items=items, next_cursor=cursor, limit=query.limit)


@router.post("/requests", status_code=202)
async def ask(body: PrivacyRequestCreate, requests: Requests, _: Admin) -> PrivacyRequestRead:
    """Export or erase a person, aliases and merged profiles included. An erasure cannot be undone."""
    law = Law(body.law) if body.law else None
    return _shown(requests, await requests.request(RequestKind(body.kind), body.profile_id, body.reason, law))


def _shown(requests: PrivacyRequests, request: Any) -> PrivacyRequestRead:
    deadline = requests.deadline(request)
    of_time = {"due_at", "overdue"}
    columns = {name: getattr(request, name) for name in PrivacyRequestRead.model_fields.keys() - of_time}
    return PrivacyRequestRead(**columns, due_at=deadline.due_at, overdue=deadline.overdue)


@router.get("/requests/{request_id}")
async def read_request(request_id: PrivacyRequestId, requests: Requests, _: Reader) -> PrivacyRequestRead:
    """How far it is, store by store."""
    return _shown(requests, await requests.one(request_id))


@router.post("/requests/{request_id}/confirm", status_code=202)
async def confirm_request(request_id: PrivacyRequestId, requests: Requests, _: Admin) -> PrivacyRequestRead:
    """Have an erasure done that another system proposed. It cannot be undone."""
    return _shown(requests, await requests.confirm(request_id))


@router.post("/requests/{request_id}/dismiss")
async def dismiss_request(request_id: PrivacyRequestId, requests: Requests, _: Admin) -> PrivacyRequestRead:
    """Leave the person as they are. The same proposal does not come again."""
    return _shown(requests, await requests.dismiss(request_id))


@router.get("/requests/{request_id}/certificate")
async def read_certificate(request_id: PrivacyRequestId, requests: Requests, _: Reader) -> CertificateRead:
    """What was erased, what was kept and why, what each platform was asked."""
    return CertificateRead.model_validate(await requests.certificate(request_id))


@router.get("/requests/{request_id}/export", response_class=StreamingResponse, responses=_EXPORT)
async def download_export(
    request_id: PrivacyRequestId, exports: Annotated[PrivacyExports, Depends(privacy_exports)], _: Admin
) -> StreamingResponse:
    """All that is held of the person, in the clear, until it expires. Who fetched it is written to the audit log."""
    return StreamingResponse(await exports.open(request_id), media_type="application/json")
