"""Connections, and the one door to a tenant's data."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVarTuple

import asyncpg
from sqlalchemy import Select, event, make_url, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session, UOWTransaction

from app.core.clock import Clock, SystemClock, clock_from
from app.core.config import Settings
from app.core.context import SYSTEM, Actor
from app.core.errors import StratumError
from app.db.base import TenantKeyed, TenantOwned
from app.db.outbox import LIVE, TASK, OutboxMessage, context_of, is_pending, will_be_done

Ts = TypeVarTuple("Ts")

_HEALTH_TIMEOUT_SECONDS = 2.0
_STATEMENT_TIMEOUT_MS = 30_000
# Connections lost, operator's intervention (a shutdown, a start), too many connections, no such database.
_OUTAGES = ("08", "57P", "53", "3D")

_PREFER_INDEXES = text(
    "select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)"
)
_BIND = text("select set_config('app.tenant_id', :tenant_id, true)")


def async_url(url: str) -> str:
    """The same address for asyncpg: people write `postgresql://`, the driver wants its own name."""
    return make_url(url).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def plain_url(url: str) -> str:
    """The same address without a driver's name, for asyncpg itself and for PostgreSQL's programs."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def server_settings(name: str) -> dict[str, str]:
    """What every connection of the application asks of PostgreSQL."""
    return {
        "application_name": name,
        "statement_timeout": str(_STATEMENT_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": "60000",
        "jit": "off",
    }


def make_engine(url: str, settings: Settings, *, name: str = "stratum-api") -> AsyncEngine:
    engine = create_async_engine(
        async_url(url),
        pool_size=settings.db_pool_size,
        max_overflow=settings.db_max_overflow,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args={
            "timeout": 10,
            "server_settings": server_settings(name),
        },
    )
    event.listen(engine.sync_engine, "checkout", _refuse_a_dead_connection)
    return engine


def _refuse_a_dead_connection(adapted: Any, _record: Any, _proxy: Any) -> None:
    """A restarted database closed it: the pool opens another. Costs no round trip, unlike a ping."""
    if adapted.driver_connection.is_closed():
        raise DisconnectionError


def is_outage(error: BaseException) -> bool:
    """Whether the database could not be reached, or took its connection away: trying again may help."""
    if isinstance(error, DBAPIError):
        cause = getattr(error.orig, "__cause__", None)
        return error.connection_invalidated or (cause is not None and is_outage(cause))
    sqlstate = str(getattr(error, "sqlstate", None) or "")
    return sqlstate.startswith(_OUTAGES) or isinstance(
        error, ConnectionError | TimeoutError | socket.gaierror
    )


_QUARRELS = ("40", "55P")
_TOO_SLOW = "57014"


def is_passing(error: BaseException) -> bool:
    """Whether the moment is at fault and not the data: an outage, a deadlock, a lock, no connection free."""
    if isinstance(error, DBAPIError):
        cause = getattr(error.orig, "__cause__", None)
        return error.connection_invalidated or (cause is not None and is_passing(cause))
    if isinstance(
        error, DisconnectionError | PendingRollbackError | PoolTimeout | asyncpg.InternalClientError
    ):
        return True
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # the driver's, of what no column can take
    sqlstate = str(getattr(error, "sqlstate", None) or "")
    return sqlstate.startswith(_QUARRELS) or is_too_slow(error) or is_outage(error)


def is_too_slow(error: BaseException) -> bool:
    """Whether a statement ran into its timeout: fewer rows at once may help."""
    cause = getattr(error.orig, "__cause__", None) if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) == _TOO_SLOW


async def check_database_health(engine: AsyncEngine) -> bool:
    try:
        async with asyncio.timeout(_HEALTH_TIMEOUT_SECONDS), engine.connect() as connection:
            await connection.execute(text("select 1"))
    except (SQLAlchemyError, OSError, TimeoutError):
        return False
    return True


