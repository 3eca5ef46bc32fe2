"""Computed traits follow the feed of changed profiles, and time; and are computed whole beside it, part by part.

Only who changed is computed, and only the traits that read what changed of them. A turn is one transaction: how far it
has come, the values and what is told of them are committed together.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from app.core.metrics import CDP_TRAIT_EVALUATIONS
from app.db.platform import Platform
from app.db.session import Scopes, TenantScope, is_too_slow
from app.models.cdp.traits import CdpTrait
from app.services.cdp.events.service import names_an_order
from app.services.cdp.feed.service import FeedRow, until_done
from app.services.cdp.profiles.service import Change, tell
from app.services.cdp.traits.repository import TraitRepository, tenants_waiting
from app.services.cdp.traits.rfm import Ranking
from app.services.cdp.traits.rules import concerns
from app.services.cdp.traits.values_repository import ValuesRepository, Written, definition_of

_AT_ONCE = 2_000
_VALUES = 20_000
"""By one statement; fewer where they take too long."""
_LOOKS_AGAIN_IN = timedelta(seconds=2)
CHURN = {"kind": "churn"}

_Done = TypeVar("_Done")


class TraitFollowing:
    """Works through what one tenant's computed traits have to follow."""

    def __init__(self, scopes: Scopes, *, at_once: int = _AT_ONCE) -> None:
        self._scopes = scopes
        self._at_once = at_once
        self._pace = _Pace()

    async def drain(self) -> int:
        """Follow until there is nothing left, or another is at work; how much it did."""
        return await until_done(self.turn)

    async def turn(self) -> int:
        """One set of changes; 0 where there is none, another has the turn, or all that is left is being written."""
        return await self._pace.of(self._turn)

    async def _turn(self, most_values: int) -> int:
        async with self._scopes() as scope:
            traits, values = TraitRepository(scope), ValuesRepository(scope)
            if not await traits.try_lock():
                return 0
            await scope.prefer_indexes()
            cursor = await traits.cursor()
            if cursor is None:
                return 0
            feed = await traits.changes(cursor.seq, self._at_once)
            due = await values.due(self._at_once)
            if not feed and not due:
                return 0
            asked = asked_of(await traits.all(), feed, due)
            written = await evaluated_by(values, asked, most_values)
            await told(scope, written)
            if feed:
                cursor.seq = feed[-1].seq
            evaluated = sum(len(whom) for _, whom in asked)
            CDP_TRAIT_EVALUATIONS.labels("followed").inc(evaluated)
            return max(len(feed), evaluated - written.passed_over)


def asked_of(
    traits: Sequence[CdpTrait], feed: Sequence[FeedRow], due: Mapping[UUID, Sequence[UUID]]
) -> list[tuple[CdpTrait, list[UUID]]]:
    """Each trait with whom to compute it of: whose time has come, and who changed in what it reads."""
    asked = []
    for trait in traits:
        whom = dict.fromkeys(due.get(trait.id, ()))
        definition = definition_of(trait)
        for row in feed:
            names = row.event_names
            if definition is None:
                heard = row.reason not in {"computed", "lifecycle"} and (
                    row.reason != "events" or any(map(names_an_order, names))
                )
            else:
                heard = concerns(definition, row.reason, names)
            if heard:
                whom |= dict.fromkeys(row.profile_ids)
        if whom:
            asked.append((trait, list(whom)))
    return asked


