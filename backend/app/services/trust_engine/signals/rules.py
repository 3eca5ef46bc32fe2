"""How each component is scored from what was measured. Pure: the caller gives the time.

Every scorer answers `unknown` rather than a comfortable number when the evidence is missing or too thin.
"""

import math
from datetime import datetime
from statistics import median

from app.models.trust_engine.kinds import Component, SignalState
from app.services.trust_engine.signals.measurements import (
    Anomaly,
    ApiHealth,
    CdpQuality,
    Daily,
    Emq,
    EventLoss,
    Fact,
    Freshness,
    Invariants,
    Ratio,
    RatioSeries,
    Share,
    Signal,
    Variance,
)

GOOD_FROM = 70.0
"""A component at or above this is `good`."""
STALE_AFTER_HOURS = 24.0
MINIMUM_EVENTS = 30
"""Conversions a window needs; fewer is noise, not evidence."""
MINIMUM_DAYS = 7
"""Days of its own past that an account needs before it can be compared with itself."""
ANOMALY_DAYS = 28
ANOMALY_TOLERANCE = 3.0
"""Deviations from the forecast that are an ordinary day."""

IDENTIFIER_WEIGHTS = {
    "email": 0.30,
    "phone": 0.20,
    "click_id": 0.15,
    "external_id": 0.12,
    "ip_user_agent": 0.10,
    "browser_id": 0.08,
    "address": 0.05,
}
FULL_MATCH_WEIGHT = 0.75
"""Few people leave everything: this much of the weight counts as a full match."""

_MAD_TO_SIGMA = 1.4826


def freshness(measured: Freshness, now: datetime, stale_after_hours: float = STALE_AFTER_HOURS) -> Signal:
    """100 within the usual cadence, 0 from twice the stale limit on; the older of the two sources counts."""
    ages: dict[str, tuple[datetime | None, float]] = {
        "metrics": (measured.metrics_at, measured.metrics_cadence_hours)
    }
    if measured.expects_events:
        ages["events"] = (measured.events_at, measured.events_cadence_hours)
    missing = [name for name, (at, _) in ages.items() if at is None]
    if missing:
        return _unknown(Component.FRESHNESS, now, f"No {' and no '.join(missing)} have ever arrived.")
    evidence: dict[str, Fact] = {}
    scores: dict[str, float] = {}
    for name, (at, cadence) in ages.items():
        if at is None:
            continue
        age = (now - at).total_seconds() / 3600
        evidence[f"{name}_age_hours"] = round(age, 2)
        evidence[f"{name}_cadence_hours"] = cadence
        scores[name] = _fall(age, cadence, 2 * max(stale_after_hours, cadence))
    oldest = min(scores, key=lambda name: scores[name])
    age_text = _hours(float(evidence[f"{oldest}_age_hours"] or 0))
    return _scored(
        Component.FRESHNESS, scores[oldest], now, f"The newest {oldest} are {age_text} old.", evidence
    )


def emq(measured: Emq, now: datetime) -> Signal:
    """Weighted coverage of valid identifiers, and the platform's figure where it is lower.

    The local score is a proxy: the platform alone knows what it matched.
    """
    if measured.events < MINIMUM_EVENTS:
        return _thin(Component.EMQ, now, measured.events, f"conversion events in {measured.window_hours} h")
    weight = sum(
        share * min(measured.carried.get(name, 0), measured.events) / measured.events
        for name, share in IDENTIFIER_WEIGHTS.items()
    )
    local = 100 * min(1.0, weight / FULL_MATCH_WEIGHT)
    platform_score = measured.platform_score
    if platform_score is not None and platform_score * 10 >= local:
        platform_score = None
    evidence: dict[str, Fact] = {
        "events": measured.events,
        "window_hours": measured.window_hours,
        "local_score": round(local, 1),
        "platform_score": measured.platform_score,
        "platform_at": measured.platform_at.isoformat() if measured.platform_at else None,
        "proxy": platform_score is None,
    }
    evidence |= {
        f"{name}_share": round(measured.carried.get(name, 0) / measured.events, 4)
        for name in IDENTIFIER_WEIGHTS
    }
    if platform_score is not None:
        reason = f"The platform reports a match quality of {platform_score:.1f} of 10."
        return _scored(Component.EMQ, platform_score * 10, now, reason, evidence)
    reason = (
        f"Identifiers sent with {measured.events} events cover {local:.0f} % of a full match (our own proxy)."
    )
    return _scored(Component.EMQ, local, now, reason, evidence)


