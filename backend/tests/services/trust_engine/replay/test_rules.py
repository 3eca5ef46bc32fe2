"""A decision made again: the same by its own policy, and by another what a plain recomputation comes to."""

from collections import Counter
from dataclasses import replace as with_
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.models.trust_engine.kinds import AutopilotMode, Component, RiskClass, SignalState, Verdict
from app.services.trust_engine.gate import facts as f
from app.services.trust_engine.gate.rules import DECIDERS
from app.services.trust_engine.gate.service import read_body
from app.services.trust_engine.health.rules import ModeState, combine
from app.services.trust_engine.policies.rules import DEFAULT_POLICY, TrustPolicy
from app.services.trust_engine.replay.rescoring_rules import Evaluation, Gap, Walk, rescored, scoring
from app.services.trust_engine.replay.rules import redecide
from app.services.trust_engine.replay.tally_rules import Row, Tally
from app.services.trust_engine.signals.measurements import Freshness
from app.services.trust_engine.signals.rules import freshness, freshness_between
from tests.services.trust_engine.replay.plain import health_of, modes_of, verdict_of
from tests.services.trust_engine.replay.worlds import UNIT, Made, World, account_id, make_policy, make_world

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
VERSIONS = {1: DEFAULT_POLICY}
seeds = st.integers(0, 2**32)


def _walked(world: World, policy: TrustPolicy) -> dict[str, f.HealthFacts | Gap]:
    found: dict[str, f.HealthFacts | Gap] = {}
    for history in world.evaluations:
        walk = Walk(policy, VERSIONS, None)
        found |= {str(each.id): walk.follow(each) for each in history}
    return found


def _plainly(world: World, policy: TrustPolicy) -> list[str]:
    """The verdict of each decision, by the plain recomputation."""
    document = msgspec.to_builtins(policy)
    modes = {key: mode for history in world.histories for key, mode in modes_of(history, 0, document).items()}
    return [
        verdict_of(
            made,
            None if made.evaluated is None else health_of(made.evaluated, document),
            None if made.evaluated is None else modes[made.evaluated.id],
            document,
        )
        for made in world.made
    ]


def _row(made: Made) -> Row:
    return Row(made.facts, made.result, account_id(made.account), None)


@given(seeds)
@settings(max_examples=8)
def test_by_its_own_policy_every_decision_is_made_again_to_the_letter(seed: int) -> None:
    world = make_world(seed)
    scored = _walked(world, DEFAULT_POLICY)
    for made in world.made:
        body = msgspec.json.encode({"inputs": made.facts, "result": made.result}, order="sorted")
        facts, result = read_body(body)
        assert redecide(facts, result.decider, None).decision == result
        assert redecide(facts, result.decider, DEFAULT_POLICY).decision == result
        assert redecide(facts, result.decider, DEFAULT_POLICY, scored).decision == result


def test_the_worlds_hold_every_class_verdict_and_decider() -> None:
    made = [each for seed in range(10) for each in make_world(seed).made]
    assert {each.decider for each in made} == DECIDERS.keys()
    assert {each.result.verdict for each in made} == set(Verdict)
    assert {each.result.risk for each in made} == set(RiskClass)


@given(seeds)
@settings(max_examples=15)
def test_by_another_policy_it_is_what_a_plain_recomputation_says(seed: int) -> None:
    world, policy = make_world(seed), make_policy(Random(seed), stale=False)  # noqa: S311
    scored, tally = _walked(world, policy), Tally()
    for made in world.made:
        tally.add(_row(made), redecide(made.facts, made.decider, policy, scored))
    plainly = _plainly(world, policy)
    together = tally.together
    assert together.gaps == Counter()
    assert Counter({key: cell.count for key, cell in together.cells.items()}) == Counter(
        (made.result.verdict, Verdict(verdict)) for made, verdict in zip(world.made, plainly, strict=True)
    )
    for (before, after), cell in together.cells.items():
        raised: Counter[str] = Counter()
        cut: Counter[str] = Counter()
        for made, verdict in zip(world.made, plainly, strict=True):
            if (made.result.verdict, Verdict(verdict)) == (before, after):
                currency = made.facts.platform.account_currency
                raised[currency] += made.percent * UNIT if made.change == "raise" else 0
                cut[currency] += made.percent * UNIT if made.change == "cut" else 0
        assert (+cell.money.raises, +cell.money.cuts) == (+raised, +cut)
        open_ = sum(
            made.change in ("pause", "targeting")
            and (made.result.verdict, Verdict(verdict)) == (before, after)
            for made, verdict in zip(world.made, plainly, strict=True)
        )
        assert cell.money.unpriced == open_


