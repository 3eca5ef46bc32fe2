"""The counterfactual, counted: what was decided, what would have been, and what it was about."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from app.models.trust_engine.kinds import ActionKind, RiskClass, Verdict
from app.services.trust_engine.gate.facts import GateDecision, GateInput
from app.services.trust_engine.gate.rules.risk import daily_micros, raised_micros
from app.services.trust_engine.replay.intervals_rules import Share, share
from app.services.trust_engine.replay.rescoring_rules import Gap
from app.services.trust_engine.replay.rules import Redecided


class Outcome(StrEnum):
    """What became of a change that passed."""

    VERIFIED = "verified"
    """The platform held it, and its watch is over."""
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"
    OPEN = "open"
    """It is being written or watched still."""
    NOT_WRITTEN = "not_written"
    """It expired, was dismissed, or the gate said otherwise of it later."""
    UNKNOWN = "unknown"
    """No action of ours stands behind it."""


OUTCOMES: Mapping[str, Outcome] = {
    "verified": Outcome.VERIFIED,
    "rolled_back": Outcome.ROLLED_BACK,
    "failed": Outcome.FAILED,
    "approved": Outcome.OPEN,
    "executing": Outcome.OPEN,
    "applied": Outcome.OPEN,
}
"""By the state of an action; in any other it was not written."""

_MOVE_NOTHING = frozenset(
    {ActionKind.RENAME, ActionKind.NO_CHANGE, ActionKind.CREATE_PAUSED, ActionKind.REMOVE_PAUSED}
)
_STOPS = frozenset({ActionKind.PAUSE, ActionKind.PAUSE_ALL, ActionKind.EMERGENCY_STOP})


def moved_micros(facts: GateInput, kind: ActionKind) -> int | None:
    """Micros a day that the change adds (or takes, negative); None where it does not say."""
    if kind in _MOVE_NOTHING:
        return 0
    raised = raised_micros(facts.change)
    if raised:
        return raised
    before, after = daily_micros(facts.change.before), daily_micros(facts.change.after)
    if kind in _STOPS:
        return None if before is None else -before
    return after - before if before is not None and after is not None and after < before else None


@dataclass(slots=True)
class Money:
    """A day's budgets that changes add and take, in micros by currency, and how many changes do not say."""

    raises: Counter[str] = field(default_factory=Counter)
    cuts: Counter[str] = field(default_factory=Counter)
    unpriced: int = 0

    def add(self, micros: int | None, currency: str) -> None:
        if micros is None:
            self.unpriced += 1
        elif micros > 0:
            self.raises[currency] += micros
        elif micros < 0:
            self.cuts[currency] -= micros


@dataclass(slots=True)
class Cell:
    """Decisions that went one way and would go another, or the same."""

    count: int = 0
    money: Money = field(default_factory=Money)
    outcomes: dict[Outcome, Money] = field(default_factory=dict)
    ended: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """What newly stands in the way, or no longer does."""

    @property
    def rolled_back(self) -> Share:
        """Of those that were kept to the end or undone."""
        undone = self.ended[Outcome.ROLLED_BACK]
        return share(undone, undone + self.ended[Outcome.VERIFIED])


@dataclass(frozen=True, slots=True)
class Row:
    """A decision as it stands in the ledger."""

    facts: GateInput
    result: GateDecision
    ad_account_id: UUID | None
    outcome: Outcome | None
    """None for one that did not pass."""


@dataclass(frozen=True, slots=True)
class Key:
    risk: RiskClass
    platform: str
    account: str
    ad_account_id: UUID | None


@dataclass(slots=True)
class Group:
    """Decisions of one risk class in one ad account."""

    cells: dict[tuple[Verdict, Verdict], Cell] = field(default_factory=dict)
    gaps: Counter[tuple[Verdict, Gap]] = field(default_factory=Counter)
    """Those that cannot be decided again, by what they were."""

    @property
    def before(self) -> Counter[Verdict]:
        found: Counter[Verdict] = Counter()
        for (verdict, _), cell in self.cells.items():
            found[verdict] += cell.count
        for (verdict, _), count in self.gaps.items():
            found[verdict] += count
        return found

    @property
    def after(self) -> Counter[Verdict]:
        found: Counter[Verdict] = Counter()
        for (_, verdict), cell in self.cells.items():
            found[verdict] += cell.count
        return found

    def add(self, row: Row, again: Redecided) -> None:
        was = row.result.verdict
        if again.decision is None:
            self.gaps[was, again.gap or Gap.UNREADABLE] += 1
            return
        cell = self.cells.setdefault((was, again.decision.verdict), Cell())
        cell.count += 1
        micros = moved_micros(row.facts, row.result.kind)
        currency = row.facts.platform.account_currency
        cell.money.add(micros, currency)
        if row.outcome is not None:
            cell.ended[row.outcome] += 1
            cell.outcomes.setdefault(row.outcome, Money()).add(micros, currency)
        if again.decision.verdict is not was:
            cell.reasons.update(_differing(row.result, again.decision))


def _differing(before: GateDecision, after: GateDecision) -> set[str]:
    """Codes of what stands in the way of only one of the two."""
    return _against(before) ^ _against(after)


def _against(decision: GateDecision) -> set[str]:
    return {f"{each.code}:{each.verdict}" for each in decision.reasons if each.verdict is not Verdict.PASS}


@dataclass(slots=True)
class Tally:
    """As large as there are accounts, however long the ledger."""

    groups: dict[Key, Group] = field(default_factory=dict)
    unreadable: int = 0
    """Rows that do not even say what they were about."""
    rows: int = 0

    def add(self, row: Row, again: Redecided) -> None:
        self.rows += 1
        change = row.facts.change
        key = Key(row.result.risk, change.platform, change.account, row.ad_account_id)
        self.groups.setdefault(key, Group()).add(row, again)

    def add_unreadable(self) -> None:
        self.rows += 1
        self.unreadable += 1

    @property
    def together(self) -> Group:
        return merged(self.groups.values())


def merged(groups: Iterable[Group]) -> Group:
    whole = Group()
    for group in groups:
        whole.gaps.update(group.gaps)
        for key, cell in group.cells.items():
            into = whole.cells.setdefault(key, Cell())
            into.count += cell.count
            into.ended.update(cell.ended)
            into.reasons.update(cell.reasons)
            _add(into.money, cell.money)
            for outcome, money in cell.outcomes.items():
                _add(into.outcomes.setdefault(outcome, Money()), money)
    return whole


def _add(into: Money, more: Money) -> None:
    into.raises.update(more.raises)
    into.cuts.update(more.cuts)
    into.unpriced += more.unpriced
