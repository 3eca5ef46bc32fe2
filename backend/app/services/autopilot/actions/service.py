"""Actions: proposed, decided by the gate, approved or dismissed by people, executed elsewhere."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from app.core.clock import real_now
from app.core.logging import get_logger
from app.core.metrics import ACTIONS
from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction, AutopilotActionEvent
from app.models.trust_engine.kinds import Component, Origin, Verdict
from app.services.audit_logs.service import AuditLog
from app.services.autopilot.actions.activity import ActivityReader
from app.services.autopilot.actions.errors import (
    ActionNotFound,
    ActionNotOpen,
    NothingToChange,
    StepNotAllowed,
)
from app.services.autopilot.actions.repository import ActionRepository
from app.services.autopilot.actions.rules import (
    ENDED,
    IN_FLIGHT,
    OPEN,
    ActionState,
    may_follow,
    state_after,
)
from app.services.autopilot.enforcement.service import EnforcementService, Intervention
from app.services.trust_engine.gate.service import (
    Approval,
    Ask,
    Change,
    Decision,
    GateService,
    Permit,
    Proposal,
)

log = get_logger(__name__)

_ANSWER_WITHIN = timedelta(hours=24)

__all__ = ["ActionState", "AutopilotActions", "Wanted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A change that somebody wants. `before` is what was last seen, `after` what shall hold; absolute values.

    `justified_by` names the health components that the reason rests on; empty where it needs nothing but what was
    spent. Two wants with one `idempotency_key` are one action.
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
    evidence: Mapping[str, Any] = field(default_factory=dict)
    strategy: str | None = None
    safety: bool = False
    learning: bool = False
    rollback_of: UUID | None = None


class AutopilotActions:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._actions = ActionRepository(scope)
        self._enforcement = EnforcementService(scope)

    async def propose(self, wanted: Wanted) -> AutopilotAction:
        """Write the intent down, ask the gate, and go as far as verdict and level allow."""
        await self._actions.lock_key(self._scope.tenant_id, wanted.idempotency_key)
        if (known := await self._actions.by_key(wanted.idempotency_key)) is not None:
            return known
        if dict(wanted.before) == dict(wanted.after):
            raise NothingToChange
        action = self._written_down(wanted)
        await self._actions.flush()
        await self._step(action, ActionState.PROPOSED, note=wanted.reason)
        await self._decide(action)
        return action

    async def approve(self, action_id: UUID, *, reason: str | None = None) -> AutopilotAction:
        """A person says yes: the gate decides again, on today's evidence, and mints the permit now."""
        action = await self._open_for_update(action_id)
        action.approved_by, action.approval_reason = self._scope.actor.label, reason
        await self._audit("approved", action, reason)
        await self._decide(action, approved=True)
        return action

    async def dismiss(self, action_id: UUID, *, reason: str) -> AutopilotAction:
        action = await self._open_for_update(action_id)
        await self._audit("dismissed", action, reason)
        await self._step(action, ActionState.DISMISSED, note=reason)
        return action

    async def expire_unanswered(self) -> int:
        """Silence is no consent: what nobody answered in time lapses."""
        lapsed = [
            action for action in await self._actions.in_state(OPEN) if action.expires_at <= self._scope.now()
        ]
        for action in lapsed:
            await self._step(action, ActionState.EXPIRED, note="Nobody answered in time.")
        return len(lapsed)

    async def get(self, action_id: UUID) -> AutopilotAction:
        action = await self._actions.find(action_id)
        if action is None:
            raise ActionNotFound
        return action

    async def timeline(self, action_id: UUID) -> list[AutopilotActionEvent]:
        return await self._actions.events(action_id)

    async def listed(
        self,
        *,
        states: Collection[str] = (),
        campaign_id: UUID | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> tuple[list[AutopilotAction], str | None]:
        return await self._actions.listed(states=states, campaign_id=campaign_id, cursor=cursor, limit=limit)

    async def waiting(self) -> list[AutopilotAction]:
        """What a person is asked about, oldest first."""
        return await self._actions.in_state(OPEN)

    async def in_flight(self) -> list[AutopilotAction]:
        """What is owed to a platform at this moment."""
        return await self._actions.in_state(IN_FLIGHT)

    async def has_open(self, ad_account_id: UUID, entity: str) -> bool:
        return bool(await self._actions.open_for(ad_account_id, entity, OPEN | IN_FLIGHT))

    async def decide_again(self, action: AutopilotAction, *, delay: timedelta = timedelta(0)) -> None:
        """A write that the platform does not hold: whether it may be tried again is a new decision."""
        await self._decide(action, approved=action.approved_by is not None, delay=delay)

    async def advance(
        self, action: AutopilotAction, to: ActionState, *, note: str, detail: Mapping[str, Any] | None = None
    ) -> None:
        """One step of execution, with its event; the executor's."""
        await self._step(action, to, note=note, detail=detail)

    async def locked(self, action_id: UUID) -> AutopilotAction:
        action = await self._actions.for_update(action_id)
        if action is None:
            raise ActionNotFound
        return action

    async def watched(self) -> list[AutopilotAction]:
        return await self._actions.watched(self._scope.now())

    async def _decide(
        self, action: AutopilotAction, *, approved: bool = False, delay: timedelta = timedelta(0)
    ) -> None:
        decision = await GateService(self._scope).decide(
            await self._proposal(action, approved=approved), action_id=action.id
        )
        action.decision_id, action.verdict = decision.id, decision.verdict
        action.reasons = [msgspec.to_builtins(reason) for reason in decision.reasons]
        await self._note_limits(action, decision)
        holds = frozenset(each.code for each in decision.reasons if each.verdict is Verdict.HOLD)
        state = state_after(decision.verdict, holds)
        if state is ActionState.APPROVED and decision.permit is not None:
            await self._passed(action, decision.permit, delay)
            return
        said = " ".join(each.sentence for each in decision.reasons if each.verdict is not Verdict.PASS)
        if action.state != state:
            await self._step(action, state, note=said, detail={"decision_id": str(decision.id)})

    async def _passed(self, action: AutopilotAction, permit: Permit, delay: timedelta) -> None:
        action.permit_id, action.permit_expires_at = permit.id, permit.expires_at
        await self._step(action, ActionState.APPROVED, note="The gate lets it pass and minted a permit.")
        await self._scope.enqueue(
            "autopilot.actions.execute", {"action_id": str(action.id)}, queue="default", delay=delay
        )

    async def _proposal(self, action: AutopilotAction, *, approved: bool) -> Proposal:
        limits = await self._enforcement.limits(action.ad_account_id, action.campaign_id)
        seen = await ActivityReader(self._scope).read(action, limits)
        return Proposal(
            change=change_of(action),
            ad_account_id=action.ad_account_id,
            campaign_id=action.campaign_id,
            ask=Ask(
                origin=Origin(action.origin),
                actor=action.requested_label,
                justified_by=tuple(Component(each) for each in action.justified_by),
                spend_only=not action.justified_by,
                approval=self._approval(action) if approved else None,
                restores_micros=seen.restores_micros,
                untouched_since=seen.untouched_since,
            ),
            limits=limits,
            activity=seen.activity,
            learning=action.learning,
        )

    def _approval(self, action: AutopilotAction) -> Approval:
        return Approval(
            by=action.approved_by or action.requested_label,
            at=self._scope.now(),
            reason=action.approval_reason,
        )

    async def _note_limits(self, action: AutopilotAction, decision: Decision) -> None:
        """Write down what each broken limit led to: it stopped the action, or was overridden, or only warned."""
        for reason in decision.reasons:
            if reason.violation is None:
                continue
            if reason.verdict is not Verdict.PASS:
                kind = Intervention.BLOCKED
            else:
                kind = Intervention.OVERRIDE_LOGGED if action.approved_by else Intervention.WARNED
            await self._enforcement.record(
                kind, reason.sentence, violation=reason.violation, action_id=action.id
            )

    def _written_down(self, wanted: Wanted) -> AutopilotAction:
        now = self._scope.now()
        action = AutopilotAction(
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
            reason=wanted.reason,
            evidence=dict(wanted.evidence),
            origin=wanted.origin,
            requested_label=self._scope.actor.label,
            strategy=wanted.strategy,
            safety=wanted.safety,
            learning=wanted.learning,
            rollback_of=wanted.rollback_of,
            idempotency_key=wanted.idempotency_key,
            state=ActionState.PROPOSED,
            proposed_at=now,
            expires_at=now + _ANSWER_WITHIN,
            attempts=0,
        )
        self._actions.add(action)
        return action

    async def _open_for_update(self, action_id: UUID) -> AutopilotAction:
        action = await self.locked(action_id)
        if ActionState(action.state) not in OPEN:
            raise ActionNotOpen(f"The action is {action.state}.", action_id=str(action_id))
        return action

    async def _step(
        self,
        action: AutopilotAction,
        to: ActionState,
        *,
        note: str,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        is_new = to is ActionState.PROPOSED and action.state == ActionState.PROPOSED
        came_from = None if is_new else ActionState(action.state)
        if came_from is not None and not may_follow(came_from, to):
            raise StepNotAllowed(f"From {came_from} there is no way to {to}.", action_id=str(action.id))
        action.state = to
        self._stamp(action, to)
        self._actions.add(
            AutopilotActionEvent(
                action_id=action.id,
                at=self._scope.now(),
                from_state=came_from,
                to_state=to,
                actor=self._scope.actor.label,
                note=note,
                detail=dict(detail or {}),
            )
        )
        ACTIONS.labels(to).inc()
        await self._scope.announce(
            "action_status_update",
            {
                "action_id": str(action.id),
                "state": to,
                "from": came_from,
                "entity": action.entity_name,
                "campaign_id": str(action.campaign_id) if action.campaign_id else None,
                "verdict": action.verdict,
                "note": note,
            },
        )
        log.info("autopilot.actions.advanced", action_id=str(action.id), state=to, came_from=came_from)

    def _stamp(self, action: AutopilotAction, to: ActionState) -> None:
        now = self._scope.now()
        if to is ActionState.EXECUTING:
            action.executing_at = real_now()
            action.attempts += 1
        elif to is ActionState.APPLIED:
            action.applied_at = now
        elif to is ActionState.VERIFIED:
            action.verified_at = now
        if to in ENDED:
            action.ended_at = now

    async def _audit(self, verb: str, action: AutopilotAction, reason: str | None) -> None:
        await AuditLog(self._scope).record(
            f"autopilot.actions.{verb}",
            entity="autopilot.actions",
            entity_id=action.id,
            before={"state": action.state},
            after={"reason": reason, "change": action.after},
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
