"""A tenant's rules: changed, tried on the whole ledger before, and then applied to it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.core.logging import get_logger
from app.db.session import TenantScope
from app.services.audit_logs.service import AuditLog
from app.services.cdp.identity.changing import apply
from app.services.cdp.identity.edges_repository import Entry, Link
from app.services.cdp.identity.errors import TooLargeToTry
from app.services.cdp.identity.graph_rules import Assertion, Decisions, Node, fold, founder
from app.services.cdp.identity.linking import Outcome
from app.services.cdp.identity.match_rules import MatchKeySpec
from app.services.cdp.identity.reading import assertion_id
from app.services.cdp.identity.repository import Graph
from app.services.cdp.identity.rules import Rules
from app.services.cdp.identity.settings import Current, IdentitySettings, garbage_keys, stored_from
from app.services.cdp.profiles.service import ProfileFolding

log = get_logger(__name__)

_BY_RULES = "rules of identity"
_MOST_TRIED = 200_000
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """What other rules would come to. Samples name the profiles of today."""

    profiles_before: int
    profiles_after: int
    refusals_before: int
    refusals_after: int
    merged: list[list[UUID]] = field(default_factory=list)
    split: list[UUID] = field(default_factory=list)
    merged_count: int = 0
    split_count: int = 0


@dataclass(frozen=True, slots=True)
class _Replay:
    """The whole ledger under some rules."""

    nodes: dict[UUID, Node]
    current: dict[UUID, UUID]
    groups: list[list[UUID]]
    decisions: Decisions
    reduced: dict[UUID, Entry]
    """Assertions as they are without garbage, by the names that they then have, from those that had some."""
    dropped: list[UUID]
    restored: list[UUID]
    before: dict[UUID, Entry]


class Ruling:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._graph = Graph(scope)
        self._settings = IdentitySettings(scope)

    async def current(self) -> Current:
        return await self._settings.current()

    async def change(self, rules: Rules, match_keys: Sequence[MatchKeySpec] = ()) -> Current:
        """Put rules in force; the ledger is folded by them in a task that follows.

        Match keys are made of the traits of events from now on.
        """
        before = await self._settings.current()
        await self._settings.change(stored_from(rules, match_keys))
        await AuditLog(self._scope).record(
            "cdp.identity.rules_changed",
            entity="cdp_identity_settings",
            before=stored_from(before.rules, before.match_keys),
            after=stored_from(rules, match_keys),
        )
        after = await self._settings.current()
        if after.rules != before.rules:
            # One for each change: a task that runs has read the rules before this one.
            await self._scope.enqueue("cdp.identity.reapply", {}, queue="cdp")
        return after

    async def dry_run(self, rules: Rules) -> Difference:
        """Fold the ledger by these rules and tell what would change; nothing does."""
        if await self._graph.edges.size(_MOST_TRIED + 1) > _MOST_TRIED:
            raise TooLargeToTry
        replay = await self._replay(rules)
        return _difference(replay)

    async def reapply(self) -> None:
        """Fold the ledger by the rules in force, and let the profiles follow."""
        await self._graph.lock()
        rules = (await self._settings.current()).rules
        replay = await self._replay(rules)
        now = self._scope.now()
        await self._graph.edges.remove(replay.dropped, now, _BY_RULES)
        await self._graph.edges.restore(replay.restored)
        await self._graph.edges.record(
            [
                Link(each.assertion, replay.decisions[name], each.evidence, act=each.act)
                for name, each in replay.reduced.items()
            ],
            now,
        )
        await apply(self._scope, self._graph, _outcome(replay), rules.churn_days)
        await ProfileFolding(self._scope, rules.churn_days).age()
        log.info("cdp.identity.reapplied", assertions=len(replay.decisions), profiles=len(replay.groups))

    async def age(self) -> int:
        """Let time pass over the lifecycles; how many changed."""
        await self._graph.lock()
        rules = (await self._settings.current()).rules
        return await ProfileFolding(self._scope, rules.churn_days).age()

    async def _replay(self, rules: Rules) -> _Replay:
        whole = await self._graph.edges.whole()
        by_rules = await self._graph.edges.removed_by(_BY_RULES)
        garbage = garbage_keys(rules.garbage, self._scope.tenant_id)
        stored = await self._graph.identifiers.by_keys(
            {key for each in whole.values() for key in each.assertion.keys}
        )
        # Who was erased since the ledger was read is in it no more: nobody waits for a trial of rules.
        whole = {name: entry for name, entry in whole.items() if stored.keys() >= set(entry.assertion.keys)}
        nodes = {key: found.node for key, found in stored.items()}
        counted = {name: entry for name, entry in whole.items() if not entry.removed or name in by_rules}
        clean = {name: entry for name, entry in counted.items() if garbage.isdisjoint(entry.assertion.keys)}
        reduced = _reduced((entry for name, entry in counted.items() if name not in clean), garbage, whole)
        assertions = [each.assertion for each in (*clean.values(), *reduced.values())]
        components, decisions = await asyncio.to_thread(
            fold, assertions, nodes, rules, await self._graph.edges.apart()
        )
        return _Replay(
            nodes,
            {key: found.profile_id for key, found in stored.items()},
            components.groups(),
            decisions,
            reduced,
            [name for name in counted if name not in clean and name not in by_rules],
            [name for name in by_rules if name in clean],
            {name: entry for name, entry in clean.items() if name not in by_rules},
        )


def _reduced(
    entries: Iterable[Entry], garbage: frozenset[UUID], whole: Mapping[UUID, Entry]
) -> dict[UUID, Entry]:
    """What is left of assertions that name garbage, unless it was asserted by itself too."""
    found: dict[UUID, Entry] = {}
    for entry in entries:
        said = entry.assertion
        keys = tuple(key for key in said.keys if key not in garbage)
        name = assertion_id(keys)
        if len(keys) < 2 or name in whole:  # noqa: PLR2004  (a link has two ends)
            continue
        reduced = Entry(
            Assertion(name, said.kind, said.at, keys),
            (),
            removed=False,
            evidence=entry.evidence,
            act=entry.act,
        )
        held = found.get(name)
        if held is None or reduced.assertion.order < held.assertion.order:
            found[name] = reduced
    return found


def _outcome(replay: _Replay) -> Outcome:
    """What the profiles become. Identifiers without a link are not in the ledger, and stay."""
    outcome = Outcome()
    in_use = set(replay.current.values())
    named = set()
    for group in replay.groups:
        profile_id = founder(group, replay.nodes, in_use)
        named.add(profile_id)
        for key in group:
            if replay.current[key] != profile_id:
                outcome.moves[key] = profile_id
                outcome.reshaped |= {profile_id, replay.current[key]}
    outcome.ended = in_use - named
    outcome.reshaped -= outcome.ended
    outcome.redecided = {
        name: replay.decisions[name]
        for name, entry in replay.before.items()
        if replay.decisions[name] != entry.reasons
    }
    outcome.redecided |= {name: replay.decisions[name] for name in replay.restored}
    return outcome


def _difference(replay: _Replay) -> Difference:
    group_of = {key: number for number, group in enumerate(replay.groups) for key in group}
    parts: dict[UUID, set[int]] = defaultdict(set)
    sources: dict[int, set[UUID]] = defaultdict(set)
    for key, profile_id in replay.current.items():
        parts[profile_id].add(group_of[key])
        sources[group_of[key]].add(profile_id)
    merged: Sequence[list[UUID]] = [sorted(each) for each in sources.values() if len(each) > 1]
    split = sorted(profile_id for profile_id, groups in parts.items() if len(groups) > 1)
    return Difference(
        profiles_before=len(parts),
        profiles_after=len(sources),
        refusals_before=sum(
            reason is not None for entry in replay.before.values() for reason in entry.reasons
        ),
        refusals_after=sum(reason is not None for reasons in replay.decisions.values() for reason in reasons),
        merged=sorted(merged)[:_SAMPLE],
        split=split[:_SAMPLE],
        merged_count=len(merged),
        split_count=len(split),
    )
