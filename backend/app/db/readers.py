"""The second door to a tenant's rows, for what everybody reads all the time: no session, no write.

A read is one statement, which binds the tenant and then reads: one round trip, and a fraction of the CPU that
`open_scope` takes. The statement is SQLAlchemy's own, the same that a session would run, and so are the types. It is
made once, a constant of its module or a cached function of its shape, with `bindparam` for what differs from call to
call: building one costs more than running it.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

import asyncpg
from sqlalchemy import Select

from app.core.clock import Clock
from app.core.config import Settings
from app.db.session import Ts, plain_url, server_settings
from app.db.statements import compiled

_CONNECTIONS = 8
_CONNECT_SECONDS = 10


class Reads(Protocol):
    """Either door: a scope reads within its transaction, a reader each statement by itself."""

    @property
    def tenant_id(self) -> int: ...

    def now(self) -> datetime:
        """The domain's now."""
        ...

    async def rows(self, statement: Select[*Ts], **values: Any) -> Sequence[tuple[*Ts]]:
        """Everything that `statement` finds, with `values` for its parameters by their names."""
        ...


@lru_cache(maxsize=512)
def bound(sql: str, parameters: int) -> str:
    """The same statement, bound to the tenant of one more parameter for its own transaction alone.

    `offset 0` keeps the planner from merging the parts, so that `sql` runs only once the row that it depends on is
    there. Were it ever run before, no tenant would be bound, and row-level security would raise.
    """
    return (
        "select answer.* from "  # noqa: S608  (a number and a repository's own statement)
        f"(select set_config('app.tenant_id', ${parameters + 1}, true) as tenant offset 0) as bound "
        f"cross join lateral (select asked.* from ({sql}) as asked where bound.tenant is not null offset 0) "
        "as answer"
    )


class Readers:
    """Connections of the application's role, opened when first needed, the last used first.

    One that saw an error, a cancelled read among them, is closed and never lent again.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = plain_url(settings.database_url.get_secret_value())
        self._idle: list[asyncpg.Connection] = []
        self._places = asyncio.Semaphore(_CONNECTIONS)

    async def read(self, tenant_id: int, select: Select[*Ts], values: dict[str, Any]) -> Sequence[tuple[*Ts]]:
        statement = compiled(select)
        sql = bound(statement.sql, statement.parameters)
        arguments = statement.arguments(values)
        async with self._places:
            connection = await self._take()
            try:
                if not statement.knows_its_types:
                    prepared = await connection.prepare(sql)
                    statement.learn([each.type.oid for each in prepared.get_attributes()])
                records = await connection.fetch(sql, *arguments, str(tenant_id))
            except BaseException:
                connection.terminate()
                raise
            self._idle.append(connection)
        return [statement.row(record) for record in records]

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    async def _take(self) -> asyncpg.Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        opened = await asyncpg.connect(
            self._url,
            timeout=_CONNECT_SECONDS,
            server_settings=server_settings("stratum-reader") | {"default_transaction_read_only": "on"},
        )
        try:
            # As SQLAlchemy's dialect has it: its types write JSON themselves, and leave the reading to the driver.
            for name in ("json", "jsonb"):
                await opened.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=json.loads)
        except BaseException:
            opened.terminate()
            raise
        return opened


@dataclass(frozen=True, slots=True)
class TenantReader:
    """Reads of one tenant. Each is a transaction by itself, so that two of them may see different moments."""

    readers: Readers
    tenant_id: int
    clock: Clock

    def now(self) -> datetime:
        return self.clock.now()

    async def rows(self, statement: Select[*Ts], **values: Any) -> Sequence[tuple[*Ts]]:
        return await self.readers.read(self.tenant_id, statement, values)
