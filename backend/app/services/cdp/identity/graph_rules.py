"""The graph as a fold over assertions, so that its result depends on what was asserted and never on when it came.

An assertion names identifiers together, its anchor first and the others by falling priority. In canonical order
(time, message id) each unites what it names, as far as the limits allow: where the union would break one, the
lowest-priority identifier is dropped and the rest is tried again, which is to say that links are made from the
anchor outward up to the first that is refused.

**Why adding at the end is enough.** A refusal is monotone: what refused two components refuses them still when they
have grown. Hence (1) an assertion whose whole union is allowed *now* may be inserted at any place of the order
without changing another decision: every component on the way is part of a component that is allowed now. And (2)
where it is not, folding again only the joined assertions of the components that it touches gives the truth, unless
one of those now loses a link, one that is said again at an earlier place too: what had been refused there stays
refused. Only in that last case the closure over joined and refused links is folded from the ledger. The number of
merges alone is not monotone in this sense (an earlier link can make two founders one), so components that it could
bind are always folded from the ledger.

Nor is *why* a link is refused monotone: what becomes known late of earlier times may be a stronger reason. It can be
no weaker one, so only refusals after the news that a stronger reason could replace call for the ledger.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.services.cdp.identity.rules import PRIORITY, IdentifierType, Reason, Rules

Position = tuple[datetime, str]
"""A place in the canonical order: when it happened, then the message id."""

_USER, _INDEX = IdentifierType.USER_ID, {kind: number for number, kind in enumerate(IdentifierType)}
_USER_INDEX = _INDEX[_USER]


class Kind(StrEnum):
    OBSERVED = "observed"
    MERGE = "merge"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class Assertion:
    """Identifiers named together; of `APART`, two that are never one person."""

    id: UUID
    kind: Kind
    at: Position
    keys: tuple[UUID, ...]

    @property
    def order(self) -> tuple[bool, Position, UUID]:
        """People's own merges come before what events say."""
        return (self.kind is Kind.OBSERVED, self.at, self.id)


@dataclass(frozen=True, slots=True)
class Node:
    """An identifier, and its first sighting in any event."""

    type: IdentifierType
    first: Position


@dataclass(slots=True)
class Tally:
    """What the limits look at in one component."""

    counts: list[int]
    total: int
    first: Position
    merges: int = 0

    @classmethod
    def of(cls, node: Node) -> "Tally":
        counts = [0] * len(_INDEX)
        counts[_INDEX[node.type]] = 1
        return cls(counts, 1, node.first)

    def add(self, kind: IdentifierType, number: int) -> None:
        self.counts[_INDEX[kind]] += number
        self.total += number


Decisions = dict[UUID, tuple[Reason | None, ...]]
"""For each assertion and each of its keys but the anchor: None where it joined, else why not."""


class Components:
    """Union-find over identifiers, or over components that are known as wholes."""

    def __init__(self, rules: Rules, apart: Iterable[tuple[UUID, UUID]] = ()) -> None:
        self._limits = [rules.limits[kind] for kind in _INDEX]
        self._rules = rules
        self._parent: dict[UUID, UUID] = {}
        self._tally: dict[UUID, Tally] = {}
        self._members: dict[UUID, list[UUID]] = {}
        self._apart: dict[UUID, set[UUID]] = {}
        for one, other in apart:
            self._apart.setdefault(one, set()).add(other)
            self._apart.setdefault(other, set()).add(one)

    def __contains__(self, key: UUID) -> bool:
        return key in self._parent

    def add(self, key: UUID, tally: Tally) -> None:
        self._parent[key] = key
        self._tally[key] = tally
        self._members[key] = [key]

    def find(self, key: UUID) -> UUID:
        parent = self._parent
        root = key
        while parent[root] != root:
            root = parent[root]
        while parent[key] != root:
            parent[key], key = root, parent[key]
        return root

    def tally(self, key: UUID) -> Tally:
        return self._tally[self.find(key)]

    def members(self, root: UUID) -> list[UUID]:
        return self._members[root]

    def groups(self) -> list[list[UUID]]:
        return list(self._members.values())

    def refusal(self, one: UUID, other: UUID, at: Position, *, by_hand: bool = False) -> Reason | None:
        """Why the components of two keys must not be one; None where they may, or are."""
        a, b = self.find(one), self.find(other)
        if a == b:
            return None
        if self._apart and self._kept_apart(a, b):
            return Reason.KEPT_APART
        if by_hand:
            return None
        return self._limit_broken(self._tally[a], self._tally[b], at)

    def _limit_broken(self, mine: Tally, theirs: Tally, at: Position) -> Reason | None:
        if mine.counts[_USER_INDEX] and theirs.counts[_USER_INDEX]:
            return Reason.DIFFERENT_USERS
        for held, brought, limit in zip(mine.counts, theirs.counts, self._limits, strict=True):
            if held and brought and held + brought > limit:
                return Reason.TYPE_LIMIT
        if mine.total + theirs.total > self._rules.max_identifiers:
            return Reason.TOO_MANY_IDENTIFIERS
        return Reason.TOO_MANY_MERGES if self._merges(mine, theirs, at) > self._rules.max_merges else None

    def union(self, one: UUID, other: UUID, at: Position) -> UUID:
        """Make the two one component; the root that it now has."""
        a, b = self.find(one), self.find(other)
        if a == b:
            return a
        if len(self._members[a]) < len(self._members[b]):
            a, b = b, a
        mine, theirs = self._tally[a], self._tally.pop(b)
        mine.merges = self._merges(mine, theirs, at)
        mine.counts = [held + brought for held, brought in zip(mine.counts, theirs.counts, strict=True)]
        mine.total += theirs.total
        mine.first = min(mine.first, theirs.first)
        self._parent[b] = a
        self._members[a] += self._members.pop(b)
        return a

    @staticmethod
    def _merges(mine: Tally, theirs: Tally, at: Position) -> int:
        """A merge unites two profiles that both were there before; what is attached at its first sighting is none."""
        return mine.merges + theirs.merges + (mine.first < at and theirs.first < at)

    def _kept_apart(self, a: UUID, b: UUID) -> bool:
        if len(self._members[a]) > len(self._members[b]):
            a, b = b, a
        return any(
            other in self._parent and self.find(other) == b
            for member in self._members[a]
            for other in self._apart.get(member, ())
        )


