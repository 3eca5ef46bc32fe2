from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    all_,
    and_,
    any_,
    exists,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from app.db.session import TenantScope
from app.models.integrations.ad_accounts import AdAccount
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
    """The policy is the one that decided, and nothing newer is known of the signals that the decision read."""
    policy = select(
        func.coalesce(func.max(TrustPolicyVersion.version), DEFAULT_POLICY.version)
    ).scalar_subquery()
    return and_(
        TrustPermit.policy_version == policy,
        or_(TrustPermit.evaluation_id.is_(None), TrustPermit.evaluation_id == _newest(TrustPermit)),
        or_(TrustPermit.evaluation_ids.is_(None), and_(_all_newest(), ~_others_known())),
    )


def _newest(of: type[TrustPermit | AdAccount]) -> ScalarSelect[UUID]:
    account = AdAccount.id if of is AdAccount else TrustPermit.ad_account_id
    return (
        select(TrustEvaluation.id)
        .where(TrustEvaluation.ad_account_id == account)
        .order_by(TrustEvaluation.evaluated_at.desc(), TrustEvaluation.id.desc())
        .limit(1)
        .correlate(of)
        .scalar_subquery()
    )


def _all_newest() -> ColumnElement[bool]:
    """Each evaluation that a move rests on is its account's newest still; one that is gone is not."""
    newer = aliased(TrustEvaluation)
    overtaken = exists().where(
        newer.ad_account_id == TrustEvaluation.ad_account_id,
        tuple_(newer.evaluated_at, newer.id) > tuple_(TrustEvaluation.evaluated_at, TrustEvaluation.id),
    )
    standing = (
        select(func.count())
        .select_from(TrustEvaluation)
        .where(TrustEvaluation.id == any_(TrustPermit.evaluation_ids), ~overtaken)
        .correlate(TrustPermit)
        .scalar_subquery()
    )
    return standing == func.cardinality(TrustPermit.evaluation_ids)


def _others_known() -> ColumnElement[bool]:
    """An account counts with the others now whose evaluation a move was not decided on."""
    return (
        exists()
        .where(AdAccount.enabled == true(), _newest(AdAccount) != all_(TrustPermit.evaluation_ids))
        .correlate(TrustPermit)
    )
