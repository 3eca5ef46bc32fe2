from uuid import UUID

from sqlalchemy import exists, func, or_, select, update

from app.db.session import TenantScope
from app.models.trust_engine.kill_switches import KillSwitchRow, PlatformKillSwitchRow
from app.models.trust_engine.permits import TrustPermit


class PermitRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def add(self, permit: TrustPermit) -> None:
        self._session.add(permit)

    async def spend(self, permit_id: UUID, digest: str) -> bool:
        """The one statement that uses a permit up: it reads the kill switches in the same breath."""
        frozen = or_(exists().where(KillSwitchRow.engaged), exists().where(PlatformKillSwitchRow.engaged))
        spent = await self._session.scalar(
            update(TrustPermit)
            .where(
                TrustPermit.id == permit_id,
                TrustPermit.digest == digest,
                TrustPermit.used_at.is_(None),
                TrustPermit.expires_at > func.clock_timestamp(),
                or_(TrustPermit.safety, ~frozen),
            )
            .values(used_at=func.clock_timestamp())
            .returning(TrustPermit.id)
        )
        return spent is not None

    async def find(self, permit_id: UUID) -> TrustPermit | None:
        return (
            await self._session.scalars(select(TrustPermit).where(TrustPermit.id == permit_id))
        ).one_or_none()
