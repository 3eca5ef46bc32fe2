from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from app.core.clock import real_now
from app.db.session import TenantScope
from app.models.trust_engine.kill_switches import KillSwitchRow, PlatformKillSwitchRow


class KillSwitchRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def own(self) -> KillSwitchRow | None:
        statement = select(KillSwitchRow).execution_options(populate_existing=True)
        return (await self._session.scalars(statement)).one_or_none()

    async def platforms(self) -> PlatformKillSwitchRow | None:
        statement = select(PlatformKillSwitchRow).execution_options(populate_existing=True)
        return (await self._session.scalars(statement)).one_or_none()

    async def set_own(self, *, engaged: bool, reason: str, changed_by: str) -> None:
        values = {"engaged": engaged, "reason": reason, "changed_by": changed_by, "changed_at": real_now()}
        await self._session.execute(
            insert(KillSwitchRow)
            .values(**values)
            .on_conflict_do_update(index_elements=["tenant_id"], set_=values)
        )

    async def set_platforms(self, *, engaged: bool, reason: str, changed_by: str) -> None:
        values = {"engaged": engaged, "reason": reason, "changed_by": changed_by, "changed_at": real_now()}
        await self._session.execute(
            insert(PlatformKillSwitchRow)
            .values(id=1, **values)
            .on_conflict_do_update(index_elements=["id"], set_=values)
        )

    async def tell_every_tenant(self) -> None:
        """Write what the platform's switch says into each active tenant's outbox, with this transaction."""
        await self._session.execute(text("SELECT tell_tenants_of_platform_kill_switch()"))
