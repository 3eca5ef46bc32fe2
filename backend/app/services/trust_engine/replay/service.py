"""What a changed policy would have decided, and how good what passed turned out to be."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from app.db.session import Doors, TenantScope
from app.models.trust_engine.kinds import Verdict
from app.services.trust_engine.gate.facts import GateDecision, GateInput
from app.services.trust_engine.gate.service import KIND, GateService, active_tenants, read_body
from app.services.trust_engine.ledger.service import Ledger, Stored
from app.services.trust_engine.policies.rules import TrustPolicy
from app.services.trust_engine.policies.service import Adopted, Policies, drafted
from app.services.trust_engine.replay.calibration_rules import Band, bands
from app.services.trust_engine.replay.errors import PeriodBackwards, ReplayTookTooLong
from app.services.trust_engine.replay.repository import ReplayRepository
from app.services.trust_engine.replay.rescoring_rules import scoring
from app.services.trust_engine.replay.rules import Redecided, redecide
from app.services.trust_engine.replay.scoring import Scoring
from app.services.trust_engine.replay.tally_rules import OUTCOMES, Outcome, Row, Tally

__all__ = ["Counterfactual", "Period", "Replay", "replay_ledgers"]

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """Of domain time: from `since` up to, and without, `until`."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.since >= self.until:
            raise PeriodBackwards


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """`policy` None: every row by its own. `rescored`: scores and modes were worked out anew from the signals."""

    tenant_id: int
    period: Period
    policy: TrustPolicy | None
    rescored: bool
    first_seq: int
    """The first row that was replayed; those of the period before it were left out, `cut_short`."""
    cut_short: bool
    tally: Tally
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Again:
    """One row: as it was, by its own policy again, by the one in force, and by a draft."""

    recorded: GateDecision
    own: Redecided
    present: Redecided
    present_version: int
    draft: Redecided | None


