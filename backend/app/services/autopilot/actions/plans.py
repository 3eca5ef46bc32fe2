"""Cuts and raises of one account that go together: the total never rises.

Cuts go first. Raises are sized once every cut has ended, by what the platform holds of them, and go through the gate
like anything else. What the gate would not let be raised today is not cut for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

import msgspec

from app.core.ids import uuid7
from app.core.logging import get_logger
from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction, AutopilotPlan
from app.models.trust_engine.kinds import Verdict
from app.services.autopilot.actions.plans_repository import PlanRepository
from app.services.autopilot.actions.repository import ActionRepository
from app.services.autopilot.actions.requests_repository import CampaignTargets
from app.services.autopilot.actions.rules import IN_FLIGHT, OPEN, ActionState, sized, would_stand
from app.services.autopilot.actions.wanted import Wanted
from app.services.trust_engine.gate.service import Approval, Decision, Proposal

log = get_logger(__name__)

_BUDGET = "daily_budget_micros"
_LASTS = timedelta(hours=36)
"""Longer than an action waits for an answer."""
_NOT_BEGUN = OPEN | {ActionState.APPROVED}


@dataclass(frozen=True, slots=True)
class PlanWanted:
    """Daily budgets of one account's campaigns; `raises` take no more than `cuts` give."""

    ad_account_id: UUID
    strategy: str
    idempotency_key: str
    cuts: Sequence[Wanted]
    raises: Sequence[Wanted]
    approval: Approval | None = None


class Proposes(Protocol):
    """The queue that a plan's cuts and raises go into."""

    async def propose(self, wanted: Wanted) -> AutopilotAction: ...

    async def trial(self, wanted: Wanted) -> tuple[Proposal, Decision]: ...

    async def has_open(self, ad_account_id: UUID, entity: str) -> bool: ...

    async def locked(self, action_id: UUID) -> AutopilotAction: ...

    async def advance(self, action: AutopilotAction, to: ActionState, *, note: str) -> None: ...


