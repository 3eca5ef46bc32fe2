from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.db.session import TenantScope
from app.models.cdp.identity import CdpIdentitySettings


class SettingsRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def row(self) -> CdpIdentitySettings | None:
        found: CdpIdentitySettings | None = await self._session.scalar(
            select(CdpIdentitySettings).where(CdpIdentitySettings.tenant_id == self._tenant_id)
        )
        return found

    async def save(self, rules: Mapping[str, Any], by: str, at: datetime) -> None:
        values = {"rules": dict(rules), "updated_by": by, "updated_at": at}
        statement = insert(CdpIdentitySettings).values(tenant_id=self._tenant_id, **values)
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=[CdpIdentitySettings.tenant_id],
                set_={**values, "version": CdpIdentitySettings.version + 1},
            )
        )