def fold(
    assertions: Iterable[Assertion],
    nodes: Mapping[UUID, Node],
    rules: Rules,
    apart: Iterable[tuple[UUID, UUID]] = (),
) -> tuple[Components, Decisions]:
    """The components of `nodes`, and what became of each link. `nodes` holds every key that is asserted."""
    components = Components(rules, apart)
    for key, node in nodes.items():
        components.add(key, Tally.of(node))
    decisions: Decisions = {}
    for assertion in sorted(assertions, key=lambda each: each.order):
        decisions[assertion.id] = _decide(components, assertion)
    return components, decisions


def _decide(components: Components, assertion: Assertion) -> tuple[Reason | None, ...]:
    anchor, *others = assertion.keys
    by_hand = assertion.kind is Kind.MERGE
    found: list[Reason | None] = []
    for key in others:
        reason = components.refusal(anchor, key, assertion.at, by_hand=by_hand)
        found.append(reason)
        if reason is not None:
            break
        components.union(anchor, key, assertion.at)
    return (*found, *[Reason.DEMOTED] * (len(others) - len(found)))


@dataclass(slots=True)
class Attempt:
    """What a batch of new assertions comes to without a look at the ledger.

    `joined` are allowed whole. `contested` are not, or touch a component that a contested one touches; those
    components (`clouded`, by the ids given) are to be folded again.
    """

    components: Components
    joined: list[Assertion] = field(default_factory=list)
    contested: list[Assertion] = field(default_factory=list)
    clouded: set[UUID] = field(default_factory=set)


def attempt(
    assertions: Iterable[Assertion],
    component_of: Mapping[UUID, UUID],
    components: Components,
    rules: Rules,
    *,
    stirred: Iterable[UUID] = (),
) -> Attempt:
    """Add `assertions` to `components`, which hold the touched components whole, by `component_of` each key.

    `stirred` are components whose past has changed in a way that their number of merges may depend on.
    """
    result = Attempt(components)
    clouded: set[UUID] = {components.find(each) for each in stirred}
    for assertion in sorted(assertions, key=lambda each: each.order):
        ids = [component_of[key] for key in assertion.keys]
        roots = {components.find(each) for each in ids}
        if roots.isdisjoint(clouded) and _allowed_whole(components, ids, assertion.at, rules):
            for other in ids[1:]:
                components.union(ids[0], other, assertion.at)
            result.joined.append(assertion)
        else:
            clouded |= roots
            result.contested.append(assertion)
    result.clouded = {member for root in clouded for member in components.members(root)}
    return result


def _allowed_whole(components: Components, ids: Sequence[UUID], at: Position, rules: Rules) -> bool:
    """Pairwise is enough to refuse and cheap; the sums are what the whole union would hold."""
    roots = list({components.find(each): None for each in ids})
    if len(roots) == 1:
        return True
    tallies = [components.tally(root) for root in roots]
    total = sum(tally.total for tally in tallies)
    if total > rules.max_identifiers or total > rules.max_merges + 1:
        return False
    for index, kind in enumerate(IdentifierType):
        counts = [tally.counts[index] for tally in tallies]
        limit = 1 if kind is _USER else rules.limits[kind]
        if sum(counts) > limit and sum(count > 0 for count in counts) > 1:
            return False
    return not any(
        components.refusal(one, other, at) for place, one in enumerate(roots) for other in roots[place + 1 :]
    )


def founder(keys: Iterable[UUID], nodes: Mapping[UUID, Node], profiles: frozenset[UUID] | set[UUID]) -> UUID:
    """The id of the profile that these identifiers make: that of the eldest profile founded by one of them.

    `profiles` are ids in use; where none of the keys founded one, the eldest key does now.
    """
    members = list(keys)
    candidates = [key for key in members if key in profiles] or members
    return min(candidates, key=lambda key: (nodes[key].first, -PRIORITY[nodes[key].type], key))
