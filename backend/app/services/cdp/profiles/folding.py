"""Profiles follow the graph: folded from their identifiers, counted, ended; and the feed that tells of it."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.db.session import TenantScope
from app.services.cdp.profiles.folding_repository import Change, Folded, FoldingRepository, Member
from app.services.cdp.profiles.rules import State, lifecycle, shown_traits

__all__ = ["Change", "Gone", "Member", "ProfileFolding", "tell"]


async def tell(scope: TenantScope, changes: Sequence[Change]) -> None:
    """Append to the feed what another feature has changed of profiles."""
    await FoldingRepository(scope).tell(changes, scope.now())


@dataclass(frozen=True, slots=True)
class Gone:
    """Of profiles that were folded, those that are none: for want of an identifier, or of an event."""

    absent: AbstractSet[UUID]
    ended: AbstractSet[UUID]
    """Those of them that were profiles until now."""

    def changes(self, reshaped: AbstractSet[UUID]) -> list[Change]:
        """What the feed is to tell of a change of the graph that gave these profiles other identifiers."""
        changes = []
        if there := sorted(reshaped - self.absent):
            changes.append(Change("graph", there))
        if self.ended:
            changes.append(Change("ended", sorted(self.ended)))
        return changes


class ProfileFolding:
    """Called under the tenant's lock on the graph, in the transaction that changed it."""

    def __init__(self, scope: TenantScope, churn_days: int) -> None:
        self._now = scope.now()
        self._churn_days = churn_days
        self._store = FoldingRepository(scope)

    async def fold(self, profile_ids: Iterable[UUID], new: Sequence[Member] = ()) -> Gone:
        """Write these profiles anew from their identifiers; answers those that are no profiles (any more).

        `new` are the identifiers of profiles that have no others: they need not be read back. A profile is there
        while it has an event: an identifier that was only named beside others makes none.
        """
        wanted = set(profile_ids)
        grouped: dict[UUID, list[Member]] = {}
        for member in new:
            grouped.setdefault(member.profile_id, []).append(member)
        stored = wanted - grouped.keys()
        for member in await self._store.members(stored) if stored else ():
            grouped.setdefault(member.profile_id, []).append(member)
        folded = [
            profile
            for profile_id, members in grouped.items()
            if (profile := self._folded(profile_id, members)) is not None
        ]
        absent = (wanted | grouped.keys()) - {profile.id for profile in folded}
        await self._store.write(folded, self._now)
        return Gone(absent, await self._store.end(absent & stored))

    def _folded(self, profile_id: UUID, members: Sequence[Member]) -> Folded | None:
        state = members[0].state
        if len(members) > 1:
            state = State()
            for member in members:
                state.add(member.state)
        if state.last_event_at is None:
            return None
        types = [member.type for member in members]
        clicks = {name: {"value": value, "at": at} for name, (value, at, _) in state.click_ids.items()}
        stage = lifecycle(types, state.order_count, state.last_event_at, self._now, self._churn_days)
        return Folded(profile_id, stage, state, shown_traits(state.traits), clicks, types)

    async def found(self, keys: Sequence[UUID]) -> None:
        """Write the profiles of new identifiers that are stored, have events and no traits, and are alone in theirs.

        The database folds them: most new people are one visitor with a few events.
        """
        await self._store.found(keys, self._now, self._churned_before)

    async def count(self, states: Mapping[UUID, State]) -> set[UUID]:
        """Add events to profiles of which nothing else has changed; answers those that must be folded instead.

        An identifier that was only named beside others has made no profile: its first event does.
        """
        counted = await self._store.count(states, self._now, self._churned_before)
        return states.keys() - counted

    async def age(self) -> int:
        """Let time pass: who had no event for so many days is churned, and the feed says so; how many changed."""
        aged = await self._store.age(self._now, self._churned_before)
        if aged:
            await self.tell([Change("lifecycle", aged)])
        return len(aged)

    async def tell(self, changes: Sequence[Change]) -> None:
        """Append to the feed of what changed."""
        await self._store.tell(changes, self._now)

    @property
    def _churned_before(self) -> datetime:
        return self._now - timedelta(days=self._churn_days)
