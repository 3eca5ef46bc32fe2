"""Whether two rules with opposite actions can hold of one campaign at once; where they can, an example. Pure.

`alternatives_rules` rules out what can never hold together, `example_rules` looks for figures for which both hold. What
is neither ruled out nor found is undecided, and is said to be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from uuid import UUID

from app.models.rules.kinds import Overlap
from app.schemas.rules.definition import (
    Action,
    BudgetByAmount,
    BudgetByPercent,
    Enable,
    Pause,
    PutLabel,
    RuleDefinition,
    SetBudget,
)
from app.services.rules.alternatives_rules import alternatives, asked_of
from app.services.rules.example_rules import Effort, Example, Search


@dataclass(frozen=True, slots=True)
class Other:
    """A rule that is switched on."""

    id: UUID
    name: str
    definition: RuleDefinition


@dataclass(frozen=True, slots=True)
class Collision:
    """`clash` says what the two would do against each other."""

    rule_id: UUID
    rule_name: str
    overlap: Overlap
    clash: str
    sentence: str
    example: Example | None = None


def collisions(definition: RuleDefinition, others: Sequence[Other]) -> list[Collision]:
    """The rules that work, or may work, against this one; where both cannot hold, there is none."""
    found, effort = [], Effort()
    for other in others:
        clash = clash_of(definition.actions, other.definition.actions)
        if clash is None:
            continue
        overlap, example = overlap_of(definition, other.definition, effort)
        if overlap is not None:
            sentence = _sentence(other.name, clash, example)
            found.append(Collision(other.id, other.name, overlap, clash, sentence, example))
    return found


def clash_of(mine: Sequence[Action], theirs: Sequence[Action]) -> str | None:
    """What two lists of actions do against each other, in words; None where they get on."""
    for one, other in product(mine, theirs):
        kinds = {type(one), type(other)}
        if kinds == {Pause, Enable}:
            return "one pauses what the other enables"
        ways = {_way(one), _way(other)}
        if ways == {"up", "down"}:
            return "one raises the budget that the other cuts"
        if "set" in ways and ways & {"up", "down"}:
            return "one sets the budget that the other moves"
        if isinstance(one, SetBudget) and isinstance(other, SetBudget) and one != other:
            return "they set different budgets"
        if isinstance(one, PutLabel) and isinstance(other, PutLabel) and _undoes(one, other):
            return "one puts on the label that the other takes off"
    return None


def _undoes(one: PutLabel, other: PutLabel) -> bool:
    return one.label_id == other.label_id and one.off != other.off


def _way(action: Action) -> str | None:
    match action:
        case BudgetByPercent():
            return "up" if action.percent > 0 else "down"
        case BudgetByAmount():
            return "up" if action.micros > 0 else "down"
        case SetBudget():
            return "set"
        case _:
            return None


def _sentence(name: str, clash: str, example: Example | None) -> str:
    if example is None:
        return f"It may work against “{name}”: {clash}. Whether both can hold at once could not be decided."
    told = "; ".join(example.figures) or "any campaign of both sets"
    return (
        f"It works against “{name}”: {clash}. Both hold for a campaign with {told}. "
        "Narrow this condition so that it leaves that out, or save it with `accept_conflicts`."
    )


def overlap_of(
    mine: RuleDefinition, theirs: RuleDefinition, effort: Effort
) -> tuple[Overlap | None, Example | None]:
    """None where both cannot hold of one campaign."""
    if _sets_apart(mine, theirs):
        return None, None
    one, other = alternatives(mine.condition), alternatives(theirs.condition)
    if one is None or other is None:
        return Overlap.UNDECIDED, None
    open_pairs = []
    for left, right in product(one, other):
        if not effort.spend(len(left) + len(right)):
            return Overlap.UNDECIDED, None
        asked = asked_of(mine, theirs, [*left, *right])
        if asked is not None:
            open_pairs.append(asked)
    for asked in open_pairs:
        if effort.left < 0:
            break
        example = Search(asked, (mine.condition, theirs.condition), effort).example()
        if example is not None:
            return Overlap.WITNESS, example
    return (Overlap.UNDECIDED, None) if open_pairs else (None, None)


def _sets_apart(mine: RuleDefinition, theirs: RuleDefinition) -> bool:
    """Whether no campaign is in both sets. Paused or active is left aside: that is what the rules change."""
    one, other = mine.scope, theirs.scope
    pairs: list[tuple[Sequence[object], Sequence[object]]] = [
        (one.platforms, other.platforms), (one.ad_account_ids, other.ad_account_ids),
    ]  # fmt: skip
    return any(left and right and set(left).isdisjoint(right) for left, right in pairs)
