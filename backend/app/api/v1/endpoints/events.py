"""Live messages over Server-Sent Events, and tickets for clients that cannot send a header."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from app.api.deps import RedisDep
from app.api.live import EventStream, Opened, OpensStream
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.events import LiveMessageRead, TicketRead
from app.services.events.service import TICKET_LIFETIME, TicketService

router = APIRouter(prefix="/events", tags=["events"])

STREAM: dict[str, Any] = {
    "description": "Events without end; the data of each is one message.",
    "content": {"text/event-stream": {"schema": LiveMessageRead.model_json_schema()}},
}
Listening = Annotated[Principal, requires("events:read")]


async def tickets(redis: RedisDep) -> TicketService:
    return TicketService(redis)


Tickets = Annotated[TicketService, Depends(tickets)]


@router.post("/ticket")
async def create_ticket(tickets: Tickets, principal: Listening) -> TicketRead:
    """A ticket for `/ws` or the stream, for a browser: it opens one of them, once, within 30 seconds."""
    ticket = await tickets.issue(principal)
    return TicketRead(ticket=ticket, expires_in=int(TICKET_LIFETIME.total_seconds()))


@router.get("/stream", status_code=200, response_class=Response, responses={200: STREAM})
async def stream_events(
    request: Request,
    opened: Annotated[Opened, Depends(OpensStream())],
    last_event_id: Annotated[
        str | None, Query(max_length=40, description="The last message that the client has.")
    ] = None,
    last_event_id_header: Annotated[
        str | None,
        Header(alias="Last-Event-ID", max_length=40, description="The same, as browsers send it."),
    ] = None,
) -> EventStream:
    """Live messages of the tenant, each event's data one of them.

    With the id of the last message that a client has, it goes on from there; for 24 hours or 10,000 messages.
    """
    return EventStream(request.app.state.live, opened, after=last_event_id_header or last_event_id)