def variance(measured: Variance, now: datetime) -> Signal:
    """Compare the platform's share of first-party value with this account's own past share, never with 1."""
    if measured.series is None:
        return absent(Component.VARIANCE, now, "The tenant has no first-party orders to compare with.")
    drift = _drift(measured.series)
    if isinstance(drift, str):
        return _unknown(Component.VARIANCE, now, drift)
    factor, tolerance = drift
    score = _fall(abs(factor), tolerance, tolerance + math.log(2))
    direction = "above" if factor > 0 else "below"
    percent = abs(math.exp(factor) - 1) * 100
    reason = f"Reported value over orders is {percent:.0f} % {direction} this account's usual ratio."
    evidence: dict[str, Fact] = {
        "ratio_now": _ratio(measured.series.now),
        "log_drift": round(factor, 4),
        "tolerance": round(tolerance, 4),
        "past_days": len(measured.series.past),
        "conversions": measured.series.now.events,
    }
    return _scored(Component.VARIANCE, score, now, reason, evidence)


def invariants(measured: Invariants, now: datetime) -> Signal:
    """Score what must hold whatever the market does; one broken invariant vetoes the account."""
    checks: dict[str, float | None] = {
        "duplicates": _share_check(measured.duplicates, strained=0.05, broken=0.20),
        "rows": _missing_check(measured.rows, strained=0.05, broken=0.20),
        "restatements": _share_check(measured.restated, strained=0.10, broken=0.25),
    }
    if measured.first_party:
        checks["sessions_per_click"] = _drift_check(measured.sessions_per_click, broken=math.log(3))
        checks["value_per_conversion"] = _drift_check(measured.value_per_conversion, broken=math.log(2))
    known = {name: score for name, score in checks.items() if score is not None}
    evidence: dict[str, Fact] = {name: _holds(score) for name, score in checks.items()}
    if measured.duplicates is not None and measured.duplicates.whole:
        evidence["duplicates_share"] = round(measured.duplicates.part / measured.duplicates.whole, 4)
    if not known:
        return _unknown(Component.INVARIANTS, now, "No invariant has enough data to be checked.", evidence)
    broken = sorted(name for name, score in known.items() if score <= 0)
    score = 0.0 if broken else sum(known.values()) / len(known)
    if broken:
        reason = f"Broken: {', '.join(name.replace('_', ' ') for name in broken)}."
    else:
        reason = f"{len(known)} of {len(checks)} invariants checked; none is broken."
    return _scored(Component.INVARIANTS, score, now, reason, evidence, broken=bool(broken))


def event_loss(measured: EventLoss, now: datetime) -> Signal:
    """100 up to one event lost in a hundred, 0 from one in four; a silent browser counts too."""
    share = measured.acknowledged
    if share.whole < MINIMUM_EVENTS:
        return _thin(Component.EVENT_LOSS, now, share.whole, "events due for an answer")
    loss = 1 - share.part / share.whole
    evidence: dict[str, Fact] = {
        "accepted": share.whole,
        "acknowledged": share.part,
        "loss": round(loss, 4),
        "quarantined": measured.quarantined,
    }
    score = _fall(loss, 0.01, 0.25)
    reason = f"The platform has acknowledged {share.part} of {share.whole} events."
    if measured.quarantined:
        reason = f"{reason[:-1]}; {measured.quarantined} wait for a person, quarantined for their value."
    drift = _drift(measured.browser_over_server) if measured.browser_over_server else "not measured"
    if not isinstance(drift, str):
        factor, tolerance = drift
        evidence["browser_log_drift"] = round(factor, 4)
        mismatch = _fall(abs(factor), tolerance, tolerance + math.log(3))
        if mismatch < score:
            score = mismatch
            percent = abs(math.exp(factor) - 1) * 100
            direction = "above" if factor > 0 else "below"
            reason = f"Browser events are {percent:.0f} % {direction} their usual share of server events."
    return _scored(Component.EVENT_LOSS, score, now, reason, evidence)


