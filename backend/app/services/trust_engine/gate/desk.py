"""Mints permits on a PASS and uses them up, once, in a committed step of its own."""

from collections.abc import Collection
from uuid import UUID

from app.core.clock import real_now
from app.core.ids import uuid7
from app.core.logging import get_logger
from app.core.metrics import PERMITS
from app.db.session import Scopes, TenantScope
from app.models.trust_engine.permits import TrustPermit
from app.services.trust_engine.gate.errors import (
    PermitExpired,
    PermitForAnotherChange,
    PermitFrozen,
    PermitMissing,
    PermitOutdated,
    PermitRefused,
    PermitUsed,
)
from app.services.trust_engine.gate.permits import PERMIT_LIFETIME, Change, Permit
from app.services.trust_engine.gate.permits_repository import PermitRepository

log = get_logger(__name__)


def mint(
    scope: TenantScope,
    change: Change,
    *,
    decision_id: UUID,
    action_id: UUID | None,
    policy_version: int,
    evidence_hash: str,
    safety: bool = False,
    ad_account_id: UUID | None = None,
    evaluation_id: UUID | None = None,
    evaluation_ids: Collection[UUID] | None = None,
) -> Permit:
    """A permit for exactly this change; it is worth something once the caller's transaction commits.

    `evaluation_id` has to be the account's newest when the permit is used; None where the change rests on no score.
    `evaluation_ids`, of a move, have each to be the newest of theirs, and cover every account that is on.
    """
    permit = Permit(
        tenant_id=scope.tenant_id, id=uuid7(), digest=change.digest, expires_at=real_now() + PERMIT_LIFETIME
    )
    PermitRepository(scope).add(
        TrustPermit(
            id=permit.id,
            digest=permit.digest,
            state_digest=change.state_digest,
            evidence_hash=evidence_hash,
            policy_version=policy_version,
            decision_id=decision_id,
            action_id=action_id,
            safety=safety,
            ad_account_id=ad_account_id,
            evaluation_id=evaluation_id,
            evaluation_ids=None if evaluation_ids is None else list(evaluation_ids),
            expires_at=permit.expires_at,
        )
    )
    PERMITS.labels("minted").inc()
    return permit


class PermitDesk:
    """Where a connector shows its permit before it calls."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def use(self, permit: Permit, change: Change) -> None:
        """Spend the permit; raises `PermitRefused` unless it was good, now, for this very change."""
        async with self._scopes() as scope:
            if permit.tenant_id != scope.tenant_id:
                raise PermitMissing(permit_id=str(permit.id))
            spent = await PermitRepository(scope).spend(permit.id, change.digest)
            refusal = None if spent else await self._refusal(scope, permit.id, change)
        if refusal is not None:
            PERMITS.labels(refusal.code.rpartition(".")[2]).inc()
            log.warning("trust_engine.gate.permit_refused", permit_id=str(permit.id), code=refusal.code)
            raise refusal
        PERMITS.labels("used").inc()

    @staticmethod
    async def _refusal(scope: TenantScope, permit_id: UUID, change: Change) -> PermitRefused:
        found = await PermitRepository(scope).find(permit_id)
        if found is None:
            return PermitMissing(permit_id=str(permit_id))
        if found.digest != change.digest:
            return PermitForAnotherChange(permit_id=str(permit_id))
        if found.used_at is not None:
            return PermitUsed(permit_id=str(permit_id))
        if found.expires_at <= real_now():
            return PermitExpired(permit_id=str(permit_id))
        if not await PermitRepository(scope).grounds_hold(permit_id):
            return PermitOutdated(permit_id=str(permit_id))
        return PermitFrozen(permit_id=str(permit_id))
