from sqlalchemy import func, select

from app.db.session import TenantScope
from app.models.trust_engine.policies import TrustPolicyVersion


class PolicyRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def newest(self) -> TrustPolicyVersion | None:
        statement = select(TrustPolicyVersion).order_by(TrustPolicyVersion.version.desc()).limit(1)
        return (await self._session.scalars(statement)).one_or_none()

    async def lock(self) -> None:
        """One adoption at a time: versions count without a gap."""
        key = func.hashtextextended(func.concat("trust_engine.policies:", self._tenant_id), 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    async def all(self) -> list[TrustPolicyVersion]:
        statement = select(TrustPolicyVersion).order_by(TrustPolicyVersion.version.desc()).limit(200)
        return list(await self._session.scalars(statement))

    def add(self, row: TrustPolicyVersion) -> None:
        self._session.add(row)
