"""The five rules that keep a mean from lying, and the modes that follow from it."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.models.trust_engine.kinds import AutopilotMode, Component, HealthStatus, SignalState
from app.services.trust_engine.health import rules
from app.services.trust_engine.policies.rules import DEFAULT_POLICY, MODE_FLOORS
from app.services.trust_engine.signals.measurements import Signal

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
MODES = list(AutopilotMode)
EDGES = (40.0, 60.0, 70.0, 80.0)
FLOORED = [name for name in Component if name not in (Component.ANOMALY, Component.CDP_QUALITY)]


def signal(component: Component, score: float | None, **over: object) -> Signal:
    state = SignalState.UNKNOWN if score is None else SignalState.GOOD if score >= 70 else SignalState.BAD
    made = Signal(
        component=component, state=state, score=score, observed_at=NOW, reason="As measured.", evidence={}
    )
    return replace(made, **over)


def all_at(score: float, **over: float | None) -> list[Signal]:
    given_scores = {Component(name): value for name, value in over.items()}
    return [signal(name, given_scores.get(name, score)) for name in Component]


def combine(signals: list[Signal]) -> rules.Health:
    return rules.combine(signals, DEFAULT_POLICY, NOW)


scores = st.none() | st.floats(0, 100).map(lambda score: round(score, 1))
anything = st.fixed_dictionaries(dict.fromkeys(Component, scores)).map(
    lambda found: [signal(name, score) for name, score in found.items()]
)


def test_the_weighted_mean_of_what_is_known() -> None:
    health = combine(all_at(90))
    assert health.score == 90
    assert health.coverage == 1
    assert health.status is HealthStatus.HEALTHY
    assert sum(part.weight for part in health.components) == pytest.approx(1, abs=0.001)


@given(anything)
def test_unknown_never_counts_as_points(signals: list[Signal]) -> None:
    known = [one for one in signals if one.score is not None]
    health, alone = combine(signals), combine(known)
    if not any(one.component is Component.CDP_QUALITY and one.score is None for one in signals):
        assert health.score == alone.score
    assert health.score is None or health.score <= max(one.score or 0 for one in known)


@given(anything)
def test_thin_coverage_never_allows_a_raise(signals: list[Signal]) -> None:
    health = combine(signals)
    if health.coverage < 0.3:
        assert health.target is AutopilotMode.FROZEN
    elif health.coverage < 0.6:
        assert health.target in (AutopilotMode.CUTS_ONLY, AutopilotMode.FROZEN)


def test_nothing_known_is_no_score() -> None:
    health = combine([])
    assert health.score is None
    assert health.coverage == 0
    assert health.status is HealthStatus.UNKNOWN
    assert health.target is AutopilotMode.FROZEN


@pytest.mark.parametrize("dead", FLOORED)
def test_one_dead_signal_caps_the_score_whatever_the_rest_says(dead: Component) -> None:
    health = combine(all_at(100, **{dead: 0.0}))
    assert health.score == 39
    assert health.capped_by == (dead,)
    assert health.status is HealthStatus.CRITICAL
    assert health.drivers[0].code == "dead"


def test_a_broken_invariant_vetoes_even_above_its_floor() -> None:
    signals = [*all_at(100)[:3], signal(Component.INVARIANTS, 80.0, broken=True), *all_at(100)[4:]]
    assert combine(signals).score == 39


@given(anything, st.floats(0, 100))
def test_an_anomaly_never_vetoes_and_never_crosses_a_threshold(signals: list[Signal], score: float) -> None:
    rest = [one for one in signals if one.component is not Component.ANOMALY]
    without = combine([*rest, signal(Component.ANOMALY, None)]).score
    with_it = combine([*rest, signal(Component.ANOMALY, round(score, 1))]).score
    if without is None or with_it is None:
        assert without == with_it
        return
    for edge in EDGES:
        assert (without >= edge) == (with_it >= edge)


@pytest.mark.parametrize(("minutes", "known"), [(60, True), (61, False)])
def test_evidence_ages(minutes: int, *, known: bool) -> None:
    old = signal(Component.EMQ, 100.0, observed_at=NOW - timedelta(minutes=minutes))
    health = combine([old, *all_at(100)[1:]])
    assert (health.coverage == 1) == known
    assert all(part.score is None for part in health.components if part.component is Component.EMQ) != known


def test_absent_by_design_leaves_the_denominator_and_is_told() -> None:
    absent = signal(Component.VARIANCE, None, state=SignalState.ABSENT)
    health = combine([absent, *(one for one in all_at(90) if one.component is not Component.VARIANCE)])
    assert health.coverage == 1
    assert health.score == 90
    assert health.absent == (Component.VARIANCE,)
    unknown = combine([one for one in all_at(90) if one.component is not Component.VARIANCE])
    assert unknown.coverage < 1


def test_the_cdp_joins_at_a_tenth_and_scales_the_others() -> None:
    weights = rules.weights_for(DEFAULT_POLICY, {Component.CDP_QUALITY: signal(Component.CDP_QUALITY, 90)})
    assert weights[Component.CDP_QUALITY] == 0.10
    assert weights[Component.EMQ] == pytest.approx(0.18)
    absent = signal(Component.CDP_QUALITY, None, state=SignalState.ABSENT)
    assert rules.weights_for(DEFAULT_POLICY, {Component.CDP_QUALITY: absent})[Component.EMQ] == 0.20


@given(anything)
def test_drivers_name_every_component_that_costs_or_is_unknown(signals: list[Signal]) -> None:
    health = combine(signals)
    named = {driver.component for driver in health.drivers}
    for part in health.components:
        if part.state is SignalState.UNKNOWN and part.weight > 0:
            assert part.component in named
    assert all(driver.sentence.endswith((".", "…")) for driver in health.drivers)


@pytest.mark.parametrize(
    ("score", "mode", "status"),
    [
        (100, AutopilotMode.NORMAL, HealthStatus.HEALTHY),
        (70, AutopilotMode.NORMAL, HealthStatus.HEALTHY),
        (69.9, AutopilotMode.LIMITED, HealthStatus.DEGRADED),
        (60, AutopilotMode.LIMITED, HealthStatus.DEGRADED),
        (59.9, AutopilotMode.CUTS_ONLY, HealthStatus.DEGRADED),
        (40, AutopilotMode.CUTS_ONLY, HealthStatus.DEGRADED),
        (39.9, AutopilotMode.FROZEN, HealthStatus.CRITICAL),
        (0, AutopilotMode.FROZEN, HealthStatus.CRITICAL),
    ],
)
def test_bands(score: float, mode: AutopilotMode, status: HealthStatus) -> None:
    assert rules.mode_for(score, 1.0, DEFAULT_POLICY) is mode
    assert rules.status_of(score) is status


def rank(mode: AutopilotMode) -> int:
    return -MODES.index(mode)


@pytest.mark.parametrize(("now", "target"), list(product(MODES, MODES)))
def test_falling_is_instant_and_rising_waits(now: AutopilotMode, target: AutopilotMode) -> None:
    state = rules.ModeState(mode=now)
    steps = [state := rules.advance(state, target, 3) for _ in range(3)]
    if rank(target) <= rank(now):
        assert steps[0].mode is target
    else:
        assert [step.mode for step in steps] == [now, now, target]


@given(st.lists(st.sampled_from(MODES), max_size=30))
def test_a_mode_never_exceeds_what_the_last_run_allowed(targets: list[AutopilotMode]) -> None:
    state = rules.INITIAL_MODE
    history = [state.mode]
    for index, target in enumerate(targets):
        state = rules.advance(state, target, 3)
        assert rank(state.mode) <= max(rank(target), rank(history[-1]))
        assert rank(state.mode) <= rank(target)
        if rank(state.mode) > rank(history[-1]):
            assert all(rank(seen) >= rank(state.mode) for seen in targets[index - 2 : index + 1])
        history.append(state.mode)


def test_a_mode_caps_what_a_score_counts_for() -> None:
    assert [rules.ceiling(mode) for mode in MODES] == [100, 69.9, 59.9, 39.9]
    for mode, limit in zip(MODES[1:], [69.9, 59.9, 39.9], strict=True):
        assert limit >= MODE_FLOORS[mode]


class TestRollUp:
    def part(self, name: str, score: float | None, spend: int) -> rules.Part:
        health = None if score is None else combine(all_at(score))
        return rules.Part(name=name, health=health, spend_micros=spend)

    def test_weighs_by_spend(self) -> None:
        found = rules.roll_up([self.part("A", 90, 300), self.part("B", 50, 100)], DEFAULT_POLICY, NOW)
        assert found.score == 80
        assert found.drivers[0].sentence.startswith("B")

    def test_an_unknown_account_costs_coverage_not_points(self) -> None:
        found = rules.roll_up([self.part("A", 90, 100), self.part("B", None, 100)], DEFAULT_POLICY, NOW)
        assert found.score == 90
        assert found.coverage == 0.5
        assert found.target is AutopilotMode.CUTS_ONLY

    def test_an_expired_score_is_unknown(self) -> None:
        later = NOW + timedelta(minutes=60)
        assert rules.roll_up([self.part("A", 90, 100)], DEFAULT_POLICY, later).score is None

    def test_nothing_is_unknown(self) -> None:
        assert rules.roll_up([], DEFAULT_POLICY, NOW).status is HealthStatus.UNKNOWN

    def test_no_spend_weighs_alike(self) -> None:
        found = rules.roll_up([self.part("A", 90, 0), self.part("B", 50, 0)], DEFAULT_POLICY, NOW)
        assert found.score == 70
