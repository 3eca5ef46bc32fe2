"""What a rule does about the campaigns for which it holds: proposals to the gate, labels, a notification."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.rules import Rule, RuleFiring
from app.models.rules.kinds import Idle
from app.models.trust_engine.kinds import Origin, Verdict
from app.schemas.rules.definition import Enable, Notify, PlatformAction, PutLabel, RuleDefinition
from app.services.autopilot.actions.service import AutopilotActions, Wanted
from app.services.campaigns.labels.errors import LabelNotFound
from app.services.campaigns.labels.service import Labels
from app.services.notifications.service import (
    Notice,
    NotificationKind,
    Notifications,
    NotificationSeverity,
    NotificationSubject,
)
from app.services.rules.acting_rules import Stands, Step, planned
from app.services.rules.repository import RuleRepository, Seen
from app.services.rules.rules import rests_on
from app.services.rules.wording_rules import figure_from, reason_of

_NAMED = 5


@dataclass(slots=True)
class Deed:
    """A campaign, and what was done about it."""

    seen: Seen
    steps: list[dict[str, Any]] = field(default_factory=list)
    action_id: UUID | None = None

    @property
    def is_done(self) -> bool:
        return any(each["done"] for each in self.steps)

    @property
    def idle(self) -> str | None:
        return self.steps[-1]["idle"] if self.steps else None

    def firing(self, rule_id: UUID, evaluation_id: UUID, at: datetime) -> RuleFiring:
        return RuleFiring(
            id=uuid7(),
            evaluation_id=evaluation_id,
            rule_id=rule_id,
            campaign_id=self.seen.id,
            campaign_name=self.seen.name,
            currency=self.seen.currency,
            fired_at=at,
            figures=shown(self.seen),
            steps=self.steps,
            action_id=self.action_id,
        )


Pauses: TypeAlias = Collection[tuple[UUID, str]]
"""Of campaigns, by account and id there."""
_PAUSES_OF_DAYS = 100


@dataclass(frozen=True, slots=True)
class Todo:
    """Campaigns in the order in which they are acted on; `again`: what the gate blocked of them the last time."""

    campaigns: Sequence[Seen]
    again: frozenset[UUID]
    idle: Counter[str]
    pauses: Pauses


async def pauses_for(actions: AutopilotActions, change: PlatformAction | None) -> Pauses:
    """Which campaigns a rule has paused and nobody touched since: no other is enabled again by a rule."""
    if not isinstance(change, Enable):
        return ()
    found = await actions.standing_pauses(days=_PAUSES_OF_DAYS)
    return {entity for entity, each in found.items() if each.origin == Origin.RULE}


def stands(seen: Seen, pauses: Pauses) -> Stands:
    by_a_rule = (seen.ad_account_id, seen.external_id) in pauses
    return Stands(seen.status, seen.daily_budget_micros, seen.currency, seen.budget_level, by_a_rule)


def platform_action(definition: RuleDefinition) -> PlatformAction | None:
    return next((each for each in definition.actions if isinstance(each, PlatformAction)), None)


def wanted_of(
    rule_name: str, definition: RuleDefinition, seen: Seen, step: Step, *, key: str, told: Mapping[str, Any]
) -> Wanted:
    """The proposal as the gate is asked: a rule has no other way to a platform."""
    components = rests_on(definition)
    return Wanted(
        ad_account_id=seen.ad_account_id,
        campaign_id=seen.id,
        platform=seen.platform,
        account=seen.account,
        entity_type="campaign",
        entity=seen.external_id,
        entity_name=seen.name,
        operation=step.operation,
        before=step.before,
        after=step.after,
        currency=seen.currency,
        reason=reason_of(rule_name, seen.figures, seen.currency),
        idempotency_key=key,
        origin=Origin.RULE,
        justified_by=components,
        spend_only=not components,
        evidence={**told, "figures": shown(seen)},
        learning=bool(seen.learning),
    )


def shown(seen: Seen) -> list[dict[str, Any]]:
    """The figures as JSON holds them."""
    return [
        {
            "metric": str(each.metric),
            "window": each.window,
            "value": None if each.value is None else float(each.value),
            "unknown": each.unknown and str(each.unknown),
        }
        for each in seen.figures
    ]


async def todo(
    scope: TenantScope,
    definition: RuleDefinition,
    held: Sequence[Seen],
    blocked: Collection[UUID],
    *,
    turn: datetime,
) -> Todo:
    """Those first that the rule changes something of: no other may keep them waiting for ever.

    `blocked` come after them, since the gate may block them again. Those of which nothing is to be changed come last,
    and only where a label has to be put on them or taken off. Of both, others come first at each `turn`.
    """
    change = platform_action(definition)
    if change is None:
        return Todo(held, frozenset(), Counter(), ())
    actions = AutopilotActions(scope)
    pauses, under_way = await pauses_for(actions, change), await actions.under_way()
    labelled = await _to_label(scope, definition, held)
    new: list[Seen] = []
    again: list[Seen] = []
    others: list[Seen] = []
    idle: Counter[str] = Counter()
    for seen in held:
        step = planned(change, stands(seen, pauses))
        gives_way = under_way.get((seen.ad_account_id, seen.external_id))
        if isinstance(step, Step) and (gives_way is None or (gives_way and step.wants_less)):
            (again if seen.id in blocked else new).append(seen)
        elif seen.id in labelled:
            others.append(seen)
        else:
            idle[str(step if isinstance(step, Idle) else Idle.WAITING)] += 1
    for each in (again, others):
        each.sort(key=lambda seen: hash((seen.id, turn)))
    return Todo([*new, *again, *others], frozenset(each.id for each in again), idle, pauses)


async def _to_label(scope: TenantScope, definition: RuleDefinition, held: Sequence[Seen]) -> set[UUID]:
    """Those of the campaigns on which a label of the rule does not stand as it wants."""
    wanted = [each for each in definition.actions if isinstance(each, PutLabel)]
    if not wanted:
        return set()
    campaigns = {each.id for each in held}
    borne = await Labels(scope).borne({each.label_id for each in wanted}, campaigns)
    found: set[UUID] = set()
    for each in wanted:
        if each.label_id in borne:
            bearers = borne[each.label_id]
            found |= bearers if each.off else campaigns - bearers
    return found


class Acting:
    """The deeds of one transaction. `key` is the evaluation's own: a task that runs twice proposes once."""

    def __init__(
        self, scope: TenantScope, rule: Rule, definition: RuleDefinition, *, key: str, pauses: Pauses = ()
    ) -> None:
        self._scope = scope
        self._rule = rule
        self._definition = definition
        self._key = key
        self._pauses = pauses
        self._actions = AutopilotActions(scope)

    async def act(self, held: Sequence[Seen], told: Mapping[str, Any], *, again: bool = False) -> list[Deed]:
        """What came of each; `again`: the gate blocked it before, and is asked first whether it still would."""
        deeds = [Deed(each) for each in held]
        change = platform_action(self._definition)
        for action in self._definition.actions:
            if isinstance(action, PutLabel):
                await self._label(action, deeds)
        if change is not None:
            for deed in deeds:
                await self._propose(change, deed, told, again=again)
        return deeds

    async def tell(self, firings: Sequence[RuleFiring]) -> None:
        """People are told once of all of them."""
        note = next((each for each in self._definition.actions if isinstance(each, Notify)), None)
        if note is None or not firings:
            return
        names = ", ".join(each.campaign_name for each in firings[:_NAMED])
        more = len(firings) - _NAMED
        figures = [figure_from(each) for each in firings[0].figures]
        await Notifications(self._scope).tell(
            Notice(
                kind=NotificationKind.RULE_HELD,
                severity=NotificationSeverity.INFO,
                subject=NotificationSubject.RULE,
                subject_id=self._rule.id,
                key=str(self._rule.id),
                facts={
                    "rule": self._rule.name,
                    "campaigns": names + (f" and {more} more" if more > 0 else ""),
                    "reason": reason_of(self._rule.name, figures, firings[0].currency),
                    "message": note.message,
                },
            )
        )
        for firing in firings:
            firing.steps = [*firing.steps, {"kind": note.kind, "done": True, "idle": None}]

    async def _propose(
        self, change: PlatformAction, deed: Deed, told: Mapping[str, Any], *, again: bool
    ) -> None:
        """By the campaign as it stands now: somebody may have changed it since the rule looked."""
        status, budget = await RuleRepository(self._scope).stands(deed.seen.id)
        seen = replace(deed.seen, status=status, daily_budget_micros=budget)
        step = planned(change, stands(seen, self._pauses))
        if isinstance(step, Idle):
            deed.steps.append(_left(change.kind, step))
            return
        key = f"{self._key}:{seen.id}:{change.kind}"
        wanted = wanted_of(self._rule.name, self._definition, seen, step, key=key, told=told)
        if again and (await self._actions.trial(wanted))[1].verdict is Verdict.BLOCK:
            deed.steps.append(_left(change.kind, Idle.BLOCKED))
            return
        if not await self._actions.make_way(seen.ad_account_id, seen.external_id, for_less=step.wants_less):
            deed.steps.append(_left(change.kind, Idle.WAITING))
            return
        action = await self._actions.propose(wanted)
        deed.action_id = action.id
        changed = {"before": dict(step.before), "after": dict(step.after)}
        deed.steps.append({"kind": change.kind, "done": True, "idle": None, **changed})

    async def _label(self, action: PutLabel, deeds: Sequence[Deed]) -> None:
        ids = [each.seen.id for each in deeds]
        try:
            found = await Labels(self._scope).change(
                action.label_id, [] if action.off else ids, ids if action.off else []
            )
        except LabelNotFound:
            for deed in deeds:
                deed.steps.append(_left(action.kind, Idle.NO_LABEL))
            return
        for deed, outcome in zip(deeds, found.removed if action.off else found.added, strict=True):
            if outcome == "done":
                step = {"label_id": str(action.label_id), "off": action.off}
                deed.steps.append({"kind": action.kind, "done": True, "idle": None, **step})
            else:
                deed.steps.append(_left(action.kind, Idle.STANDS))


def _left(kind: str, why: Idle) -> dict[str, Any]:
    return {"kind": kind, "done": False, "idle": str(why)}
