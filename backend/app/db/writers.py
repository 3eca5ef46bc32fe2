"""The door of `open_scope` for a process that writes sets of rows all the time.

The same tenant and the same one transaction, without the ORM.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from app.core.config import Settings
from app.core.context import SYSTEM
from app.core.ids import uuid7
from app.db.outbox import PUT_LIVE, PUT_TASK, context_of
from app.db.session import plain_url

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class TenantWriter:
    """One tenant and one transaction, as `TenantScope` is, without the ORM: for sets of rows."""

    connection: PoolConnectionProxy
    tenant_id: int

    async def enqueue(
        self, task: str, payload: Mapping[str, Any], *, queue: str | None = None, unless_pending: bool = False
    ) -> None:
        """Have `task` run after this transaction commits, as `TenantScope.enqueue` does."""
        body, context = json.dumps(payload), json.dumps(context_of(SYSTEM))
        row = (self.tenant_id, uuid7(), task, queue, body, context)
        await self.connection.execute(PUT_TASK, *row, unless_pending)

    async def announce(self, message_type: str, payload: Mapping[str, Any]) -> None:
        """Tell the tenant's live streams once this has committed, as `TenantScope.announce` does."""
        await self.connection.execute(
            PUT_LIVE, self.tenant_id, uuid7(), message_type, json.dumps(dict(payload))
        )


class Writers:
    """Opens transactions for a process that writes sets of rows all the time; connects when first needed.

    A group of events through `open_scope` costs milliseconds of the ORM's time, and a tenth of that here. Each new
    connection is made ready by `prepare`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        connections: int,
        prepare: Callable[[asyncpg.Connection], Coroutine[Any, Any, None]],
    ) -> None:
        self._url = plain_url(settings.database_url.get_secret_value())
        self._connections = connections
        self._prepare = prepare
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def __call__(self, tenant_id: int) -> AsyncIterator[TenantWriter]:
        """The tenant's transaction; commits on a clean exit and rolls back on anything else."""
        pool = self._pool or await self._open()
        async with pool.acquire() as connection:
            await connection.execute(f"BEGIN; SELECT set_config('app.tenant_id', '{int(tenant_id)}', true)")
            try:
                yield TenantWriter(connection, tenant_id)
            except BaseException:
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=self._connections,
                    max_inactive_connection_lifetime=300,
                    command_timeout=_TIMEOUT_SECONDS,
                    server_settings={"application_name": "stratum-writer", "jit": "off"},
                    init=self._prepare,
                    reset=_end_transaction,
                )
            return self._pool

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()
            self._pool = None


async def _end_transaction(connection: asyncpg.Connection) -> None:
    """What a connection needs before its next writer: the tenant is bound to the transaction alone."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
