"""How components become a score, a score a mode, and accounts a roll-up. Pure: the caller gives the time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from app.models.trust_engine.kinds import AutopilotMode, Component, HealthStatus, SignalState
from app.services.trust_engine.policies.rules import MODE_FLOORS, TrustPolicy
from app.services.trust_engine.signals.measurements import Signal

STEP = 0.1
"""Scores are kept to one decimal."""

BETWEEN = timedelta(minutes=5)
"""Two evaluations closer than this, in domain time, are one step of a rise."""

_MODES = tuple(AutopilotMode)
_RANK = {mode: rank for rank, mode in enumerate(reversed(_MODES))}


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """Why the score is what it is: points lost by one component, or a cap, in plain words."""

    code: str
    component: Component | None
    points: float
    sentence: str


class ComponentHealth(msgspec.Struct, frozen=True, kw_only=True):
    component: Component
    state: SignalState
    score: float | None
    weight: float
    """Its share of the denominator; 0 when absent by design."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """An account's signal health at one moment."""

    score: float | None
    status: HealthStatus
    coverage: float
    """The weight that has live evidence, 0 to 1."""
    target: AutopilotMode
    """The mode that this evaluation alone would allow."""
    components: tuple[ComponentHealth, ...]
    absent: tuple[Component, ...]
    capped_by: tuple[Component, ...]
    drivers: tuple[Driver, ...]
    evaluated_at: datetime
    expires_at: datetime


class ModeState(msgspec.Struct, frozen=True, kw_only=True):
    """The mode in force, and how far a rise has come."""

    mode: AutopilotMode
    run: int = 0
    """Evaluations in a row that would allow more than `mode`."""
    candidate: AutopilotMode | None = None
    """The least that the run has allowed."""


WORST_FIRST = tuple(reversed(AutopilotMode))

INITIAL_MODE = ModeState(mode=AutopilotMode.FROZEN)
"""Trust is earned: the first evaluations rise like any other."""


def combine(signals: Sequence[Signal], policy: TrustPolicy, now: datetime) -> Health:
    """Score an account from its signals; a component that was not measured is unknown."""
    live = {signal.component: _aged(signal, policy, now) for signal in signals}
    absent = tuple(name for name, signal in live.items() if signal.state is SignalState.ABSENT)
    weights = weights_for(policy, live)
    total = sum(weights.values())
    known = {
        name: signal
        for name, signal in live.items()
        if signal.score is not None and signal.state is not SignalState.ABSENT and weights.get(name, 0) > 0
    }
    coverage = sum(weights[name] for name in known) / total if total else 0.0
    capped_by = tuple(name for name, signal in live.items() if _is_dead(signal, policy))
    score = _score(known, weights, policy)
    if score is not None and capped_by:
        score = min(score, policy.dead_cap)
    components = tuple(
        ComponentHealth(
            component=name,
            state=live[name].state if name in live else SignalState.UNKNOWN,
            score=known[name].score if name in known else None,
            weight=round(weights.get(name, 0.0) / total, 4) if total else 0.0,
        )
        for name in Component
    )
    return Health(
        score=score,
        status=status_of(score),
        coverage=round(coverage, 4),
        target=mode_for(score, coverage, policy),
        components=components,
        absent=tuple(sorted(absent)),
        capped_by=tuple(sorted(capped_by)),
        drivers=_drivers(live, known, weights, capped_by, policy),
        evaluated_at=now,
        expires_at=now + timedelta(minutes=policy.score_ttl_minutes),
    )


def weights_for(policy: TrustPolicy, live: Mapping[Component, Signal]) -> dict[Component, float]:
    """Weigh what counts here: CDP quality joins where the CDP is used, and what is absent leaves."""
    cdp = live.get(Component.CDP_QUALITY)
    uses_cdp = cdp is not None and cdp.state is not SignalState.ABSENT
    scale = 1 - policy.cdp_weight if uses_cdp else 1.0
    weights = {name: weight * scale for name, weight in policy.weights.items()}
    if uses_cdp:
        weights[Component.CDP_QUALITY] = policy.cdp_weight
    return {
        name: weight
        for name, weight in weights.items()
        if name not in live or live[name].state is not SignalState.ABSENT
    }


