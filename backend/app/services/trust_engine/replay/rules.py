"""A decision made again, as known when it was made, under another policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from msgspec.structs import replace

from app.models.trust_engine.kinds import AutopilotMode, Component, SignalState
from app.services.trust_engine.gate.facts import GateDecision, GateInput, HealthFacts, Leg, Move, RollUpFacts
from app.services.trust_engine.gate.rules import UnknownDecider, decide
from app.services.trust_engine.policies.rules import TrustPolicy
from app.services.trust_engine.replay.rescoring_rules import Gap

Scored = Mapping[str, HealthFacts | Gap]
"""Health under the other policy, by the evaluation's id. An id that it lacks is one that is no longer stored."""


@dataclass(frozen=True, slots=True)
class Redecided:
    """`decision` is None where it cannot be told; with a `gap` its verdict stands whatever is missing."""

    decision: GateDecision | None
    gap: Gap | None


@dataclass(frozen=True, slots=True)
class _Ends:
    """What is known, or the worst and the best that it may be."""

    worst: HealthFacts | None
    best: HealthFacts | None
    gap: Gap | None


def redecide(
    facts: GateInput, decider: str, policy: TrustPolicy | None, scored: Scored | None = None
) -> Redecided:
    """Decide again by the same decider; `policy` None is the row's own, `scored` None leaves health as it was.

    What cannot be known is taken at its worst and at its best: where both come to the same verdict, it is told.
    """
    worst, best, gap = facts, facts, None
    if policy is not None and facts.policy is not None:
        worst, best, gap = _under(facts, policy, scored)
    try:
        decision = decide(best, decider)
        if gap is None:
            return Redecided(decision, None)
        other = decide(worst, decider)
    except UnknownDecider:
        return Redecided(None, Gap.UNREADABLE)
    if other.verdict is not decision.verdict:
        return Redecided(None, gap)
    shared = tuple(reason for reason in decision.reasons if reason in other.reasons)
    return Redecided(replace(decision, reasons=shared, score=None), gap)


def _under(
    facts: GateInput, policy: TrustPolicy, scored: Scored | None
) -> tuple[GateInput, GateInput, Gap | None]:
    """Had the policy been in force, every evaluation would have been made by it: none is stale for its version."""
    known = _health(facts.health, policy, scored)
    gap = known.gap
    worst = replace(facts, policy=policy, health=known.worst, evaluated_with=_version(facts, policy))
    best = replace(worst, health=known.best)
    if facts.move is None:
        return worst, best, gap
    leg = facts.move.other
    theirs = _health(leg.health, policy, scored)
    low, high = facts.move.roll_up, facts.move.roll_up
    if scored is not None:
        low = RollUpFacts(score=0.0, coverage=0.0, mode=AutopilotMode.FROZEN)
        high = RollUpFacts(score=100.0, coverage=1.0, mode=AutopilotMode.NORMAL)
        gap = gap or theirs.gap or Gap.ROLL_UP
    return (
        replace(worst, move=Move(other=_leg(leg, theirs.worst, policy), roll_up=low)),
        replace(best, move=Move(other=_leg(leg, theirs.best, policy), roll_up=high)),
        gap,
    )


def _leg(leg: Leg, health: HealthFacts | None, policy: TrustPolicy) -> Leg:
    return replace(leg, health=health, evaluated_with=_version(leg, policy))


def _version(facts: GateInput | Leg, policy: TrustPolicy) -> int | None:
    return None if facts.evaluated_with is None else policy.version


def _health(recorded: HealthFacts | None, policy: TrustPolicy, scored: Scored | None) -> _Ends:
    if recorded is None or scored is None:
        return _Ends(recorded, recorded, None)
    found = scored.get(recorded.evaluation_id, Gap.EVIDENCE_GONE)
    if isinstance(found, HealthFacts):
        if found.evidence_digest == recorded.evidence_digest:
            return _Ends(found, found, None)
        found = Gap.EVIDENCE_ALTERED
    expires_at = recorded.evaluated_at + timedelta(minutes=policy.score_ttl_minutes)
    worst = replace(
        recorded,
        score=0.0,
        coverage=0.0,
        mode=AutopilotMode.FROZEN,
        states=_all(recorded, SignalState.UNKNOWN),
        expires_at=expires_at,
    )
    best = replace(
        worst,
        score=100.0,
        coverage=1.0,
        mode=AutopilotMode.NORMAL,
        states=_all(recorded, SignalState.GOOD),
    )
    return _Ends(worst, best, found)


def _all(recorded: HealthFacts, state: SignalState) -> dict[Component, SignalState]:
    """What an account does not have, it has under no policy."""
    return {
        each: SignalState.ABSENT if recorded.states.get(each) is SignalState.ABSENT else state
        for each in Component
    }
