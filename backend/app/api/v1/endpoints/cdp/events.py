"""Events: sent in our own dialect, read, and replayed where they were refused."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from app.api.bodies import BOUNDED_BY_ITSELF, batch_body, says_gpc
from app.api.deps import ScopeDep, ScopesDep
from app.api.ids import EventId, VerdictId
from app.auth.deps import api_key_header, authenticate, bearer, requires
from app.auth.principals import Principal
from app.core.context import origin
from app.schemas.cdp.events import (
    EventDetail,
    EventQuery,
    EventRead,
    EventStats,
    ReceiptRead,
    RejectionRead,
    ReplayRequest,
    SourceStats,
    VerdictQuery,
    VerdictRead,
)
from app.schemas.pages import CursorPage
from app.schemas.times import Moment
from app.services.cdp.events.errors import SendingNotAllowed
from app.services.cdp.events.replaying import Replay
from app.services.cdp.events.service import (
    Envelope,
    EventFilter,
    EventService,
    Ingestion,
    MatchKey,
    VerdictFilter,
    decompressed,
    open_envelope,
)
from app.services.cdp.ingest.service import presented_key
from app.services.cdp.sources.service import Sender

router = APIRouter(prefix="/cdp/events", tags=["cdp"])

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": (
            "One event, or `{events: [...]}`: at most 500 KB, 2,500 events and 32 KB an event. "
            "`Content-Encoding: gzip` is understood. Instead of a token, a source's write key may be sent "
            "as `X-Write-Key`, HTTP Basic or `write_key`."
        ),
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "events": {"type": "array", "items": {"type": "object"}},
                        "event_name": {"type": "string"},
                        "event_type": {"type": "string", "default": "track"},
                        "message_id": {"type": "string", "maxLength": 99},
                        "user_id": {"type": "string"},
                        "anonymous_id": {"type": "string"},
                        "email": {"type": "string"},
                        "phone": {"type": "string"},
                        "event_time": {"type": "string", "format": "date-time"},
                        "sent_at": {"type": "string", "format": "date-time"},
                        "properties": {"type": "object"},
                        "traits": {"type": "object"},
                        "context": {"type": "object"},
                    },
                }
            }
        },
    }
}


async def event_service(scope: ScopeDep) -> EventService:
    return EventService(scope)


async def ingestion_of(request: Request) -> Ingestion:
    ingestion: Ingestion = request.app.state.ingestion
    return ingestion


async def replay_service(scopes: ScopesDep, ingestion: Annotated[Ingestion, Depends(ingestion_of)]) -> Replay:
    return Replay(scopes, ingestion)


Events = Annotated[EventService, Depends(event_service)]
Reader = Annotated[Principal, requires("cdp.events:read")]
Writer = Annotated[Principal, requires("cdp.events:write")]


async def envelope(request: Request) -> AsyncIterator[Envelope]:
    encoding = request.headers.get("content-encoding", "")
    admission = request.app.state.ingestion.admission
    with admission.body(request.headers.get("content-length"), encoding):
        body = decompressed(await batch_body(request), encoding)
        yield open_envelope(body, "events", required=False)


OpenedEnvelope = Annotated[Envelope, Depends(envelope, scope="function")]


async def sender(
    request: Request,
    opened: OpenedEnvelope,
    token: Annotated[Any, Depends(bearer)],
    api_key: Annotated[str | None, Depends(api_key_header)],
    ingestion: Annotated[Ingestion, Depends(ingestion_of)],
) -> Sender:
    """A source by its write key, else a person or program with `cdp.events:write`."""
    headers = request.headers
    key = presented_key(headers.get("authorization", ""), headers.get("x-write-key", ""))
    if not (token or api_key):
        key = key or opened.write_key
    if key:
        return await ingestion.keys.sender(key, origin.get().ip)
    principal = await authenticate(request, token.credentials if token else None, api_key)
    if not principal.may("cdp.events:write"):
        raise SendingNotAllowed
    return Sender(principal.tenant_id, None)


@router.post("", openapi_extra=_BODY, max_body_size=BOUNDED_BY_ITSELF)
async def send_events(
    request: Request,
    opened: OpenedEnvelope,
    sender: Annotated[Sender, Depends(sender)],
    ingestion: Annotated[Ingestion, Depends(ingestion_of)],
) -> ReceiptRead:
    """Store events, each once by its `message_id`; answers when they are committed."""
    outcome = await ingestion.receive(
        sender, opened, ip=origin.get().ip, user_agent=origin.get().user_agent, gpc=says_gpc(request)
    )
    return ReceiptRead(
        accepted=outcome.accepted,
        duplicates=outcome.duplicates,
        rejected=[
            RejectionRead(message_id=each.message_id, code=each.code, reason=each.reason)
            for each in outcome.rejected
        ],
    )


@router.get("")
async def list_events(
    query: Annotated[EventQuery, Query()], events: Events, _: Reader
) -> CursorPage[EventRead]:
    """Newest first."""
    wanted = EventFilter(
        query.name, query.source_id, query.message_id, query.since, query.until, query.identifier
    )
    found, cursor = await events.newest(wanted, cursor=query.cursor, limit=query.limit)
    return CursorPage(items=[_event_read(event) for event in found], next_cursor=cursor, limit=query.limit)


def _event_read(event: Any) -> EventRead:
    return EventRead(**_columns(event))


def _columns(event: Any) -> dict[str, Any]:
    names = [str(key.name).lower() for key in MatchKey if event.match_keys & key]
    columns = {name: getattr(event, name) for name in EventRead.model_fields if name != "match_keys"}
    return {**columns, "match_keys": names}


@router.get("/stats")
async def stats(
    events: Events,
    _: Reader,
    since: Annotated[
        Moment | None, Query(description="From this hour on; all that is kept, if left out.")
    ] = None,
) -> EventStats:
    """What each source sent, from the hour of `since` on."""
    counts = await events.stats(since)
    newest: list[datetime] = [each.newest_accepted_at for each in counts if each.newest_accepted_at]
    return EventStats(
        accepted=sum(each.accepted for each in counts),
        duplicates=sum(each.duplicates for each in counts),
        rejected=sum(each.rejected for each in counts),
        newest_accepted_at=max(newest, default=None),
        sources=[SourceStats.model_validate(each) for each in counts],
    )


@router.get("/verdicts")
async def list_verdicts(
    query: Annotated[VerdictQuery, Query()], events: Events, _: Reader
) -> CursorPage[VerdictRead]:
    """Events that were refused, and why; the last refused first."""
    wanted = VerdictFilter(query.code, query.source_id, query.name, query.message_id)
    found, cursor = await events.verdicts(wanted, cursor=query.cursor, limit=query.limit)
    items = [_verdict_read(verdict, events.payload_shown(verdict)) for verdict in found]
    return CursorPage(items=items, next_cursor=cursor, limit=query.limit)


def _verdict_read(verdict: Any, payload: Any) -> VerdictRead:
    own = set(VerdictRead.model_fields) - {"payload", "replayable"}
    columns = {name: getattr(verdict, name) for name in own}
    return VerdictRead(**columns, replayable=verdict.payload is not None, payload=payload)


@router.get("/verdicts/{verdict_id}")
async def read_verdict(verdict_id: VerdictId, events: Events, _: Reader) -> VerdictRead:
    """One refused event, what became of it since, and the event as it came."""
    verdict = await events.verdict(verdict_id)
    return _verdict_read(verdict, events.payload_shown(verdict))


@router.post("/verdicts/{verdict_id}/replay")
async def replay(
    verdict_id: VerdictId,
    replays: Annotated[Replay, Depends(replay_service)],
    _: Writer,
    body: ReplayRequest | None = None,
) -> VerdictRead:
    """Try a refused event again, as it came or put right; `replay_outcome` says what came of it."""
    corrected = body.payload if body else None
    # What no event may hold, half a character for one, is refused like in any event.
    verdict = await replays.verdict(verdict_id, json.dumps(corrected).encode() if corrected else None)
    return _verdict_read(verdict, None)


@router.get("/{event_id}")
async def read_event(
    event_id: EventId,
    events: Events,
    _: Reader,
    received_at: Annotated[
        Moment | None,
        Query(
            description="When it was received, exactly as a list tells it; without it the minutes around the making "
            "of its id are looked through."
        ),
    ] = None,
) -> EventDetail:
    """The event whole, as it is stored, with the person whose it is by now."""
    found = await events.one(event_id, received_at)
    return EventDetail(**_columns(found.event), profile_id=found.profile_id)
