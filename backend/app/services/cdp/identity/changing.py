"""What people change in the graph: each change is a row of the ledger, and the rest follows from folding it again."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.services.audit_logs.service import AuditLog
from app.services.cdp.identity.edges_repository import Link
from app.services.cdp.identity.errors import (
    AlreadyOne,
    AlreadyRemoved,
    LinkNotFound,
    NothingToSplit,
    TooMuchToSplit,
)
from app.services.cdp.identity.graph_rules import Assertion, Kind
from app.services.cdp.identity.linking import Linker, Outcome
from app.services.cdp.identity.repository import Graph
from app.services.cdp.identity.rules import Reason
from app.services.cdp.identity.settings import IdentitySettings
from app.services.cdp.profiles.errors import ProfileNotFound
from app.services.cdp.profiles.service import Change, ProfileFolding

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
        """Make two profiles one on a person's word, which no limit overrules."""
        await self._graph.lock()
        one, other = await self._current(profile_id), await self._current(other_id)
        if one == other:
            raise AlreadyOne(profile_id=str(one))
        members = await self._graph.identifiers.of_profiles([one, other])
        mine = [key for key, found in members.items() if found.profile_id == one]
        theirs = [key for key in members if key not in set(mine)]
        lifted = await self._graph.edges.apart_between(mine, theirs)
        await self._graph.edges.remove(lifted, self._scope.now(), self._whom)
        await self._record([self._by_hand(Kind.MERGE, (one, other))])
        changed = await self._fold_again(members)
        await self._audit.record(
            "cdp.identity.merged",
            entity="cdp_profiles",
            entity_id=one,
            after={"with": str(other), "reason": reason, "profiles": _texts(changed.profile_ids)},
        )
        return changed

    async def split(self, profile_id: UUID, keys: Collection[UUID], reason: str) -> Changed:
        """Make these identifiers another person; no event ever joins them to the rest again."""
        await self._graph.lock()
        profile = await self._current(profile_id)
        members = await self._graph.identifiers.of_profiles([profile])
        away, rest = set(keys), members.keys() - set(keys)
        if not away or not rest or not away <= members.keys():
            raise NothingToSplit
        if len(away) * len(rest) > _MOST_PAIRS:
            raise TooMuchToSplit
        links = [self._by_hand(Kind.APART, (one, other)) for one in sorted(away) for other in sorted(rest)]
        links += [self._by_hand(Kind.MERGE, tuple(sorted(part))) for part in (away, rest) if len(part) > 1]
        await self._record(links)
        changed = await self._fold_again(members)
        await self._audit.record(
            "cdp.identity.split",
            entity="cdp_profiles",
            entity_id=profile,
            after={"away": _texts(sorted(away)), "reason": reason, "profiles": _texts(changed.profile_ids)},
        )
        return changed

    async def undo(self, assertion: UUID, reason: str) -> Changed:
        """Take an assertion back: what events said, a merge by hand, or what keeps identifiers apart."""
        await self._graph.lock()
        entry = (await self._graph.edges.known([assertion])).get(assertion)
        if entry is None:
            raise LinkNotFound(assertion=str(assertion))
        if entry.removed:
            raise AlreadyRemoved
        owners = await self._graph.identifiers.by_keys(entry.assertion.keys)
        members = await self._graph.identifiers.of_profiles({each.profile_id for each in owners.values()})
        await self._graph.edges.remove([assertion], self._scope.now(), self._whom)
        changed = await self._fold_again({*members, *entry.assertion.keys})
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

    def _by_hand(self, kind: Kind, keys: tuple[UUID, ...]) -> Assertion:
        name = hashlib.blake2b(
            kind.encode() + b"".join(sorted(key.bytes for key in keys)), digest_size=16
        ).digest()
        return Assertion(UUID(bytes=name), kind, (self._scope.now(), f"{kind}-{uuid7()}"), keys)

    async def _record(self, assertions: Iterable[Assertion]) -> None:
        said = [
            Link(
                each,
                ((Reason.KEPT_APART,) if each.kind is Kind.APART else (None,) * (len(each.keys) - 1)),
                asserted_by=self._whom,
            )
            for each in assertions
        ]
        await self._graph.edges.record(said, self._scope.now())

    async def _fold_again(self, keys: Iterable[UUID]) -> Changed:
        wanted = list(keys)
        rules = (await IdentitySettings(self._scope).current()).rules
        outcome = await Linker(self._graph, rules).again(wanted)
        await apply(self._scope, self._graph, outcome, rules.churn_days)
        found = await self._graph.identifiers.by_keys(wanted)
        return Changed(sorted({each.profile_id for each in found.values()}))


async def apply(scope: TenantScope, graph: Graph, outcome: Outcome, churn_days: int) -> None:
    """Write what the graph has become, fold the profiles that it touches, and tell of them."""
    now = scope.now()
    await graph.identifiers.move(outcome.moves)
    await graph.edges.redecide(outcome.redecided, now)
    folding = ProfileFolding(scope, churn_days)
    gone = await folding.fold(outcome.reshaped | outcome.ended)
    changes = []
    if reshaped := sorted(outcome.reshaped - gone):
        changes.append(Change("graph", reshaped))
    if ended := sorted(outcome.ended & gone):
        changes.append(Change("ended", ended))
    await folding.tell(changes)


def _texts(ids: Iterable[UUID]) -> list[str]:
    return [str(each) for each in ids]