def api_health(measured: ApiHealth, now: datetime) -> Signal:
    """Success rate, less up to 30 points for latency; an open circuit is 0, a half-open one at most 50."""
    evidence: dict[str, Fact] = {
        "calls": measured.calls,
        "failures": measured.failures,
        "throttled": measured.throttled,
        "p95_ms": measured.p95_ms,
        "circuit": measured.circuit,
    }
    if measured.circuit == "open":
        return _scored(Component.API_HEALTH, 0.0, now, "The connector's circuit is open.", evidence)
    if measured.calls == 0:
        return _unknown(Component.API_HEALTH, now, "No call was made to the platform lately.", evidence)
    rate = 1 - measured.failures / measured.calls
    score = _fall(1 - rate, 0.01, 0.20)
    if measured.p95_ms is not None:
        score = max(0.0, score - 30 + 0.3 * _fall(measured.p95_ms, 2_000, 10_000))
    if measured.circuit == "half_open":
        score = min(score, 50.0)
    reason = f"{measured.calls - measured.failures} of {measured.calls} calls to the platform succeeded."
    return _scored(Component.API_HEALTH, score, now, reason, evidence)


def anomaly(measured: Anomaly, now: datetime) -> Signal:
    """How far the last day is from a robust, weekday-aware forecast. Insight, never a veto."""
    distances = {daily.metric: z for daily in measured.metrics if (z := robust_distance(daily)) is not None}
    if not distances:
        return _unknown(Component.ANOMALY, now, f"Not enough data: a forecast needs {ANOMALY_DAYS} days.")
    evidence: dict[str, Fact] = {f"{metric}_z": round(z, 2) for metric, z in distances.items()}
    worst = max(distances, key=lambda metric: abs(distances[metric]))
    z = distances[worst]
    score = _fall(abs(z), ANOMALY_TOLERANCE, 8.0)
    if abs(z) <= ANOMALY_TOLERANCE:
        return _scored(Component.ANOMALY, score, now, "The last day is within its usual range.", evidence)
    reason = f"{worst} was {abs(z):.1f} deviations {'above' if z > 0 else 'below'} its weekday's forecast."
    return _scored(Component.ANOMALY, score, now, reason, evidence)


def cdp_quality(measured: CdpQuality, now: datetime) -> Signal:
    """Share of events tied to a person, and of conversions that are complete; the mean of what is known."""
    if measured.resolved is None and measured.complete is None:
        return absent(Component.CDP_QUALITY, now, "The tenant does not use the customer data platform.")
    shares = {
        name: share
        for name, share in (("resolved", measured.resolved), ("complete", measured.complete))
        if share is not None and share.whole >= MINIMUM_EVENTS
    }
    if not shares:
        whole = max(share.whole for share in (measured.resolved, measured.complete) if share is not None)
        return _thin(Component.CDP_QUALITY, now, whole, "first-party events")
    evidence: dict[str, Fact] = {
        f"{name}_share": round(share.part / share.whole, 4) for name, share in shares.items()
    }
    score = 100 * sum(share.part / share.whole for share in shares.values()) / len(shares)
    parts = ", ".join(f"{share.part} of {share.whole} {name}" for name, share in shares.items())
    return _scored(Component.CDP_QUALITY, score, now, f"First-party events: {parts}.", evidence)


def robust_distance(daily: Daily) -> float | None:
    """Deviations of the last day from its weekday's share of the running level; None if history is thin."""
    *history, last = daily.values
    known = [value for value in history[-8 * 7 :] if value is not None]
    if last is None or len(known) < ANOMALY_DAYS:
        return None
    middle = median(known)
    if middle <= 0:
        return None
    offset = len(history)
    by_weekday: dict[int, list[float]] = {}
    days: list[tuple[int, float]] = []
    for index, value in enumerate(history):
        if value is None or index < offset - 8 * 7:
            continue
        weekday = (daily.last_weekday - (offset - index)) % 7
        by_weekday.setdefault(weekday, []).append(value / middle)
        days.append((weekday, value))
    factors = {weekday: max(median(shares), 0.01) for weekday, shares in by_weekday.items()}
    flat = [value / factors[weekday] for weekday, value in days]
    level = median(flat[-14:])
    residuals = [abs(value - median(flat)) for value in flat]
    scale = max(_MAD_TO_SIGMA * median(residuals), 0.05 * level, math.sqrt(level) if level > 1 else 0.05)
    return (last / factors.get(daily.last_weekday, 1.0) - level) / scale


