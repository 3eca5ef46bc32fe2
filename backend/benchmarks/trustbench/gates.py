"""Who closes, and when: the trust engine's own rules on simulated evidence, and what people have instead.

Closed means that a raise of a budget would not pass.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from app.models.trust_engine.kinds import AutopilotMode, Component, Origin, RiskClass, SignalState, Verdict
from app.services.trust_engine.gate.facts import (
    Activity,
    Ask,
    ChangeFacts,
    GateInput,
    HealthFacts,
    Limits,
    PlatformFacts,
)
from app.services.trust_engine.gate.permits import Change
from app.services.trust_engine.gate.rules import decide
from app.services.trust_engine.health.rules import INITIAL_MODE, Health, advance, combine
from app.services.trust_engine.policies.rules import DEFAULT_POLICY
from app.services.trust_engine.signals.measurements import Signal
from app.services.trust_engine.signals.measuring import Measuring
from benchmarks.trustbench.calendar import moment
from benchmarks.trustbench.evidence import SimulatedEvidence
from benchmarks.trustbench.reports import READINGS, STEP, TIMES, Bools, Reports
from benchmarks.trustbench.tellings import Tellings
from benchmarks.trustbench.world import DAYS, Floats

OURS = "stratum"
READINGS_A_DAY = 24 // STEP
_WINDOW = 14
_ROBUST_WINDOW = 42
_UNIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Opinions:
    """What a gate says at each reading of a run, from the first that is asked about."""

    first: int
    raises_closed: Bools
    cuts_closed: Bools
    causes: Sequence[tuple[str, ...]] = ()
    """The components that speak against it, the worst first; only ours names any."""


def _change(before: int, after: int) -> ChangeFacts:
    change = Change(
        platform="meta",
        account="1",
        entity_type="campaign",
        entity="1",
        operation="set_daily_budget",
        before={"daily_budget_micros": before},
        after={"daily_budget_micros": after},
    )
    return ChangeFacts.of(change)


_RAISE, _CUT = _change(100 * _UNIT, 110 * _UNIT), _change(100 * _UNIT, 90 * _UNIT)
_ASK = Ask(origin=Origin.AUTOPILOT, actor="performance scaling")
_LIMITS = Limits(level=1)
_ACTIVITY = Activity(
    roas=3.0,
    conversions=100_000,
    budget_24h_ago_micros=100 * _UNIT,
    lowest_24h_micros=100 * _UNIT,
    usual_daily_micros=100 * _UNIT,
)
"""Nobody has set a cap: the one that holds is made of the usual day."""


Measured = Sequence[Sequence[Signal]]
"""The signals of each reading, from the first on."""


def measure(reports: Reports, first: int, *, first_party: bool) -> Measured:
    return asyncio.run(_measure(reports, first, first_party=first_party))


async def _measure(reports: Reports, first: int, *, first_party: bool) -> Measured:
    found, tellings = [], Tellings(reports)
    for reading in range(first, READINGS):
        evidence = SimulatedEvidence(reports, reading, first_party=first_party, tellings=tellings)
        measuring = Measuring(evidence, evidence.account, moment(float(TIMES[reading])))
        found.append(await measuring.signals(stale_after_hours=DEFAULT_POLICY.stale_after_hours))
    return found


def stratum(measured: Measured, first: int, *, daily: bool = False) -> Opinions:
    """The engine as it runs in production, which evaluates every five minutes: a rise takes it minutes, not readings.

    `daily`: it is asked at midnight alone.
    """
    state = INITIAL_MODE
    raises: list[bool] = []
    cuts: list[bool] = []
    causes: list[tuple[str, ...]] = []
    for reading, signals in enumerate(measured, first):
        if daily and raises and reading % READINGS_A_DAY:
            raises.append(raises[-1])
            cuts.append(cuts[-1])
            causes.append(causes[-1])
            continue
        health = combine(signals, DEFAULT_POLICY, moment(float(TIMES[reading])))
        for _ in range(DEFAULT_POLICY.rise_after):
            state = advance(state, health.target, DEFAULT_POLICY.rise_after)
        facts = _facts(health, signals, state.mode)
        raises.append(decide(facts(_RAISE)).verdict is not Verdict.PASS)
        cuts.append(decide(facts(_CUT)).verdict is not Verdict.PASS)
        causes.append(_causes(health))
    return Opinions(first, np.array(raises), np.array(cuts), causes)


def _facts(
    health: Health, signals: Sequence[Signal], mode: AutopilotMode
) -> Callable[[ChangeFacts], GateInput]:
    told = HealthFacts(
        evaluation_id="simulated",
        score=health.score,
        coverage=health.coverage,
        mode=mode,
        states={each.component: each.state for each in health.components} | _absent(signals),
        absent=health.absent,
        evaluated_at=health.evaluated_at,
        expires_at=health.expires_at,
        evidence_digest=hashlib.sha256(msgspec.json.encode(list(signals))).hexdigest(),
    )

    def facts(change: ChangeFacts) -> GateInput:
        return GateInput(
            tenant_id=1,
            at=health.evaluated_at,
            ask=_ASK,
            change=change,
            health=told,
            policy=DEFAULT_POLICY,
            evaluated_with=DEFAULT_POLICY.version,
            limits=_LIMITS,
            activity=_ACTIVITY,
            platform=PlatformFacts(),
        )

    return facts


def _absent(signals: Sequence[Signal]) -> dict[Component, SignalState]:
    return {each.component: each.state for each in signals if each.state is SignalState.ABSENT}


def _causes(health: Health) -> tuple[str, ...]:
    """As its drivers are listed: what caps the score, then what costs it most."""
    return tuple(str(each.component) for each in health.drivers if each.component is not None)


def weighted_mean(measured: Measured, first: int) -> Opinions:
    """The same signals and weights, and nothing but their mean: no veto, no coverage, no state of a signal."""
    weights = {**DEFAULT_POLICY.weights, Component.CDP_QUALITY: DEFAULT_POLICY.cdp_weight}
    closed = []
    for signals in measured:
        known = [(each.score, weights[each.component]) for each in signals if each.score is not None]
        total = sum(weight for _, weight in known)
        score = sum(score * weight for score, weight in known) / total if total else 0.0
        closed.append(score < DEFAULT_POLICY.thresholds[RiskClass.HIGH])
    return Opinions(first, np.array(closed), np.array(closed))


def _table(reports: Reports, day: int) -> Floats:
    """(day, metric) of the complete days before `day`, as they were told at its midnight."""
    reading = int(reports.read[day * READINGS_A_DAY])
    until = int(reports.as_of[reading])
    hourly = np.where(np.arange(DAYS * 24) < until, reports.delivery.sum(axis=1), 0.0)
    spend, clicks, impressions = hourly.reshape(3, DAYS, 24).sum(axis=2)[:, :day]
    conversions = reports.conversions[reading].sum(axis=0)[:day]
    value = reports.value[reading].sum(axis=0)[:day]
    with np.errstate(divide="ignore", invalid="ignore"):
        table = np.stack(
            [spend, conversions, value, spend / conversions, value / spend, clicks / impressions], axis=1
        )
    return np.asarray(np.nan_to_num(table, nan=0.0, posinf=0.0))


def _by_day(reports: Reports, first: int, is_odd: Callable[[Floats], bool]) -> Opinions:
    """A detector that looks at the last complete day each midnight, and stays by it until the next."""
    closed = np.zeros(READINGS - first, dtype=bool)
    for day in range(first // READINGS_A_DAY, DAYS):
        odd = is_odd(_table(reports, day))
        begin = max(0, day * READINGS_A_DAY - first)
        closed[begin : (day + 1) * READINGS_A_DAY - first] = odd
    return Opinions(first, closed, closed)


def z_score(limit: float) -> Callable[[Floats], bool]:
    """The last day's distance from the mean of the 14 days before it, in their standard deviations."""

    def is_odd(table: Floats) -> bool:
        past, last = table[-_WINDOW - 1 : -1], table[-1]
        spread = past.std(axis=0, ddof=1)
        distance = np.abs(last - past.mean(axis=0)) / np.where(spread > 0, spread, np.inf)
        return bool((distance > limit).any())

    return is_odd


