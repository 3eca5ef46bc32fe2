"""A policy that would let a mean lie is refused."""

import pytest
from msgspec.structs import replace

from app.models.trust_engine.kinds import Component, RiskClass
from app.services.trust_engine.policies.rules import DEFAULT_POLICY, TrustPolicy, faults


def test_the_default_policy_is_sound_and_as_the_contract_says() -> None:
    assert faults(DEFAULT_POLICY) == []
    assert DEFAULT_POLICY.thresholds == {
        RiskClass.HIGH: 80,
        RiskClass.STANDARD: 70,
        RiskClass.CONSERVATIVE: 60,
        RiskClass.CUT: 40,
    }


@pytest.mark.parametrize(
    "policy",
    [
        replace(DEFAULT_POLICY, weights={**DEFAULT_POLICY.weights, Component.EMQ: 0.3}),
        replace(DEFAULT_POLICY, weights={Component.EMQ: 1.0}),
        replace(DEFAULT_POLICY, weights={**DEFAULT_POLICY.weights, Component.CDP_QUALITY: 0.0}),
        replace(DEFAULT_POLICY, floors={**DEFAULT_POLICY.floors, Component.ANOMALY: 5.0}),
        replace(DEFAULT_POLICY, floors={**DEFAULT_POLICY.floors, Component.EMQ: 60.0}),
        replace(DEFAULT_POLICY, thresholds={**DEFAULT_POLICY.thresholds, RiskClass.HIGH: 50.0}),
        replace(DEFAULT_POLICY, thresholds={**DEFAULT_POLICY.thresholds, RiskClass.CUT: 20.0}),
        replace(DEFAULT_POLICY, thresholds={RiskClass.HIGH: 80.0}),
        replace(DEFAULT_POLICY, dead_cap=45.0),
        replace(DEFAULT_POLICY, coverage_block=0.7),
        replace(DEFAULT_POLICY, rise_after=0),
        replace(DEFAULT_POLICY, absent_raise_pct=30.0),
        replace(DEFAULT_POLICY, score_ttl_minutes=0),
        replace(DEFAULT_POLICY, score_ttl_minutes=10**12),
        replace(DEFAULT_POLICY, stale_after_hours=float("nan")),
        replace(DEFAULT_POLICY, cdp_weight=0.9),
    ],
)
def test_an_unsound_policy_has_its_fault_named(policy: TrustPolicy) -> None:
    assert faults(policy)
