"""Rules by the clock: what is due, and one evaluation of one rule.

An evaluation reads once. Then each proposal is a transaction of its own: the ledger's head is held for one decision,
and whoever else decides comes between. A crash leaves an evaluation without its end, with all that was done until then;
whoever takes it up again goes on with those that it has not come to.
"""

from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.core.logging import get_logger
from app.db.session import Scopes, TenantScope
from app.models.rules import Rule, RuleEvaluation
from app.models.rules.kinds import Idle
from app.schemas.rules.definition import Notify, RuleDefinition, read_definition, read_schedule
from app.services.audit_logs.service import AuditLog
from app.services.rules.acting import Acting, Todo, platform_action, shown, todo
from app.services.rules.errors import RuleChangedMeanwhile, RuleNotFound
from app.services.rules.repository import RuleRepository, Seen, Verdicts
from app.services.rules.schedule_rules import next_time

log = get_logger(__name__)

_EXAMPLES = 20
MOST_AT_ONCE = 100
"""Campaigns that one evaluation acts on: each is a decision of the gate."""
MOST_TRIED = 3 * MOST_AT_ONCE
"""Campaigns that it comes to at most: of some nothing comes."""
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

    async def forget_old(self) -> None:
        await self._rows.forget(self._scope.now() - _KEPT)


@dataclass(frozen=True, slots=True)
class _Look:
    """What was read of a rule and its set, and what is to be done about it."""

    rule_id: UUID
    version: int
    enabled: bool
    definition: RuleDefinition
    due_at: datetime
    rested_since: datetime
    verdicts: Verdicts
    todo: Todo

    def holds_for(self, rule: Rule | None) -> bool:
        """Nobody has changed, archived or switched off the rule meanwhile."""
        return rule is not None and rule.version == self.version and rule.enabled >= self.enabled