def status_of(score: float | None) -> HealthStatus:
    if score is None:
        return HealthStatus.UNKNOWN
    if score >= MODE_FLOORS[AutopilotMode.NORMAL]:
        return HealthStatus.HEALTHY
    return HealthStatus.DEGRADED if score >= MODE_FLOORS[AutopilotMode.CUTS_ONLY] else HealthStatus.CRITICAL


def mode_for(score: float | None, coverage: float, policy: TrustPolicy) -> AutopilotMode:
    """Score gives the mode; thin evidence takes it away again."""
    if score is None or coverage < policy.coverage_block:
        return AutopilotMode.FROZEN
    mode = next(mode for mode in _MODES if score >= MODE_FLOORS[mode])
    if coverage < policy.coverage_hold and _RANK[mode] > _RANK[AutopilotMode.CUTS_ONLY]:
        return AutopilotMode.CUTS_ONLY
    return mode


def advance(state: ModeState, target: AutopilotMode, rise_after: int) -> ModeState:
    """Fall at once; rise only after `rise_after` evaluations in a row that would all allow it."""
    if _RANK[target] <= _RANK[state.mode]:
        return ModeState(mode=target)
    candidate = target if state.candidate is None else min(target, state.candidate, key=_RANK.__getitem__)
    if state.run + 1 >= rise_after:
        return ModeState(mode=candidate)
    return ModeState(mode=state.mode, run=state.run + 1, candidate=candidate)


def step(
    before: ModeState | None, since: timedelta | None, target: AutopilotMode, rise_after: int
) -> ModeState:
    """Say the mode after an evaluation, `since` after the one before it; the first one has none before it."""
    if before is None or since is None:
        return advance(INITIAL_MODE, target, rise_after)
    moved = advance(before, target, rise_after)
    rises = moved.run > 0 or _RANK[moved.mode] > _RANK[before.mode]
    return before if rises and since < BETWEEN else moved


def ceiling(mode: AutopilotMode) -> float:
    """Cap what a score may count for while this mode is in force."""
    rank = _RANK[mode]
    if rank == len(_MODES) - 1:
        return 100.0
    above = next(other for other in _MODES if _RANK[other] == rank + 1)
    return round(MODE_FLOORS[above] - STEP, 1)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One account (or platform) in a roll-up, weighted by what it spends."""

    name: str
    health: Health | None
    spend_micros: int


class RollUp(msgspec.Struct, frozen=True, kw_only=True):
    """A platform's or tenant's health: gates only moves across accounts, never a single account's own."""

    score: float | None
    status: HealthStatus
    coverage: float
    target: AutopilotMode
    drivers: tuple[Driver, ...]


def roll_up(parts: Sequence[Part], policy: TrustPolicy, now: datetime) -> RollUp:
    """Mean by spend over what is known; an account that is unknown or expired costs coverage."""
    weights = [max(part.spend_micros, 0) for part in parts]
    if not any(weights):
        weights = [1] * len(parts)
    total = sum(weights)
    known = [
        (part, part.health.score, part.health.coverage, weight)
        for part, weight in zip(parts, weights, strict=True)
        if part.health is not None and part.health.score is not None and now < part.health.expires_at
    ]
    known_weight = sum(weight for *_, weight in known)
    coverage = sum(cover * weight for *_, cover, weight in known) / total if total else 0.0
    score = (
        _tidy(sum(score * weight for _, score, _, weight in known) / known_weight) if known_weight else None
    )
    drivers = sorted(
        (_part_driver(part, score, weight / total) for part, score, _, weight in known),
        key=lambda driver: -driver.points,
    )
    unknown = [part for part in parts if part.name not in {known_part.name for known_part, *_ in known}]
    drivers += [
        Driver(code="unknown", component=None, points=0.0, sentence=f"{part.name} has no live score.")
        for part in unknown
    ]
    return RollUp(
        score=score,
        status=status_of(score),
        coverage=round(coverage, 4),
        target=mode_for(score, coverage, policy),
        drivers=tuple(driver for driver in drivers if driver.points > 0 or driver.code == "unknown"),
    )


