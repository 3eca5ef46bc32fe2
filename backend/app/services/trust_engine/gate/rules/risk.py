"""Risk comes from the change, not the verb: what is different after it decides the class."""

from collections.abc import Callable, Mapping
from typing import Any

from app.models.trust_engine.kinds import ActionKind, Origin, RiskClass
from app.services.trust_engine.gate.facts import ChangeFacts

ACTIVE = "active"
PAUSED = "paused"
DELETED = "deleted"
_MADE = frozenset({"ad", "creative"})

CLASS_OF: Mapping[ActionKind, RiskClass] = {
    ActionKind.INCREASE_BUDGET: RiskClass.HIGH,
    ActionKind.INCREASE_BID: RiskClass.HIGH,
    ActionKind.LAUNCH_CAMPAIGN: RiskClass.HIGH,
    ActionKind.EXPAND_TARGETING: RiskClass.HIGH,
    ActionKind.EXPAND_SCHEDULE: RiskClass.HIGH,
    ActionKind.ENABLE: RiskClass.HIGH,
    ActionKind.UNKNOWN_CHANGE: RiskClass.HIGH,
    ActionKind.SET_BID: RiskClass.STANDARD,
    ActionKind.UPDATE_TARGETING: RiskClass.STANDARD,
    ActionKind.CREATE_PAUSED: RiskClass.STANDARD,
    ActionKind.RENAME: RiskClass.CONSERVATIVE,
    ActionKind.NARROW_TARGETING: RiskClass.CONSERVATIVE,
    ActionKind.NARROW_SCHEDULE: RiskClass.CONSERVATIVE,
    ActionKind.REMOVE_PAUSED: RiskClass.CONSERVATIVE,
    ActionKind.NO_CHANGE: RiskClass.CONSERVATIVE,
    ActionKind.REDUCE_BUDGET: RiskClass.CUT,
    ActionKind.REDUCE_BID: RiskClass.CUT,
    ActionKind.PAUSE: RiskClass.CUT,
    ActionKind.PAUSE_ALL: RiskClass.SAFETY,
    ActionKind.EMERGENCY_STOP: RiskClass.SAFETY,
}
_DANGER = {risk: rank for rank, risk in enumerate(reversed(RiskClass))}


def classify(change: ChangeFacts, origin: Origin) -> tuple[ActionKind, RiskClass]:
    """Name the most dangerous thing that the change does, and its class."""
    kind, risk = classify_5(change, origin)
    if kind is ActionKind.PAUSE and origin is Origin.STOP:
        return ActionKind.PAUSE_ALL, CLASS_OF[ActionKind.PAUSE_ALL]
    return kind, risk


def classify_5(change: ChangeFacts, origin: Origin) -> tuple[ActionKind, RiskClass]:
    """As the fourth and fifth deciders did: nobody stopped everything by them."""
    if change.entity_type in _MADE and (change.before, change.after) == (
        {"status": PAUSED},
        {"status": DELETED},
    ):
        return ActionKind.REMOVE_PAUSED, CLASS_OF[ActionKind.REMOVE_PAUSED]
    return classify_3(change, origin)


def classify_3(change: ChangeFacts, origin: Origin) -> tuple[ActionKind, RiskClass]:
    """As the first three deciders did: they knew no removal."""
    if not change.before:
        kind = (
            ActionKind.CREATE_PAUSED if change.after.get("status") == PAUSED else ActionKind.LAUNCH_CAMPAIGN
        )
        return kind, CLASS_OF[kind]
    fields = sorted(
        name for name in {*change.before, *change.after} if change.before.get(name) != change.after.get(name)
    )
    if not fields:
        return ActionKind.NO_CHANGE, CLASS_OF[ActionKind.NO_CHANGE]
    kinds = [_field_kind(name, change) for name in fields]
    if set(kinds) == {ActionKind.PAUSE}:
        return _stop_kind(change, origin)
    kind = max(kinds, key=lambda found: _DANGER[CLASS_OF[found]])
    return kind, CLASS_OF[kind]


def raised_micros(change: ChangeFacts) -> int:
    """How much more a day the change lets the entity spend; 0 for a cut. A budget lifted altogether is all of it."""
    before, after = daily_micros(change.before), daily_micros(change.after)
    if after is None:
        return 0
    return after if starts(change) else max(0, after - (before or 0))


def starts(change: ChangeFacts) -> bool:
    """Whether what did not spend does so from now on."""
    return change.after.get("status") == ACTIVE and change.before.get("status", PAUSED) != ACTIVE


def daily_micros(state: Mapping[str, Any]) -> int | None:
    """What the entity may spend on one day: its daily budget, or at worst all of a lifetime budget."""
    daily = state.get("daily_budget_micros")
    return daily if daily is not None else state.get("lifetime_budget_micros")


