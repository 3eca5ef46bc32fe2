"""What passes the gate and what does not, over every class of change and every kind of trouble."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.models.trust_engine.kinds import (
    ActionKind,
    AutopilotMode,
    CalendarKind,
    Component,
    EnforcementMode,
    Origin,
    RiskClass,
    SignalState,
    Verdict,
)
from app.services.trust_engine.gate import facts as f
from app.services.trust_engine.gate.permits import Change
from app.services.trust_engine.gate.rules import CURRENT, UnknownDecider, decide
from app.services.trust_engine.gate.rules.caps import worst_case
from app.services.trust_engine.gate.rules.risk import CLASS_OF, classify
from app.services.trust_engine.policies.rules import DEFAULT_POLICY

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
BUDGET = 100_000_000


def change(
    before: dict[str, Any] | None = None, after: dict[str, Any] | None = None, level: Any = "campaign"
) -> f.ChangeFacts:
    return f.ChangeFacts.of(
        Change(
            platform="meta",
            account="act_1",
            entity_type=level,
            entity="c1",
            operation="edit",
            before={"daily_budget_micros": BUDGET} if before is None else before,
            after={"daily_budget_micros": BUDGET * 11 // 10} if after is None else after,
        )
    )


def health(score: float | None = 90, **over: Any) -> f.HealthFacts:
    facts: dict[str, Any] = {
        "evaluation_id": "e1",
        "score": score,
        "coverage": 1.0,
        "mode": AutopilotMode.NORMAL,
        "states": dict.fromkeys(Component, SignalState.GOOD),
        "absent": (),
        "evaluated_at": NOW - timedelta(minutes=5),
        "expires_at": NOW + timedelta(minutes=55),
        "evidence_digest": "d",
    }
    return f.HealthFacts(**{**facts, **over})


def ask(origin: Origin = Origin.AUTOPILOT, **over: Any) -> f.Ask:
    return f.Ask(origin=origin, actor="Ada", **over)


APPROVAL = f.Approval(by="Ada", at=NOW, reason="Checked with the shop.")
BASE = f.GateInput(
    tenant_id=1,
    at=NOW,
    ask=ask(),
    change=change(),
    health=health(),
    policy=DEFAULT_POLICY,
    evaluated_with=1,
    limits=f.Limits(level=1),
    activity=f.Activity(conversions=500),
    platform=f.PlatformFacts(),
)
CUT = change(after={"daily_budget_micros": BUDGET // 2})
PAUSE = change({"status": "active"}, {"status": "paused"})


def verdict(**over: Any) -> Verdict:
    return decide(replace(BASE, **over)).verdict


def codes(**over: Any) -> set[str]:
    return {
        reason.code for reason in decide(replace(BASE, **over)).reasons if reason.verdict is not Verdict.PASS
    }


class TestRisk:
    @pytest.mark.parametrize(
        ("before", "after", "kind"),
        [
            ({"daily_budget_micros": 10}, {"daily_budget_micros": 11}, ActionKind.INCREASE_BUDGET),
            ({"daily_budget_micros": 10}, {"daily_budget_micros": 9}, ActionKind.REDUCE_BUDGET),
            ({"daily_budget_micros": 10}, {"daily_budget_micros": None}, ActionKind.INCREASE_BUDGET),
            ({"daily_budget_micros": 10}, {}, ActionKind.INCREASE_BUDGET),
            ({"lifetime_budget_micros": 10}, {"daily_budget_micros": 5}, ActionKind.INCREASE_BUDGET),
            ({"target_roas_micros": 3}, {"target_roas_micros": 2}, ActionKind.INCREASE_BID),
            ({"target_roas_micros": 2}, {"target_roas_micros": 3}, ActionKind.REDUCE_BID),
            ({"target_cpa_micros": 2}, {"target_cpa_micros": 3}, ActionKind.INCREASE_BID),
            ({"target_cpa_micros": 2}, {"target_cpa_micros": None}, ActionKind.INCREASE_BID),
            ({"bid_micros": 2}, {"bid_micros": 1}, ActionKind.SET_BID),
            ({"bid_micros": 2}, {"bid_micros": 3}, ActionKind.INCREASE_BID),
            ({"status": "paused"}, {"status": "active"}, ActionKind.ENABLE),
            ({"status": "active"}, {"status": "paused"}, ActionKind.PAUSE),
            ({"status": "active"}, {"status": "odd"}, ActionKind.UNKNOWN_CHANGE),
            ({"name": "a"}, {"name": "b"}, ActionKind.RENAME),
            (
                {"targeting": {"geo": ["DE"]}},
                {"targeting": {"geo": ["DE", "AT"]}},
                ActionKind.EXPAND_TARGETING,
            ),
            ({"targeting": {"geo": ["DE"]}}, {"targeting": {}}, ActionKind.EXPAND_TARGETING),
            ({"targeting": {}}, {"targeting": {"geo": ["DE"]}}, ActionKind.NARROW_TARGETING),
            (
                {"targeting": {"geo": ["DE"]}},
                {"targeting": {"geo": ["AT"]}},
                ActionKind.UPDATE_TARGETING,
            ),
            ({"excluded": {"ids": ["1"]}}, {"excluded": {}}, ActionKind.EXPAND_TARGETING),
            ({"excluded": {}}, {"excluded": {"ids": ["1"]}}, ActionKind.NARROW_TARGETING),
            ({"hours": [1, 2]}, {"hours": [1]}, ActionKind.NARROW_SCHEDULE),
            ({"hours": [1]}, {"hours": []}, ActionKind.EXPAND_SCHEDULE),
            ({"ends_at": "2026-01-01"}, {"ends_at": None}, ActionKind.EXPAND_SCHEDULE),
            ({"objective": "a"}, {"objective": "b"}, ActionKind.UNKNOWN_CHANGE),
            ({"name": "a"}, {"name": "a"}, ActionKind.NO_CHANGE),
            ({}, {"status": "paused"}, ActionKind.CREATE_PAUSED),
            ({}, {"status": "active"}, ActionKind.LAUNCH_CAMPAIGN),
        ],
    )
    def test_comes_from_the_change(
        self, before: dict[str, Any], after: dict[str, Any], kind: ActionKind
    ) -> None:
        assert classify(change(before, after), Origin.AUTOPILOT) == (kind, CLASS_OF[kind])

    def test_the_most_dangerous_part_decides(self) -> None:
        both = change(
            {"status": "active", "daily_budget_micros": 10}, {"status": "paused", "daily_budget_micros": 20}
        )
        assert classify(both, Origin.PERSON)[1] is RiskClass.HIGH

    @pytest.mark.parametrize(
        ("origin", "level", "risk"),
        [
            (Origin.PERSON, "campaign", RiskClass.SAFETY),
            (Origin.AUTOPILOT, "campaign", RiskClass.CUT),
            (Origin.KILL_SWITCH, "campaign", RiskClass.SAFETY),
            (Origin.AUTOPILOT, "account", RiskClass.SAFETY),
        ],
    )
    def test_a_pause_is_a_cut_or_safety(self, origin: Origin, level: str, risk: RiskClass) -> None:
        pause = change({"status": "active"}, {"status": "paused"}, level)
        assert classify(pause, origin)[1] is risk


BANDS = [
    (change(), 80),
    (change({"targeting": {"geo": ["DE"]}}, {"targeting": {"geo": ["AT"]}}), 70),
    (change({"name": "a"}, {"name": "b"}), 60),
    (CUT, 40),
]


@pytest.mark.parametrize(("what", "need"), BANDS)
@pytest.mark.parametrize("score", [0, 39, 39.9, 40, 59.9, 60, 69.9, 70, 79.9, 80, 100])
def test_bands_of_every_class(what: f.ChangeFacts, need: float, score: float) -> None:
    expected = Verdict.PASS if score >= need else Verdict.HOLD if score >= 40 else Verdict.BLOCK
    assert verdict(change=what, health=health(score)) is expected


TROUBLES: list[dict[str, Any]] = [
    {"health": None},
    {"health": health(None)},
    {"health": health(0)},
    {"health": health(expires_at=NOW)},
    {"health": health(coverage=0.1)},
    {"policy": None},
    {"evaluated_with": 2},
    {"evaluated_with": None},
    {"kill_switch": True},
    {"platform": f.PlatformFacts(write_lease=False)},
]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_it_fails_closed(trouble: dict[str, Any]) -> None:
    assert verdict(**trouble) is Verdict.BLOCK


@pytest.mark.parametrize("trouble", TROUBLES)
def test_nothing_stops_safety(trouble: dict[str, Any]) -> None:
    assert verdict(change=PAUSE, ask=ask(Origin.PERSON), **trouble) is Verdict.PASS
    assert verdict(change=PAUSE, ask=ask(Origin.KILL_SWITCH), **trouble) is Verdict.PASS


@pytest.mark.parametrize("trouble", TROUBLES[:5])
def test_a_cut_justified_by_spend_alone_passes_whatever_the_health(trouble: dict[str, Any]) -> None:
    assert verdict(change=CUT, ask=ask(spend_only=True), **trouble) is Verdict.PASS


def test_spend_alone_does_not_justify_a_raise() -> None:
    assert verdict(ask=ask(spend_only=True), health=health(50)) is Verdict.HOLD


def test_an_error_in_the_decider_blocks() -> None:
    broken = change({"targeting": {"geo": 5}}, {"targeting": {"geo": 6}})
    decision = decide(replace(BASE, change=broken))
    assert decision.verdict is Verdict.BLOCK
    assert decision.reasons[0].code == "decider_error"


def test_a_decider_that_is_not_known_is_an_error() -> None:
    with pytest.raises(UnknownDecider):
        decide(BASE, "0")


@pytest.mark.parametrize("state", [SignalState.BAD, SignalState.UNKNOWN, SignalState.ABSENT])
@pytest.mark.parametrize("what", [change(), CUT])
def test_a_signal_that_justifies_the_action_must_be_good_in_either_direction(
    state: SignalState, what: f.ChangeFacts
) -> None:
    states = {**dict.fromkeys(Component, SignalState.GOOD), Component.VARIANCE: state}
    named, other = ask(justified_by=(Component.VARIANCE,)), ask(justified_by=(Component.FRESHNESS,))
    assert verdict(change=what, ask=named, health=health(states=states)) is Verdict.HOLD
    assert verdict(change=what, ask=other, health=health(states=states)) is Verdict.PASS


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (AutopilotMode.NORMAL, Verdict.PASS),
        (AutopilotMode.LIMITED, Verdict.HOLD),
        (AutopilotMode.CUTS_ONLY, Verdict.HOLD),
        (AutopilotMode.FROZEN, Verdict.BLOCK),
    ],
)
def test_a_mode_that_has_not_risen_holds_a_good_score_down(mode: AutopilotMode, expected: Verdict) -> None:
    assert verdict(health=health(100, mode=mode)) is expected


def test_thin_coverage_holds() -> None:
    assert verdict(health=health(coverage=0.59)) is Verdict.HOLD
    assert verdict(health=health(coverage=0.60)) is Verdict.PASS
    assert verdict(health=health(coverage=0.29)) is Verdict.BLOCK


def test_a_named_persons_launch_passes_with_the_score_shown_and_automations_does_not() -> None:
    launch = change({}, {"status": "active", "daily_budget_micros": BUDGET})
    decision = decide(replace(BASE, change=launch, ask=ask(Origin.PERSON), health=health(12)))
    assert decision.verdict is Verdict.PASS
    assert "Ada" in decision.reasons[0].sentence
    assert "12.0" in decision.reasons[0].sentence
    assert verdict(change=launch, health=health(12)) is Verdict.BLOCK
    capped = f.Limits(level=1, mode=EnforcementMode.HARD_BLOCK, max_campaign_budget_micros=BUDGET)
    assert verdict(change=launch, ask=ask(Origin.PERSON), limits=capped) is Verdict.BLOCK


class TestAutomation:
    @pytest.mark.parametrize(("level", "expected"), [(0, Verdict.HOLD), (1, Verdict.PASS), (2, Verdict.HOLD)])
    def test_levels(self, level: int, expected: Verdict) -> None:
        assert verdict(limits=f.Limits(level=level)) is expected
        assert verdict(limits=f.Limits(level=level), ask=ask(approval=APPROVAL)) is Verdict.PASS

    def test_new_tenants_are_only_suggested_to(self) -> None:
        assert codes(limits=f.Limits()) == {"suggest_only"}

    def test_a_new_account_waits_for_conversions(self) -> None:
        assert codes(activity=f.Activity(conversions=49)) == {"new_account"}
        assert verdict(activity=f.Activity(conversions=49), ask=ask(Origin.PERSON)) is Verdict.PASS

    def test_a_read_only_platform_is_never_written_to(self) -> None:
        read_only = f.PlatformFacts(read_only=True)
        assert verdict(platform=read_only) is Verdict.BLOCK
        assert verdict(platform=read_only, change=PAUSE, ask=ask(Origin.PERSON)) is Verdict.BLOCK


class TestCircumstances:
    def test_a_learning_phase_holds_edits_but_not_cuts(self) -> None:
        learning = f.PlatformFacts(learning=True)
        assert codes(platform=learning) == {"learning"}
        assert verdict(platform=learning, change=CUT) is Verdict.PASS

    def entry(self, kind: CalendarKind, hours: int = 1) -> tuple[f.CalendarEntry, ...]:
        return (
            f.CalendarEntry(
                kind=kind,
                name="Black Friday",
                starts_at=NOW - timedelta(hours=1),
                ends_at=NOW + timedelta(hours=hours),
            ),
        )

    def test_a_change_freeze_holds_and_ends(self) -> None:
        assert codes(calendar=self.entry(CalendarKind.CHANGE_FREEZE)) == {"change_freeze"}
        assert codes(calendar=self.entry(CalendarKind.CHANGE_FREEZE, hours=0)) == set()

    def test_a_promotion_does_not_stop_a_raise_but_holds_an_automated_cut(self) -> None:
        calendar = self.entry(CalendarKind.PROMOTION)
        assert verdict(calendar=calendar) is Verdict.PASS
        assert verdict(calendar=calendar, change=CUT) is Verdict.HOLD

    def test_an_edit_from_elsewhere_is_never_overwritten_in_silence(self) -> None:
        assert codes(ask=ask(untouched_since=False)) == {"edited_elsewhere"}


class TestCaps:
    def limits(self, **over: Any) -> f.Limits:
        return f.Limits(**{"level": 1, "mode": EnforcementMode.HARD_BLOCK, **over})

    @pytest.mark.parametrize(
        ("platform", "worst"), [("meta", 175), ("google", 200), ("tiktok", 200), ("new", 200)]
    )
    def test_the_worst_case_is_the_platforms(self, platform: str, worst: int) -> None:
        assert worst_case(100, platform) == worst

    def test_more_than_thirty_percent_at_once(self) -> None:
        after = change(after={"daily_budget_micros": BUDGET * 131 // 100})
        assert "raise_too_large" in codes(change=after, limits=self.limits())
        assert verdict(change=after, limits=self.limits()) is Verdict.BLOCK

    @pytest.mark.parametrize(("percent", "passes"), [(120, True), (121, False)])
    def test_at_most_a_fifth_in_a_day(self, percent: int, *, passes: bool) -> None:
        after = change(after={"daily_budget_micros": BUDGET * percent // 100})
        assert (codes(change=after) == set()) == passes

    def test_a_day_of_small_raises_adds_up(self) -> None:
        activity = f.Activity(conversions=500, lowest_24h_micros=BUDGET * 9 // 10)
        assert codes(activity=activity) == {"total_raise"}

    @pytest.mark.parametrize(
        ("activity", "code"),
        [
            (f.Activity(conversions=500, changes_24h=5), "too_many_changes"),
            (f.Activity(conversions=500, last_change_at=NOW - timedelta(hours=3.9)), "too_soon"),
            (f.Activity(conversions=500, cooldown_until=NOW + timedelta(hours=1)), "cooldown"),
            (f.Activity(conversions=500, roas=0.99), "roas_floor"),
        ],
    )
    def test_pace_and_performance(self, activity: f.Activity, code: str) -> None:
        assert codes(activity=activity, limits=self.limits()) == {code}
        assert codes(activity=activity, limits=self.limits(), change=CUT) == set()

    @pytest.mark.parametrize(
        ("over", "code"),
        [
            ({"max_daily_budget_micros": 192_499_999}, "daily_cap"),
            ({"max_campaign_budget_micros": 192_499_999}, "campaign_cap"),
            ({"max_daily_increase_micros": 17_499_999}, "increase_cap"),
            ({"cpa_ceiling_micros": 9}, "cpa_ceiling"),
        ],
    )
    def test_amounts_on_the_worst_case(self, over: dict[str, int], code: str) -> None:
        activity = f.Activity(conversions=500, cpa_micros=10)
        assert codes(limits=self.limits(**over), activity=activity) == {code}
        exact = {name: value + 1 for name, value in over.items()}
        assert codes(limits=self.limits(**exact), activity=activity) == set()

    @pytest.mark.parametrize(
        ("mode", "automation", "person", "confirmed"),
        [
            (EnforcementMode.ADVISORY, Verdict.HOLD, Verdict.PASS, Verdict.PASS),
            (EnforcementMode.SOFT_BLOCK, Verdict.HOLD, Verdict.HOLD, Verdict.PASS),
            (EnforcementMode.HARD_BLOCK, Verdict.BLOCK, Verdict.BLOCK, Verdict.BLOCK),
        ],
    )
    def test_what_a_broken_limit_leads_to(
        self, mode: EnforcementMode, automation: Verdict, person: Verdict, confirmed: Verdict
    ) -> None:
        limits = self.limits(mode=mode, max_campaign_budget_micros=1)
        assert verdict(limits=limits) is automation
        assert verdict(limits=limits, ask=ask(Origin.PERSON)) is person
        assert verdict(limits=limits, ask=ask(Origin.PERSON, approval=APPROVAL)) is confirmed

    @pytest.mark.parametrize(("hours", "passes"), [(48, True), (49, False), (None, False)])
    def test_raises_hold_on_an_old_exchange_rate(self, hours: int | None, *, passes: bool) -> None:
        platform = f.PlatformFacts(
            account_currency="EUR",
            fx_rate=None if hours is None else 1.1,
            fx_at=None if hours is None else NOW - timedelta(hours=hours),
        )
        limits = self.limits(max_daily_budget_micros=10**12, currency="USD")
        assert (codes(platform=platform, limits=limits) == set()) == passes

    def test_a_source_absent_by_design_allows_ten_percent_under_a_fixed_cap(self) -> None:
        absent = health(absent=(Component.VARIANCE,))
        capped = self.limits(max_daily_budget_micros=10**12)
        assert codes(health=absent) == {"absent_source_no_cap"}
        assert codes(health=absent, limits=capped) == set()
        more = change(after={"daily_budget_micros": BUDGET * 111 // 100})
        assert codes(health=absent, limits=capped, change=more) == {"absent_source_raise"}

    def test_giving_back_our_own_cut_passes_within_the_caps(self) -> None:
        back = change({"daily_budget_micros": BUDGET // 2}, {"daily_budget_micros": BUDGET})
        ours = ask(Origin.ROLLBACK, restores_micros=BUDGET)
        assert verdict(change=back, ask=ours, health=health(10)) is Verdict.PASS
        assert verdict(change=back, ask=ask(Origin.ROLLBACK), health=health(10)) is Verdict.BLOCK
        touched = replace(ours, untouched_since=False)
        assert verdict(change=back, ask=touched, health=health(100)) is Verdict.HOLD
        capped = self.limits(max_campaign_budget_micros=BUDGET)
        assert verdict(change=back, ask=ours, limits=capped) is Verdict.BLOCK

    def test_a_budget_cannot_be_lifted_altogether(self) -> None:
        lifted = change(after={"daily_budget_micros": None})
        assert "uncapped" in codes(change=lifted)


scores = st.none() | st.floats(0, 100)
inputs = st.builds(
    lambda what, who, score, cover, level, mode, kill, approved: replace(
        BASE,
        change=what,
        ask=ask(who, approval=APPROVAL if approved else None),
        health=health(score, coverage=cover),
        limits=f.Limits(level=level, mode=mode),
        kill_switch=kill,
    ),
    st.sampled_from([change(), CUT, PAUSE, change({"name": "a"}, {"name": "b"})]),
    st.sampled_from(list(Origin)),
    scores,
    st.floats(0, 1),
    st.sampled_from([0, 1, 2]),
    st.sampled_from(list(EnforcementMode)),
    st.booleans(),
    st.booleans(),
)


@given(inputs)
def test_a_decision_replays_from_its_stored_bytes(facts: f.GateInput) -> None:
    raw = f.encode(facts)
    again = f.decode_input(raw)
    assert f.encode(again) == raw
    decision = decide(facts)
    assert decide(again, decision.decider) == decision
    assert f.decode_decision(f.encode(decision)) == decision


@given(inputs)
def test_a_verdict_is_the_worst_of_its_reasons_and_always_says_why(facts: f.GateInput) -> None:
    decision = decide(facts)
    rank = [Verdict.PASS, Verdict.HOLD, Verdict.BLOCK]
    assert decision.reasons
    assert max(rank.index(reason.verdict) for reason in decision.reasons) == rank.index(decision.verdict)
    assert all(reason.sentence.endswith(".") for reason in decision.reasons)


@given(inputs)
def test_a_raise_never_passes_on_less_than_it_needs(facts: f.GateInput) -> None:
    decision = decide(facts)
    if decision.risk is RiskClass.HIGH and decision.verdict is Verdict.PASS:
        assert decision.score is not None
        assert decision.score >= 80
        assert not facts.kill_switch


@given(inputs, st.floats(0, 100))
def test_better_health_never_decides_worse(facts: f.GateInput, better: float) -> None:
    rank = [Verdict.PASS, Verdict.HOLD, Verdict.BLOCK]
    if facts.health is None or facts.health.score is None or better < facts.health.score:
        return
    improved = replace(facts, health=replace(facts.health, score=better))
    assert rank.index(decide(improved).verdict) <= rank.index(decide(facts).verdict)


def test_the_first_decider_still_decides_as_it_did() -> None:
    """The bytes of this decision are in ledgers: a change of behaviour is a new decider."""
    assert CURRENT == "1"
    assert f.encode(decide(BASE)).decode() == (
        '{"decider":"1","kind":"increase_budget","need":80.0,"reasons":[{"code":"healthy","sentence":'
        '"Signal health counts for 90.0; a high action needs 80.","verdict":"pass","violation":null}],'
        '"risk":"high","score":90,"verdict":"pass"}'
    )