class Replay:
    """`patience` bounds how long a question may take; None lets it take its time."""

    def __init__(self, scope: TenantScope, *, patience: timedelta | None = None) -> None:
        self._scope = scope
        self._rows = ReplayRepository(scope)
        self._ledger = Ledger(scope)
        self._until = None if patience is None else time.monotonic() + patience.total_seconds()

    async def counterfactual(
        self, policy: TrustPolicy | None, period: Period, *, newest: int | None = None
    ) -> Counterfactual:
        """Decide every row of the period again as known at its time; with `newest`, only so many of the last.

        The policy counts as adopted just before the first of them: modes go on from where they stood.
        """
        first, cut_short = 0, False
        if newest is not None:
            first, found = await self._ledger.first_of_newest(
                KIND, since=period.since, until=period.until, count=newest + 1
            )
            cut_short = found > newest
        versions = await Policies(self._scope).every()
        anew = policy is not None and _evaluates_otherwise(policy, versions, period)
        scores = self._scoring(policy, versions) if policy is not None and anew else None
        tally, first_seq = Tally(), 0
        async for batch in self._batches(period, first + cut_short):
            first_seq = first_seq or batch[0].seq
            await self._add(tally, batch, policy, scores)
        return Counterfactual(
            tenant_id=self._scope.tenant_id,
            period=period,
            policy=policy,
            rescored=anew,
            first_seq=first_seq,
            cut_short=cut_short,
            tally=tally,
            as_of=self._scope.now(),
        )

    async def decision(self, decision_id: UUID, changes: Mapping[str, Any] | None) -> Again:
        """One row again: by its own policy, by the one in force, and by that with `changes`.

        Modes go on from where they stood before the row's own evaluation.
        """
        entry = await GateService(self._scope).decision(decision_id)
        facts, result = read_body(entry.body)
        versions = await Policies(self._scope).every()
        present = versions[-1].policy
        draft = None if changes is None else drafted(present, changes)
        return Again(
            recorded=result,
            own=redecide(facts, result.decider, None),
            present=await self._under(facts, result, present, versions),
            present_version=present.version,
            draft=None if draft is None else await self._under(facts, result, draft, versions),
        )

    async def calibration(self, period: Period) -> list[Band]:
        """How what passed ended, by class of change and band of the score."""
        found = await self._rows.passed(KIND, since=period.since, until=period.until, now=self._scope.now())
        return bands((each.risk, each.score, each.state, each.decisions) for each in found)

    async def _under(
        self, facts: GateInput, result: GateDecision, policy: TrustPolicy, versions: Sequence[Adopted]
    ) -> Redecided:
        at = Period(facts.at, facts.at + timedelta(microseconds=1))
        if not _evaluates_otherwise(policy, versions, at):
            return redecide(facts, result.decider, policy)
        scored = await self._scoring(policy, versions).of([facts])
        return redecide(facts, result.decider, policy, scored)

    def _scoring(self, policy: TrustPolicy, versions: Sequence[Adopted]) -> Scoring:
        by_version = {each.policy.version: each.policy for each in versions}
        return Scoring(self._scope, policy, by_version, self._hurry)

    async def _batches(self, period: Period, first: int) -> AsyncIterator[list[Stored]]:
        async for batch in self._ledger.batches(KIND, since=period.since, until=period.until, from_seq=first):
            self._hurry()
            yield batch

    async def _add(
        self, tally: Tally, batch: list[Stored], policy: TrustPolicy | None, scores: Scoring | None
    ) -> None:
        read = await asyncio.to_thread(_read, batch)
        told = [(stored, each) for stored, each in zip(batch, read, strict=True) if each is not None]
        outcomes = await self._outcomes(stored for stored, (_, said) in told if said.verdict is Verdict.PASS)
        scored = None if scores is None else await scores.of(facts for _, (facts, _) in told)

        def count() -> None:
            for stored, (facts, said) in told:
                outcome = outcomes.get(stored.id) if said.verdict is Verdict.PASS else None
                row = Row(facts, said, stored.ad_account_id, outcome)
                tally.add(row, redecide(facts, said.decider, policy, scored))
            for _ in range(len(batch) - len(told)):
                tally.add_unreadable()

        await asyncio.to_thread(count)

    async def _outcomes(self, passed: Iterable[Stored]) -> dict[UUID, Outcome]:
        """What became of what each of these decisions let pass."""
        action_of = {each.id: each.action_id for each in passed}
        asked = [action for action in action_of.values() if action is not None]
        states = await self._rows.actions(asked, self._scope.now()) if asked else {}
        found = dict.fromkeys(action_of, Outcome.UNKNOWN)
        for decision, action in action_of.items():
            if action is not None and action in states:
                last, state = states[action]
                found[decision] = OUTCOMES.get(state, Outcome.NOT_WRITTEN)
                if last != decision:
                    found[decision] = Outcome.NOT_WRITTEN
        return found

    def _hurry(self) -> None:
        if self._until is not None and time.monotonic() > self._until:
            raise ReplayTookTooLong


async def replay_ledgers(
    doors: Doors,
    changes: Mapping[str, Any],
    *,
    tenant_id: int | None,
    period: tuple[datetime | None, datetime | None],
) -> AsyncIterator[Counterfactual]:
    """One tenant's ledger, or every active tenant's in turn, under what `changes` make of its policy in force."""
    chosen = [tenant_id] if tenant_id is not None else await active_tenants(doors)
    for each in chosen:
        async with doors.tenant(each) as scope:
            policy = drafted(await Policies(scope).current(), changes)
            since, until = period
            asked = Period(since or _BEGINNING, until or scope.now() + timedelta(microseconds=1))
            yield await Replay(scope).counterfactual(policy, asked)


def _evaluates_otherwise(policy: TrustPolicy, versions: Sequence[Adopted], period: Period) -> bool:
    """Whether any version by which an evaluation of the period may have been made scores, or moves modes, otherwise.

    Those in force, and the one before: decisions right after an adoption rest on its evaluations.
    """
    begun = [each for each in versions if each.adopted_at is None or each.adopted_at < period.until]
    first = max((n for n, each in enumerate(begun) if _at(each) <= period.since), default=0)
    return any(scoring(each.policy) != scoring(policy) for each in begun[max(0, first - 1) :])


def _at(adopted: Adopted) -> datetime:
    return adopted.adopted_at or _BEGINNING


def _read(batch: list[Stored]) -> list[tuple[GateInput, GateDecision] | None]:
    return [_told(each.body) for each in batch]


def _told(body: bytes) -> tuple[GateInput, GateDecision] | None:
    try:
        return read_body(body)
    except msgspec.MsgspecError:
        return None
