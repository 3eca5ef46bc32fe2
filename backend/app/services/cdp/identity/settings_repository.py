from sqlalchemy import select

from app.db.session import TenantScope
from app.models.cdp.identity import CdpIdentitySettings


class SettingsRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def row(self) -> CdpIdentitySettings | None:
        found: CdpIdentitySettings | None = await self._session.scalar(select(CdpIdentitySettings))
        return found