def robust_weekday_z(table: Floats) -> bool:
    """The last day against its own weekday's median, in median absolute deviations of all days from theirs."""
    past, last = table[-_ROBUST_WINDOW - 1 : -1], table[-1]
    weekday = np.arange(len(past)) % 7
    medians = np.stack([np.median(past[weekday == each], axis=0) for each in range(7)])
    scale = 1.4826 * np.median(np.abs(past - medians[weekday]), axis=0)
    distance = np.abs(last - medians[len(past) % 7]) / np.where(scale > 0, scale, np.inf)
    return bool((distance > 4.0).any())


def robust_pca(table: Floats) -> bool:
    """Distance from the plane of two components that the better three quarters of the past days span.

    As ROBPCA's orthogonal distance (Hubert, Rousseeuw and Vanden Branden, 2005), with one step of trimming.
    """
    logs = np.log1p(np.maximum(table[-_ROBUST_WINDOW - 1 :], 0.0))
    past = logs[:-1]
    middle = np.median(past, axis=0)
    scale = 1.4826 * np.median(np.abs(past - middle), axis=0)
    flat = (logs - middle) / np.where(scale > 0, scale, np.inf)
    kept = flat[:-1][np.argsort((flat[:-1] ** 2).sum(axis=1))[: 3 * len(past) // 4]]
    plane = np.linalg.svd(kept - kept.mean(axis=0), full_matrices=False)[2][:2]
    centred = flat - kept.mean(axis=0)
    distance = np.sqrt(((centred - centred @ plane.T @ plane) ** 2).sum(axis=1))
    usual = np.median(distance[:-1])
    spread = 1.4826 * np.median(np.abs(distance[:-1] - usual))
    return bool(distance[-1] > usual + 4 * spread)


def _constant(first: int, *, closed: bool) -> Opinions:
    found = np.full(READINGS - first, closed)
    return Opinions(first, found, found)


Baseline = Callable[[Reports, Measured, int], Opinions]
BASELINES: Mapping[str, Baseline] = {
    "always open": lambda _reports, _measured, first: _constant(first, closed=False),
    "always closed": lambda _reports, _measured, first: _constant(first, closed=True),
    "z-score 2.5": lambda reports, _, first: _by_day(reports, first, z_score(2.5)),
    "z-score 3": lambda reports, _, first: _by_day(reports, first, z_score(3.0)),
    "robust weekday z": lambda reports, _, first: _by_day(reports, first, robust_weekday_z),
    "robust PCA": lambda reports, _, first: _by_day(reports, first, robust_pca),
    "weighted mean": lambda _, measured, first: weighted_mean(measured, first),
}
GATES = (OURS, *BASELINES)
