"""The live streams: who may open one, the WebSocket, and how Server-Sent Events are written."""

import asyncio
from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, WebSocket
from fastapi.security import HTTPAuthorizationCredentials
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.datastructures import State
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.auth.deps import PermissionMissing, api_key_header, authenticate, bearer
from app.auth.streams import Listener, listener_of, still_valid
from app.core.errors import StratumError, TooManyRequests, Unauthorized, Unavailable
from app.core.live import LiveMessage, LiveStreams, format_id
from app.core.metrics import LIVE_SENT
from app.core.websocket import SEND_SECONDS, Client, ConnectionManager, Ending, serve_websocket, until_first
from app.db.session import live_stream
from app.services.events.errors import TicketInvalid
from app.services.events.service import TicketService

PERMISSION = "events:read"
_RETRY_MS = 2_000
_FORBIDDEN = 4403
_RATE_LIMITED = 4429

router = APIRouter()

Opened = tuple[int, Listener, datetime | None]
"""The tenant, who listens, and when the credential ends."""


def make_manager(state: State) -> ConnectionManager:
    return ConnectionManager(
        LiveStreams(state.redis), stream_of=live_stream, still_valid=partial(still_valid, state.engine)
    )


async def _with_credential(connection: HTTPConnection, token: str | None, api_key: str | None) -> Opened:
    principal = await authenticate(connection, token, api_key)
    if not principal.may(PERMISSION):
        raise PermissionMissing(permission=PERMISSION, role=principal.role)
    return principal.tenant_id, listener_of(principal), principal.expires_at


async def _with_ticket(connection: HTTPConnection, ticket: str) -> Opened:
    tenant_id, listener = await TicketService(connection.app.state.redis).redeem(ticket)
    if not await still_valid(connection.app.state.engine, tenant_id, {listener}):
        raise TicketInvalid
    return tenant_id, listener, None


class OpensStream:
    """Who asks for a stream, by header or ticket. No transaction stays open: a stream lasts for hours."""

    permission = PERMISSION

    async def __call__(
        self,
        request: Request,
        token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
        api_key: Annotated[str | None, Depends(api_key_header)],
        ticket: Annotated[str | None, Query(max_length=200, description="In place of a header.")] = None,
    ) -> Opened:
        if ticket is not None:
            return await _with_ticket(request, ticket)
        return await _with_credential(request, token.credentials if token else None, api_key)


def _close_code(error: StratumError) -> int:
    if isinstance(error, Unauthorized):
        return Ending.REVOKED.code
    if isinstance(error, TooManyRequests):
        return _RATE_LIMITED
    return Ending.UNAVAILABLE.code if isinstance(error, Unavailable) else _FORBIDDEN


@router.websocket("/ws")
async def websocket_stream(
    websocket: WebSocket,
    tenant_id: Annotated[int | None, Query()] = None,
    token: Annotated[str | None, Query(max_length=4_096)] = None,
    ticket: Annotated[str | None, Query(max_length=200)] = None,
    last_event_id: Annotated[str | None, Query(max_length=40)] = None,
) -> None:
    """Close codes: 4401 sign in again, 4403 not allowed, 4408 too slow, 4429 too many, 1012 and 1013 come back soon."""
    await websocket.accept()
    manager: ConnectionManager = websocket.app.state.live
    try:
        opened = await (
            _with_ticket(websocket, ticket) if ticket else _with_credential(websocket, token, None)
        )
        theirs, listener, expires_at = opened
        if tenant_id is not None and tenant_id != theirs:
            raise PermissionMissing("The token belongs to another tenant.")
        async with manager.subscribe(theirs, listener, expires_at=expires_at, after=last_event_id) as client:
            await serve_websocket(websocket, manager, client)
    except StratumError as error:
        await websocket.close(_close_code(error), error.code)


class EventStream(Response):
    """Server-Sent Events until the client leaves, or is told to."""

    media_type = "text/event-stream"

    def __init__(
        self,
        manager: ConnectionManager,
        opened: Opened,
        *,
        after: str | None,
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._manager = manager
        self._opened = opened
        self._after = after

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        tenant_id, listener, expires_at = self._opened
        async with self._manager.subscribe(
            tenant_id, listener, expires_at=expires_at, after=self._after
        ) as client:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            await until_first(self._send_all(client, send), _until_it_leaves(receive), client.ended.wait())
            if client.ended.is_set():
                await _send_in_time(send, b"", more=False)

    async def _send_all(self, client: Client, send: Send) -> None:
        last = client.after or client.cursor
        hello = format_sse_event(comment="connected", id=format_id(last), retry=_RETRY_MS)
        await _send_in_time(send, hello)
        async for live in self._manager.messages(client):
            chunk = KEEPALIVE_COMMENT if live is None else _as_event(live)
            if not await _send_in_time(send, chunk):
                client.end(Ending.SLOW)
                return
            LIVE_SENT.inc()


def _as_event(live: LiveMessage) -> bytes:
    return format_sse_event(data_str=live.data.decode(), id=format_id(live.id))


async def _send_in_time(send: Send, chunk: bytes, *, more: bool = True) -> bool:
    """False where the client takes nothing: its connection's buffer stays full."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await send({"type": "http.response.body", "body": chunk, "more_body": more})
    except (TimeoutError, OSError):
        return False
    return True


async def _until_it_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
