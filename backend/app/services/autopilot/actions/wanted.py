"""What somebody wants changed, and the row that it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.trust_engine.kinds import Component, Origin
from app.services.autopilot.actions.rules import ActionState
from app.services.trust_engine.gate.service import Approval, Change

_ANSWER_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A change that somebody wants. `before` is what was last seen, `after` what shall hold; absolute values.

    `justified_by` names the health components that the reason rests on. `spend_only` says that it needs nothing but
    what was spent. Where neither is said it rests on all that a return is made of. Two wants with one
    `idempotency_key` are one action.
    """

    ad_account_id: UUID
    campaign_id: UUID | None
    platform: str
    account: str
    entity_type: str
    entity: str
    entity_name: str
    operation: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    currency: str
    reason: str
    idempotency_key: str
    origin: Origin
    justified_by: tuple[Component, ...] = ()
    spend_only: bool = False
    evidence: Mapping[str, Any] = field(default_factory=dict)
    strategy: str | None = None
    safety: bool = False
    learning: bool = False
    rollback_of: UUID | None = None
    plan_id: UUID | None = None
    approval: Approval | None = None
    """A person's yes that was given to it beforehand."""


def written_down(wanted: Wanted, scope: TenantScope) -> AutopilotAction:
    """The intent as a row that no session knows yet."""
    now, approval = scope.now(), wanted.approval
    return AutopilotAction(
        id=uuid7(),
        ad_account_id=wanted.ad_account_id,
        campaign_id=wanted.campaign_id,
        platform=wanted.platform,
        account=wanted.account,
        entity_type=wanted.entity_type,
        entity=wanted.entity,
        entity_name=wanted.entity_name,
        operation=wanted.operation,
        before=dict(wanted.before),
        after=dict(wanted.after),
        currency=wanted.currency,
        justified_by=list(wanted.justified_by),
        spend_only=wanted.spend_only,
        reason=wanted.reason,
        evidence=dict(wanted.evidence),
        origin=wanted.origin,
        requested_label=scope.actor.label,
        strategy=wanted.strategy,
        safety=wanted.safety,
        learning=wanted.learning,
        rollback_of=wanted.rollback_of,
        plan_id=wanted.plan_id,
        approved_by=approval.by if approval else None,
        approved_at=approval.at if approval else None,
        approval_reason=approval.reason if approval else None,
        idempotency_key=wanted.idempotency_key,
        state=ActionState.PROPOSED,
        proposed_at=now,
        expires_at=now + _ANSWER_WITHIN,
        attempts=0,
    )


def change_of(action: AutopilotAction) -> Change:
    return Change(
        platform=action.platform,
        account=action.account,
        entity_type=action.entity_type,  # type: ignore[arg-type]  # a column holds text
        entity=action.entity,
        operation=action.operation,
        before=action.before,
        after=action.after,
    )
