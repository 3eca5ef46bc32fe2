"""The door for work of no tenant: periodic upkeep, under roles made for it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.core.clock import Clock
from app.core.config import Settings
from app.core.errors import StratumError
from app.db.session import Scopes, is_outage, make_engine, open_global, platform_scope, scopes_for


class MaintenanceUrlMissing(StratumError):
    """Set DATABASE_MAINTENANCE_URL: the role that makes and drops partitions."""

    code = "db.maintenance_url_missing"


def maintenance_engine(settings: Settings) -> AsyncEngine:
    """Connects when it is first used."""
    url = settings.database_maintenance_url
    if url is None:
        raise MaintenanceUrlMissing
    return make_engine(url.get_secret_value(), settings, name="stratum-maintenance")


@dataclass(frozen=True, slots=True)
class Platform:
    """What a periodic task of no tenant may use."""

    engine: AsyncEngine
    settings: Settings
    clock: Clock
    upkeep: AsyncEngine | None = None
    """Of the maintenance role, for a process whose clockwork ticks all the time; without it each use connects anew."""

    @asynccontextmanager
    async def maintenance(self) -> AsyncIterator[AsyncSession]:
        """A transaction of the maintenance role."""
        if self.upkeep is not None:
            async with platform_scope(self.upkeep) as session:
                yield session
            return
        engine = maintenance_engine(self.settings)
        try:
            async with platform_scope(engine) as session:
                yield session
        finally:
            await engine.dispose()

    async def for_each(self, tenants: Iterable[int], work: Callable[[Scopes], Awaitable[object]]) -> None:
        """Do the work of each of these tenants; one whose work fails holds nobody up who comes after.

        The failures are raised together at the end. An outage is everybody's, and ends it at once.
        """
        failed = []
        for tenant_id in tenants:
            try:
                await work(scopes_for(self.engine, tenant_id, clock=self.clock))
            except Exception as error:
                if is_outage(error):
                    raise
                error.add_note(f"The work of tenant {tenant_id}.")
                failed.append(error)
        if failed:
            raise ExceptionGroup("Not every tenant's work was done.", failed)

    async def active_tenants(self) -> Sequence[int]:
        async with open_global(self.engine) as session:
            return (await session.scalars(text("SELECT id FROM tenants WHERE is_active ORDER BY id"))).all()
