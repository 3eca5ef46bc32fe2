"""A tenant's trust policy: weights, floors and thresholds. A version never changes once it is written."""

import math
from collections.abc import Mapping

import msgspec

from app.models.trust_engine.kinds import AutopilotMode, Component, RiskClass

DEFAULT_WEIGHTS: Mapping[Component, float] = {
    Component.EMQ: 0.20,
    Component.FRESHNESS: 0.20,
    Component.VARIANCE: 0.15,
    Component.INVARIANTS: 0.10,
    Component.EVENT_LOSS: 0.15,
    Component.API_HEALTH: 0.15,
    Component.ANOMALY: 0.05,
}
DEFAULT_FLOORS: Mapping[Component, float] = {
    Component.EMQ: 20.0,
    Component.FRESHNESS: 0.0,
    Component.VARIANCE: 10.0,
    Component.INVARIANTS: 0.0,
    Component.EVENT_LOSS: 20.0,
    Component.API_HEALTH: 10.0,
}
DEFAULT_THRESHOLDS: Mapping[RiskClass, float] = {
    RiskClass.HIGH: 80.0,
    RiskClass.STANDARD: 70.0,
    RiskClass.CONSERVATIVE: 60.0,
    RiskClass.CUT: 40.0,
}
MODE_FLOORS: Mapping[AutopilotMode, float] = {
    AutopilotMode.NORMAL: 70.0,
    AutopilotMode.LIMITED: 60.0,
    AutopilotMode.CUTS_ONLY: 40.0,
    AutopilotMode.FROZEN: 0.0,
}


class TrustPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that turns evidence into a verdict. Percentages are 0 to 100, times as named."""

    version: int
    weights: dict[Component, float] = msgspec.field(default_factory=lambda: dict(DEFAULT_WEIGHTS))
    cdp_weight: float = 0.10
    """Joins the weights, scaling the others down, when the tenant uses the CDP."""
    floors: dict[Component, float] = msgspec.field(default_factory=lambda: dict(DEFAULT_FLOORS))
    """At or under its floor a component is dead and caps the whole score."""
    dead_cap: float = 39.0
    thresholds: dict[RiskClass, float] = msgspec.field(default_factory=lambda: dict(DEFAULT_THRESHOLDS))
    hold_from: float = 40.0
    """Below what an action needs: HOLD from here up, BLOCK below."""
    coverage_hold: float = 0.6
    coverage_block: float = 0.3
    stale_after_hours: float = 24.0
    score_ttl_minutes: int = 60
    rise_after: int = 3
    """Healthy evaluations in a row before a mode rises."""
    absent_raise_pct: float = 10.0
    """Most that an account without a source may be raised in 24 h."""
    automation_after_conversions: int = 50
    """Conversions that a new account needs before automation may raise its spend."""
    fx_max_age_hours: int = 48


DEFAULT_POLICY = TrustPolicy(version=1)


def faults(policy: TrustPolicy) -> list[str]:
    """Return what is wrong with a policy, in sentences; empty when it can be used."""
    return [*_weight_faults(policy), *_threshold_faults(policy), *_limit_faults(policy)]


def _weight_faults(policy: TrustPolicy) -> list[str]:
    found = []
    if Component.CDP_QUALITY in policy.weights:
        found.append("CDP quality has its own weight, cdp_weight.")
    missing = [name for name in DEFAULT_WEIGHTS if name not in policy.weights]
    if missing:
        found.append(f"Weights are missing for {', '.join(missing)}.")
    if any(not 0 <= weight <= 1 for weight in policy.weights.values()):
        found.append("A weight lies between 0 and 1.")
    if not math.isclose(sum(policy.weights.values()), 1.0, abs_tol=1e-9):
        found.append("The weights add up to 1.")
    if not 0 <= policy.cdp_weight <= 0.5:  # noqa: PLR2004 - the CDP never outweighs the rest
        found.append("cdp_weight lies between 0 and 0.5.")
    if Component.ANOMALY in policy.floors:
        found.append("An anomaly never vetoes: it has no floor.")
    if any(not 0 <= floor < policy.hold_from for floor in policy.floors.values()):
        found.append("A floor lies between 0 and hold_from.")
    return found


def _threshold_faults(policy: TrustPolicy) -> list[str]:
    found = []
    if set(policy.thresholds) != set(DEFAULT_THRESHOLDS):
        return ["Thresholds are given for high, standard, conservative and cut; safety has none."]
    ladder = [policy.thresholds[risk] for risk in DEFAULT_THRESHOLDS]
    if ladder != sorted(ladder, reverse=True):
        found.append("A riskier action never needs less than a safer one.")
    if any(not policy.hold_from <= need <= 100 for need in ladder):  # noqa: PLR2004 - the scale's end
        found.append("A threshold lies between hold_from and 100.")
    if not 0 <= policy.dead_cap < policy.hold_from:
        found.append("dead_cap lies under hold_from: a dead signal blocks.")
    return found


_YEAR = 8760
"""Hours."""


def _limit_faults(policy: TrustPolicy) -> list[str]:
    found = []
    if not 0 <= policy.coverage_block <= policy.coverage_hold <= 1:
        found.append("Coverage limits lie between 0 and 1, block under hold.")
    ages = (policy.stale_after_hours, policy.score_ttl_minutes / 60, policy.fx_max_age_hours)
    if not all(0 < hours <= _YEAR for hours in ages):
        found.append("Ages are positive, and a year at most.")
    if policy.rise_after < 1:
        found.append("At least one healthy evaluation comes before a rise.")
    if not 0 <= policy.absent_raise_pct <= 10:  # noqa: PLR2004 - the contract's most
        found.append("An account without a source is raised by at most 10 % a day.")
    return found