@given(seeds)
@settings(max_examples=15)
def test_with_another_limit_of_age_it_is_that_or_cannot_be_told(seed: int) -> None:
    world, policy = make_world(seed), make_policy(Random(seed), stale=True)  # noqa: S311
    scored = _walked(world, policy)
    for made, verdict in zip(world.made, _plainly(world, policy), strict=True):
        again = redecide(made.facts, made.decider, policy, scored)
        if again.decision is None:
            assert again.gap is Gap.NOT_MEASURED
        else:
            assert again.decision.verdict == verdict


@given(st.floats(0, 60), st.floats(1, 100))
def test_the_score_that_would_have_been_lies_between_the_ends(hours: float, limit: float) -> None:
    measured = Freshness(
        metrics_at=NOW - timedelta(hours=hours),
        events_at=NOW - timedelta(hours=hours / 3),
        metrics_cadence_hours=6.0,
        events_cadence_hours=1.0,
    )
    worst, best = freshness_between(freshness(measured, NOW, 24.0), limit)
    would = freshness(measured, NOW, limit).score
    assert worst.score is not None
    assert best.score is not None
    assert would is not None
    assert worst.score <= would <= best.score <= worst.score + 1.1


def test_where_no_age_was_kept_it_may_have_been_anything() -> None:
    kept = replace(_fresh(600, DEFAULT_POLICY).signals[0], evidence={})
    worst, best = freshness_between(kept, 12.0)
    assert (worst.score, best.score) == (0.0, 100.0)


def test_ends_that_count_for_two_scores_are_not_one() -> None:
    policy = replace(DEFAULT_POLICY, stale_after_hours=12.0)
    only = dict.fromkeys(Component, 0.0) | {Component.FRESHNESS: 1.0}
    del only[Component.CDP_QUALITY]
    own = replace(DEFAULT_POLICY, weights=only)
    found = {
        isinstance(rescored(_fresh(minutes, own), own, replace(policy, weights=only)), Gap)
        for minutes in range(600, 700)
    }
    assert found == {True, False}


def _fresh(minutes: int, own: TrustPolicy) -> Evaluation:
    measured = Freshness(
        metrics_at=NOW - timedelta(minutes=minutes),
        events_at=None,
        metrics_cadence_hours=6.0,
        events_cadence_hours=6.0,
        expects_events=False,
    )
    signals = (freshness(measured, NOW, own.stale_after_hours),)
    health = combine(signals, own, NOW)
    return Evaluation(
        id=account_id(1),
        ad_account_id=account_id(1),
        evaluated_at=NOW,
        policy_version=1,
        score=health.score,
        coverage=health.coverage,
        state=ModeState(mode=AutopilotMode.NORMAL),
        digest="d",
        signals=signals,
    )


def test_another_limit_of_age_is_mostly_told() -> None:
    found = Counter(
        isinstance(each, Gap)
        for seed in range(20)
        for each in _walked(make_world(seed), replace(DEFAULT_POLICY, stale_after_hours=36.0)).values()
    )
    assert found[False] > found[True]


