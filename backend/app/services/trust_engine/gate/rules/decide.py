"""The gate: PASS, HOLD or BLOCK, with every reason. It restrains what raises spend or risk, and fails closed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from app.models.trust_engine.kinds import (
    ActionKind,
    CalendarKind,
    Component,
    Origin,
    RiskClass,
    SignalState,
    Verdict,
)
from app.services.trust_engine.gate.facts import (
    ChangeFacts,
    GateDecision,
    GateInput,
    HealthFacts,
    Move,
    Reason,
)
from app.services.trust_engine.gate.rules.caps import AUTOMATION, caps, caps_1, caps_2, caps_4
from app.services.trust_engine.gate.rules.risk import (
    classify,
    classify_3,
    classify_5,
    daily_micros,
    raised_micros,
)
from app.services.trust_engine.health.rules import ceiling, label
from app.services.trust_engine.policies.rules import TrustPolicy

_SEVERITY = {Verdict.PASS: 0, Verdict.HOLD: 1, Verdict.BLOCK: 2}
_RISING = frozenset({RiskClass.HIGH, RiskClass.STANDARD})


RETURN = (Component.FRESHNESS, Component.VARIANCE, Component.EVENT_LOSS)
"""A return is conversions over spend: stale, disagreeing or lost conversions would make it a lie."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """Wherein the deciders differ that share the rest."""

    limits: Callable[[GateInput], Iterator[Reason]]
    unsaid: Callable[[HealthFacts], tuple[Component, ...]]
    """What an action rests on that names no signal."""
    launches: frozenset[ActionKind]
    """What a named person may do to begin a campaign, whatever the signals say."""
    classify: Callable[[ChangeFacts, Origin], tuple[ActionKind, RiskClass]] = classify_3


def decide_1(facts: GateInput, decider: str) -> GateDecision:
    """The first decider: it knew no moves across accounts, and who named no signal rested on none."""
    kind, risk = classify_3(facts.change, facts.ask.origin)
    return _decided(facts, decider, kind, risk, tuple(_reasons(facts, kind, risk, _FIRST)))


def decide_2(facts: GateInput, decider: str) -> GateDecision:
    """The second decider: a campaign that a person had created paused needed a score, its launch did not."""
    return _decide(facts, decider, _SECOND)


def decide_3(facts: GateInput, decider: str) -> GateDecision:
    """The third decider: where a source is absent nothing was raised until somebody had set a cap.

    What was made paused could not be taken away again without a score.
    """
    return _decide(facts, decider, _THIRD)


def decide_4(facts: GateInput, decider: str) -> GateDecision:
    """The fourth decider: what was started counted against no cap."""
    return _decide(facts, decider, _FOURTH)


def decide_5(facts: GateInput, decider: str) -> GateDecision:
    """The fifth decider: it knew no stop of everything."""
    return _decide(facts, decider, _FIFTH)


def decide(facts: GateInput, decider: str) -> GateDecision:
    """Decide from `facts` alone; the same facts always decide the same."""
    return _decide(facts, decider, _SIXTH)


def _decide(facts: GateInput, decider: str, rules: _Rules) -> GateDecision:
    kind, risk = rules.classify(facts.change, facts.ask.origin)
    if facts.move is None:
        return _decided(facts, decider, kind, risk, tuple(_reasons(facts, kind, risk, rules)))
    risk = RiskClass.HIGH
    found = (*_reasons(facts, kind, risk, rules), *_move(facts, facts.move, rules))
    return _decided(facts, decider, kind, risk, found)


def _decided(
    facts: GateInput, decider: str, kind: ActionKind, risk: RiskClass, found: tuple[Reason, ...]
) -> GateDecision:
    score, need = effective(facts.health), _need(facts, risk)
    verdict = max((reason.verdict for reason in found), key=_SEVERITY.__getitem__, default=Verdict.PASS)
    ordered = tuple(sorted(found, key=lambda reason: -_SEVERITY[reason.verdict]))
    return GateDecision(
        decider=decider, verdict=verdict, risk=risk, kind=kind, need=need, score=score, reasons=ordered
    )


def refused(facts: GateInput, decider: str, error: str) -> GateDecision:
    """An error decides nothing, so it blocks."""
    reason = Reason(
        code="decider_error", verdict=Verdict.BLOCK, sentence=f"The gate could not decide: {error}."
    )
    return GateDecision(
        decider=decider,
        verdict=Verdict.BLOCK,
        risk=RiskClass.HIGH,
        kind=ActionKind.UNKNOWN_CHANGE,
        need=None,
        score=effective(facts.health),
        reasons=(reason,),
    )


def effective(health: HealthFacts | None) -> float | None:
    """What the score counts for: a mode that has not risen yet holds it down."""
    if health is None or health.score is None:
        return None
    return min(health.score, ceiling(health.mode))


def _need(facts: GateInput, risk: RiskClass) -> float | None:
    return facts.policy.thresholds.get(risk) if facts.policy is not None else None


def _move(facts: GateInput, move: Move, rules: _Rules) -> Iterator[Reason]:
    """A move spends on what two accounts are compared by: it needs both, and the tenant as a whole."""
    yield from _roll_up(facts, move)
    other = move.other
    theirs = replace(
        facts,
        change=other.change,
        ask=replace(facts.ask, untouched_since=other.untouched_since, restores_micros=None),
        health=other.health,
        evaluated_with=other.evaluated_with,
        limits=other.limits,
        activity=other.activity,
        platform=other.platform,
        calendar=other.calendar,
        kill_switch=False,
        move=None,
    )
    kind, _ = rules.classify(theirs.change, theirs.ask.origin)
    for reason in _reasons(theirs, kind, RiskClass.HIGH, rules):
        yield replace(reason, sentence=f"{other.account_name}: {reason.sentence}")


def _roll_up(facts: GateInput, move: Move) -> Iterator[Reason]:
    policy, need = facts.policy, _need(facts, RiskClass.HIGH)
    score = move.roll_up.score
    if policy is None or need is None or score is None:
        yield _block("roll_up", "All accounts together have no signal health: nothing moves between them.")
        return
    sentence = f"All accounts together score {score:.1f}; a move between accounts needs {need:g}."
    if move.roll_up.coverage < policy.coverage_hold:
        sentence = f"Only {move.roll_up.coverage:.0%} of the evidence of all accounts together is live."
        yield Reason(
            code="roll_up",
            verdict=Verdict.BLOCK if move.roll_up.coverage < policy.coverage_block else Verdict.HOLD,
            sentence=sentence,
        )
    elif score >= need:
        yield _note("roll_up", sentence)
    else:
        yield _hold("roll_up", sentence) if score >= policy.hold_from else _block("roll_up", sentence)


def _reasons(facts: GateInput, kind: ActionKind, risk: RiskClass, rules: _Rules) -> Iterator[Reason]:
    if facts.platform.read_only:
        yield _block("read_only", "The platform is connected read-only.")
    if risk is RiskClass.SAFETY:
        yield _note("safety", "A safety action reads no health: nothing can stop it.")
        return
    if facts.kill_switch:
        yield _block("kill_switch", "The kill switch is engaged.")
    if not facts.platform.write_lease:
        yield _block("no_write_lease", "Another tenant holds the right to write to this account.")
    if kind is ActionKind.NO_CHANGE:
        yield _block("no_change", "The change would change nothing.")
    if risk is RiskClass.CUT and facts.ask.spend_only:
        yield _note("cut_by_spend", "A cut justified by spend alone always passes.")
        yield from _automation(facts, rising=False)
        return
    yield from _stale_policy(facts)
    yield from _evidence(facts, kind, risk, rules)
    yield from _automation(facts, rising=risk in _RISING)
    yield from _circumstances(facts, risk)
    yield from rules.limits(facts)


def _stale_policy(facts: GateInput) -> Iterator[Reason]:
    if facts.policy is None or facts.evaluated_with is None:
        yield _block("no_policy", "The trust policy could not be read.")
    elif facts.policy.version != facts.evaluated_with:
        yield _block("stale_policy", "The trust policy has changed since this was evaluated.")


def _evidence(
    facts: GateInput,
    kind: ActionKind,
    risk: RiskClass,
    rules: _Rules,
) -> Iterator[Reason]:
    health, policy = facts.health, facts.policy
    score, need = effective(health), _need(facts, risk)
    shown = "unknown" if score is None else f"{score:.1f}"
    if kind in rules.launches and facts.ask.origin is Origin.PERSON:
        yield _note(
            "named_launch",
            f"{_VERBS.get(kind, 'Launched')} by {facts.ask.actor} at a signal health of {shown}.",
        )
        return
    if restores(facts):
        yield _note("restores", f"Gives back what our own cut took, at a signal health of {shown}.")
        return
    if health is None or score is None or policy is None or need is None:
        yield _block("no_score", "There is no signal health for this account.")
        return
    if facts.at >= health.expires_at:
        yield _block("stale_score", f"The score of {health.evaluated_at:%Y-%m-%d %H:%M} UTC is too old.")
        return
    yield from _score(health, policy, risk, score, need)
    yield from _signals(facts, rules.unsaid(health), health)


def restores(facts: GateInput) -> bool:
    """Whether this only gives back the spend from before our own cut, with nobody else's hand between."""
    before = facts.ask.restores_micros
    after = daily_micros(facts.change.after)
    return (
        before is not None
        and after is not None
        and after <= before
        and facts.ask.untouched_since
        and set(facts.change.after) <= {"daily_budget_micros", "currency"}
    )