class ActionPlans:
    def __init__(self, scope: TenantScope, actions: Proposes) -> None:
        self._scope = scope
        self._rows = PlanRepository(scope)
        self._actions = actions
        self._targets = CampaignTargets(scope)

    async def begin(self, wanted: PlanWanted) -> list[AutopilotAction]:
        """Propose the cuts; none where no raise would stand. The raises follow by `go_on`."""
        await ActionRepository(self._scope).lock_key(self._scope.tenant_id, wanted.idempotency_key)
        if (known := await self._rows.by_key(wanted.idempotency_key)) is not None:
            return list(await self._rows.actions_of(known.id))
        raises = [each for each in wanted.raises if await self._would_stand(each, wanted.approval)]
        cuts = _no_more_than_needed(wanted.cuts, sum(_step(each) for each in raises))
        if not raises or not cuts:
            return []
        now, approval = self._scope.now(), wanted.approval
        plan = AutopilotPlan(
            id=uuid7(),
            ad_account_id=wanted.ad_account_id,
            strategy=wanted.strategy,
            idempotency_key=wanted.idempotency_key,
            state="cutting",
            raises=[msgspec.to_builtins(each) for each in raises],
            approved_by=approval.by if approval else None,
            approved_at=approval.at if approval else None,
            approval_reason=approval.reason if approval else None,
            made_at=now,
            expires_at=now + _LASTS,
        )
        await self._rows.add(plan)
        return [await self._propose(plan, cut) for cut in cuts]

    async def cutting(self) -> Sequence[UUID]:
        """Plans whose raises are still to come."""
        return await self._rows.cutting()

    async def go_on(self, plan_id: UUID) -> bool:
        """Propose the raises of a plan whose cuts have ended; whether it came to its end."""
        plan = await self._rows.unless_in_hand(plan_id)
        if plan is None:
            return False
        cuts = await self._rows.actions_of(plan.id)
        if self._scope.now() >= plan.expires_at:
            self._end(plan, 0, "Its time was over before its cuts held.")
        elif await self._are_over(cuts):
            await self._raise(plan, cuts)
        else:
            return False
        return True

    async def halt(self, strategy: str, why: str) -> int:
        """Let nothing begin any more of what the strategy has planned by itself; how many plans had not ended.

        Cuts that have not begun lapse too, since they would free money for nobody. What a person said yes to goes on.
        """
        halted = 0
        for plan in await self._rows.by_itself(strategy, since=self._scope.now() - _LASTS):
            steps = await self._rows.actions_of(plan.id)
            for step in steps:
                if not step.was_looked_at and ActionState(step.state) in _NOT_BEGUN:
                    action = await self._actions.locked(step.id)
                    if ActionState(action.state) in _NOT_BEGUN and not action.was_looked_at:
                        await self._actions.advance(action, ActionState.EXPIRED, note=why)
            if plan.state != "ended":
                freed = _freed(steps)
                self._end(
                    plan, freed, f"{why} {'What was cut stays so. ' if freed else ''}Nothing was raised."
                )
                halted += 1
        return halted

    async def _would_stand(self, raised: Wanted, approval: Approval | None) -> bool:
        _, decision = await self._actions.trial(replace(raised, approval=approval))
        codes = frozenset(each.code for each in decision.reasons if each.verdict is not Verdict.PASS)
        return would_stand(decision.verdict, codes)

    async def _are_over(self, cuts: Sequence[AutopilotAction]) -> bool:
        """Every cut has ended, and what holds is known here too: caps are counted over the campaigns as last read."""
        for cut in cuts:
            state = ActionState(cut.state)
            if state in OPEN | IN_FLIGHT:
                return False
            if state is ActionState.VERIFIED and await self._budget_of(cut.campaign_id) != cut.after[_BUDGET]:
                return False
        return True

    async def _raise(self, plan: AutopilotPlan, cuts: Sequence[AutopilotAction]) -> None:
        freed = _freed(cuts)
        wanted = [each for each in map(_wanted, plan.raises) if await self._is_as_planned(each)]
        steps = sized([_step(each) for each in wanted], freed)
        for each, step in zip(wanted, steps, strict=True):
            if step > 0:
                after = {_BUDGET: each.before[_BUDGET] + step}
                await self._propose(plan, replace(each, after=after))
        note = "The raises were proposed." if any(steps) else "Nothing was left to raise."
        self._end(plan, freed, note)

    async def _is_as_planned(self, raised: Wanted) -> bool:
        """Not changed since by anybody, nor about to be."""
        held = await self._budget_of(raised.campaign_id)
        busy = await self._actions.has_open(raised.ad_account_id, raised.entity)
        return held == raised.before[_BUDGET] and not busy

    async def _budget_of(self, campaign_id: UUID | None) -> int | None:
        found = await self._targets.find(campaign_id) if campaign_id else None
        return None if found is None else found[0].daily_budget_micros

    async def _propose(self, plan: AutopilotPlan, wanted: Wanted) -> AutopilotAction:
        key = f"plan:{plan.id}:{wanted.campaign_id}"
        return await self._actions.propose(
            replace(wanted, plan_id=plan.id, approval=_approval(plan), idempotency_key=key)
        )

    def _end(self, plan: AutopilotPlan, freed: int, note: str) -> None:
        plan.state, plan.freed_micros, plan.note = "ended", freed, note
        plan.ended_at = self._scope.now()
        log.info("autopilot.plans.ended", plan_id=str(plan.id), freed_micros=freed, note=note)


def _freed(cuts: Sequence[AutopilotAction]) -> int:
    """What the platform holds of them, a day."""
    return sum(cut.before[_BUDGET] - cut.after[_BUDGET] for cut in cuts if cut.state == ActionState.VERIFIED)


def _approval(plan: AutopilotPlan) -> Approval | None:
    if plan.approved_by is None or plan.approved_at is None:
        return None
    return Approval(by=plan.approved_by, at=plan.approved_at, reason=plan.approval_reason)


def _step(wanted: Wanted) -> int:
    """By how much it changes the budget, whichever way."""
    return abs(int(wanted.after[_BUDGET]) - int(wanted.before[_BUDGET]))


def _no_more_than_needed(cuts: Sequence[Wanted], needed: int) -> list[Wanted]:
    steps = [_step(cut) for cut in cuts]
    if sum(steps) > needed:
        steps = sized(steps, needed)
    return [
        replace(cut, after={_BUDGET: cut.before[_BUDGET] - step})
        for cut, step in zip(cuts, steps, strict=True)
        if step > 0
    ]


def _wanted(stored: Mapping[str, Any]) -> Wanted:
    return msgspec.convert(stored, Wanted, strict=False)
