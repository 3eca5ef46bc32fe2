"""One-time tickets for live streams: a browser's WebSocket and EventSource can send no header, and URLs get logged."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.auth.principals import Principal
from app.auth.streams import Listener, listener_of
from app.core.security import random_token, token_hash
from app.db.session import tenant_key
from app.services.events.errors import TicketInvalid, TicketsUnavailable

TICKET_LIFETIME = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class _Held:
    """What Redis keeps of a ticket, under its hash."""

    user_id: UUID
    session_id: UUID | None
    api_key_id: UUID | None


class TicketService:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def issue(self, principal: Principal) -> str:
        """A ticket that opens one stream of the principal's tenant within 30 seconds."""
        ticket = f"{principal.tenant_id}.{random_token()}"
        listener = listener_of(principal)
        held = _Held(listener.user_id, listener.session_id, listener.api_key_id)
        try:
            await self._redis.set(
                _key(principal.tenant_id, ticket), msgspec.json.encode(held), ex=TICKET_LIFETIME
            )
        except (RedisError, OSError) as error:
            raise TicketsUnavailable from error
        return ticket

    async def redeem(self, ticket: str) -> tuple[int, Listener]:
        """The tenant and the listener that it was issued to; it is gone then."""
        tenant, _, _ = ticket.partition(".")
        if not tenant.isdecimal() or not tenant.isascii():
            raise TicketInvalid
        try:
            raw = await self._redis.getdel(_key(int(tenant), ticket))
        except (RedisError, OSError) as error:
            raise TicketsUnavailable from error
        if raw is None:
            raise TicketInvalid
        held = msgspec.json.decode(raw, type=_Held)
        return int(tenant), Listener(held.user_id, held.session_id, held.api_key_id)


def _key(tenant_id: int, ticket: str) -> str:
    return tenant_key(tenant_id, "ticket", token_hash(ticket).hex())
