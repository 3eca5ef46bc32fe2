"""Rules by the clock: what is due, and one evaluation of one rule, in a transaction of its own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app.core.ids import uuid7
from app.core.logging import get_logger
from app.db.session import TenantScope
from app.models.rules import Rule, RuleEvaluation, RuleFiring
from app.models.rules.kinds import Idle
from app.schemas.rules.definition import read_definition, read_schedule
from app.services.rules.acting import Acting, shown
from app.services.rules.repository import RuleRepository, Seen
from app.services.rules.schedule_rules import next_time

log = get_logger(__name__)

_EXAMPLES = 20
MOST_AT_ONCE = 100
"""Campaigns that one evaluation acts on: each is a decision of the gate."""
_SLACK, _SLACK_MOST = 1 / 8, timedelta(hours=2)
"""Of a cooldown, and at most: a clock is never to the minute, and a day may have 23 hours."""
_KEPT = timedelta(days=180)


class RuleRuns:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = RuleRepository(scope)

    async def begin_due(self) -> int:
        """Have those evaluated whose time has come, once for all times that have passed; how many."""
        now = self._scope.now()
        due = await self._rows.due(now)
        for rule in due:
            if rule.next_run_at is None:
                continue
            await self._scope.enqueue(
                "rules.evaluate",
                {"rule_id": str(rule.id), "due_at": rule.next_run_at.isoformat()},
                queue="rules",
            )
            rule.next_run_at = next_time(read_schedule(rule.schedule), now)
        return len(due)

    async def evaluate(self, rule_id: UUID, due_at: datetime) -> RuleEvaluation | None:
        """One evaluation, once for each time of the schedule; None of a rule that is switched off meanwhile."""
        rule = await self._rows.for_update(rule_id)
        if rule is None or not rule.enabled:
            return None
        if (known := await self._rows.evaluation_for(rule_id, due_at)) is not None:
            return known
        return await self.run(rule, due_at)

    async def run(self, rule: Rule, due_at: datetime) -> RuleEvaluation:
        """Hold the rule against its set now, act on what it holds of, and write down what was seen."""
        now, definition = self._scope.now(), read_definition(rule.definition)
        verdicts = await self._rows.verdicts(definition, now, most=_EXAMPLES)
        evaluation_id = uuid7()
        acting = Acting(self._scope, rule, definition, key=f"rule:{rule.id}:{due_at.isoformat()}")
        awake = await self._awake(rule, verdicts.held, now, acting)
        told = {"rule_id": str(rule.id), "version": rule.version, "evaluation_id": str(evaluation_id)}
        deeds = await acting.act(awake, told) if awake else []
        evaluation = RuleEvaluation(
            id=evaluation_id,
            rule_id=rule.id,
            version=rule.version,
            due_at=due_at,
            evaluated_at=now,
            considered=verdicts.considered,
            held=len(verdicts.held),
            unknown=verdicts.unknown,
            acted=len(deeds),
            unknown_by_reason=dict(verdicts.unknown_by_reason),
            idle_by_reason=dict(acting.idle),
            unknown_examples=[
                {"campaign_id": str(each.id), "campaign": each.name, "why": each.why, "figures": shown(each)}
                for each in verdicts.others
                if each.matched is None
            ][:_EXAMPLES],
        )
        firings = [
            RuleFiring(
                id=uuid7(),
                evaluation_id=evaluation_id,
                rule_id=rule.id,
                campaign_id=deed.seen.id,
                campaign_name=deed.seen.name,
                currency=deed.seen.currency,
                fired_at=now,
                figures=shown(deed.seen),
                steps=deed.steps,
                action_id=deed.action_id,
            )
            for deed in deeds
        ]
        await self._rows.keep(evaluation, firings)
        rule.last_run_at = now
        log.info(
            "rules.evaluated",
            rule_id=str(rule.id),
            considered=evaluation.considered,
            held=evaluation.held,
            unknown=evaluation.unknown,
            acted=evaluation.acted,
        )
        return evaluation

    async def _awake(self, rule: Rule, held: Sequence[Seen], now: datetime, acting: Acting) -> list[Seen]:
        """Those that the rule has not acted on within its cooldown, as many as one evaluation acts on."""
        if not held:
            return []
        cooldown = timedelta(hours=rule.cooldown_hours)
        resting = await self._rows.fired_since(rule.id, now - cooldown + min(cooldown * _SLACK, _SLACK_MOST))
        awake = await acting.first_things_first([each for each in held if each.id not in resting])
        if len(held) > len(awake):
            acting.idle[str(Idle.RESTING)] = len(held) - len(awake)
        if len(awake) > MOST_AT_ONCE:
            acting.idle[str(Idle.LATER)] = len(awake) - MOST_AT_ONCE
        return awake[:MOST_AT_ONCE]

    async def forget_old(self) -> None:
        await self._rows.forget(self._scope.now() - _KEPT)
