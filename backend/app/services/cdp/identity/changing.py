"""What people change in the graph: each change is a row of the ledger, and the rest follows from folding it again."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.services.audit_logs.service import AuditLog
from app.services.cdp.identity.edges_repository import Entry, Link
from app.services.cdp.identity.errors import (
    AlreadyOne,
    AlreadyRemoved,
    LinkNotFound,
    NothingToSplit,
    TooMuchToSplit,
)
from app.services.cdp.identity.graph_rules import Assertion, Kind
from app.services.cdp.identity.linking import NO_PAST, Linker, Outcome, Past
from app.services.cdp.identity.repository import Graph
from app.services.cdp.identity.rules import Reason
from app.services.cdp.identity.settings import IdentitySettings
from app.services.cdp.profiles.errors import ProfileNotFound
from app.services.cdp.profiles.service import ProfileFolding

_MOST_PAIRS = 10_000


@dataclass(frozen=True, slots=True)
class Changed:
    """The profiles that the identifiers in question belong to now."""

    profile_ids: list[UUID]


class GraphChanges:
    """Waits for the tenant's turn at the graph and holds it to the end of the transaction."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._graph = Graph(scope)
        self._audit = AuditLog(scope)

    async def merge(self, profile_id: UUID, other_id: UUID, reason: str) -> Changed:
        """Make two profiles one on a person's word, which no limit overrules.

        What keeps them apart is lifted for as long as the merge stands.
        """
        await self._graph.lock()
        one, other = await self._current(profile_id), await self._current(other_id)
        if one == other:
            raise AlreadyOne(profile_id=str(one))
        members = await self._graph.identifiers.of_profiles([one, other])
        mine = [key for key, found in members.items() if found.profile_id == one]
        theirs = [key for key in members if key not in set(mine)]
        act = uuid7()
        lifted = await self._graph.edges.apart_between(mine, theirs)
        await self._graph.edges.lift(lifted, self._scope.now(), self._whom, act)
        await self._record([self._by_hand(Kind.MERGE, (one, other), act)], act)
        changed = await self._fold_again(members, act=act)
        await self._audit.record(
            "cdp.identity.merged",
            entity="cdp_profiles",
            entity_id=one,
            after={"with": str(other), "reason": reason, "profiles": _texts(changed.profile_ids)},
        )
        return changed

    async def split(self, profile_id: UUID, keys: Collection[UUID], reason: str) -> Changed:
        """Make these identifiers another person; no event ever joins them to the rest again.

        One act: every pair is kept apart, and each part is held together. The part that keeps the profile's id
        stands first in each of its assertions, and the identifier that founded the profile foremost.
        """
        await self._graph.lock()
        profile = await self._current(profile_id)
        members = await self._graph.identifiers.of_profiles([profile])
        away, rest = set(keys), members.keys() - set(keys)
        if not away or not rest or not away <= members.keys():
            raise NothingToSplit
        if len(away) * len(rest) > _MOST_PAIRS:
            raise TooMuchToSplit
        stays, leaves = (away, rest) if profile in away else (rest, away)
        act = uuid7()
        apart = [(one, other) for one in sorted(stays) for other in sorted(leaves)]
        together = [sorted(part, key=lambda key: (key != profile, key)) for part in (stays, leaves)]
        said = [self._by_hand(Kind.APART, pair, act) for pair in apart]
        said += [self._by_hand(Kind.MERGE, tuple(part), act) for part in together if len(part) > 1]
        await self._record(said, act)
        changed = await self._fold_again(members, act=act)
        await self._audit.record(
            "cdp.identity.split",
            entity="cdp_profiles",
            entity_id=profile,
            after={"away": _texts(sorted(away)), "reason": reason, "profiles": _texts(changed.profile_ids)},
        )
        return changed

    async def undo(self, assertion: UUID, reason: str) -> Changed:
        """Take back what events said, or all that a person said at once: a merge, or a split."""
        await self._graph.lock()
        entry = (await self._graph.edges.known([assertion])).get(assertion)
        if entry is None:
            raise LinkNotFound(assertion=str(assertion))
        said = await self._graph.edges.of_act(entry.act) if entry.act else {assertion: entry}
        if all(each.removed for each in said.values()):
            raise AlreadyRemoved
        named = {key for each in said.values() for key in each.assertion.keys}
        past = _before(said.values())
        if entry.act:
            past = past.joined_by(*await self._graph.edges.ids_by(entry.act))
            named |= await self._graph.edges.remove_act(entry.act, self._scope.now(), self._whom)
        else:
            await self._graph.edges.remove([assertion], self._scope.now(), self._whom)
        owners = await self._graph.identifiers.by_keys(named)
        members = await self._graph.identifiers.of_profiles({each.profile_id for each in owners.values()})
        changed = await self._fold_again({*members, *named}, past)
        await self._audit.record(
            "cdp.identity.undone",
            entity="cdp_identity_edges",
            entity_id=assertion,
            before={"kind": entry.assertion.kind, "joined": entry.joined},
            after={"reason": reason, "profiles": _texts(changed.profile_ids)},
        )
        return changed

    async def _current(self, profile_id: UUID) -> UUID:
        """The profile that an id leads to: its own, or the one that it was merged into."""
        found = (await self._graph.identifiers.by_keys([profile_id])).get(profile_id)
        if found is None:
            raise ProfileNotFound(profile_id=str(profile_id))
        return found.profile_id

    @property
    def _whom(self) -> str:
        return self._scope.actor.label

    def _by_hand(self, kind: Kind, keys: tuple[UUID, ...], act: UUID) -> Assertion:
        """Said once, in this act: what another act says of the same identifiers stands or falls with that one."""
        name = hashlib.blake2b(
            kind.encode() + act.bytes + b"".join(sorted(key.bytes for key in keys)), digest_size=16
        ).digest()
        return Assertion(UUID(bytes=name), kind, (self._scope.now(), f"{kind}-{uuid7()}"), keys)

    async def _record(self, assertions: Iterable[Assertion], act: UUID) -> None:
        said = [
            Link(
                each,
                ((Reason.KEPT_APART,) if each.kind is Kind.APART else (None,) * (len(each.keys) - 1)),
                asserted_by=self._whom,
                act=act,
            )
            for each in assertions
        ]
        await self._graph.edges.record(said, self._scope.now())

    async def _fold_again(
        self, keys: Iterable[UUID], past: Past = NO_PAST, *, act: UUID | None = None
    ) -> Changed:
        wanted = list(keys)
        rules = (await IdentitySettings(self._scope).current()).rules
        outcome = await Linker(self._graph, rules).again(wanted, past)
        await apply(self._scope, self._graph, outcome, rules.churn_days)
        if act is not None and (outcome.ended or outcome.founded):
            await self._graph.edges.keep_ids(act, outcome.ended, outcome.founded)
        found = await self._graph.identifiers.by_keys(wanted)
        return Changed(sorted({each.profile_id for each in found.values()}))


async def apply(scope: TenantScope, graph: Graph, outcome: Outcome, churn_days: int) -> None:
    """Write what the graph has become, fold the profiles that it touches, and tell of them."""
    now = scope.now()
    await graph.identifiers.move(outcome.moves)
    await graph.edges.redecide(outcome.redecided, now)
    folding = ProfileFolding(scope, churn_days)
    gone = await folding.fold(outcome.reshaped | outcome.ended)
    await folding.tell(gone.changes(outcome.reshaped))


def _before(said: Iterable[Entry]) -> Past:
    """What the profiles were called that an act has changed, as `split` and `merge` write it down."""
    entries = list(said)
    pairs = [each.assertion.keys for each in entries if each.assertion.kind is Kind.APART]
    stayed, left = {pair[0] for pair in pairs}, frozenset(pair[1] for pair in pairs)
    anchors = [each.assertion.keys for each in entries if each.assertion.kind is Kind.MERGE]
    if not pairs:
        return Past(frozenset(key for keys in anchors for key in keys))
    founders = {keys[0] for keys in anchors if keys[0] in stayed} or stayed
    return Past(frozenset(founders), left)


def _texts(ids: Iterable[UUID]) -> list[str]:
    return [str(each) for each in ids]