class _Pace:
    """How many values a statement may work out: fewer for good once one took too long."""

    def __init__(self) -> None:
        self.most = _VALUES

    async def of(self, work: Callable[[int], Awaitable[_Done]]) -> _Done:
        """Do the work by such statements, and anew by smaller ones where one takes too long."""
        while True:
            try:
                return await work(self.most)
            except Exception as error:
                if self.most == 1 or not is_too_slow(error):
                    raise
                self.most = max(1, self.most // 8)


async def evaluated_by(
    values: ValuesRepository, asked: Sequence[tuple[CdpTrait, Sequence[UUID]]], most_values: int
) -> Written:
    written = Written()
    for piece in in_pieces(asked, most_values):
        written.add(await values.evaluate(piece))
    return written


def in_pieces(
    asked: Sequence[tuple[CdpTrait, Sequence[UUID]]], most: int
) -> Iterator[list[tuple[CdpTrait, Sequence[UUID]]]]:
    """The same, in order, so many values at a time."""
    piece: list[tuple[CdpTrait, Sequence[UUID]]] = []
    room = most
    for trait, whom in asked:
        rest = whom
        while rest:
            piece.append((trait, rest[:room]))
            rest, room = rest[room:], room - len(rest[:room])
            if room == 0:
                yield piece
                piece, room = [], most
    if piece:
        yield piece


async def told(scope: TenantScope, written: Written) -> None:
    """Tell the feed whose values are others now, so that segments follow."""
    changes = [Change("computed", whom, (), (name,)) for name, whom in sorted(written.changed.items())]
    await tell(scope, changes)


class WholeTrait:
    """One trait of everybody, part by part: each a short transaction under the lock, like a turn of the following.

    So a change is never lost: whoever changes after their part, or comes to be before it, is followed.
    """

    def __init__(self, scopes: Scopes, *, at_once: int = _AT_ONCE) -> None:
        self._scopes = scopes
        self._at_once = at_once
        self._pace = _Pace()

    async def run(self, trait_id: UUID) -> None:
        """Compute it until everybody has it; or, where it is being removed, until nobody has."""
        while await self._pace.of(lambda most: self._part(trait_id, most)):
            pass

    async def _part(self, trait_id: UUID, most_values: int) -> bool:
        async with self._scopes() as scope:
            traits, values = TraitRepository(scope), ValuesRepository(scope)
            await traits.lock()
            await scope.prefer_indexes()
            trait = await traits.one(trait_id, for_update=True)
            if trait is None or trait.computing_since is None:
                return False
            whom = await values.next_profiles(trait.computing_after, self._at_once)
            if not whom:
                await self._end(scope, traits, trait)
                return False
            await told(scope, await evaluated_by(values, [(trait, whom)], most_values))
            trait.computing_after = whom[-1]
            CDP_TRAIT_EVALUATIONS.labels("recomputed").inc(len(whom))
            return True

    @staticmethod
    async def _end(scope: TenantScope, traits: TraitRepository, trait: CdpTrait) -> None:
        values = ValuesRepository(scope)
        if trait.removed_at is None:
            trait.computing_since, trait.computing_after = None, None
            trait.computed_at = scope.now()
        elif await values.is_awaited(trait.id):  # somebody was passed over
            await compute(scope, trait, delay=_LOOKS_AGAIN_IN)
        else:
            await values.forget_timers(trait.id)
            await traits.remove(trait)


async def compute(scope: TenantScope, trait: CdpTrait, *, delay: timedelta = timedelta(0)) -> None:
    """Have a trait computed of everybody, by a task."""
    trait.computing_since, trait.computing_after = scope.now(), None
    await scope.enqueue("cdp.traits.compute", {"trait_id": str(trait.id)}, queue="cdp", delay=delay)


async def begin(scope: TenantScope) -> None:
    """Begin to follow: from now on customers have their rhythm, and are ranked once a day."""
    trait_id = await TraitRepository(scope).begin(scope.now(), CHURN)
    if trait_id is not None:
        await scope.enqueue("cdp.traits.compute", {"trait_id": str(trait_id)}, queue="cdp")


async def follow_traits(platform: Platform) -> None:
    """Begin where nobody has, follow what time has moved or a worker's death left behind, and rank who is due."""
    await platform.clock.sync()
    async with platform.maintenance() as session:
        waiting = await tenants_waiting(session, platform.clock.now())
    await platform.for_each(waiting, _follow)


async def _follow(scopes: Scopes) -> None:
    async with scopes() as scope:
        await begin(scope)
    await TraitFollowing(scopes).drain()
    await Ranking(scopes).begin_if_due()
