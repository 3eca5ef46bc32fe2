"""What a rule asks, and of which changes it must hear. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.schemas.cdp.segments_tree import (
    AllOf,
    AnyOf,
    ComputedTrait,
    Condition,
    Counter,
    Did,
    Happened,
    HasIdentifier,
    HasLifecycle,
    LastDays,
    LastOf,
    Lately,
    Money,
    MoneyOf,
    Node,
    Not,
    SumOf,
    Times,
    Trait,
    When,
)
from app.services.cdp.conditions.rules import COMPARISONS


@dataclass(frozen=True, slots=True)
class Listed:
    """What an uploaded list asks: whether one of a person's identifiers is on it."""

    segment_id: UUID


Question = Node | Listed
Leaf = Condition | Listed


@dataclass(frozen=True, slots=True)
class Reads:
    """Which changes may change the answer: events and traits by name, the lifecycle, or all of them."""

    events: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    lifecycle: bool = False
    all: bool = False
    absence: bool = False
    """Whether the rule holds for one of whom nothing is known: then it concerns whoever is new."""

    def concerns(self, reason: str, event_names: Iterable[str], traits: Iterable[str]) -> bool:
        """Whether a row of the feed of changed profiles concerns the rule; every reason not known here does."""
        if reason == "events":
            return (
                self.all
                or self.lifecycle
                or not _apart(self.events, event_names)
                or not _apart(self.traits, map(root, traits))
            )
        if reason == "computed":
            return not _apart(self.traits, traits)
        return self.lifecycle if reason == "lifecycle" else True


def _apart(one: Iterable[str], other: Iterable[str]) -> bool:
    return frozenset(one).isdisjoint(other)


def leaves(question: Question) -> Iterator[tuple[str, Leaf]]:
    """Each condition and its path in the rule, such as `of.0.of.2`, from left to right."""
    waiting: list[tuple[str, Question]] = [("", question)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, AllOf | AnyOf):
            waiting += [
                (f"{path}.of.{number}", child) for number, child in reversed(list(enumerate(node.of)))
            ]
        elif isinstance(node, Not):
            waiting.append((f"{path}.of", node.of))
        else:
            yield path.lstrip("."), node


def root(name: str) -> str:
    """The name under which a value lies at the top; a dot leads into it."""
    return name.partition(".")[0]


def reads(question: Question) -> Reads:
    events: set[str] = set()
    traits: set[str] = set()
    lifecycle = everything = False
    for _, leaf in leaves(question):
        match leaf:
            case Happened():
                events.add(leaf.event)
            case Trait() | ComputedTrait():
                traits.add(root(leaf.name))
            case HasLifecycle():
                lifecycle = True
            case HasIdentifier() | Counter() | Money() | When() | Listed():
                everything = True
    return Reads(
        tuple(sorted(events)), tuple(sorted(traits)), lifecycle, everything, holds_of_the_unknown(question)
    )


def holds_of_the_unknown(question: Question) -> bool:
    """Whether the answer is yes for somebody of whom there are no events and no traits."""
    match question:
        case AllOf():
            return all(holds_of_the_unknown(child) for child in question.of)
        case AnyOf():
            return any(holds_of_the_unknown(child) for child in question.of)
        case Not():
            return not holds_of_the_unknown(question.of)
        case Happened():
            return _holds_of_no_events(question)
        case _:
            return False


def _holds_of_no_events(leaf: Happened) -> bool:
    match leaf.test:
        case Did():
            return leaf.test.op == "did_not"
        case Times():
            return bool(COMPARISONS[leaf.test.compare](0, leaf.test.value))
        case SumOf():
            return bool(COMPARISONS[leaf.test.compare](0, leaf.test.number))
        case MoneyOf():
            return bool(COMPARISONS[leaf.test.compare](0, leaf.test.micros))
        case _:
            return False


def slides(leaf: Leaf) -> timedelta | None:
    """How long a window is whose borders move with time; None of what only a change can change."""
    if isinstance(leaf, When) and isinstance(leaf.test, Lately):
        return timedelta(days=leaf.test.days)
    if isinstance(leaf, Happened) and isinstance(leaf.window, LastDays):
        return timedelta(days=leaf.window.days)
    return None


def asked_computed(question: Question) -> Sequence[tuple[str, str]]:
    """The computed traits that a rule asks for: each condition's path, and the name."""
    return [(path, leaf.name) for path, leaf in leaves(question) if isinstance(leaf, ComputedTrait)]


def asked_names(leaf: Leaf) -> Sequence[tuple[str, str, str | None]]:
    """The traits and properties that a condition looks into: the member's path, the name, and of a trait the test."""
    if isinstance(leaf, Trait):
        return [("name", leaf.name, leaf.test.op)]
    if isinstance(leaf, Happened):
        found: list[tuple[str, str, str | None]] = [
            (f"where.{number}.property", each.property, None) for number, each in enumerate(leaf.where)
        ]
        if isinstance(leaf.test, SumOf | LastOf):
            found.append(("test.property", leaf.test.property, None))
        return found
    return []


WHOLE_VALUE_TESTS = frozenset({"exists", "is", "one_of"})
"""What may be asked of a value that is sealed: no part of it, and no order."""
