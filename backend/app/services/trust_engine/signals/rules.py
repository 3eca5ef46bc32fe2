"""How each component is scored from what was measured. Pure: the caller gives the time.

Every scorer answers `unknown` rather than a comfortable number when the evidence is missing or too thin.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.models.trust_engine.kinds import Component
from app.services.trust_engine.signals.grading_rules import absent, fall, scored, thin, unknown
from app.services.trust_engine.signals.history_rules import (
    FORECAST_DAYS,
    MINIMUM_EVENTS,
    drift,
    ratio_of,
    robust_distance,
)
from app.services.trust_engine.signals.measurements import (
    Anomaly,
    ApiHealth,
    CdpQuality,
    Emq,
    EventLoss,
    Fact,
    Freshness,
    Invariants,
    Late,
    RatioSeries,
    Share,
    Signal,
    Variance,
)

STALE_AFTER_HOURS = 24.0
_AGE_ROUNDING = 0.005
"""Hours that a kept age may lie off: it is rounded to a hundredth."""
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
_UNIT = math.log(5)
LIMIT = 5.0
LOOKED_AT_DAYS = 7
LATE_DEVIATIONS, LATE_AGREES, LATE_LEFT = -3.5, -2.0, 0.75
_ACCUSED = 60.0
FULL_MATCH_WEIGHT = 0.75
"""Few people leave everything: this much of the weight counts as a full match."""


def freshness(measured: Freshness, now: datetime, stale_after_hours: float = STALE_AFTER_HOURS) -> Signal:
    """100 within the usual cadence, 0 from twice the stale limit on; the older of the two sources counts."""
    ages: dict[str, tuple[datetime | None, float]] = {
        "metrics": (measured.metrics_at, measured.metrics_cadence_hours)
    }
    if measured.expects_events:
        ages["events"] = (measured.events_at, measured.events_cadence_hours)
    missing = [name for name, (at, _) in ages.items() if at is None]
    if missing:
        return unknown(Component.FRESHNESS, now, f"No {' and no '.join(missing)} have ever arrived.")
    evidence: dict[str, Fact] = {}
    scores: dict[str, float] = {}
    for name, (at, cadence) in ages.items():
        if at is None:
            continue
        age = (now - at).total_seconds() / 3600
        evidence[f"{name}_age_hours"] = round(age, 2)
        evidence[f"{name}_cadence_hours"] = cadence
        scores[name] = fall(age, cadence, 2 * max(stale_after_hours, cadence))
    oldest = min(scores, key=lambda name: scores[name])
    evidence["shown_by"] = oldest
    age_text = _hours(float(evidence[f"{oldest}_age_hours"] or 0))
    return scored(
        Component.FRESHNESS, scores[oldest], now, f"The newest {oldest} are {age_text} old.", evidence
    )


def freshness_between(kept: Signal, stale_after_hours: float) -> tuple[Signal, Signal]:
    """What another limit would have made of the ages that were kept, at both ends of what their rounding hides.

    Where none was kept it may have been anything.
    """
    if kept.score is None:
        return kept, kept
    worst = _scored_again(kept, _at_ages(kept.evidence, _AGE_ROUNDING, stale_after_hours, 0.0))
    best = _scored_again(kept, _at_ages(kept.evidence, -_AGE_ROUNDING, stale_after_hours, 100.0))
    return worst, best


def _scored_again(kept: Signal, score: float) -> Signal:
    return scored(kept.component, score, kept.observed_at, kept.reason, kept.evidence, broken=kept.broken)


def _at_ages(
    evidence: Mapping[str, Fact], off: float, stale_after_hours: float, unknown_score: float
) -> float:
    scores = []
    for name in ("metrics", "events"):
        age, cadence = evidence.get(f"{name}_age_hours"), evidence.get(f"{name}_cadence_hours")
        if age is not None and cadence is not None:
            hours = float(cadence)
            scores.append(fall(float(age) + off, hours, 2 * max(stale_after_hours, hours)))
    return min(scores, default=unknown_score)


def emq(measured: Emq, now: datetime) -> Signal:
    """Weighted coverage of valid identifiers, and the platform's figure where it is lower.

    The local score is a proxy: the platform alone knows what it matched.
    """
    if measured.events < MINIMUM_EVENTS:
        return thin(Component.EMQ, now, measured.events, f"conversion events in {measured.window_hours} h")
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
        return scored(Component.EMQ, platform_score * 10, now, reason, evidence)
    reason = (
        f"Identifiers sent with {measured.events} events cover {local:.0f} % of a full match (our own proxy)."
    )
    return scored(Component.EMQ, local, now, reason, evidence)


def variance(measured: Variance, now: datetime) -> Signal:
    """Compare the platform's share of first-party value with this account's own past share, never with 1."""
    if measured.series is None:
        return absent(Component.VARIANCE, now, "The tenant has no first-party orders to compare with.")
    drifted = drift(measured.series)
    accused = _accused(measured)
    if isinstance(drifted, str):
        if accused is None:
            return unknown(Component.VARIANCE, now, drifted)
        return scored(Component.VARIANCE, accused[0], now, accused[1], accused[2])
    factor, tolerance = drifted
    score = fall(abs(factor), tolerance, tolerance + math.log(2))
    direction = "above" if factor > 0 else "below"
    percent = abs(math.exp(factor) - 1) * 100
    reason = f"Reported value over orders is {percent:.0f} % {direction} this account's usual ratio."
    evidence: dict[str, Fact] = {
        "ratio_now": ratio_of(measured.series.now),
        "percent_of_usual": round(100 * math.exp(factor), 1),
        "tolerance_percent": round(100 * math.expm1(tolerance), 1),
        "past_days": len(measured.series.past),
        "conversions": measured.series.now.events,
        "shown_by": "drift",
    }
    if accused is not None and accused[0] < score:
        return scored(Component.VARIANCE, accused[0], now, accused[1], evidence | accused[2])
    return scored(Component.VARIANCE, score, now, reason, (accused[2] if accused else {}) | evidence)


def _accused(measured: Variance) -> tuple[float, str, dict[str, Fact]] | None:
    """What the days of telling show, with a score that holds what rests on a return and kills nothing."""
    fall_, late = measured.fall, measured.late
    if fall_ is not None and fall_.accuses:
        reason = (
            f"Conversions told of for each order have been falling for {fall_.days} days, on the last of them"
            f" {fall_.share:.0%} under the usual, and spend does not explain it."
        )
        score = max(30.0, _ACCUSED - 5 * (fall_.held - LIMIT))
        return score, reason, {"fall_sum": round(fall_.held, 2), "fall_days": fall_.days, "shown_by": "fall"}
    if late is not None and late_is_missing(late):
        return (
            _ACCUSED,
            _late_reason(late),
            {
                "late_share": round(late.share, 4),
                "late_usual": round(late.usual, 4),
                "shown_by": "late",
            },
        )
    return None


def late_is_missing(late: Late) -> bool:
    """By both measures: the sharper one for how sure it is, the other so that no holiday is taken for it."""
    return late.of_clicked <= LATE_DEVIATIONS and late.of_told <= LATE_AGREES and late.left <= LATE_LEFT


def _late_reason(late: Late) -> str:
    return (
        f"Conversions of clicks two days ago and before are {late.share:.1%} of what is newly told of, where"
        f" {late.usual:.1%} is usual: the attribution window may have become shorter."
    )


def invariants(measured: Invariants, now: datetime) -> Signal:
    """Score what must hold whatever the market does; one broken invariant vetoes the account."""
    checks: dict[str, float | None] = {
        "duplicates": _share_check(measured.duplicates, strained=0.05, broken=0.20),
        "rows": _missing_check(measured.rows, strained=0.05, broken=0.20),
        "restatements": _share_check(measured.restated, strained=0.10, broken=0.25),
        "spend_unit": _unit_check(measured.cost_per_impression, measured.cost_per_click),
        "restated_days": _share_check(measured.still_restated, strained=0.05, broken=0.05),
        "days_cut": None if not measured.history else 0.0 if measured.recut is not None else 100.0,
    }
    if measured.first_party:
        # More sessions than usual are people who come by themselves; fewer are clicks without anybody.
        checks["sessions_per_click"] = _drift_check(
            measured.sessions_per_click, broken=math.log(3), falls=True
        )
        checks["named_orders"] = _drift_check(measured.named_orders, broken=-math.log(0.7), falls=True)
        checks["value_per_conversion"] = _drift_check(measured.value_per_conversion, broken=math.log(2))
    else:
        checks["late_conversions"] = (
            None if measured.late is None else 0.0 if late_is_missing(measured.late) else 100.0
        )
        checks["value_unit"] = _drift_check(measured.value_each, broken=_UNIT)
    known = {name: score for name, score in checks.items() if score is not None}
    evidence: dict[str, Fact] = {name: _holds(score) for name, score in checks.items()}
    if measured.duplicates is not None and measured.duplicates.whole:
        evidence["duplicates_share"] = round(measured.duplicates.part / measured.duplicates.whole, 4)
    if not known:
        return unknown(Component.INVARIANTS, now, "No invariant has enough data to be checked.", evidence)
    broken = sorted(name for name, score in known.items() if score <= 0)
    score = 0.0 if broken else sum(known.values()) / len(known)
    if broken:
        reason = (
            f"Broken: {', '.join(name.replace('_', ' ') for name in broken)}.{_told_of(measured, broken)}"
        )
    else:
        reason = f"{len(known)} of {len(checks)} invariants checked; none is broken."
    return scored(Component.INVARIANTS, score, now, reason, evidence, broken=bool(broken))


def _told_of(measured: Invariants, broken: Sequence[str]) -> str:
    """What the names alone would not tell a person."""
    found = []
    if "days_cut" in broken and measured.recut is not None:
        cut = measured.recut
        found.append(
            f"On {cut.day} the spend of {cut.moved} of {cut.days} whole days moved between them and stayed the same"
            " in all: the account's days may be cut at another hour."
        )
    if "restated_days" in broken and measured.still_restated is not None:
        share = measured.still_restated.part / measured.still_restated.whole
        found.append(f"{share:.0%} of what the last {LOOKED_AT_DAYS} days had brought was restated.")
    if "late_conversions" in broken and measured.late is not None:
        found.append(_late_reason(measured.late))
    return "".join(f" {each}" for each in found)


def event_loss(measured: EventLoss, now: datetime) -> Signal:
    """100 up to one event lost in a hundred, 0 from one in four; a silent browser counts too."""
    share = measured.acknowledged
    if share.whole < MINIMUM_EVENTS:
        return thin(Component.EVENT_LOSS, now, share.whole, "events due for an answer")
    loss = 1 - share.part / share.whole
    evidence: dict[str, Fact] = {
        "accepted": share.whole,
        "acknowledged": share.part,
        "loss": round(loss, 4),
        "quarantined": measured.quarantined,
        "shown_by": "acknowledged",
    }
    score = fall(loss, 0.01, 0.25)
    reason = f"The platform has acknowledged {share.part} of {share.whole} events."
    if measured.failed_with is not None:
        evidence["failed_with"] = measured.failed_with
        reason = f"{reason} What failed, failed most often with {measured.failed_with}."
    if measured.quarantined:
        reason = f"{reason[:-1]}; {measured.quarantined} wait for a person, quarantined for their value."
    drifted = drift(measured.browser_over_server) if measured.browser_over_server else "not measured"
    if not isinstance(drifted, str):
        factor, tolerance = drifted
        evidence["browser_percent_of_usual"] = round(100 * math.exp(factor), 1)
        mismatch = fall(abs(factor), tolerance, tolerance + math.log(3))
        if mismatch < score:
            score, evidence["shown_by"] = mismatch, "browsers"
            percent = abs(math.exp(factor) - 1) * 100
            direction = "above" if factor > 0 else "below"
            reason = f"Browser events are {percent:.0f} % {direction} their usual share of server events."
    return scored(Component.EVENT_LOSS, score, now, reason, evidence)


def api_health(measured: ApiHealth, now: datetime) -> Signal:
    """Success rate, less up to 30 points for latency; an open circuit is 0, a half-open one at most 50."""
    evidence: dict[str, Fact] = {
        "calls": measured.calls,
        "failures": measured.failures,
        "throttled": measured.throttled,
        "p95_ms": measured.p95_ms,
        "circuit": measured.circuit,
    }
    most = ""
    if measured.failed_with is not None:
        evidence |= {"failed_with": measured.failed_with, "failed_as": measured.failed_as}
        most = f" What failed, failed most often with {measured.failed_with}."
    if measured.circuit == "open":
        return scored(Component.API_HEALTH, 0.0, now, f"The connector's circuit is open.{most}", evidence)
    if measured.calls == 0:
        return unknown(Component.API_HEALTH, now, "No call was made to the platform lately.", evidence)
    rate = 1 - measured.failures / measured.calls
    score = fall(1 - rate, 0.01, 0.20)
    if measured.p95_ms is not None:
        score = max(0.0, score - 30 + 0.3 * fall(measured.p95_ms, 2_000, 10_000))
    if measured.circuit == "half_open":
        score = min(score, 50.0)
    reason = (
        f"{measured.calls - measured.failures} of {measured.calls} calls to the platform succeeded.{most}"
    )
    return scored(Component.API_HEALTH, score, now, reason, evidence)


def anomaly(measured: Anomaly, now: datetime) -> Signal:
    """How far the last day is from a robust, weekday-aware forecast. Insight, never a veto."""
    distances = {daily.metric: z for daily in measured.metrics if (z := robust_distance(daily)) is not None}
    if not distances:
        return unknown(Component.ANOMALY, now, f"Not enough data: a forecast needs {FORECAST_DAYS} days.")
    evidence: dict[str, Fact] = {f"{metric}_z": round(z, 2) for metric, z in distances.items()}
    worst = max(distances, key=lambda metric: abs(distances[metric]))
    z = distances[worst]
    score = fall(abs(z), ANOMALY_TOLERANCE, 8.0)
    if abs(z) <= ANOMALY_TOLERANCE:
        return scored(Component.ANOMALY, score, now, "The last day is within its usual range.", evidence)
    reason = f"{worst} was {abs(z):.1f} deviations {'above' if z > 0 else 'below'} its weekday's forecast."
    return scored(Component.ANOMALY, score, now, reason, evidence)


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
        return thin(Component.CDP_QUALITY, now, whole, "first-party events")
    evidence: dict[str, Fact] = {
        f"{name}_share": round(share.part / share.whole, 4) for name, share in shares.items()
    }
    score = 100 * sum(share.part / share.whole for share in shares.values()) / len(shares)
    parts = ", ".join(f"{share.part} of {share.whole} {name}" for name, share in shares.items())
    return scored(Component.CDP_QUALITY, score, now, f"First-party events: {parts}.", evidence)


def _unit_check(per_impression: RatioSeries | None, per_click: RatioSeries | None) -> float | None:
    """Broken where both costs move at least fivefold the same way; strained where only one of them does."""
    moves = [drift(series) for series in (per_impression, per_click) if series is not None]
    found = [move for move in moves if not isinstance(move, str)]
    if not found:
        return None
    far = [factor for factor, tolerance in found if abs(factor) >= max(_UNIT, 1.5 * tolerance)]
    if not far:
        return 100.0
    together = len(far) > 1 and (far[0] > 0) == (far[-1] > 0)
    return 0.0 if together else 50.0


def _drift_check(series: RatioSeries | None, *, broken: float, falls: bool = False) -> float | None:
    """100 within tolerance, 50 when strained, 0 when broken beyond doubt. `falls`: a rise is no fault."""
    drifted = drift(series) if series else "not measured"
    if isinstance(drifted, str):
        return None
    factor, tolerance = drifted
    if falls:
        factor = min(factor, 0.0)
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


def _hours(hours: float) -> str:
    return f"{hours * 60:.0f} min" if hours < 1 else f"{hours:.1f} h"
