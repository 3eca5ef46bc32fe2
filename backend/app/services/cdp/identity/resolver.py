"""From events to people: drains the tenant's queue by sets, each in one transaction with what it leads to.

One resolver at a time works for a tenant (a lock that dies with its transaction). A row of the queue goes with the
state that it produced: whoever dies half-way leaves the row, and the next one begins with it again.

Where a set cannot be resolved though the database is well, its first half is tried, and so on down to the one event
at fault, which is set aside; a success doubles the next set. So one event costs some thirty short transactions and
stops nobody. A deadlock or a lost connection sets nothing aside: the task is tried again.
"""

import math
import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import chain
from uuid import UUID

from app.core.clock import real_now
from app.core.metrics import CDP_IDENTITY_LAG, CDP_IDENTITY_LINKS, CDP_IDENTITY_RESOLVED
from app.db.platform import Platform
from app.db.session import Scopes, TenantScope, is_passing, is_too_slow
from app.services.cdp.identity.edges_repository import Entry, Link
from app.services.cdp.identity.graph_rules import Assertion, Node, Position
from app.services.cdp.identity.identifiers_repository import Identifier
from app.services.cdp.identity.linking import Linker, Outcome
from app.services.cdp.identity.quarantine import Quarantine
from app.services.cdp.identity.queue_repository import Taken, tenants_waiting
from app.services.cdp.identity.reading import Batch, read_events, sealed_value
from app.services.cdp.identity.repository import Graph
from app.services.cdp.identity.rules import Rules
from app.services.cdp.identity.settings import Current, IdentitySettings
from app.services.cdp.profiles.rules import State, add_money, merge_registers
from app.services.cdp.profiles.service import Change, Gone, Member, ProfileFolding

_AT_ONCE = 5_000
_STRAGGLES_AFTER = timedelta(seconds=3)


class _Stuck(Exception):
    """These events cannot be resolved together, and it is not the moment's fault; its cause says why."""

    def __init__(self, keys: list[tuple[datetime, UUID]], error: Exception) -> None:
        super().__init__()
        self.keys = keys
        self.error = error