def _part_driver(part: Part, score: float, share: float) -> Driver:
    points = round((100 - score) * share, 1)
    sentence = f"{part.name} scores {score:.1f} and is {share * 100:.0f} % of the spend."
    return Driver(code="part", component=None, points=points, sentence=sentence)


def _aged(signal: Signal, policy: TrustPolicy, now: datetime) -> Signal:
    """Evidence ages: past its time to live a component is unknown again."""
    limit = timedelta(minutes=policy.score_ttl_minutes)
    if signal.state in (SignalState.UNKNOWN, SignalState.ABSENT) or now - signal.observed_at <= limit:
        return signal
    reason = f"Last measured at {signal.observed_at:%Y-%m-%d %H:%M}: too old to count."
    return msgspec.structs.replace(signal, state=SignalState.UNKNOWN, score=None, broken=False, reason=reason)


def _is_dead(signal: Signal, policy: TrustPolicy) -> bool:
    if signal.component is Component.ANOMALY or signal.score is None:
        return False
    floor = policy.floors.get(signal.component)
    return signal.broken or (floor is not None and signal.score <= floor)


def _score(
    known: Mapping[Component, Signal], weights: Mapping[Component, float], policy: TrustPolicy
) -> float | None:
    """Mean over known weights. The anomaly component moves it only inside its band."""
    firm = {name: signal for name, signal in known.items() if name is not Component.ANOMALY}
    without = _mean(firm.values(), weights)
    if without is None:
        return None
    score = _mean(known.values(), weights)
    if score is None or Component.ANOMALY not in known:
        return without
    edges = sorted({*MODE_FLOORS.values(), *policy.thresholds.values(), policy.hold_from})
    lowest = max((edge for edge in edges if edge <= without), default=0.0)
    highest = min((edge for edge in edges if edge > without), default=100.0 + STEP)
    return _tidy(min(max(score, lowest), highest - STEP))


def _mean(signals: Iterable[Signal], weights: Mapping[Component, float]) -> float | None:
    pairs = [
        (signal.score, weights.get(signal.component, 0.0)) for signal in signals if signal.score is not None
    ]
    total = sum(weight for _, weight in pairs)
    return _tidy(sum(score * weight for score, weight in pairs) / total) if total else None


def _tidy(score: float) -> float:
    return round(min(100.0, max(0.0, score)), 1)


def _drivers(
    live: Mapping[Component, Signal],
    known: Mapping[Component, Signal],
    weights: Mapping[Component, float],
    capped_by: Sequence[Component],
    policy: TrustPolicy,
) -> tuple[Driver, ...]:
    known_total = sum(weights[name] for name in known)
    total = sum(weights.values())
    found = [
        Driver(
            code="dead",
            component=name,
            points=round(100 - policy.dead_cap, 1),
            sentence=f"{label(name)} is dead, so {policy.dead_cap:.0f} is the most: {live[name].reason}",
        )
        for name in capped_by
    ]
    lost = [
        (name, (100 - signal.score) * weights[name] / known_total, signal)
        for name, signal in known.items()
        if signal.score is not None and name not in capped_by
    ]
    found += [
        Driver(
            code="points",
            component=name,
            points=round(points, 1),
            sentence=f"{label(name)} costs {points:.1f} points: {signal.reason}",
        )
        for name, points, signal in sorted(lost, key=lambda item: -item[1])
        if round(points, 1) > 0
    ]
    found += [
        Driver(
            code="unknown",
            component=name,
            points=0.0,
            sentence=f"{label(name)} is unknown ({weights[name] / total * 100:.0f} % of the evidence): "
            + (live[name].reason if name in live else "it was not measured."),
        )
        for name in weights
        if name not in known
    ]
    return tuple(found)


def label(component: Component) -> str:
    """Name a component as people read it."""
    return _LABELS[component]


_LABELS = {
    Component.EMQ: "Event match quality",
    Component.FRESHNESS: "Freshness",
    Component.VARIANCE: "Agreement with orders",
    Component.INVARIANTS: "Invariants",
    Component.EVENT_LOSS: "Event delivery",
    Component.API_HEALTH: "Platform connection",
    Component.ANOMALY: "Forecast",
    Component.CDP_QUALITY: "First-party data quality",
}
