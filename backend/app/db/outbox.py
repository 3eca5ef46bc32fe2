"""The outbox: what must follow a commit is a row of the same transaction.

A live message's row goes once the relay has written it to the tenant's stream. A task's row stays until the task
is done: the relay hands it to Celery and moves `available_at` to when it would hand it over again, the worker
deletes the row in the transaction of the work. So a copy that comes twice finds nothing to do, and a copy that a
dead worker or an emptied Redis has lost is handed over again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import real_now
from app.core.context import Actor, origin
from app.core.ids import uuid7
from app.db.base import Base, CreatedAt, TenantOwned

TASK = "task"
LIVE = "live"
_LOCK_NOT_AVAILABLE = "55P03"


class OutboxMessage(TenantOwned, CreatedAt, Base):
    """A task to do after its transaction, or a message for the tenant's live streams."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "kind", "available_at", "seq"),)

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    kind: Mapped[str]
    name: Mapped[str]
    queue: Mapped[str | None]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    available_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None]
    context: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    handovers: Mapped[int] = mapped_column(server_default=text("0"))
    starts: Mapped[int] = mapped_column(server_default=text("0"))
    again: Mapped[bool] = mapped_column(server_default=text("false"))
    """Asked for while it ran: it is done once more."""

    def __init__(
        self,
        *,
        kind: str,
        name: str,
        payload: dict[str, Any],
        queue: str | None = None,
        delay: timedelta = timedelta(0),
        context: dict[str, Any] | None = None,
        id: UUID | None = None,  # noqa: A002  (the column's name)
    ) -> None:
        super().__init__(
            id=id or uuid7(), kind=kind, name=name, payload=payload, queue=queue,
            available_at=real_now() + delay, context=context or {},
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the outbox, as those who move it see it."""

    seq: int
    id: UUID
    tenant_id: int
    kind: str
    name: str
    queue: str | None
    payload: dict[str, Any]
    context: dict[str, Any]
    attempts: int
    handovers: int
    starts: int
    created_at: datetime


PUT_TASK = """
INSERT INTO outbox (tenant_id, id, kind, name, queue, payload, context)
SELECT $1::integer, $2::uuid, 'task', $3::text, $4::text, $5::jsonb, $6::jsonb
WHERE NOT ($7::boolean AND EXISTS (SELECT FROM outbox WHERE kind = 'task' AND name = $3 AND payload = $5::jsonb))
"""
"""A task of now, for a transaction that has no ORM session."""
PUT_LIVE = """
INSERT INTO outbox (tenant_id, id, kind, name, payload) VALUES ($1, $2, 'live', $3, $4::jsonb)
"""
"""A message for the live streams, likewise."""

_COLUMNS = "seq, id, tenant_id, kind, name, queue, payload, context, attempts, handovers, starts, created_at"

_DUE = text("SELECT EXISTS (SELECT FROM outbox WHERE kind = :kind AND available_at <= now())")
_CLAIM_TASKS = text(
    f"""
    UPDATE outbox SET
      handovers = handovers + 1,
      available_at = now() + make_interval(secs => :lease * power(2, least(handovers, 6)))
    WHERE (tenant_id, id) IN (
      SELECT tenant_id, id FROM outbox WHERE kind = 'task' AND available_at <= now()
      ORDER BY available_at, seq LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING {_COLUMNS}
    """  # noqa: S608  (a constant)
)
_HOLD_BACK = text(
    "UPDATE outbox SET last_error = :error, handovers = 0, available_at = now() + make_interval(secs => :delay) "
    "WHERE tenant_id = :tenant_id AND id = :id"
)
_LIVE_TURN = text("SELECT pg_try_advisory_xact_lock(7203115)")
_CLAIM_LIVE = text(
    f"SELECT {_COLUMNS} FROM outbox WHERE kind = 'live' AND available_at <= now() "  # noqa: S608  (a constant)
    "ORDER BY seq LIMIT :limit"
)
_DROP = text("DELETE FROM outbox WHERE kind = 'live' AND seq = ANY(:seqs)")
_BACKLOG = text(
    "SELECT kind, handovers > 0 AS handed_over, count(*) AS depth, "
    "coalesce(extract(epoch FROM now() - min(greatest(created_at, available_at)) "
    "FILTER (WHERE available_at <= now())), 0) AS oldest_due_seconds, "
    "count(*) FILTER (WHERE last_error IS NOT NULL) AS failing "
    "FROM outbox GROUP BY 1, 2"
)
_TAKE = text(
    f"DELETE FROM outbox WHERE kind = 'task' AND id = :id AND NOT again RETURNING {_COLUMNS}"  # noqa: S608  (a constant)
)
_TAKE_ANEW = text(
    f"""
    UPDATE outbox SET
      again = false, attempts = 0, handovers = 0, starts = 0, last_error = NULL,
      available_at = now() + interval '1 second'
    WHERE kind = 'task' AND id = :id AND again RETURNING {_COLUMNS}
    """  # noqa: S608  (a constant)
)
_PATIENCE = text("SET LOCAL lock_timeout = '1s'")
_BEGUN = text("SELECT starts > 0 FROM outbox WHERE kind = 'task' AND id = :id")
_START = text(
    f"UPDATE outbox SET starts = starts + 1 WHERE kind = 'task' AND id = :id RETURNING {_COLUMNS}"  # noqa: S608  (a constant)
)
_RETRY = text(
    "UPDATE outbox SET attempts = attempts + 1, handovers = 0, starts = 0, last_error = :error, "
    "available_at = now() + make_interval(secs => :delay) WHERE kind = 'task' AND id = :id"
)
_PENDING = text(
    "SELECT EXISTS (SELECT FROM outbox WHERE kind = 'task' AND name = :name AND payload = cast(:payload AS jsonb))"
)
# Whoever begins it waits for the commit of who found it waiting, and so reads what that wrote.
_WAITS = text(
    "SELECT 1 FROM outbox WHERE kind = 'task' AND name = :name AND payload = cast(:payload AS jsonb) "
    "AND (starts = 0 OR again) LIMIT 1 FOR SHARE"
)
_ONCE_MORE = text(
    "UPDATE outbox SET again = true, context = cast(:context AS jsonb) "
    "WHERE (tenant_id, id) = (SELECT tenant_id, id FROM outbox WHERE kind = 'task' "
    "AND name = :name AND payload = cast(:payload AS jsonb) AND starts > 0 ORDER BY seq DESC LIMIT 1 FOR UPDATE) "
    "RETURNING id"
)


async def is_due(connection: AsyncConnection, kind: str) -> bool:
    """Whether a row of `kind` is due, without claiming it."""
    return bool(await connection.scalar(_DUE, {"kind": kind}))


def context_of(actor: Actor) -> dict[str, Any]:
    """Who asked for a task: it acts, and is logged and audited, under the same name and request."""
    actor_id = str(actor.id) if actor.id else None
    return {
        "actor": {"kind": actor.kind, "label": actor.label, "id": actor_id},
        "request_id": origin.get().request_id,
    }


async def claim_tasks(session: AsyncSession, *, limit: int, lease: timedelta) -> list[Message]:
    """Tasks to hand over now; unless they are done by then, they are due again after `lease` (twice, four times…)."""
    found = await session.execute(_CLAIM_TASKS, {"limit": limit, "lease": lease.total_seconds()})
    return sorted((Message(*row) for row in found), key=lambda message: message.seq)


async def hold_back(session: AsyncSession, message: Message, *, error: str, delay: timedelta) -> None:
    """Leave a task that nobody can take for later, with the reason."""
    await session.execute(
        _HOLD_BACK,
        {"tenant_id": message.tenant_id, "id": message.id, "error": error, "delay": delay.total_seconds()},
    )


async def claim_live(session: AsyncSession, *, limit: int) -> list[Message]:
    """The oldest live messages, or none while another relay has its turn: order per tenant needs one at a time."""
    if not await session.scalar(_LIVE_TURN):
        return []
    return [Message(*row) for row in await session.execute(_CLAIM_LIVE, {"limit": limit})]


async def drop_live(session: AsyncSession, messages: Sequence[Message]) -> None:
    await session.execute(_DROP, {"seqs": [message.seq for message in messages]})


@dataclass(frozen=True, slots=True)
class Backlog:
    kind: str
    handed_over: bool
    depth: int
    oldest_due_seconds: float
    failing: int


async def backlog(session: AsyncSession) -> list[Backlog]:
    return [
        Backlog(row.kind, row.handed_over, row.depth, float(row.oldest_due_seconds), row.failing)
        for row in await session.execute(_BACKLOG)
    ]


async def take(session: AsyncSession, task_id: UUID) -> Message | None:
    """Mark a task done with this transaction; None where another copy of it has done that already.

    One that was asked for again while it ran is to be done anew.
    """
    row = (await session.execute(_TAKE, {"id": task_id})).one_or_none()
    if row is None:
        row = (await session.execute(_TAKE_ANEW, {"id": task_id})).one_or_none()
    return None if row is None else Message(*row)


async def start(session: AsyncSession, task_id: UUID) -> Message | None:
    """Count a start of the task; None where it is done, or another copy of it is at work.

    Whoever holds it before anybody has begun it is waited for: the relay, which is slow with a long batch, or a
    transaction that has asked for it (`will_be_done`) and whose writing is to be seen. `starts` goes back to 0 when an
    attempt fails, so that more than one means a worker that died on it.
    """
    await session.execute(_PATIENCE)
    while True:
        try:
            async with session.begin_nested():
                row = (await session.execute(_START, {"id": task_id})).one_or_none()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            if await session.scalar(_BEGUN, {"id": task_id}) is not False:
                return None
        else:
            return None if row is None else Message(*row)


async def retry(session: AsyncSession, task_id: UUID, *, error: str, delay: timedelta) -> None:
    """Put a failed task back for later."""
    await session.execute(_RETRY, {"id": task_id, "error": error, "delay": delay.total_seconds()})


async def is_pending(session: AsyncSession, name: str, payload: str) -> bool:
    """Whether the same task, with the same payload (JSON), is not done yet."""
    return bool(await session.scalar(_PENDING, {"name": name, "payload": payload}))


async def will_be_done(session: AsyncSession, name: str, payload: str, *, asked_by: Actor) -> bool:
    """Whether the same task begins after this: it waits, or it runs and is now asked to be done once more.

    What runs goes on in the name of whoever had asked; once more, and if it is to be repeated, in the new one's.
    """
    asked = {"name": name, "payload": payload}
    if await session.scalar(_WAITS, asked) is not None:
        return True
    once_more = asked | {"context": json.dumps(context_of(asked_by))}
    return await session.scalar(_ONCE_MORE, once_more) is not None