class Resolver:
    """Works through the queue of one tenant."""

    def __init__(self, scopes: Scopes, *, at_once: int = _AT_ONCE) -> None:
        self._scopes = scopes
        self._at_once = at_once

    async def drain(self, until: float = math.inf) -> int:
        """Resolve until nothing waits, another is at work, or `until` (monotonic seconds); how many events it was.

        Whoever finds the lock taken may leave: its holder looks once more after it has let go.
        """
        resolved, most = 0, self._at_once
        while True:
            try:
                done = await self._turn(most)
            except _Stuck as stuck:
                most = max(1, len(stuck.keys) // 2)
                if len(stuck.keys) == 1:
                    await self._set_aside(stuck)
                continue
            most = min(self._at_once, most * 2)
            resolved += done or 0
            if done is None or time.monotonic() > until:
                return resolved
            if done == 0:
                async with self._scopes() as scope:
                    if not await Graph(scope).queue.is_waiting():
                        return resolved

    async def _turn(self, most: int) -> int | None:
        """One set of events; 0 where none waits, None where another is at work."""
        async with self._scopes() as scope:
            graph = Graph(scope)
            if not await graph.try_lock():
                return None
            settings = await IdentitySettings(scope).current()
            taken = await graph.queue.take(most, exactly=most < self._at_once)
            if not taken.keys:
                return 0
            try:
                await _resolve(scope, graph, settings, taken)
            except Exception as error:
                if is_passing(error) and not (is_too_slow(error) and len(taken.keys) > 1):
                    raise
                raise _Stuck(taken.keys, error) from error
        CDP_IDENTITY_RESOLVED.inc(len(taken.keys))
        if taken.since is not None:
            CDP_IDENTITY_LAG.observe(max(0.0, (real_now() - taken.since).total_seconds()))
        return len(taken.keys)

    async def _set_aside(self, stuck: _Stuck) -> None:
        """Take the event at fault out of the queue, unless another resolver has come to it meanwhile."""
        async with self._scopes() as scope:
            graph = Graph(scope)
            if await graph.try_lock() and await graph.queue.withdraw(*stuck.keys[0]):
                await Quarantine(scope).set_aside(*stuck.keys[0], stuck.error)


async def _resolve(scope: TenantScope, graph: Graph, settings: Current, taken: Taken) -> None:
    stored = await graph.queue.events(taken.keys)
    batch = read_events(stored, scope.tenant_id, settings.garbage_keys, settings.match_keys)
    await Resolution(scope, graph, settings.rules, batch).run()


async def resolve_stragglers(platform: Platform) -> None:
    """Resolve the events of any tenant that have waited for seconds and that no resolver is at work on."""
    async with platform.maintenance() as session:
        waiting = await tenants_waiting(session, real_now() - _STRAGGLES_AFTER)
    await platform.for_each(waiting, lambda scopes: Resolver(scopes).drain())


class Resolution:
    """One batch of events against the graph, in the scope's transaction, under its lock."""

    def __init__(self, scope: TenantScope, graph: Graph, rules: Rules, batch: Batch) -> None:
        self._scope = scope
        self._graph = graph
        self._rules = rules
        self._batch = batch
        self._folding = ProfileFolding(scope, rules.churn_days)
        self._stored: dict[UUID, Identifier] = {}
        self._profile_of: dict[UUID, UUID] = {}
        self._links: list[Link] = []

    async def run(self) -> None:
        batch = self._batch
        if not batch.sightings:
            return
        self._stored = await self._graph.identifiers.by_keys(batch.sightings)
        self._profile_of = {key: found.profile_id for key, found in self._stored.items()}
        outcome = await self._link()
        await self._write_identifiers(outcome)
        await self._write_ledger(outcome)
        await self._write_profiles(outcome)

    async def _link(self) -> Outcome:
        batch = self._batch
        fresh = {key for key in batch.sightings if key not in self._stored}
        self._profile_of |= {key: key for key in fresh}
        known = await self._graph.edges.known(batch.assertions)
        news = [each for each in batch.assertions.values() if _is_news(each, known.get(each.id))]
        aged = self._aged()
        if not news and not aged:
            return Outcome()
        nodes = {key: self._node(key) for key in {*aged, *(key for each in news for key in each.keys)}}
        linker = Linker(self._graph, self._rules)
        outcome = await linker.add(news, nodes, self._profile_of, fresh=fresh, aged=aged)
        self._links += [Link(each, outcome.decisions[each.id], batch.evidence[each.id]) for each in news]
        return outcome

    def _node(self, key: UUID) -> Node:
        sighting, found = self._batch.sightings[key], self._stored.get(key)
        first = sighting.first if found is None else min(sighting.first, found.node.first)
        return Node(sighting.type, first)

    def _aged(self) -> set[UUID]:
        """Identifiers that were seen earlier than was known, where the number of merges could hang on it."""
        if sum(self._rules.limits.values()) <= self._rules.max_merges + 1:
            return set()
        return {
            key
            for key, sighting in self._batch.sightings.items()
            if (found := self._stored.get(key)) is not None and sighting.first < found.node.first
        }

    async def _write_identifiers(self, outcome: Outcome) -> None:
        batch, stored = self._batch, self._stored
        tenant_id, now = self._scope.tenant_id, self._scope.now()
        new: list[tuple[UUID, Node, date, bytes | None, UUID, State]] = []
        sighted: list[tuple[UUID, Position, date]] = []
        moves = dict(outcome.moves)
        for key, sighting in batch.sightings.items():
            found = stored.get(key)
            if found is None:
                profile_id = moves.pop(key, key)
                self._profile_of[key] = profile_id
                new.append(
                    (
                        key,
                        Node(sighting.type, sighting.first),
                        sighting.last_on,
                        sealed_value(key, sighting, tenant_id),
                        profile_id,
                        batch.states.get(key) or State(),
                    )
                )
            elif sighting.first < found.node.first or sighting.last_on > found.last_on:
                first = min(sighting.first, found.node.first)
                sighted.append((key, first, max(sighting.last_on, found.last_on)))
        await self._graph.identifiers.add(new, now)
        await self._graph.identifiers.sight(sighted)
        await self._graph.identifiers.move(moves)
        self._profile_of |= moves
        counted = {key: state for key, state in batch.states.items() if key in stored}
        await self._graph.identifiers.count(counted)
        rich = {key: state for key, state in counted.items() if not state.is_counts_alone}
        held = await self._graph.identifiers.registers(rich)
        await self._graph.identifiers.enrich(
            rich, {key: _enriched(held[key], state) for key, state in rich.items()}
        )

    async def _write_ledger(self, outcome: Outcome) -> None:
        now = self._scope.now()
        await self._graph.edges.record(self._links, now)
        await self._graph.edges.redecide(outcome.redecided, now)
        refused = sum(reason is not None for link in self._links for reason in link.reasons)
        CDP_IDENTITY_LINKS.labels("joined").inc(sum(len(link.reasons) for link in self._links) - refused)
        CDP_IDENTITY_LINKS.labels("refused").inc(refused)

    async def _write_profiles(self, outcome: Outcome) -> None:
        batch = self._batch
        anew = set(outcome.reshaped)
        counted: dict[UUID, State] = {}
        for key, state in batch.states.items():
            profile_id = self._profile_of[key]
            if profile_id in anew:
                continue
            if key not in self._stored or not state.is_counts_alone:
                anew.add(profile_id)
                counted.pop(profile_id, None)
            elif profile_id in counted:
                counted[profile_id].add(state)
            else:
                counted[profile_id] = State()
                counted[profile_id].add(state)
        anew |= await self._folding.count(counted)
        alone, new = self._new_members(outcome)
        await self._folding.found(alone)
        gone = await self._folding.fold(
            (anew - new.keys()).difference(alone) | outcome.ended, [*chain(*new.values())]
        )
        fresh = batch.sightings.keys() - self._stored.keys()
        apart = await Quarantine(self._scope).anchored(fresh)
        await self._folding.tell(self._changes(outcome, gone, apart))

    def _new_members(self, outcome: Outcome) -> tuple[list[UUID], dict[UUID, list[Member]]]:
        """Of profiles that are new altogether: those of one identifier without traits, and the others' members."""
        fresh = self._batch.sightings.keys() - self._stored.keys()
        founded = fresh - {profile_id for key, profile_id in outcome.moves.items() if key not in fresh}
        together: dict[UUID, list[UUID]] = {}
        for key in fresh:
            profile_id = self._profile_of[key]
            if profile_id in founded:
                together.setdefault(profile_id, []).append(key)
        alone, members = [], {}
        for profile_id, keys in together.items():
            state = self._batch.states.get(profile_id)
            if len(keys) == 1 and state is not None and not (state.traits or state.click_ids):
                alone.append(profile_id)
            else:
                members[profile_id] = [self._member(profile_id, key) for key in keys]
        return alone, members

    def _member(self, profile_id: UUID, key: UUID) -> Member:
        return Member(profile_id, self._batch.sightings[key].type, self._batch.states.get(key) or State())

    def _changes(self, outcome: Outcome, gone: Gone, apart: Mapping[UUID, set[str]]) -> list[Change]:
        """Profiles that changed alike are one row of the feed; who is new brings what of theirs stands `apart`."""
        names: dict[UUID, set[str]] = {}
        traits: dict[UUID, set[str]] = {}
        for key, state in self._batch.states.items():
            profile_id, said = self._profile_of[key], self._batch.event_names[key]
            names[profile_id] = names[profile_id] | said if profile_id in names else said
            if state.traits:
                traits.setdefault(profile_id, set()).update(state.traits)
        for key, said in apart.items():
            names[self._profile_of[key]] = names.get(self._profile_of[key], set()) | said
        alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[UUID]] = {}
        for profile_id, events in names.items():
            alike.setdefault((tuple(sorted(events)), tuple(sorted(traits.get(profile_id, ())))), []).append(
                profile_id
            )
        changes = [Change("events", ids, events, changed) for (events, changed), ids in alike.items()]
        return changes + gone.changes(outcome.reshaped)


def _is_news(assertion: Assertion, entry: Entry | None) -> bool:
    """Whether the ledger changes: what was said before, or was taken back by a person, changes nothing."""
    return entry is None or not (entry.removed or entry.assertion.at <= assertion.at)


def _enriched(held: State, brought: State) -> State:
    """Money, traits and click ids after a batch."""
    return State(
        revenue=add_money(held.revenue, brought.revenue),
        refunded=add_money(held.refunded, brought.refunded),
        traits=merge_registers(held.traits, brought.traits),
        click_ids=merge_registers(held.click_ids, brought.click_ids),
    )
