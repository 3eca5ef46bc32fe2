"""An account's health under another policy, from the signals as they were measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec.structs import replace

from app.models.trust_engine.kinds import AutopilotMode, Component
from app.services.trust_engine.gate.facts import HealthFacts
from app.services.trust_engine.health.rules import Health, ModeState, combine, step
from app.services.trust_engine.policies.rules import TrustPolicy
from app.services.trust_engine.signals.measurements import Signal
from app.services.trust_engine.signals.rules import freshness_between


class Gap(StrEnum):
    """Why a decision cannot be made again under another policy."""

    UNREADABLE = "unreadable"
    """The row cannot be read, or no decider of its name is known."""
    EVIDENCE_GONE = "evidence_gone"
    """The evaluation that it was decided on, or its signals, are no longer stored."""
    EVIDENCE_ALTERED = "evidence_altered"
    """What is stored is not what the row was decided on, by its digest."""
    SCORED_OTHERWISE = "scored_otherwise"
    """Today's program comes to another score by the policy of then."""
    NOT_MEASURED = "not_measured"
    """What was kept leaves open what the other policy would have had measured."""
    OUT_OF_ORDER = "out_of_order"
    """Rows long before it were decided on a later evaluation: its account has been followed past this one."""
    ROLL_UP = "roll_up"
    """A move between accounts: the row holds the score of all of them together, not what it was made of."""


SENTENCES: Mapping[Gap, str] = {
    Gap.UNREADABLE: "The row cannot be read by this program.",
    Gap.EVIDENCE_GONE: "The signals that it was decided on are no longer stored.",
    Gap.EVIDENCE_ALTERED: "The signals that are stored are not those that it was decided on.",
    Gap.SCORED_OTHERWISE: "This program comes to another score by the policy of then.",
    Gap.NOT_MEASURED: "What was kept leaves open how fresh the figures would have counted.",
    Gap.OUT_OF_ORDER: "It was decided on an evaluation that others had left behind long before.",
    Gap.ROLL_UP: "The row holds the score of all accounts together, not what it was made of.",
}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An evaluation of an account as it is stored; `state` is the mode after it."""

    id: UUID
    ad_account_id: UUID
    evaluated_at: datetime
    policy_version: int
    score: float | None
    coverage: float
    state: ModeState
    digest: str
    signals: tuple[Signal, ...]
    """Without their words; of freshness with the ages."""


def scoring(policy: TrustPolicy) -> TrustPolicy:
    """What of a policy makes scores and modes: two that agree in this evaluate everything alike."""
    return replace(
        policy, version=0, absent_raise_pct=0.0, automation_after_conversions=0, fx_max_age_hours=1
    )


def rescored(evaluation: Evaluation, own: TrustPolicy | None, policy: TrustPolicy) -> Health | Gap:
    """The evaluation under `policy`. `own` is the one that it was made by, which must come to what is stored."""
    signals, at = evaluation.signals, evaluation.evaluated_at
    if not signals or own is None:
        return Gap.EVIDENCE_GONE
    then = combine(signals, own, at)
    if (then.score, then.coverage) != (evaluation.score, evaluation.coverage):
        return Gap.SCORED_OTHERWISE
    if own.stale_after_hours == policy.stale_after_hours:
        return combine(signals, policy, at)
    worst, best = (combine([ends[place] for ends in _ends(signals, policy)], policy, at) for place in (0, 1))
    return best if _counts(worst) == _counts(best) else Gap.NOT_MEASURED


def _ends(signals: tuple[Signal, ...], policy: TrustPolicy) -> list[tuple[Signal, Signal]]:
    return [
        freshness_between(each, policy.stale_after_hours)
        if each.component is Component.FRESHNESS
        else (each, each)
        for each in signals
    ]


def _counts(health: Health) -> tuple[object, ...]:
    """All that a decision, or the mode, can depend on."""
    states = {each.component: each.state for each in health.components}
    return health.score, health.coverage, health.target, states, health.capped_by


class Walk:
    """One account's mode as it would have moved, had `policy` been adopted right after the evaluation `before`.

    Where an evaluation cannot be scored again, neither can what follows, until one that leaves no doubt: whatever the
    mode was, it falls to the last at once.
    """

    def __init__(
        self, policy: TrustPolicy, versions: Mapping[int, TrustPolicy], before: Evaluation | None
    ) -> None:
        self._policy = policy
        self._versions = versions
        self._state = None if before is None else before.state
        self._at = None if before is None else before.evaluated_at
        self._lost: Gap | None = None

    def follow(self, evaluation: Evaluation) -> HealthFacts | Gap:
        """The next evaluation of the account, by its time."""
        at = evaluation.evaluated_at
        since = None if self._at is None else at - self._at
        self._at = at
        health = rescored(evaluation, self._versions.get(evaluation.policy_version), self._policy)
        if isinstance(health, Gap):
            self._lost = health
            return health
        if self._lost is not None:
            if health.target is not AutopilotMode.FROZEN:
                return self._lost
            self._lost, self._state = None, ModeState(mode=AutopilotMode.FROZEN)
        self._state = step(self._state, since, health.target, self._policy.rise_after)
        return HealthFacts(
            evaluation_id=str(evaluation.id),
            score=health.score,
            coverage=health.coverage,
            mode=self._state.mode,
            states={each.component: each.state for each in health.components},
            absent=health.absent,
            evaluated_at=at,
            expires_at=health.expires_at,
            evidence_digest=evaluation.digest,
        )