def _score(
    health: HealthFacts, policy: TrustPolicy, risk: RiskClass, score: float, need: float
) -> Iterator[Reason]:
    if health.coverage < policy.coverage_block:
        yield _block("coverage", f"Only {health.coverage:.0%} of the evidence is live.")
    elif health.coverage < policy.coverage_hold:
        yield _hold("coverage", f"Only {health.coverage:.0%} of the evidence is live.")
    held_down = health.score is not None and score < health.score
    after = f" (the mode is still {health.mode}: it rises slowly)" if held_down else ""
    sentence = f"Signal health counts for {score:.1f}{after}; a {risk} action needs {need:g}."
    if score >= need:
        yield _note("healthy", sentence)
    elif score >= policy.hold_from:
        yield _hold("degraded", sentence)
    else:
        yield _block("critical", sentence)


def rested_on(health: HealthFacts) -> tuple[Component, ...]:
    """What an action rests on that names no signal: all that a return is made of, as far as the account has it."""
    return tuple(each for each in RETURN if health.states.get(each) is not SignalState.ABSENT)


_LAUNCH = frozenset({ActionKind.LAUNCH_CAMPAIGN})
_FIRST = _Rules(caps_1, lambda _: (), _LAUNCH)
_SECOND = _Rules(caps_2, rested_on, _LAUNCH)
_THIRD = _Rules(caps_2, rested_on, _LAUNCH | {ActionKind.CREATE_PAUSED})
_FOURTH = _Rules(caps_4, rested_on, _THIRD.launches | {ActionKind.REMOVE_PAUSED}, classify_5)
_FIFTH = _Rules(caps, rested_on, _FOURTH.launches, classify_5)
_SIXTH = _Rules(caps, rested_on, _FOURTH.launches, classify)
_VERBS = {
    ActionKind.CREATE_PAUSED: "Created paused",
    ActionKind.REMOVE_PAUSED: "Taken away again, never shown,",
}


