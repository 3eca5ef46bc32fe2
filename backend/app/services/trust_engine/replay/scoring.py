"""Health under another policy, for the evaluations that decisions name, as the ledger is walked."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from app.db.session import TenantScope
from app.models.trust_engine.kinds import Component, SignalState
from app.models.trust_engine.signals import TrustSignal
from app.services.trust_engine.gate.facts import GateInput, HealthFacts
from app.services.trust_engine.health.service import evidence_digest
from app.services.trust_engine.policies.rules import TrustPolicy
from app.services.trust_engine.replay.repository import Place, ReplayRepository
from app.services.trust_engine.replay.rescoring_rules import Evaluation, Gap, Walk
from app.services.trust_engine.signals.measurements import Signal
from app.services.trust_engine.signals.service import SignalReading

_FIRST = UUID(int=0)


class Scoring:
    """Follows each account's evaluations once, and remembers those that this batch and the last one name."""

    def __init__(
        self,
        scope: TenantScope,
        policy: TrustPolicy,
        versions: Mapping[int, TrustPolicy],
        check: Callable[[], None],
    ) -> None:
        self._rows = ReplayRepository(scope)
        self._signals = SignalReading(scope)
        self._policy = policy
        self._versions = versions
        self._check = check
        self._walks: dict[UUID, tuple[Walk, Place]] = {}
        self._newest: dict[UUID, UUID] = {}
        self._last: dict[UUID, HealthFacts | Gap] = {}

    async def of(self, batch: Iterable[GateInput]) -> dict[str, HealthFacts | Gap]:
        """By the evaluation's id; one that is no longer stored is left out."""
        wanted = {id_ for facts in batch for id_ in named(facts)}
        missing = wanted - self._last.keys()
        found = await self._rows.places(list(missing)) if missing else {}
        by_account: dict[UUID, list[Place]] = {}
        for account, place in found.values():
            by_account.setdefault(account, []).append(place)
        fresh: dict[UUID, HealthFacts | Gap] = {}
        for account, places in by_account.items():
            fresh |= await self._follow(account, sorted(places))
        fresh |= await self._altered(fresh)
        known = self._last | fresh
        # The next batch may name these again; another that waited for its place may name an older one.
        keep = wanted | fresh.keys() | set(self._newest.values())
        self._last = {id_: each for id_, each in known.items() if id_ in keep}
        return {str(id_): each for id_, each in known.items() if id_ in wanted}

    async def _follow(self, account: UUID, places: list[Place]) -> dict[UUID, HealthFacts | Gap]:
        if account not in self._walks:
            before = await self._rows.before(account, places[0])
            # The one named first is followed too, so the walk stands just before it.
            start = Place(places[0].at, _FIRST) if before is None else Place(before.evaluated_at, before.id)
            self._walks[account] = Walk(self._policy, self._versions, before), start
        walk, at = self._walks[account]
        wanted = {place.id for place in places}
        found: dict[UUID, HealthFacts | Gap] = {}
        while at < places[-1]:
            self._check()
            page = await self._rows.evaluations(account, at, places[-1])
            if not page:
                break
            found |= await asyncio.to_thread(_walked, walk, page, wanted)
            at = Place(page[-1].evaluated_at, page[-1].id)
        for place in places:
            found.setdefault(place.id, Gap.OUT_OF_ORDER)
        self._walks[account] = walk, at
        self._newest[account] = places[-1].id
        return found

    async def _altered(self, scored: Mapping[UUID, HealthFacts | Gap]) -> dict[UUID, HealthFacts | Gap]:
        """Those whose signals are not those that the evaluation was made of."""
        told = {id_: each for id_, each in scored.items() if isinstance(each, HealthFacts)}
        signals = await self._signals.of_each(list(told))
        return {
            id_: Gap.EVIDENCE_ALTERED
            for id_, each in told.items()
            if evidence_digest(measured(signals.get(id_, []))) != each.evidence_digest
        }


def _walked(walk: Walk, page: list[Evaluation], wanted: set[UUID]) -> dict[UUID, HealthFacts | Gap]:
    found = {each.id: walk.follow(each) for each in page}
    return {id_: each for id_, each in found.items() if id_ in wanted}


def named(facts: GateInput) -> list[UUID]:
    """The evaluations that a decision rests on."""
    healths = [facts.health, facts.move.other.health if facts.move else None]
    return [id_ for each in healths if each is not None and (id_ := _uuid(each.evaluation_id)) is not None]


def measured(rows: Iterable[TrustSignal]) -> list[Signal]:
    """Signals as they were measured, in the order of measuring."""
    order = {component: place for place, component in enumerate(Component)}
    return sorted(
        (
            Signal(
                component=Component(row.component),
                state=SignalState(row.state),
                score=row.score,
                observed_at=row.observed_at,
                reason=row.reason,
                evidence=row.evidence,
                broken=row.broken,
            )
            for row in rows
        ),
        key=lambda each: order[each.component],
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