class TestWhatIsMissing:
    def _facts(self, **over: object) -> f.GateInput:
        world = make_world(3)
        facts = next(
            made.facts
            for made in world.made
            if made.change == "raise"
            and made.person
            and made.facts.health
            and not made.kill_switch
            and not made.read_only
        )
        assert facts.health is not None
        good = dict.fromkeys(facts.health.states, SignalState.GOOD)
        health = replace(
            facts.health,
            score=95.0,
            coverage=1.0,
            mode=AutopilotMode.NORMAL,
            states=good,
            absent=(),
            expires_at=facts.at + timedelta(hours=1),
        )
        return replace(
            facts, health=health, limits=f.Limits(level=1), ask=replace(facts.ask, justified_by=()), **over
        )

    def test_a_decision_that_needs_it_cannot_be_made_again(self) -> None:
        again = redecide(self._facts(), "4", DEFAULT_POLICY, {})
        assert (again.decision, again.gap) == (None, Gap.EVIDENCE_GONE)

    def test_a_verdict_that_stands_whatever_it_would_have_said_is_told(self) -> None:
        again = redecide(self._facts(kill_switch=True), "4", DEFAULT_POLICY, {})
        assert again.decision is not None
        assert (again.decision.verdict, again.decision.score) == (Verdict.BLOCK, None)
        assert [reason.code for reason in again.decision.reasons] == ["kill_switch"]

    def test_other_evidence_than_it_was_decided_on_is_none(self) -> None:
        facts = self._facts()
        assert facts.health is not None
        other = replace(facts.health, evidence_digest="other")
        again = redecide(facts, "4", DEFAULT_POLICY, {facts.health.evaluation_id: other})
        assert again.gap is Gap.EVIDENCE_ALTERED

    def test_no_decider_of_that_name(self) -> None:
        assert redecide(self._facts(), "0", None).gap is Gap.UNREADABLE

    def test_a_move_rests_on_the_score_of_all_accounts_which_only_the_same_scoring_leaves(self) -> None:
        facts = self._facts()
        leg = f.Leg(
            account_name="Other",
            change=replace(facts.change, after={"daily_budget_micros": 90 * UNIT}),
            health=facts.health,
            evaluated_with=1,
            limits=facts.limits,
            activity=facts.activity,
            platform=facts.platform,
        )
        roll_up = f.RollUpFacts(score=90.0, coverage=1.0, mode=AutopilotMode.NORMAL)
        moved = replace(facts, move=f.Move(other=leg, roll_up=roll_up))
        assert facts.health is not None
        scored = {facts.health.evaluation_id: facts.health}
        assert redecide(moved, "4", DEFAULT_POLICY).decision is not None
        assert redecide(moved, "4", DEFAULT_POLICY, scored).gap is Gap.ROLL_UP


def test_after_an_evaluation_that_is_lost_modes_are_told_again_from_a_fall_to_the_last() -> None:
    world = make_world(5, accounts=1, evaluations=40)
    history = world.evaluations[0]
    walk, whole = Walk(DEFAULT_POLICY, VERSIONS, None), Walk(DEFAULT_POLICY, VERSIONS, None)
    history[4] = with_(history[4], signals=())
    found = [walk.follow(each) for each in history]
    right = [whole.follow(each) for each in make_world(5, accounts=1, evaluations=40).evaluations[0]]
    assert found[4] is Gap.EVIDENCE_GONE
    lost = [place for place, each in enumerate(found) if isinstance(each, Gap)]
    assert 4 < lost[-1] < len(history) - 1
    assert found[lost[-1] + 1 :] == right[lost[-1] + 1 :]


def test_a_score_that_this_program_does_not_come_to_is_not_guessed_at() -> None:
    evaluation = make_world(1).evaluations[0][0]
    wrong = with_(evaluation, coverage=evaluation.coverage + 0.1)
    assert Walk(DEFAULT_POLICY, VERSIONS, None).follow(wrong) is Gap.SCORED_OTHERWISE


def test_what_only_the_gate_reads_leaves_scores_as_they_are() -> None:
    same = replace(DEFAULT_POLICY, version=9, absent_raise_pct=1.0, automation_after_conversions=7)
    assert scoring(same) == scoring(DEFAULT_POLICY)
    for name in msgspec.structs.fields(TrustPolicy):
        was = getattr(DEFAULT_POLICY, name.name)
        other = replace(DEFAULT_POLICY, **{name.name: was + 1 if isinstance(was, int | float) else {}})
        gate_only = name.name in {
            "version",
            "absent_raise_pct",
            "automation_after_conversions",
            "fx_max_age_hours",
        }
        assert (scoring(other) == scoring(DEFAULT_POLICY)) is gate_only
