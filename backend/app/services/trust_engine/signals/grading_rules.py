"""What a scorer answers: a signal with its state, its score and its reason."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from msgspec.structs import replace

from app.models.trust_engine.kinds import Component, SignalState
from app.services.trust_engine.signals.history_rules import MINIMUM_EVENTS
from app.services.trust_engine.signals.measurements import Fact, Signal


class Earlier(Protocol):
    """A signal of an earlier evaluation."""

    @property
    def score(self) -> float | None: ...

    @property
    def observed_at(self) -> datetime: ...

    @property
    def evidence(self) -> Mapping[str, Fact]: ...


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


def fallen(now: Signal, before: Earlier | None) -> Signal:
    """A component that is not good, with what it was before and until when; `before` is its last evaluation's."""
    if now.score is None or now.score >= GOOD_FROM or before is None:
        return now
    if before.score is not None and before.score >= GOOD_FROM:
        was: Fact = before.score
        until: Fact = before.observed_at.isoformat()
    else:
        was, until = before.evidence.get("score_before"), before.evidence.get("good_until")
    if not isinstance(was, int | float) or not isinstance(until, str):
        return now
    return replace(
        now,
        reason=f"{now.reason} It was {was:.0f} of 100 until {datetime.fromisoformat(until):%Y-%m-%d %H:%M} UTC.",
        evidence=now.evidence | {"score_before": was, "good_until": until},
    )


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
