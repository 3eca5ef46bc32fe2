from collections.abc import Sequence

from sqlalchemy import func, select

from app.db.readers import Reads
from app.db.session import TenantScope
from app.db.utils import Slice, paginate
from app.models.trust_engine.policies import TrustPolicyVersion

_NEWEST = select(TrustPolicyVersion).order_by(TrustPolicyVersion.version.desc()).limit(1)


class PolicyReads:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def newest(self) -> TrustPolicyVersion | None:
        found = await self._reads.rows(_NEWEST)
        return found[0][0] if found else None


class PolicyRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id

    async def lock(self) -> None:
        """One adoption at a time: versions count without a gap."""
        key = func.hashtextextended(func.concat("trust_engine.policies:", self._tenant_id), 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    async def page(self, *, page: int, limit: int) -> Slice[TrustPolicyVersion]:
        statement = select(TrustPolicyVersion).order_by(TrustPolicyVersion.version.desc())
        return await paginate(self._session, statement, page=page, limit=limit)

    async def every(self) -> Sequence[TrustPolicyVersion]:
        statement = select(TrustPolicyVersion).order_by(TrustPolicyVersion.version)
        return (await self._session.scalars(statement)).all()

    def add(self, row: TrustPolicyVersion) -> None:
        self._session.add(row)
