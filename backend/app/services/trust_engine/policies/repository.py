from sqlalchemy import func, select

from app.db.session import TenantScope
from app.models.trust_engine.policies import TrustPolicyVersion


class PolicyRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def newest(self) -> TrustPolicyVersion | None:
        statement = select(TrustPolicyVersion).order_by(TrustPolicyVersion.version.desc()).limit(1)
        return (await self._session.scalars(statement)).one_or_none()

    async def newest_version(self) -> int | None:
        return await self._session.scalar(select(func.max(TrustPolicyVersion.version)))

    async def all(self) -> list[TrustPolicyVersion]:
        statement = select(TrustPolicyVersion).order_by(TrustPolicyVersion.version.desc()).limit(200)
        return list(await self._session.scalars(statement))

    def add(self, row: TrustPolicyVersion) -> None:
        self._session.add(row)