def _drift(series: RatioSeries) -> tuple[float, float] | str:
    """Log distance of the ratio from its own median and the tolerance noise allows, or why it is unknown."""
    past = [math.log(value) for ratio in series.past if (value := _ratio(ratio))]
    if len(past) < MINIMUM_DAYS:
        return f"Not enough data: {len(past)} of {MINIMUM_DAYS} past days to compare with."
    usual = median(past)
    expected = math.exp(usual) * series.now.denominator
    if series.now.denominator <= 0:
        return "Not enough data: nothing to compare with in this window."
    if series.now.events < MINIMUM_EVENTS and not _should_have_been_seen(series, expected):
        return f"Not enough data: {series.now.events} of {MINIMUM_EVENTS} events in the window."
    spread = _MAD_TO_SIGMA * median(abs(value - usual) for value in past)
    noise = 1 / math.sqrt(max(series.now.events, 1))
    tolerance = max(0.10, 2 * math.hypot(spread, min(noise, 0.5)))
    value = _ratio(series.now)
    return (math.log(value) - usual if value else -math.inf), tolerance


def _should_have_been_seen(series: RatioSeries, expected: float) -> bool:
    """Few events is itself evidence when the past says that there should have been many."""
    usual_events = median(ratio.events for ratio in series.past)
    usual_denominator = median(ratio.denominator for ratio in series.past)
    if usual_denominator <= 0 or expected <= 0:
        return False
    return usual_events * series.now.denominator / usual_denominator >= MINIMUM_EVENTS


def _ratio(ratio: Ratio) -> float | None:
    if ratio.denominator <= 0 or ratio.numerator <= 0:
        return None
    return ratio.numerator / ratio.denominator


def _drift_check(series: RatioSeries | None, *, broken: float) -> float | None:
    """100 within tolerance, 50 when strained, 0 when broken beyond doubt."""
    drift = _drift(series) if series else "not measured"
    if isinstance(drift, str):
        return None
    factor, tolerance = drift
    if abs(factor) >= max(broken, 1.5 * tolerance):
        return 0.0
    return 100.0 if abs(factor) <= max(tolerance, broken / 2) else 50.0


def _holds(score: float | None) -> str:
    return "unknown" if score is None else _CHECKS.get(score, "strained")


_CHECKS = {100.0: "holds", 0.0: "broken"}


def _share_check(share: Share | None, *, strained: float, broken: float) -> float | None:
    if share is None or share.whole < MINIMUM_EVENTS:
        return None
    part = share.part / share.whole
    return 0.0 if part >= broken else 50.0 if part >= strained else 100.0


def _missing_check(share: Share | None, *, strained: float, broken: float) -> float | None:
    if share is None or share.whole <= 0:
        return None
    missing = 1 - share.part / share.whole
    return 0.0 if missing >= broken else 50.0 if missing >= strained else 100.0


def _fall(value: float, full: float, zero: float) -> float:
    """100 up to `full`, 0 from `zero`, a straight line between."""
    if value <= full:
        return 100.0
    if value >= zero:
        return 0.0
    return 100.0 * (zero - value) / (zero - full)


def _hours(hours: float) -> str:
    return f"{hours * 60:.0f} min" if hours < 1 else f"{hours:.1f} h"


def _scored(
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


def _unknown(
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


def _thin(component: Component, now: datetime, events: int, what: str) -> Signal:
    reason = f"Not enough data: {events} {what}, {MINIMUM_EVENTS} are needed."
    return _unknown(component, now, reason, {"events": events, "needed": MINIMUM_EVENTS})


def absent(component: Component, now: datetime, reason: str) -> Signal:
    return Signal(
        component=component,
        state=SignalState.ABSENT,
        score=None,
        observed_at=now,
        reason=reason,
        evidence={},
    )