@event.listens_for(Session, "before_flush")
def _fill_tenant(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    tenant_id = session.info.get("tenant_id")
    for row in session.new:
        if isinstance(row, TenantOwned | TenantKeyed) and row.tenant_id is None:
            row.tenant_id = tenant_id


@dataclass(frozen=True, slots=True)
class TenantScope:
    """One tenant, one actor, one transaction."""

    session: AsyncSession
    tenant_id: int
    actor: Actor
    clock: Clock

    def now(self) -> datetime:
        """The domain's now; security and retries read `app.core.clock.real_now`."""
        return self.clock.now()

    async def rows(self, statement: Select[*Ts], **values: Any) -> Sequence[tuple[*Ts]]:
        """What a `TenantReader` would find, in this transaction."""
        return (await self.session.execute(statement, values)).all()

    async def driver(self) -> Any:
        """Asyncpg's own connection, in this transaction: for statements over whole sets on hot paths."""
        connection = await self.session.connection()
        return (await connection.get_raw_connection()).driver_connection

    async def prefer_indexes(self) -> None:
        """Have this transaction's statements go by one index where there is one, in its order.

        A plan is kept with its statement: one that was made while a table, or a new partition, was small would read
        all of it for each key until the next ANALYZE.
        """
        await self.session.execute(_PREFER_INDEXES)

    def key(self, *parts: str | int) -> str:
        """A Redis key that belongs to this tenant."""
        return tenant_key(self.tenant_id, *parts)

    def channel(self, name: str) -> str:
        """A Redis stream or channel that belongs to this tenant."""
        return tenant_key(self.tenant_id, "channel", name)

    async def enqueue(
        self,
        task: str,
        payload: Mapping[str, Any],
        *,
        queue: str | None = None,
        delay: timedelta = timedelta(0),
        unless_pending: bool = False,
        unless_waiting: bool = False,
    ) -> None:
        """Have `task` run after this transaction commits; payloads carry ids, tasks re-read state.

        `unless_pending` adds nothing while the same task with the same payload waits or runs: for those that are
        asked for again by a clock. `unless_waiting` adds nothing while it waits, and has one that runs already, and
        may have read what there was, done once more: for a person who asks now. It waits for who marks the task
        done, so only for tasks of several transactions. `queue` overrides the one that the task's handler names.
        """
        body = dict(payload)
        if unless_waiting and await will_be_done(self.session, task, json.dumps(body), asked_by=self.actor):
            return
        if unless_pending and await is_pending(self.session, task, json.dumps(body)):
            return
        self.session.add(
            OutboxMessage(
                kind=TASK, name=task, payload=body, queue=queue, delay=delay, context=context_of(self.actor)
            )
        )

    async def announce(self, message_type: str, payload: Mapping[str, Any]) -> None:
        """Tell the tenant's live streams, once this transaction has committed."""
        self.session.add(OutboxMessage(kind=LIVE, name=message_type, payload=dict(payload)))


def tenant_key(tenant_id: int, *parts: str | int) -> str:
    """What `scope.key` builds, for code that knows the tenant and has no transaction open."""
    return ":".join(["t", str(tenant_id), *(str(part) for part in parts)])


def live_stream(tenant_id: int) -> str:
    """The Redis Stream of a tenant's live messages."""
    return tenant_key(tenant_id, "channel", "live")


Scopes = Callable[[], AbstractAsyncContextManager[TenantScope]]
"""Opens a scope for one tenant and actor: for work that calls a vendor between transactions."""


@asynccontextmanager
async def open_scope(
    engine: AsyncEngine, tenant_id: int, *, actor: Actor = SYSTEM, clock: Clock | None = None
) -> AsyncIterator[TenantScope]:
    """The only door to a tenant's rows: one session, one transaction, bound to the tenant for its length.

    Commits on a clean exit and on a `StratumError` that declares `commits`; rolls back on anything else.
    """
    clock = clock or SystemClock()
    await clock.sync()
    async with AsyncSession(engine, expire_on_commit=False, info={"tenant_id": tenant_id}) as session:
        await session.execute(_BIND, {"tenant_id": str(tenant_id)})
        scope = TenantScope(session=session, tenant_id=tenant_id, actor=actor, clock=clock)
        try:
            yield scope
        except StratumError as error:
            if error.commits:
                await session.commit()
            raise
        await session.commit()


def scopes_for(
    engine: AsyncEngine, tenant_id: int, *, actor: Actor = SYSTEM, clock: Clock | None = None
) -> Scopes:
    def scopes() -> AbstractAsyncContextManager[TenantScope]:
        return open_scope(engine, tenant_id, actor=actor, clock=clock)

    return scopes


GlobalSession = AsyncSession
"""A session on the global tables, by a name that services may use."""


TenantDoor = Callable[[int], AbstractAsyncContextManager[TenantScope]]
"""Opens a scope for a tenant that a key names: for ingestion, where the caller is not known before."""


def door(engine: AsyncEngine, *, actor: Actor = SYSTEM, clock: Clock | None = None) -> TenantDoor:
    def open_for(tenant_id: int) -> AbstractAsyncContextManager[TenantScope]:
        return open_scope(engine, tenant_id, actor=actor, clock=clock)

    return open_for


@asynccontextmanager
async def open_global(engine: AsyncEngine) -> AsyncIterator[GlobalSession]:
    """A transaction on the global tables alone, for what happens before a tenant is known (sign-in).

    No tenant is bound: a read of any tenant's table raises.
    """
    async with AsyncSession(engine, expire_on_commit=False) as session:
        try:
            yield session
        except StratumError as error:
            if error.commits:
                await session.commit()
            raise
        await session.commit()


@dataclass(frozen=True, slots=True)
class Doors:
    """Opens transactions for work that begins before a tenant is known, and goes on in the one that was found."""

    engine: AsyncEngine
    clock: Clock

    def globally(self) -> AbstractAsyncContextManager[GlobalSession]:
        return open_global(self.engine)

    def tenant(self, tenant_id: int, *, actor: Actor = SYSTEM) -> AbstractAsyncContextManager[TenantScope]:
        return open_scope(self.engine, tenant_id, actor=actor, clock=self.clock)


@asynccontextmanager
async def open_doors(settings: Settings) -> AsyncIterator[Doors]:
    """For a program of its own, such as a command."""
    engine = make_engine(settings.database_url.get_secret_value(), settings, name="stratum-command")
    try:
        yield Doors(engine, clock_from(settings.stratum_clock_url))
    finally:
        await engine.dispose()


@asynccontextmanager
async def platform_scope(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """Work across tenants, under a role made for it (the relay's, maintenance's), never the application's."""
    async with AsyncSession(engine, expire_on_commit=False) as session:
        yield session
        await session.commit()
