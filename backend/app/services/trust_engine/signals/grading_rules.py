"""What a scorer answers: a signal with its state, its score and its reason."""

import math
from datetime import datetime

from app.models.trust_engine.kinds import Component, SignalState
from app.services.trust_engine.signals.history_rules import MINIMUM_EVENTS
from app.services.trust_engine.signals.measurements import Fact, Signal

GOOD_FROM = 70.0
"""A component at or above this is `good`."""


def fall(value: float, full: float, zero: float) -> float:
    """100 up to `full`, 0 from `zero`, a straight line between."""
    if value <= full:
        return 100.0
    if value >= zero:
        return 0.0
    return 100.0 * (zero - value) / (zero - full)


def scored(
    component: Component,
    score: float,
    now: datetime,
    reason: str,
    evidence: dict[str, Fact],
    *,
    broken: bool = False,
) -> Signal:
    score = round(min(100.0, max(0.0, score)), 1)
    state = SignalState.GOOD if score >= GOOD_FROM and not broken else SignalState.BAD
    return Signal(
        component=component,
        state=state,
        score=score,
        observed_at=now,
        reason=reason,
        evidence=_finite(evidence),
        broken=broken,
    )


def _finite(evidence: dict[str, Fact]) -> dict[str, Fact]:
    """JSON has no infinity: a ratio that fell to nothing is shown as None."""
    return {
        name: None if isinstance(fact, float) and not math.isfinite(fact) else fact
        for name, fact in evidence.items()
    }


def unknown(
    component: Component, now: datetime, reason: str, evidence: dict[str, Fact] | None = None
) -> Signal:
    return Signal(
        component=component,
        state=SignalState.UNKNOWN,
        score=None,
        observed_at=now,
        reason=reason,
        evidence=evidence or {},
    )


def thin(component: Component, now: datetime, events: int, what: str) -> Signal:
    reason = f"Not enough data: {events} {what}, {MINIMUM_EVENTS} are needed."
    return unknown(component, now, reason, {"events": events, "needed": MINIMUM_EVENTS})


def absent(component: Component, now: datetime, reason: str) -> Signal:
    return Signal(
        component=component,
        state=SignalState.ABSENT,
        score=None,
        observed_at=now,
        reason=reason,
        evidence={},
    )
