"""Accounts with a past, and decisions of every sort about them, made up by a seed."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from app.models.trust_engine.kinds import AutopilotMode, Component, Origin, SignalState
from app.services.trust_engine.gate import facts as f
from app.services.trust_engine.gate.permits import Change
from app.services.trust_engine.gate.rules import DECIDERS, decide
from app.services.trust_engine.health.rules import ModeState, combine, step
from app.services.trust_engine.health.service import evidence_digest
from app.services.trust_engine.policies.rules import DEFAULT_POLICY, DEFAULT_WEIGHTS, TrustPolicy, faults
from app.services.trust_engine.replay.rescoring_rules import Evaluation
from app.services.trust_engine.signals.measurements import Freshness, Signal
from app.services.trust_engine.signals.rules import freshness

BEGAN = datetime(2026, 9, 1, tzinfo=UTC)
UNIT = 1_000_000
BUDGET = 100 * UNIT


@dataclass(frozen=True)
class Evaluated:
    """An evaluation in plain values: `state` is the mode after it, the run, and the least of the run."""

    id: str
    at: datetime
    freshness_hours: float
    signals: dict[str, dict[str, Any]]
    state: tuple[str, int, str | None]


@dataclass(frozen=True)
class Made:
    """A decision in plain values, and as it was made."""

    account: int
    at: datetime
    evaluated: Evaluated | None
    change: str
    percent: int
    person: bool
    spend_only: bool
    justified_by: tuple[str, ...]
    level: int
    conversions: int
    has_cap: bool
    kill_switch: bool
    read_only: bool
    decider: str
    facts: f.GateInput
    result: f.GateDecision


@dataclass
class World:
    evaluations: list[list[Evaluation]] = field(default_factory=list)
    histories: list[list[Evaluated]] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)


def account_id(number: int) -> UUID:
    return UUID(int=number + 1)


def make_world(seed: int, *, accounts: int = 3, evaluations: int = 25, decisions: int = 120) -> World:
    rng = Random(seed)  # noqa: S311  (a made-up world, to be made again)
    world = World()
    for number in range(accounts):
        stored, plain = _history(rng, number, evaluations)
        world.evaluations.append(stored)
        world.histories.append(plain)
    world.made = sorted(
        (_decision(rng, world, rng.randrange(accounts)) for _ in range(decisions)), key=lambda made: made.at
    )
    return world


def make_policy(rng: Random, *, stale: bool) -> TrustPolicy:
    """Any sound one; with `stale` figures may count as stale at another age."""
    parts = [rng.choice((0, 1, 2, 5, 20)) for _ in DEFAULT_WEIGHTS]
    parts[0] += not any(parts)
    weights = {name: part / sum(parts) for name, part in zip(DEFAULT_WEIGHTS, parts, strict=True)}
    hold_from = rng.choice((30.0, 40.0, 55.0))
    ladder = sorted((round(rng.uniform(hold_from, 100), 1) for _ in range(4)), reverse=True)
    policy = TrustPolicy(
        version=2,
        weights=weights,
        cdp_weight=rng.choice((0.0, 0.1, 0.5)),
        floors={
            name: round(rng.uniform(0, hold_from - 0.1), 1)
            for name in (Component.EMQ, Component.VARIANCE, Component.FRESHNESS)
            if rng.random() < 0.7
        },
        dead_cap=round(rng.uniform(0, hold_from - 0.1), 1),
        thresholds=dict(zip(DEFAULT_POLICY.thresholds, ladder, strict=True)),
        hold_from=hold_from,
        coverage_hold=rng.choice((0.4, 0.6, 0.9)),
        coverage_block=rng.choice((0.1, 0.3)),
        stale_after_hours=rng.choice((12.0, 36.0)) if stale else 24.0,
        score_ttl_minutes=rng.choice((10, 60, 240)),
        rise_after=rng.randint(1, 4),
        absent_raise_pct=rng.choice((0.0, 4.0, 10.0)),
        automation_after_conversions=rng.choice((0, 50, 150)),
    )
    assert faults(policy) == []
    return policy


def _history(rng: Random, number: int, count: int) -> tuple[list[Evaluation], list[Evaluated]]:
    at, state, before = BEGAN, None, None
    stored, plain = [], []
    absent = rng.random() < 0.3
    for place in range(count):
        at += timedelta(seconds=rng.choice((120, 300, 900, 3600, 3600, 9000)))
        hours = rng.choice((0.5, 3.0, rng.uniform(6, 50)))
        signals = [_signal(rng, name, at, hours, absent=absent) for name in Component]
        health = combine(signals, DEFAULT_POLICY, at)
        state = step(state, None if before is None else at - before, health.target, 3)
        before = at
        id_ = UUID(int=(number + 1) * 10_000 + place)
        stored.append(
            Evaluation(
                id=id_,
                ad_account_id=account_id(number),
                evaluated_at=at,
                policy_version=1,
                score=health.score,
                coverage=health.coverage,
                state=state,
                digest=evidence_digest(signals),
                signals=tuple(signals),
            )
        )
        plain.append(
            Evaluated(
                id=str(id_),
                at=at,
                freshness_hours=hours,
                signals={
                    each.component.value: {
                        "state": each.state.value,
                        "score": each.score,
                        "broken": each.broken,
                    }
                    for each in signals
                },
                state=_plain(state),
            )
        )
    return stored, plain


def _plain(state: ModeState) -> tuple[str, int, str | None]:
    return state.mode.value, state.run, None if state.candidate is None else state.candidate.value


def _signal(rng: Random, name: Component, at: datetime, hours: float, *, absent: bool) -> Signal:
    if name is Component.FRESHNESS:
        return freshness(
            Freshness(
                metrics_at=at - timedelta(hours=hours),
                events_at=None,
                metrics_cadence_hours=6.0,
                events_cadence_hours=6.0,
                expects_events=False,
            ),
            at,
            DEFAULT_POLICY.stale_after_hours,
        )
    chance = rng.random()
    score: float | None = round(rng.choice((rng.uniform(75, 100), rng.uniform(0, 100), 100.0)), 1)
    if absent and name in (Component.VARIANCE, Component.CDP_QUALITY):
        state, score = SignalState.ABSENT, None
    elif chance < 0.1:
        state, score = SignalState.UNKNOWN, None
    else:
        state = SignalState.GOOD if score is not None and score >= 70 else SignalState.BAD
    broken = name is Component.INVARIANTS and score is not None and rng.random() < 0.05
    return Signal(
        component=name,
        state=state,
        score=score,
        observed_at=at,
        reason="As measured.",
        evidence={},
        broken=broken,
    )


def _decision(rng: Random, world: World, number: int) -> Made:
    place = rng.randrange(len(world.histories[number]))
    stored, evaluated = world.evaluations[number][place], world.histories[number][place]
    at = stored.evaluated_at + timedelta(minutes=rng.choice((1, 5, 30, 90)))
    # What is newest then is what is decided on.
    later = [each for each in range(len(world.histories[number])) if world.histories[number][each].at <= at]
    stored, evaluated = world.evaluations[number][later[-1]], world.histories[number][later[-1]]
    known = rng.random() > 0.05
    change, percent = rng.choice(
        (
            ("raise", 3),
            ("raise", 8),
            ("raise", 12),
            ("cut", 20),
            ("pause", 0),
            ("rename", 0),
            ("targeting", 0),
        )
    )
    person, spend_only = rng.random() < 0.4, rng.random() < 0.3
    justified_by = rng.choice(((), (), (Component.EMQ,), (Component.FRESHNESS, Component.API_HEALTH)))
    level, conversions = rng.choice((0, 1, 1, 1, 2)), rng.choice((0, 60, 200))
    has_cap, kill_switch, read_only = rng.random() < 0.5, rng.random() < 0.05, rng.random() < 0.05
    decider = rng.choice(tuple(DECIDERS))
    facts = f.GateInput(
        tenant_id=1,
        at=at,
        ask=f.Ask(
            origin=Origin.PERSON if person else rng.choice((Origin.AUTOPILOT, Origin.RULE)),
            actor="Ada",
            spend_only=spend_only,
            justified_by=justified_by,
        ),
        change=_change(number, change, percent),
        health=_health(stored) if known else None,
        policy=DEFAULT_POLICY,
        evaluated_with=1,
        limits=f.Limits(level=level, max_daily_budget_micros=10**15 if has_cap else None),
        activity=f.Activity(conversions=conversions),
        platform=f.PlatformFacts(read_only=read_only, account_currency=rng.choice(("USD", "EUR"))),
        kill_switch=kill_switch,
    )
    return Made(
        account=number,
        at=at,
        evaluated=evaluated if known else None,
        change=change,
        percent=percent,
        person=person,
        spend_only=spend_only,
        justified_by=tuple(each.value for each in justified_by),
        level=level,
        conversions=conversions,
        has_cap=has_cap,
        kill_switch=kill_switch,
        read_only=read_only,
        decider=decider,
        facts=facts,
        result=decide(facts, decider),
    )


def _health(stored: Evaluation) -> f.HealthFacts:
    health = combine(stored.signals, DEFAULT_POLICY, stored.evaluated_at)
    return f.HealthFacts(
        evaluation_id=str(stored.id),
        score=health.score,
        coverage=health.coverage,
        mode=AutopilotMode(stored.state.mode),
        states={each.component: each.state for each in health.components},
        absent=health.absent,
        evaluated_at=stored.evaluated_at,
        expires_at=health.expires_at,
        evidence_digest=stored.digest,
    )


def _change(number: int, change: str, percent: int) -> f.ChangeFacts:
    states: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "raise": ({"daily_budget_micros": BUDGET}, {"daily_budget_micros": BUDGET * (100 + percent) // 100}),
        "cut": ({"daily_budget_micros": BUDGET}, {"daily_budget_micros": BUDGET * (100 - percent) // 100}),
        "pause": ({"status": "active"}, {"status": "paused"}),
        "targeting": ({"targeting": {"geo": ["DE"]}}, {"targeting": {"geo": ["AT"]}}),
        "rename": ({"name": "Old"}, {"name": "New"}),
    }
    before, after = states[change]
    return f.ChangeFacts.of(
        Change(
            platform="meta",
            account=f"act_{number}",
            entity_type="campaign",
            entity="c1",
            operation="edit",
            before=before,
            after=after,
        )
    )
