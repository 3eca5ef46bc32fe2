"""The second door to a tenant's rows, for what everybody reads all the time: no ORM, no session, no write.

A read is one statement, which binds the tenant and then reads: one round trip, and a fraction of the CPU that
`open_scope` takes. Repositories write its SQL by hand, with `$1` for a parameter.
"""

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import asyncpg

from app.core.config import Settings
from app.db.session import plain_url, server_settings

_CONNECTIONS = 8
_CONNECT_SECONDS = 10


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

    async def read(self, tenant_id: int, sql: str, arguments: tuple[Any, ...]) -> list[asyncpg.Record]:
        statement = bound(sql, len(arguments))
        async with self._places:
            connection = await self._take()
            try:
                rows: list[asyncpg.Record] = await connection.fetch(statement, *arguments, str(tenant_id))
            except BaseException:
                connection.terminate()
                raise
            self._idle.append(connection)
        return rows

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    async def _take(self) -> asyncpg.Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return await asyncpg.connect(
            self._url,
            timeout=_CONNECT_SECONDS,
            server_settings=server_settings("stratum-reader") | {"default_transaction_read_only": "on"},
        )


@dataclass(frozen=True, slots=True)
class TenantReader:
    """Reads of one tenant. Each is a transaction by itself, so that two of them may see different moments."""

    readers: Readers
    tenant_id: int

    async def rows(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        return await self.readers.read(self.tenant_id, sql, arguments)

    async def row(self, sql: str, *arguments: Any) -> asyncpg.Record | None:
        found = await self.readers.read(self.tenant_id, sql, arguments)
        return found[0] if found else None
