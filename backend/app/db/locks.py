"""Locks that die with the process that holds them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.session import Scopes, TenantScope

_TRY = text("select pg_try_advisory_lock(hashtextextended(:name, 0))")
_RELEASE = text("select pg_advisory_unlock(hashtextextended(:name, 0))")


async def one_after_another(scope: TenantScope, name: str) -> None:
    """Transactions of the tenant that name the same wait for each other here, until they end."""
    await scope.session.execute(select(func.pg_advisory_xact_lock(scope.tenant_id, func.hashtext(name))))


@asynccontextmanager
async def exclusive(engine: AsyncEngine, name: str) -> AsyncIterator[bool]:
    """True for the one holder of `name`, False at once for any other. No transaction is open meanwhile."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        mine = bool(await connection.scalar(_TRY, {"name": name}))
        try:
            yield mine
        finally:
            if mine:
                await connection.execute(_RELEASE, {"name": name})


@asynccontextmanager
async def exclusive_among(scopes: Scopes, *parts: str) -> AsyncIterator[bool]:
    """The same within one tenant: `parts` name what only one worker at a time may do."""
    async with scopes() as scope:
        engine, name = scope.session.bind, scope.key(*parts)
    if not isinstance(engine, AsyncEngine):
        raise TypeError("a scope's session is bound to an engine")
    async with exclusive(engine, name) as mine:
        yield mine
