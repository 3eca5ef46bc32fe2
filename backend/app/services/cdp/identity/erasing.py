"""A person taken out of the graph: identifiers, links, profile and events, in one transaction under its lock."""

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.db.session import TenantScope
from app.services.cdp.identity.changing import apply
from app.services.cdp.identity.erasing_repository import ErasingRepository
from app.services.cdp.identity.linking import Linker
from app.services.cdp.identity.repository import Graph
from app.services.cdp.identity.settings import IdentitySettings
from app.services.cdp.profiles.errors import ProfileNotFound
from app.services.cdp.profiles.service import Change, tell
from app.services.cdp.tombstones.service import Tombstones


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows went."""

    events: int
    links: int
    identifiers: int
    profiles: int


class GraphErasure:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._graph = Graph(scope)
        self._rows = ErasingRepository(scope)

    async def bury(self, profile_id: UUID, before: datetime, request_id: UUID) -> list[UUID]:
        """Bar the past of whoever this is now, aliases and merged profiles too; the keys that are barred."""
        await self._graph.lock()
        found = (await self._graph.identifiers.by_keys([profile_id])).get(profile_id)
        if found is None:
            raise ProfileNotFound(profile_id=str(profile_id))
        keys = sorted(await self._graph.identifiers.of_profiles([found.profile_id]))
        await Tombstones(self._scope).bury(keys, before, request_id)
        return keys

    async def erase(self, keys: Sequence[UUID], request_id: UUID) -> Erased:
        """Take these out; who was named beside them stays, and whoever they were joined to is folded without them."""
        await self._graph.lock()
        there = await self._graph.identifiers.by_keys(keys)
        owners = {each.profile_id for each in there.values()}
        events = await self._rows.events(request_id)
        links, beside = await self._rows.edges(keys)
        identifiers = await self._rows.identifiers(keys)
        freed = await self._rows.set_free(keys)
        gone = await self._rows.profiles(keys)
        # Who became somebody else meanwhile has no profile that ends: receivers know them by one of these.
        told = gone or sorted(there)
        await tell(self._scope, [Change("erased", told)] if told else [])
        await self._join_anew(beside | freed, freed | owners.difference(keys))
        await self._rows.resolve_again(keys)
        await self._scope.enqueue("cdp.identity.resolve", {}, queue="cdp", unless_pending=True)
        return Erased(events, links, identifiers, len(gone))

    async def _join_anew(self, keys: Collection[UUID], profile_ids: AbstractSet[UUID]) -> None:
        """Join what still hangs together, and fold these profiles, who have lost or become something."""
        if keys or profile_ids:
            rules = (await IdentitySettings(self._scope).current()).rules
            stored = await self._graph.identifiers.by_keys(keys)
            outcome = await Linker(self._graph, rules).again(stored)
            outcome.reshaped |= profile_ids - outcome.ended
            await apply(self._scope, self._graph, outcome, rules.churn_days)