def _stop_kind(change: ChangeFacts, origin: Origin) -> tuple[ActionKind, RiskClass]:
    if origin is Origin.KILL_SWITCH:
        return ActionKind.EMERGENCY_STOP, RiskClass.SAFETY
    if change.entity_type == "account":
        return ActionKind.PAUSE_ALL, RiskClass.SAFETY
    risk = RiskClass.SAFETY if origin is Origin.PERSON else RiskClass.CUT
    return ActionKind.PAUSE, risk


def _field_kind(name: str, change: ChangeFacts) -> ActionKind:
    rule = _FIELDS.get(name)
    if rule is None:
        return ActionKind.UNKNOWN_CHANGE
    return rule(change.before.get(name), change.after.get(name), change)


def _budget(before: Any, after: Any, _change: ChangeFacts) -> ActionKind:
    if not isinstance(before, int) or not isinstance(after, int):
        return ActionKind.INCREASE_BUDGET  # a cap that appears or vanishes is not understood
    return ActionKind.INCREASE_BUDGET if after > before else ActionKind.REDUCE_BUDGET


def _bid(before: Any, after: Any, change: ChangeFacts) -> ActionKind:
    if not isinstance(before, int) or not isinstance(after, int) or after > before:
        return ActionKind.INCREASE_BID
    if change.after.get("bid_strategy") in ("manual", "bid_cap"):
        return ActionKind.REDUCE_BID
    return ActionKind.SET_BID


def _target_cost(before: Any, after: Any, _change: ChangeFacts) -> ActionKind:
    """A dearer target buys more; a target taken away buys without one."""
    if not isinstance(before, int) or not isinstance(after, int) or after > before:
        return ActionKind.INCREASE_BID
    return ActionKind.REDUCE_BID


def _target_return(before: Any, after: Any, _change: ChangeFacts) -> ActionKind:
    """Asking for less return spends more."""
    if not isinstance(before, int) or not isinstance(after, int) or after < before:
        return ActionKind.INCREASE_BID
    return ActionKind.REDUCE_BID


def _status(_before: Any, after: Any, change: ChangeFacts) -> ActionKind:
    if after == PAUSED:
        return ActionKind.PAUSE
    if after == ACTIVE and change.before.get("status") == PAUSED:
        return ActionKind.ENABLE
    return ActionKind.UNKNOWN_CHANGE


def _targeting(before: Any, after: Any, _change: ChangeFacts) -> ActionKind:
    return _reach(_dimensions(before), _dimensions(after))


def _exclusions(before: Any, after: Any, _change: ChangeFacts) -> ActionKind:
    """Excluding more narrows: the mirror image of targeting; nothing excluded is an empty set, not everything."""
    was, will = _dimensions(before), _dimensions(after)
    names = {*was, *will}
    wider = any(not was.get(name, frozenset()) <= will.get(name, frozenset()) for name in names)
    narrower = any(not will.get(name, frozenset()) <= was.get(name, frozenset()) for name in names)
    return _reach_kind(wider=wider, narrower=narrower)


def _reach(before: Mapping[str, frozenset[str]], after: Mapping[str, frozenset[str]]) -> ActionKind:
    """A dimension without values is unrestricted."""
    wider = narrower = False
    for name in {*before, *after}:
        was, will = before.get(name), after.get(name)
        wider |= was is not None and (will is None or not will <= was)
        narrower |= will is not None and (was is None or not was <= will)
    return _reach_kind(wider=wider, narrower=narrower)


def _reach_kind(*, wider: bool, narrower: bool) -> ActionKind:
    if wider and narrower:
        return ActionKind.UPDATE_TARGETING
    return ActionKind.EXPAND_TARGETING if wider else ActionKind.NARROW_TARGETING


def _dimensions(targeting: Any) -> dict[str, frozenset[str]]:
    if not isinstance(targeting, Mapping):
        return {}
    return {str(name): frozenset(map(str, values)) for name, values in targeting.items() if values}


def _hours(before: Any, after: Any, _change: ChangeFacts) -> ActionKind:
    """Hours of the week; none given is all of them."""
    every = frozenset(range(168))
    was = frozenset(before) if before else every
    will = frozenset(after) if after else every
    return ActionKind.NARROW_SCHEDULE if will <= was else ActionKind.EXPAND_SCHEDULE


def _ends(before: Any, after: Any, _change: ChangeFacts) -> ActionKind:
    """ISO time of the end; none is never."""
    if after is None or (before is not None and str(after) > str(before)):
        return ActionKind.EXPAND_SCHEDULE
    return ActionKind.NARROW_SCHEDULE


def _name(_before: Any, _after: Any, _change: ChangeFacts) -> ActionKind:
    return ActionKind.RENAME


_FIELDS: Mapping[str, Callable[[Any, Any, ChangeFacts], ActionKind]] = {
    "daily_budget_micros": _budget,
    "lifetime_budget_micros": _budget,
    "bid_micros": _bid,
    "target_cpa_micros": _target_cost,
    "target_roas_micros": _target_return,
    "status": _status,
    "targeting": _targeting,
    "excluded": _exclusions,
    "hours": _hours,
    "ends_at": _ends,
    "name": _name,
    "labels": _name,
}
