from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update

from app.db.session import TenantScope
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.kill_switches import KillSwitchRow, PlatformKillSwitchRow
from app.models.trust_engine.permits import TrustPermit
from app.models.trust_engine.policies import TrustPolicyVersion
from app.services.trust_engine.policies.rules import DEFAULT_POLICY


class PermitRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def add(self, permit: TrustPermit) -> None:
        self._session.add(permit)

    async def spend(self, permit_id: UUID, digest: str) -> bool:
        """The one statement that uses a permit up: it reads the kill switches and the grounds in the same breath."""
        frozen = or_(exists().where(KillSwitchRow.engaged), exists().where(PlatformKillSwitchRow.engaged))
        spent = await self._session.scalar(
            update(TrustPermit)
            .where(
                TrustPermit.id == permit_id,
                TrustPermit.digest == digest,
                TrustPermit.used_at.is_(None),
                TrustPermit.expires_at > func.clock_timestamp(),
                or_(TrustPermit.safety, and_(~frozen, _grounds_hold())),
            )
            .values(used_at=func.clock_timestamp())
            .returning(TrustPermit.id)
        )
        return spent is not None

    async def grounds_hold(self, permit_id: UUID) -> bool:
        statement = select(TrustPermit.id).where(
            TrustPermit.id == permit_id, or_(TrustPermit.safety, _grounds_hold())
        )
        return await self._session.scalar(statement) is not None

    async def find(self, permit_id: UUID) -> TrustPermit | None:
        return (
            await self._session.scalars(select(TrustPermit).where(TrustPermit.id == permit_id))
        ).one_or_none()

    async def used_at(self, permit_id: UUID) -> datetime | None:
        found: datetime | None = await self._session.scalar(
            select(TrustPermit.used_at).where(TrustPermit.id == permit_id)
        )
        return found


def _grounds_hold() -> ColumnElement[bool]:
    """The policy is the one that decided, and nothing newer is known of the account's signals."""
    policy = select(
        func.coalesce(func.max(TrustPolicyVersion.version), DEFAULT_POLICY.version)
    ).scalar_subquery()
    newest = (
        select(TrustEvaluation.id)
        .where(TrustEvaluation.ad_account_id == TrustPermit.ad_account_id)
        .order_by(TrustEvaluation.evaluated_at.desc(), TrustEvaluation.id.desc())
        .limit(1)
        .correlate(TrustPermit)
        .scalar_subquery()
    )
    return and_(
        TrustPermit.policy_version == policy,
        or_(TrustPermit.evaluation_id.is_(None), TrustPermit.evaluation_id == newest),
    )
