"""Actions: proposed, decided by the gate, approved or dismissed by people, executed elsewhere."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from app.core.clock import real_now
from app.core.context import ActorKind
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
    PersonNeeded,
    StepNotAllowed,
)
from app.services.autopilot.actions.halting import Halting
from app.services.autopilot.actions.plans import ActionPlans, PlanWanted
from app.services.autopilot.actions.repository import ActionRepository
from app.services.autopilot.actions.rules import (
    ENDED,
    IN_FLIGHT,
    OPEN,
    ActionState,
    gives_way,
    may_follow,
    state_after,
)
from app.services.autopilot.actions.since_repository import Since, SinceRepository
from app.services.autopilot.actions.telling import tell_people
from app.services.autopilot.actions.wanted import Wanted, change_of, written_down
from app.services.autopilot.enforcement.service import EnforcementService, Intervention
from app.services.autopilot.envelopes.service import Envelopes
from app.services.trust_engine.gate.service import (
    Approval,
    Ask,
    Decision,
    GateService,
    Permit,
    Proposal,
)

log = get_logger(__name__)

_ENDS_A_MOVE = frozenset(
    {ActionState.BLOCKED, ActionState.FAILED, ActionState.EXPIRED, ActionState.DISMISSED}
)

__all__ = ["ActionState", "AutopilotActions", "Decision", "PlanWanted", "Since", "Wanted", "change_of"]


class AutopilotActions:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._actions = ActionRepository(scope)
        self._enforcement = EnforcementService(scope)

    @property
    def plans(self) -> ActionPlans:
        """Cuts and raises of one account that go together."""
        return ActionPlans(self._scope, self)

    @property
    def halting(self) -> Halting:
        """What nobody wants any more."""
        return Halting(self._scope, self)

    async def propose(self, wanted: Wanted) -> AutopilotAction:
        """Write the intent down, ask the gate, and go as far as verdict and level allow."""
        await self._actions.lock_key(self._scope.tenant_id, wanted.idempotency_key)
        if (known := await self._actions.by_key(wanted.idempotency_key)) is not None:
            return known
        action = await self._propose(wanted)
        await self._decide(action)
        return action

    async def propose_move(self, cut: Wanted, raised: Wanted) -> tuple[AutopilotAction, AutopilotAction]:
        """Two halves that are decided together: money leaves one account before it is spent in the other."""
        await self._actions.lock_key(self._scope.tenant_id, cut.idempotency_key)
        if (known := await self._actions.by_key(cut.idempotency_key)) is not None:
            return known, await self.get(known.other_half or known.id)
        first, second = await self._propose(cut), await self._propose(raised)
        first.other_half, second.other_half = second.id, first.id
        for half in (first, second):
            await self._decide(half)
        return first, second

    async def trial(self, wanted: Wanted) -> tuple[Proposal, Decision]:
        """What `propose` would be told of it now, by the same limits and the same past; nothing is written."""
        proposal = await self._proposal(written_down(wanted, self._scope))
        return proposal, await GateService(self._scope).check(proposal)

    async def approve(self, action_id: UUID, *, reason: str | None = None) -> AutopilotAction:
        """A person says yes: the gate decides again, on today's evidence, and mints the permit now.

        A program cannot, or one key could both want a change and stand for the person who is to look at it.
        """
        if self._scope.actor.kind not in {ActorKind.USER, ActorKind.SUPERADMIN}:
            raise PersonNeeded
        action = await self._open_for_update(action_id)
        halves = [action, *await self._open_half(action)]
        for half in halves:
            half.envelope_id = None
            half.approved_by, half.approval_reason = self._scope.actor.label, reason
            half.approved_at = self._scope.now()
            await self._audit("approved", half, reason)
        for half in halves:
            if ActionState(half.state) in OPEN:
                await self._decide(half)
        return action

    async def dismiss(self, action_id: UUID, *, reason: str) -> AutopilotAction:
        action = await self._open_for_update(action_id)
        await self._audit("dismissed", action, reason)
        await self._step(action, ActionState.DISMISSED, note=reason)
        return action

    async def withdraw(self, idempotency_key: str, why: str) -> None:
        """Ask nobody any more about what was proposed by this key, where it waits still."""
        known = await self._actions.by_key(idempotency_key)
        if known is None:
            return
        action = await self.locked(known.id)
        if ActionState(action.state) in OPEN:
            await self._step(action, ActionState.EXPIRED, note=why)

    async def expire_unanswered(self) -> int:
        """Silence is no consent: what nobody answered in time lapses."""
        lapsed = 0
        for each in await self._actions.in_state(OPEN):
            if each.expires_at > self._scope.now():
                continue
            action = await self.locked(each.id)
            if ActionState(action.state) not in OPEN:
                continue  # somebody answered meanwhile, or its other half took it along
            await self._step(action, ActionState.EXPIRED, note="Nobody answered in time.")
            lapsed += 1
        return lapsed

    async def get(self, action_id: UUID) -> AutopilotAction:
        action = await self._actions.find(action_id)
        if action is None:
            raise ActionNotFound
        return action

    async def since(self, action: AutopilotAction) -> Since:
        """What has happened to what it changed, since it was applied."""
        return await SinceRepository(self._scope).since(action)

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

    async def make_way(self, ad_account_id: UUID, entity: str, *, for_less: bool) -> bool:
        """Whether nothing else is open or under way there.

        `for_less`: what would stop spend waits for no raise that waits itself; a program's lapses, a person's stands.
        """
        standing = await self._actions.open_for(ad_account_id, entity, OPEN | IN_FLIGHT)
        yielding = [
            each
            for each in standing
            if for_less and gives_way(each.state, each.origin, each.before, each.after)
        ]
        if len(yielding) < len(standing):
            return False
        for each in yielding:
            action = await self.locked(each.id)
            if ActionState(action.state) not in OPEN:
                return False
            await self._step(action, ActionState.EXPIRED, note="Less spend is wanted now.")
        return True

    async def standing_pauses(self, *, days: int) -> Mapping[tuple[UUID, str], AutopilotAction]:
        """Our pauses of the last days that nobody has touched since, by account and entity."""
        found = await self._actions.standing_pauses(self._scope.now() - timedelta(days=days))
        return {(each.ad_account_id, each.entity): each for each in found}

    async def under_way(self) -> Mapping[tuple[UUID, str], bool]:
        """Where anything is open or under way, by account and entity; True: all of it gives way to less spend."""
        found: dict[tuple[UUID, str], bool] = {}
        for each in await self._actions.in_state(OPEN | IN_FLIGHT):
            entity = (each.ad_account_id, each.entity)
            yields = gives_way(each.state, each.origin, each.before, each.after)
            found[entity] = found.get(entity, True) and yields
        return found

    async def last_acted(self, strategy: str, *, days: int) -> dict[UUID, datetime]:
        """When the strategy last wanted something that was done, or still may be, by account."""
        since = self._scope.now() - timedelta(days=days)
        return await self._actions.last_of(strategy, OPEN | IN_FLIGHT | {ActionState.VERIFIED}, since)

    async def refused(self, strategy: str, since: datetime) -> list[AutopilotAction]:
        """What the strategy wanted and somebody dismissed since then."""
        return await self._actions.dismissed(strategy, since)

    async def decide_again(self, action: AutopilotAction, *, delay: timedelta = timedelta(0)) -> None:
        """A write that the platform does not hold: whether it may be tried again is a new decision."""
        if action.halted is not None:
            await self._step(action, ActionState.EXPIRED, note=f"{action.halted} It is not tried again.")
            return
        await self._decide(action, delay=delay)

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

    async def waits_for_its_other_half(self, action: AutopilotAction) -> bool:
        """Whether this is the raise of a move whose cut the platform does not hold yet."""
        if action.other_half is None or not _raises(action):
            return False
        return (await self.get(action.other_half)).state != ActionState.VERIFIED

    async def _propose(self, wanted: Wanted) -> AutopilotAction:
        if dict(wanted.before) == dict(wanted.after):
            raise NothingToChange
        action = written_down(wanted, self._scope)
        self._actions.add(action)
        await self._actions.flush()
        await self._step(action, ActionState.PROPOSED, note=wanted.reason)
        return action

    async def _decide(self, action: AutopilotAction, *, delay: timedelta = timedelta(0)) -> None:
        """A yes that was given beforehand is one to a single decision: whether it stands still is asked anew."""
        if action.envelope_id is not None:
            action.envelope_id = action.approved_by = action.approved_at = action.approval_reason = None
            await self._actions.flush()
        await self._decide_on(action, delay)

    async def _decide_on(self, action: AutopilotAction, delay: timedelta) -> None:
        gate = GateService(self._scope)
        await gate.take_turn()
        decision = await gate.decide(await self._proposal(action), action_id=action.id)
        action.decision_id, action.verdict = decision.id, decision.verdict
        action.reasons = [msgspec.to_builtins(reason) for reason in decision.reasons]
        await self._note_limits(action, decision)
        holds = frozenset(each.code for each in decision.reasons if each.verdict is Verdict.HOLD)
        state = state_after(decision.verdict, holds)
        if state is ActionState.AWAITING_APPROVAL and await self._is_covered(action):
            await self._decide_on(action, delay)
            return
        if state is ActionState.APPROVED and decision.permit is not None:
            await self._passed(action, decision.permit, delay)
            return
        said = " ".join(each.sentence for each in decision.reasons if each.verdict is not Verdict.PASS)
        if action.state != state:
            await self._step(action, state, note=said, detail={"decision_id": str(decision.id)})

    async def _is_covered(self, action: AutopilotAction) -> bool:
        """Whether somebody has said yes to such a change beforehand: the yes is written down as if given now."""
        if action.approved_by is not None:
            return False
        now = self._scope.now()
        envelope = await Envelopes(self._scope).covering(action, now)
        if envelope is None:
            return False
        action.envelope_id, action.approved_by = envelope.id, envelope.given_label
        action.approved_at, action.approval_reason = now, envelope.reason
        await self._actions.flush()
        await self._audit("approved_beforehand", action, envelope.reason)
        return True

    async def _passed(self, action: AutopilotAction, permit: Permit, delay: timedelta) -> None:
        action.permit_id, action.permit_expires_at = permit.id, permit.expires_at
        beforehand = "" if action.envelope_id is None else f"Approved beforehand by {action.approved_by}. "
        await self._step(
            action, ActionState.APPROVED, note=f"{beforehand}The gate lets it pass and minted a permit."
        )
        if not await self.waits_for_its_other_half(action):
            await self.execute_soon(action.id, delay=delay)

    async def execute_soon(self, action_id: UUID, *, delay: timedelta = timedelta(0)) -> None:
        await self._scope.enqueue(
            "autopilot.actions.execute", {"action_id": str(action_id)}, queue="default", delay=delay
        )

    async def _proposal(self, action: AutopilotAction) -> Proposal:
        """What the gate is asked; of a move, both halves."""
        own = await self._leg(action)
        if action.other_half is None:
            return own
        return replace(own, other=await self._leg(await self.get(action.other_half)))

    async def _leg(self, action: AutopilotAction) -> Proposal:
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
                spend_only=action.spend_only,
                approval=_approval(action),
                restores_micros=None if action.other_half else seen.restores_micros,
                untouched_since=seen.untouched_since,
            ),
            limits=limits,
            activity=seen.activity,
            learning=action.learning,
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
        if to in _ENDS_A_MOVE and came_from is not None:
            await self._end_other_half(action, to)
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
        await tell_people(self._scope, action, to, note)
        log.info("autopilot.actions.advanced", action_id=str(action.id), state=to, came_from=came_from)

    async def _open_half(self, action: AutopilotAction) -> list[AutopilotAction]:
        if action.other_half is None:
            return []
        half = await self.locked(action.other_half)
        return [half] if ActionState(half.state) in OPEN else []

    async def _end_other_half(self, action: AutopilotAction, ended: ActionState) -> None:
        """A half that cannot be done takes the other along, unless that has begun."""
        if action.other_half is None:
            return
        half = await self.locked(action.other_half)
        if ActionState(half.state) in OPEN | {ActionState.APPROVED} and half.decision_id is not None:
            lapsed = ActionState.DISMISSED if ended is ActionState.DISMISSED else ActionState.EXPIRED
            lapsed = lapsed if may_follow(ActionState(half.state), lapsed) else ActionState.EXPIRED
            await self._step(half, lapsed, note=f"The other half of the move was {ended}.")

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


def _approval(action: AutopilotAction) -> Approval | None:
    """As it was given: who decides again reads the same yes, of the same moment."""
    if action.approved_by is None or action.approved_at is None:
        return None
    return Approval(by=action.approved_by, at=action.approved_at, reason=action.approval_reason)


def _raises(action: AutopilotAction) -> bool:
    before, after = (each.get("daily_budget_micros") for each in (action.before, action.after))
    return isinstance(before, int) and isinstance(after, int) and after > before
