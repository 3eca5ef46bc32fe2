"""Puts assertions into the graph, reading no more of the ledger than they need; `graph_rules` says why it is enough."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.core.metrics import CDP_IDENTITY_REFOLDS
from app.services.cdp.identity.graph_rules import (
    Assertion,
    Attempt,
    Components,
    Decisions,
    Node,
    Position,
    Tally,
    attempt,
    fold,
    founder,
)
from app.services.cdp.identity.identifiers_repository import Identifier
from app.services.cdp.identity.repository import Graph
from app.services.cdp.identity.rules import Reason, Rules


@dataclass(slots=True)
class Outcome:
    """What the graph becomes."""

    moves: dict[UUID, UUID] = field(default_factory=dict)
    """Identifiers that have another profile than before."""
    decisions: Decisions = field(default_factory=dict)
    """Of the assertions that were added."""
    redecided: Decisions = field(default_factory=dict)
    """Of the ledger's assertions that are decided otherwise than before."""
    ended: set[UUID] = field(default_factory=set)
    """Ids of profiles that have no identifier any more."""
    founded: set[UUID] = field(default_factory=set)
    """Ids that a refolding gave to people who had none, or another."""
    reshaped: set[UUID] = field(default_factory=set)
    """Profiles that have other identifiers than before."""


@dataclass(frozen=True, slots=True)
class Past:
    """What profiles were called before an act that is taken back: its undo gives them their ids again."""

    before: frozenset[UUID] = frozenset()
    """Ids of the profiles that it changed."""
    born: frozenset[UUID] = frozenset()
    """Identifiers that may have founded a profile by it: their ids give way to those of old."""

    def joined_by(self, ended: frozenset[UUID], founded: frozenset[UUID]) -> "Past":
        """With the ids that the act ended and founded, of bystanders too, whom the act itself does not name."""
        return Past(self.before | ended, self.born | founded)

    def told_by(self, group: Iterable[UUID], in_use: set[UUID]) -> set[UUID]:
        """The ids that may name a component with these identifiers."""
        of_old = (in_use | self.before) - self.born
        return in_use if of_old.isdisjoint(group) else of_old


NO_PAST = Past()