class RuleEvaluating:
    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def evaluate(self, rule_id: UUID, due_at: datetime) -> RuleEvaluation | None:
        """One evaluation, once for each time of the schedule; None of a rule that is switched off meanwhile."""
        async with self._scopes() as scope:
            rows = RuleRepository(scope)
            rule = await rows.one(rule_id)
            if rule is None or not rule.enabled:
                await self._let_go(scope, rule_id, due_at)
                return None
            known = await rows.evaluation_for(rule_id, due_at)
            if known is not None and known.ended_at is not None:
                return known
            look = await self._look(scope, rule, due_at)
        return await self._do(look)

    async def run_now(self, rule_id: UUID) -> RuleEvaluation:
        """Evaluate and act as at its next time; switched off, too: a person asks for it."""
        async with self._scopes() as scope:
            rule = await RuleRepository(scope).for_update(rule_id)
            if rule is None:
                raise RuleNotFound(rule_id=str(rule_id))
            await AuditLog(scope).record("rules.run_asked", entity="rules", entity_id=rule.id)
        async with self._scopes() as scope:
            look = await self._look(scope, rule, scope.now())
        done = await self._do(look)
        if done is None:
            raise RuleChangedMeanwhile
        return done

    async def _look(self, scope: TenantScope, rule: Rule, due_at: datetime) -> _Look:
        """Hold the rule against its set now; nothing is written and nothing locked."""
        now, definition = scope.now(), read_definition(rule.definition)
        rows = RuleRepository(scope)
        verdicts = await rows.verdicts(definition, now, most=_EXAMPLES)
        cooldown = timedelta(hours=rule.cooldown_hours)
        since = now - cooldown + min(cooldown * _SLACK, _SLACK_MOST)
        past = await rows.acted_since(rule.id, since) if verdicts.held else {}
        awake = [each for each in verdicts.held if past.get(each.id, True)]
        blocked = {campaign for campaign, came_to_nothing in past.items() if came_to_nothing}
        found = await todo(scope, definition, awake, blocked, turn=due_at)
        if len(verdicts.held) > len(awake):
            found.idle[str(Idle.RESTING)] = len(verdicts.held) - len(awake)
        return _Look(rule.id, rule.version, rule.enabled, definition, due_at, since, verdicts, found)

    async def _do(self, look: _Look) -> RuleEvaluation | None:
        """Write down what was seen, then act on one campaign after another."""
        async with self._scopes() as scope:
            evaluation = await self._begin(scope, look)
        if evaluation is None or evaluation.ended_at is not None:
            return evaluation
        idle, why = Counter(look.todo.idle), None
        acted, left = evaluation.acted, deque(look.todo.campaigns)
        for _ in range(MOST_TRIED):
            if not left or acted >= MOST_AT_ONCE:
                break
            async with self._scopes() as scope:
                why = await self._act(scope, look, evaluation.id, left[0])
            if why is Idle.STOPPED:
                break
            left.popleft()
            acted += why is None
            if why is not None:
                idle[str(why)] += 1
        if left:
            idle[str(Idle.STOPPED if why is Idle.STOPPED else Idle.LATER)] += len(left)
        async with self._scopes() as scope:
            return await self._end(scope, look, evaluation.id, idle)

    async def _begin(self, scope: TenantScope, look: _Look) -> RuleEvaluation | None:
        """What changes nothing at a platform needs no gate, and is done here, all at once."""
        rows, verdicts = RuleRepository(scope), look.verdicts
        rule = await rows.for_update(look.rule_id)
        if rule is None or not look.holds_for(rule):
            return None
        if (known := await rows.evaluation_for(rule.id, look.due_at)) is not None:
            if known.ended_at is None and known.version != rule.version:
                # What it had begun to do, the rule does not want any more.
                await self._close(scope, rule, known)
            return known
        rule.last_run_at = now = scope.now()
        evaluation = RuleEvaluation(
            id=uuid7(),
            rule_id=rule.id,
            version=rule.version,
            due_at=look.due_at,
            evaluated_at=now,
            considered=verdicts.considered,
            held=len(verdicts.held),
            unknown=verdicts.unknown,
            acted=0,
            unknown_by_reason=dict(verdicts.unknown_by_reason),
            idle_by_reason=dict(look.todo.idle),
            unknown_examples=[
                {"campaign_id": str(each.id), "campaign": each.name, "why": each.why, "figures": shown(each)}
                for each in verdicts.others
                if each.matched is None
            ][:_EXAMPLES],
        )
        await rows.keep(evaluation)
        if platform_action(look.definition) is None:
            await self._act_at_once(scope, look, rule, evaluation)
        elif not look.todo.campaigns:
            _close(evaluation, now)
        return evaluation

    async def _act_at_once(
        self, scope: TenantScope, look: _Look, rule: Rule, evaluation: RuleEvaluation
    ) -> None:
        now, rows = scope.now(), RuleRepository(scope)
        asked, later = look.todo.campaigns[:MOST_AT_ONCE], look.todo.campaigns[MOST_AT_ONCE:]
        acting = Acting(scope, rule, look.definition, key="")
        deeds = await acting.act(asked, {}) if asked else []
        only_tells = all(isinstance(each, Notify) for each in look.definition.actions)
        firings = [each.firing(rule.id, evaluation.id, now) for each in deeds if only_tells or each.is_done]
        await acting.tell(firings)
        await rows.fire(firings)
        idle = Counter(look.todo.idle)
        idle.update(str(each.idle) for each in deeds if not only_tells and not each.is_done)
        if later:
            idle[str(Idle.LATER)] = len(later)
        evaluation.acted, evaluation.idle_by_reason = len(firings), dict(idle)
        _close(evaluation, now)

    async def _act(self, scope: TenantScope, look: _Look, evaluation_id: UUID, seen: Seen) -> Idle | None:
        """About one campaign; None where something was done. Whoever changes the rule meanwhile stops the rest."""
        rows = RuleRepository(scope)
        rule = await rows.for_update(look.rule_id)
        evaluation = await rows.evaluation(evaluation_id)
        if rule is None or evaluation is None or evaluation.ended_at is not None or not look.holds_for(rule):
            return Idle.STOPPED
        if await rows.has_acted(rule.id, seen.id, look.rested_since, evaluation_id):
            return Idle.RESTING
        key = f"rule:{rule.id}:{look.due_at.isoformat()}"
        acting = Acting(scope, rule, look.definition, key=key, pauses=look.todo.pauses)
        told: dict[str, Any] = {
            "rule_id": str(rule.id),
            "version": rule.version,
            "evaluation_id": str(evaluation_id),
        }
        [deed] = await acting.act([seen], told, again=seen.id in look.todo.again)
        if not deed.is_done or deed.idle == Idle.WAITING:
            # A label alone does not put to rest what the rule wants of the platform.
            return Idle(str(deed.idle))
        await rows.fire([deed.firing(rule.id, evaluation_id, scope.now())])
        evaluation.acted += 1
        return None

    async def _end(
        self, scope: TenantScope, look: _Look, evaluation_id: UUID, idle: Counter[str]
    ) -> RuleEvaluation | None:
        """Tell people once of all that was done, by whoever did it."""
        rows = RuleRepository(scope)
        rule, evaluation = await rows.for_update(look.rule_id), await rows.evaluation(evaluation_id)
        if evaluation is not None and evaluation.ended_at is None:
            evaluation.idle_by_reason = dict(idle)
            await self._close(scope, rule, evaluation)
        return evaluation

    async def _let_go(self, scope: TenantScope, rule_id: UUID, due_at: datetime) -> None:
        """What a rule had begun that is off now, or gone, is at its end."""
        rows = RuleRepository(scope)
        rule, known = await rows.for_update(rule_id), await rows.evaluation_for(rule_id, due_at)
        if known is not None and known.ended_at is None:
            await self._close(scope, rule, known)

    @staticmethod
    async def _close(scope: TenantScope, rule: Rule | None, evaluation: RuleEvaluation) -> None:
        """People are told once of all that was done, by whoever did it."""
        if rule is not None:
            firings = await RuleRepository(scope).fired_by(evaluation.id)
            await Acting(scope, rule, read_definition(rule.definition), key="").tell(firings)
        _close(evaluation, scope.now())


def _close(evaluation: RuleEvaluation, now: datetime) -> None:
    evaluation.ended_at = now
    log.info(
        "rules.evaluated",
        rule_id=str(evaluation.rule_id),
        considered=evaluation.considered,
        held=evaluation.held,
        unknown=evaluation.unknown,
        acted=evaluation.acted,
    )
