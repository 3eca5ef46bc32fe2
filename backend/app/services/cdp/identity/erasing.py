"""A person taken out of the graph: identifiers, links, profile and events, in one transaction under its lock."""

from collections.abc import Sequence
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
from app.services.cdp.profiles.service import Change, ProfileFolding
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
        """Take these out; who was only named beside them stays, and is folded without them."""
        await self._graph.lock()
        events = await self._rows.events(request_id)
        links, beside = await self._rows.edges(keys)
        identifiers = await self._rows.identifiers(keys)
        freed = await self._rows.set_free(keys)
        gone = await self._rows.profiles(keys)
        rules = (await IdentitySettings(self._scope).current()).rules
        folding = ProfileFolding(self._scope, rules.churn_days)
        await folding.fold(freed)
        await folding.tell([Change("erased", gone)] if gone else [])
        if beside := beside | freed:
            outcome = await Linker(self._graph, rules).again(await self._graph.identifiers.by_keys(beside))
            await apply(self._scope, self._graph, outcome, rules.churn_days)
        await self._rows.resolve_again(keys)
        await self._scope.enqueue("cdp.identity.resolve", {}, queue="cdp", unless_pending=True)
        return Erased(events, links, identifiers, len(gone))