def _signals(facts: GateInput, unsaid: tuple[Component, ...], health: HealthFacts) -> Iterator[Reason]:
    """The signals that an action names must be good, in either direction."""
    for component in facts.ask.justified_by or unsaid:
        state = health.states.get(component, SignalState.UNKNOWN)
        if state is not SignalState.GOOD:
            yield _hold("signal", f"{_name(component)}, which justifies this, is {state}.")


def _automation(facts: GateInput, *, rising: bool) -> Iterator[Reason]:
    """How far automation may go by itself; a person's approval stands in for a person."""
    ask, limits = facts.ask, facts.limits
    if ask.origin not in AUTOMATION or ask.approval is not None:
        return
    if limits.level == 0:
        yield _hold("suggest_only", "Autopilot only suggests here: a person may approve it.")
    elif limits.level != 1:
        yield _hold("approval_required", "Autopilot needs a person's approval here.")
    policy = facts.policy
    needed = policy.automation_after_conversions if policy is not None else 0
    if rising and facts.activity.conversions < needed:
        sentence = f"A new account: {facts.activity.conversions} of {needed} conversions before automation."
        yield _hold("new_account", sentence)


def _circumstances(facts: GateInput, risk: RiskClass) -> Iterator[Reason]:
    if not facts.ask.untouched_since:
        yield _hold("edited_elsewhere", "Somebody else has changed this since our last write.")
    if facts.platform.learning and risk in _RISING and not restores(facts):
        yield _hold("learning", "The platform reports a learning phase: significant edits wait.")
    for entry in facts.calendar:
        if not entry.starts_at <= facts.at < entry.ends_at:
            continue
        if entry.kind is CalendarKind.CHANGE_FREEZE:
            yield _hold("change_freeze", f"A change freeze is on: {entry.name}.")
        elif risk is RiskClass.CUT and facts.ask.origin in AUTOMATION and facts.ask.approval is None:
            yield _hold("promotion", f"{entry.name} is on: an automated cut waits for a person.")
        else:
            yield _note("promotion", f"{entry.name} is on.")
    if risk is RiskClass.HIGH and raised_micros(facts.change) == 0 and _is_uncapped(facts):
        yield _block("uncapped", "The change would leave the entity without a budget.")


def _is_uncapped(facts: GateInput) -> bool:
    return daily_micros(facts.change.before) is not None and daily_micros(facts.change.after) is None


def _name(component: Component) -> str:
    return label(component)


def _block(code: str, sentence: str) -> Reason:
    return Reason(code=code, verdict=Verdict.BLOCK, sentence=sentence)


def _hold(code: str, sentence: str) -> Reason:
    return Reason(code=code, verdict=Verdict.HOLD, sentence=sentence)


def _note(code: str, sentence: str) -> Reason:
    return Reason(code=code, verdict=Verdict.PASS, sentence=sentence)
