"""Rules over campaigns: previewed and backtested before they are switched on, and held against each other."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

from app.core.errors import FieldError
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import Slice
from app.models.rules import Rule, RuleEvaluation, RuleFiring
from app.models.rules.kinds import Idle, Overlap
from app.schemas.rules.definition import (
    PutLabel,
    RuleDefinition,
    RuleSchedule,
    read_definition,
    read_schedule,
    written,
)
from app.schemas.rules.tree import Labelled
from app.services.audit_logs.service import AuditLog
from app.services.autopilot.actions.service import AutopilotActions, Decision
from app.services.rules.acting import pauses_for, platform_action, stands, wanted_of
from app.services.rules.acting_rules import Step, planned
from app.services.rules.backtesting import Backtest, Backtesting, PastDay
from app.services.rules.conflict_rules import Collision, Other, collisions
from app.services.rules.errors import RuleInvalid, RuleNotFound, RulesCollide, TooManyRules
from app.services.rules.evaluating import RuleEvaluating, RuleRuns
from app.services.rules.repository import RuleRepository, Seen, Verdicts
from app.services.rules.rules import leaves
from app.services.rules.schedule_rules import next_time
from app.services.rules.wording_rules import IDLE, UNKNOWN

__all__ = [
    "IDLE",
    "UNKNOWN",
    "Backtest",
    "Backtesting",
    "Collision",
    "Overlap",
    "PastDay",
    "Preview",
    "PreviewLine",
    "RuleEvaluating",
    "RuleRuns",
    "RuleService",
    "RuleView",
    "Seen",
]

RuleView: TypeAlias = Rule
"""By a name that endpoints may use."""
MOST_RULES = 200
PATIENCE = timedelta(seconds=20)
_LINES = 50
_TRIED = 10
"""So many changes the gate is asked about in a preview."""


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """A campaign as the rule sees it now, and what would be done about it."""

    seen: Seen
    step: Step | None = None
    idle: Idle | None = None
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    verdicts: Verdicts
    lines: Sequence[PreviewLine]
    paths: Sequence[str]


class RuleService:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rules = RuleRepository(scope)
        self._audit = AuditLog(scope)

    async def page(
        self, *, page: int, limit: int, sort: str, search: str | None, archived: bool
    ) -> Slice[Rule]:
        return await self._rules.page(page=page, limit=limit, sort=sort, search=search, archived=archived)

    async def one(self, rule_id: UUID) -> Rule:
        rule = await self._rules.one(rule_id)
        if rule is None:
            raise RuleNotFound(rule_id=str(rule_id))
        return rule

    async def evaluations(
        self, rule_id: UUID, *, telling: bool, cursor: str | None, limit: int
    ) -> tuple[Sequence[RuleEvaluation], str | None]:
        await self.one(rule_id)
        return await self._rules.evaluations(rule_id, telling=telling, cursor=cursor, limit=limit)

    async def firings(
        self, rule_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[RuleFiring], str | None]:
        await self.one(rule_id)
        return await self._rules.firings(rule_id, cursor=cursor, limit=limit)

    async def create(
        self,
        name: str,
        description: str,
        definition: RuleDefinition,
        schedule: RuleSchedule,
        *,
        cooldown_hours: int,
        enabled: bool,
        accept_conflicts: bool = False,
        template: str | None = None,
    ) -> Rule:
        if await self._rules.count() >= MOST_RULES:
            raise TooManyRules
        await self._answerable(definition)
        now = self._scope.now()
        rule = Rule(
            id=uuid7(),
            name=name,
            description=description,
            definition=written(definition),
            schedule=written(schedule),
            cooldown_hours=cooldown_hours,
            enabled=enabled,
            version=1,
            template=template,
            next_run_at=next_time(schedule, now) if enabled else None,
            created_at=now,
            updated_at=now,
            created_by=self._scope.actor.id,
        )
        await self._agrees(definition, but_not=None, accept=accept_conflicts)
        await self._rules.add(rule)
        await self._record("rules.created", rule, after=_told(rule) | {"accept_conflicts": accept_conflicts})
        return rule

    async def change(
        self,
        rule_id: UUID,
        *,
        name: str | None = None,
        description: str | None = None,
        definition: RuleDefinition | None = None,
        schedule: RuleSchedule | None = None,
        cooldown_hours: int | None = None,
        enabled: bool | None = None,
        accept_conflicts: bool = False,
    ) -> Rule:
        """Another definition is a new version; whoever switches it on, or changes it, is told whom it works against."""
        rule = await self._locked(rule_id)
        before = _told(rule)
        if definition is not None:
            await self._answerable(definition)
        asked = definition or read_definition(rule.definition)
        if definition is not None or (enabled and not rule.enabled):
            await self._agrees(asked, but_not=rule_id, accept=accept_conflicts)
        if definition is not None and written(definition) != rule.definition:
            rule.definition = written(definition)
            rule.version += 1
        rule.description = rule.description if description is None else description
        rule.cooldown_hours = rule.cooldown_hours if cooldown_hours is None else cooldown_hours
        self._plan(rule, schedule, enabled=rule.enabled if enabled is None else enabled)
        # Last: whatever asks the database after it would store it, and meet one that is taken.
        rule.name = rule.name if name is None else name
        after = _told(rule)
        if after == before:
            return rule
        rule.updated_at = self._scope.now()
        await self._rules.save()
        if not rule.enabled:
            await self._halt(rule)
        await self._record(
            "rules.changed", rule, before=before, after=after | {"accept_conflicts": accept_conflicts}
        )
        return rule

    async def archive(self, rule_id: UUID) -> None:
        """It runs no more; its history can still be read, and its name is free."""
        rule = await self._locked(rule_id)
        rule.archived_at = rule.updated_at = self._scope.now()
        rule.enabled, rule.next_run_at = False, None
        await self._halt(rule)
        await self._record("rules.archived", rule, before=_told(rule))

    async def _halt(self, rule: Rule) -> None:
        """No attempt of a raise of its begins any more."""
        found = await self._rules.being_tried(rule.id)
        await AutopilotActions(self._scope).halting.of(found, "Its rule was switched off.")

    async def preview(self, name: str, definition: RuleDefinition) -> Preview:
        """What the rule would do now, for each campaign with the figures that it reads; nothing is written."""
        await self._answerable(definition)
        verdicts = await self._rules.verdicts(definition, self._scope.now(), most=_LINES, patience=PATIENCE)
        lines: list[PreviewLine] = []
        change, tried = platform_action(definition), 0
        pauses = await pauses_for(AutopilotActions(self._scope), change)
        for seen in verdicts.held[: 4 * _LINES]:
            step = None if change is None else planned(change, stands(seen, pauses))
            if not isinstance(step, Step):
                lines.append(PreviewLine(seen, idle=step))
                continue
            decision = None
            if tried < _TRIED:
                tried += 1
                wanted = wanted_of(name, definition, seen, step, key=f"preview:{uuid7()}", told={})
                _, decision = await AutopilotActions(self._scope).trial(wanted)
            lines.append(PreviewLine(seen, step=step, decision=decision))
        lines += [PreviewLine(seen) for seen in verdicts.others]
        return Preview(verdicts, lines, [path for path, _ in leaves(definition.condition)])

    async def backtest(
        self, definition: RuleDefinition, schedule: RuleSchedule, cooldown_hours: int, days: int
    ) -> Backtest:
        await self._answerable(definition)
        return await Backtesting(self._scope).run(definition, schedule, timedelta(hours=cooldown_hours), days)

    async def conflicts(self, definition: RuleDefinition, but_not: UUID | None = None) -> list[Collision]:
        """The rules that are switched on and may work against this one."""
        others = await self._rules.switched_on(but_not=but_not)
        held_against = [Other(each.id, each.name, read_definition(each.definition)) for each in others]
        # A second of arithmetic at worst: the loop goes on meanwhile.
        return await asyncio.to_thread(collisions, definition, held_against)

    async def _agrees(self, definition: RuleDefinition, *, but_not: UUID | None, accept: bool) -> None:
        """`RulesCollide` where there is an example of figures for which this and another rule would both act."""
        if accept:
            return
        sure = [each for each in await self.conflicts(definition, but_not) if each.overlap is Overlap.WITNESS]
        if sure:
            raise RulesCollide(
                fields=[FieldError("body.definition.condition", each.sentence, "collides") for each in sure]
            )

    async def _answerable(self, definition: RuleDefinition) -> None:
        """`RuleInvalid` where it names a label or an account that is not here."""
        labels = {
            f"condition.{path}.label_id".replace("..", "."): leaf.label_id
            for path, leaf in leaves(definition.condition)
            if isinstance(leaf, Labelled)
        }
        labels |= {f"scope.label_ids.{n}": each for n, each in enumerate(definition.scope.label_ids)}
        labels |= {
            f"actions.{n}.label_id": each.label_id
            for n, each in enumerate(definition.actions)
            if isinstance(each, PutLabel)
        }
        accounts = {
            f"scope.ad_account_ids.{n}": each for n, each in enumerate(definition.scope.ad_account_ids)
        }
        known = await self._rules.labels(set(labels.values())) if labels else frozenset()
        here = await self._rules.accounts(set(accounts.values())) if accounts else frozenset()
        faults = [
            FieldError(
                f"body.definition.{path}",
                "There is no such label: choose another, or make it first.",
                "no_label",
            )
            for path, each in labels.items()
            if each not in known
        ]
        faults += [
            FieldError(
                f"body.definition.{path}", "There is no such ad account: choose another.", "no_account"
            )
            for path, each in accounts.items()
            if each not in here
        ]
        if faults:
            raise RuleInvalid(fields=faults)

    def _plan(self, rule: Rule, schedule: RuleSchedule | None, *, enabled: bool) -> None:
        """A time that has come and is not begun yet stays, unless the schedule is another."""
        changed = schedule is not None and written(schedule) != rule.schedule
        if schedule is not None:
            rule.schedule = written(schedule)
        resumed = enabled and not rule.enabled
        rule.enabled = enabled
        if not enabled:
            rule.next_run_at = None
        elif changed or resumed:
            rule.next_run_at = next_time(read_schedule(rule.schedule), self._scope.now())

    async def _locked(self, rule_id: UUID) -> Rule:
        rule = await self._rules.for_update(rule_id)
        if rule is None:
            raise RuleNotFound(rule_id=str(rule_id))
        return rule

    async def _record(self, action: str, rule: Rule, **told: dict[str, Any]) -> None:
        await self._audit.record(action, entity="rules", entity_id=rule.id, **told)


def _told(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "description": rule.description,
        "definition": rule.definition,
        "schedule": rule.schedule,
        "cooldown_hours": rule.cooldown_hours,
        "enabled": rule.enabled,
        "version": rule.version,
    }
