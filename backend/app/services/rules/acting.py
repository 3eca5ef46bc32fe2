"""What a rule does about the campaigns for which it holds: proposals to the gate, labels, a notification."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID

from app.db.session import TenantScope
from app.models.rules import Rule
from app.models.rules.kinds import Idle
from app.models.trust_engine.kinds import Origin
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
from app.services.rules.repository import Seen
from app.services.rules.rules import rests_on
from app.services.rules.wording_rules import reason_of

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


Pauses: TypeAlias = Collection[tuple[UUID, str]]
"""Of campaigns, by account and id there."""
_PAUSES_OF_DAYS = 100


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


class Acting:
    """One evaluation's deeds. `key` is the evaluation's own: a task that runs twice proposes once."""

    def __init__(self, scope: TenantScope, rule: Rule, definition: RuleDefinition, *, key: str) -> None:
        self._scope = scope
        self._rule = rule
        self._definition = definition
        self._key = key
        self._actions = AutopilotActions(scope)
        self._pauses: Pauses = ()
        self.idle: Counter[str] = Counter()

    async def first_things_first(self, held: Sequence[Seen]) -> list[Seen]:
        """Those first that the rule changes something of: the others must not keep them waiting for ever."""
        change = platform_action(self._definition)
        if change is None:
            return list(held)
        self._pauses = await pauses_for(self._actions, change)
        return sorted(held, key=lambda seen: isinstance(planned(change, stands(seen, self._pauses)), Idle))

    async def act(self, held: Sequence[Seen], told: Mapping[str, Any]) -> list[Deed]:
        """What was done, of those about whom something was."""
        deeds = [Deed(each) for each in held]
        change = platform_action(self._definition)
        for action in self._definition.actions:
            if isinstance(action, PutLabel):
                await self._label(action, deeds)
        if change is not None:
            for deed in deeds:
                await self._propose(change, deed, told)
        done = [each for each in deeds if each.is_done]
        note = next((each for each in self._definition.actions if isinstance(each, Notify)), None)
        if note is not None:
            done = await self._notify(note, deeds, alone=len(self._definition.actions) == 1)
        self._count_idle(deeds, done)
        return done

    async def _propose(self, change: PlatformAction, deed: Deed, told: Mapping[str, Any]) -> None:
        step = planned(change, stands(deed.seen, self._pauses))
        if isinstance(step, Idle):
            deed.steps.append(_left(change.kind, step))
            return
        account, entity = deed.seen.ad_account_id, deed.seen.external_id
        if not await self._actions.make_way(account, entity, for_less=step.wants_less):
            deed.steps.append(_left(change.kind, Idle.WAITING))
            return
        key = f"{self._key}:{deed.seen.id}:{change.kind}"
        action = await self._actions.propose(
            wanted_of(self._rule.name, self._definition, deed.seen, step, key=key, told=told)
        )
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

    async def _notify(self, note: Notify, deeds: list[Deed], *, alone: bool) -> list[Deed]:
        """Once for all of them; where nothing else is to be done, of every campaign for which the rule holds."""
        about = deeds if alone else [each for each in deeds if each.is_done]
        if not about:
            return []
        names = ", ".join(each.seen.name for each in about[:_NAMED])
        more = len(about) - _NAMED
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
                    "reason": reason_of(self._rule.name, about[0].seen.figures, about[0].seen.currency),
                    "message": note.message,
                },
            )
        )
        for deed in about:
            deed.steps.append({"kind": note.kind, "done": True, "idle": None})
        return about

    def _count_idle(self, deeds: Sequence[Deed], done: Sequence[Deed]) -> None:
        known = {each.seen.id for each in done}
        for deed in deeds:
            if deed.seen.id not in known and deed.steps:
                self.idle[deed.steps[-1]["idle"]] += 1


def _left(kind: str, why: Idle) -> dict[str, Any]:
    return {"kind": kind, "done": False, "idle": str(why)}