class Linker:
    def __init__(self, graph: Graph, rules: Rules) -> None:
        self._graph = graph
        self._rules = rules

    async def add(
        self,
        news: Sequence[Assertion],
        nodes: Mapping[UUID, Node],
        profile_of: Mapping[UUID, UUID],
        *,
        fresh: set[UUID],
        aged: Iterable[UUID] = (),
    ) -> Outcome:
        """Add assertions. `nodes` and `profile_of` hold all that they name; `fresh` of them are not stored yet.

        `aged` identifiers turn out to have been seen earlier than was known.
        """
        touched = {profile_of[key] for each in news for key in each.keys} | {profile_of[key] for key in aged}
        members = await self._graph.identifiers.of_profiles(touched - fresh)
        everybody = {key: found.node for key, found in members.items()} | dict(nodes)
        apart = await self._graph.edges.apart()
        if await self._precedes_refusals(news, members, profile_of, apart):
            return await self._from_the_ledger(news, everybody, profile_of, fresh, apart)
        components = self._components(members, touched & fresh, everybody, apart)
        strict = await self._bound_by_merges(members, aged, profile_of, components)
        tried = attempt(news, profile_of, components, self._rules, stirred=strict)
        if not tried.clouded:
            return self._simple(tried, members, everybody, fresh)
        contested = [each for each in news if any(profile_of[key] in tried.clouded for key in each.keys)]
        keys = [key for key, found in members.items() if found.profile_id in tried.clouded]
        entries = await self._graph.edges.touching(keys)
        news_ids = {each.id for each in news}
        known = {key: everybody[key] for key in (*keys, *(tried.clouded & fresh))}
        # What was refused between here and elsewhere stays so; what it joined elsewhere is none of these components'.
        settled = [
            entry.joined_part
            for name, entry in entries.items()
            if name not in news_ids and entry.joined and entry.assertion.keys[0] in known
        ]
        folded, decisions = fold([*settled, *contested], known, self._rules, apart)
        if strict or any(
            _links(decisions[name]) < entry.joined for name, entry in entries.items() if name in decisions
        ):
            return await self._from_the_ledger(news, everybody, profile_of, fresh, apart)
        CDP_IDENTITY_REFOLDS.labels("local").inc()
        outcome = self._simple(tried, members, everybody, fresh)
        self._regroup(
            outcome,
            folded,
            known,
            {key: profile_of.get(key) or members[key].profile_id for key in known},
            fresh,
        )
        outcome.decisions |= {each.id: decisions[each.id] for each in contested}
        return outcome

    async def again(self, keys: Iterable[UUID], past: Past = NO_PAST) -> Outcome:
        """Fold what leads on from these identifiers again, after the ledger or the rules have changed."""
        apart = await self._graph.edges.apart()
        return await self._from_the_ledger((), {}, {}, set(), apart, start=keys, past=past)

    async def _from_the_ledger(
        self,
        news: Sequence[Assertion],
        nodes: Mapping[UUID, Node],
        profile_of: Mapping[UUID, UUID],
        fresh: set[UUID],
        apart: Sequence[tuple[UUID, UUID]],
        *,
        start: Iterable[UUID] = (),
        past: Past = NO_PAST,
    ) -> Outcome:
        """The closure over joined and refused links, folded from nothing."""
        CDP_IDENTITY_REFOLDS.labels("ledger").inc()
        begin = {key for key in (*nodes, *start) if key not in fresh}
        entries, reached = await self._graph.edges.closure(begin)
        stored = await self._graph.identifiers.by_keys(reached)
        # Identifiers hang together by joined links, yet a profile's member without one must not be forgotten.
        stored |= await self._graph.identifiers.of_profiles({found.profile_id for found in stored.values()})
        everybody = {key: found.node for key, found in stored.items()} | dict(nodes)
        current = {key: found.profile_id for key, found in stored.items()} | {
            key: profile_of[key] for key in fresh if key in nodes
        }
        news_ids = {each.id for each in news}
        old = {name: entry for name, entry in entries.items() if name not in news_ids}
        components, decisions = fold(
            [*(entry.assertion for entry in old.values()), *news], everybody, self._rules, apart
        )
        outcome = Outcome(
            decisions={name: decisions[name] for name in news_ids},
            redecided={
                name: decisions[name] for name, entry in old.items() if decisions[name] != entry.reasons
            },
        )
        self._regroup(outcome, components, everybody, current, fresh, past=past)
        return outcome

    def _components(
        self,
        members: Mapping[UUID, Identifier],
        fresh: Iterable[UUID],
        nodes: Mapping[UUID, Node],
        apart: Iterable[tuple[UUID, UUID]],
    ) -> Components:
        """The touched profiles as wholes, and new identifiers, each by itself."""
        profile_of = {key: found.profile_id for key, found in members.items()} | {key: key for key in fresh}
        between = [
            (profile_of[one], profile_of[other])
            for one, other in apart
            if one in profile_of and other in profile_of
        ]
        components = Components(self._rules, between)
        tallies: dict[UUID, Tally] = {}
        for key, profile_id in profile_of.items():
            node = nodes[key]
            tally = tallies.get(profile_id)
            if tally is None:
                tallies[profile_id] = Tally.of(node)
            else:
                tally.add(node.type, 1)
                tally.first = min(tally.first, node.first)
        for profile_id, tally in tallies.items():
            components.add(profile_id, tally)
        return components

    async def _precedes_refusals(
        self,
        news: Sequence[Assertion],
        members: Mapping[UUID, Identifier],
        profile_of: Mapping[UUID, UUID],
        apart: Iterable[tuple[UUID, UUID]],
    ) -> bool:
        """Whether a link that was refused may be so for a stronger reason now, because news comes before it.

        The first news on the way to what its side has more by then names one of that profile.
        """
        earliest: dict[UUID, Position] = {}
        for each in news:
            for profile_id in {profile_of[key] for key in each.keys}:
                earliest[profile_id] = min(earliest.get(profile_id, each.at), each.at)
        since = {
            key: earliest[found.profile_id] for key, found in members.items() if found.profile_id in earliest
        }
        divided = any(key in members for pair in apart for key in pair)
        return await self._graph.edges.overrulable_since(since, divided=divided)

    async def _bound_by_merges(
        self,
        members: Mapping[UUID, Identifier],
        aged: Iterable[UUID],
        profile_of: Mapping[UUID, UUID],
        components: Components,
    ) -> set[UUID]:
        """Profiles whose number of merges could bind: it is not monotone, so those are folded from the ledger."""
        if sum(self._rules.limits.values()) <= self._rules.max_merges + 1:
            return set()
        bound = {
            members[key].profile_id
            for key in await self._graph.edges.bound_by_merges(members)
            if key in members
        }
        old = {profile_of[key] for key in aged}
        return bound | {each for each in old if components.tally(each).total > self._rules.max_merges + 1}

    @staticmethod
    def _simple(
        tried: Attempt, members: Mapping[UUID, Identifier], nodes: Mapping[UUID, Node], fresh: set[UUID]
    ) -> Outcome:
        """Whole profiles that become one; what is clouded is left out."""
        outcome = Outcome(decisions={each.id: (None,) * (len(each.keys) - 1) for each in tried.joined})
        keys_of: dict[UUID, list[UUID]] = {}
        for key, found in members.items():
            keys_of.setdefault(found.profile_id, []).append(key)
        for group in tried.components.groups():
            if len(group) == 1 or group[0] in tried.clouded:
                continue
            survivor = founder(group, nodes, {each for each in group if each not in fresh})
            outcome.reshaped.add(survivor)
            for profile_id in group:
                if profile_id == survivor:
                    continue
                if profile_id not in fresh:
                    outcome.ended.add(profile_id)
                for key in keys_of.get(profile_id, (profile_id,)):
                    outcome.moves[key] = survivor
        return outcome

    @staticmethod
    def _regroup(
        outcome: Outcome,
        components: Components,
        nodes: Mapping[UUID, Node],
        current: Mapping[UUID, UUID],
        fresh: set[UUID],
        *,
        past: Past = NO_PAST,
    ) -> None:
        """Name the components of single identifiers, and see which of them belong to another profile now."""
        in_use = {current[key] for key in nodes if key not in fresh}
        named = set()
        for group in components.groups():
            profile_id = founder(group, nodes, past.told_by(group, in_use))
            named.add(profile_id)
            for key in group:
                if current[key] != profile_id:
                    outcome.moves[key] = profile_id
                    outcome.reshaped |= {profile_id, current[key]}
        outcome.ended |= in_use - named
        outcome.founded |= named - in_use
        outcome.reshaped -= outcome.ended
        outcome.reshaped -= {key for key in fresh if key not in named}


def _links(reasons: Sequence[Reason | None]) -> int:
    """How many links stand, from the anchor outward."""
    return sum(reason is None for reason in reasons)
