"""What passes the gate and what does not, over every class of change and every kind of trouble."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
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
from app.services.trust_engine.gate.rules.caps import in_limit_currency, worst_case
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
            (Origin.STOP, "campaign", RiskClass.SAFETY),
            (Origin.AUTOPILOT, "account", RiskClass.SAFETY),
        ],
    )
    def test_a_pause_is_a_cut_or_safety(self, origin: Origin, level: str, risk: RiskClass) -> None:
        pause = change({"status": "active"}, {"status": "paused"}, level)
        assert classify(pause, origin)[1] is risk

    @pytest.mark.parametrize(
        ("origin", "kind"),
        [
            (Origin.PERSON, ActionKind.PAUSE),
            (Origin.STOP, ActionKind.PAUSE_ALL),
            (Origin.KILL_SWITCH, ActionKind.EMERGENCY_STOP),
        ],
    )
    def test_a_stop_of_everything_is_called_so_and_what_it_starts_is_not(
        self, origin: Origin, kind: ActionKind
    ) -> None:
        assert classify(PAUSE, origin)[0] is kind
        enable = change({"status": "paused"}, {"status": "active"})
        assert classify(enable, origin) == (ActionKind.ENABLE, RiskClass.HIGH)


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
    assert verdict(change=PAUSE, ask=ask(Origin.STOP), **trouble) is Verdict.PASS


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

    @pytest.mark.parametrize(("others", "broken"), [(40_000_000, set()), (40_000_001, {"daily_cap"})])
    def test_the_daily_cap_counts_what_the_account_spends_elsewhere(
        self, others: int, broken: set[str]
    ) -> None:
        """110 and 40 a day are 262.5 at the platform's worst."""
        limits = self.limits(max_daily_budget_micros=262_500_000)
        activity = f.Activity(conversions=500, others_daily_micros=others)
        assert codes(limits=limits, activity=activity) == broken

    @pytest.mark.parametrize(("earlier", "broken"), [(30_000_000, set()), (30_000_001, {"increase_cap"})])
    def test_the_cap_on_increases_counts_the_accounts_earlier_ones(
        self, earlier: int, broken: set[str]
    ) -> None:
        """10 more, after 30 more within the day, are 70 at the platform's worst."""
        limits = self.limits(max_daily_increase_micros=70_000_000)
        activity = f.Activity(conversions=500, account_raised_24h_micros=earlier)
        assert codes(limits=limits, activity=activity) == broken

    @pytest.mark.parametrize(("hours", "passes"), [(48, True), (49, False), (None, False)])
    def test_raises_hold_on_an_old_exchange_rate(self, hours: int | None, *, passes: bool) -> None:
        platform = f.PlatformFacts(
            account_currency="EUR",
            fx_rate=None if hours is None else Decimal("1.1"),
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

    @pytest.mark.parametrize(
        ("facts", "why"),
        [
            ({"health": health(absent=(Component.VARIANCE,))}, "A source is absent by design"),
            ({"few": 5.0}, "With 5 conversions on a usual day"),
        ],
    )
    def test_where_evidence_is_short_the_usual_day_is_the_cap(self, facts: dict[str, Any], why: str) -> None:
        """No shop is shut out for want of a cap that nobody knew of: a tenth more at a time, half as much in all."""
        few = facts.pop("few", None)

        def said(usual: int | None, others: int = 0, after: int = BUDGET * 11 // 10) -> f.GateDecision:
            activity = f.Activity(
                conversions=500,
                others_daily_micros=others,
                usual_daily_micros=usual,
                usual_daily_conversions=few,
            )
            wanted = change(after={"daily_budget_micros": after})
            return decide(replace(BASE, activity=activity, change=wanted, **facts))

        passed = said(BUDGET)
        [told] = [reason for reason in passed.reasons if reason.code == "grows_slowly"]
        assert passed.verdict is Verdict.PASS
        assert told.sentence.startswith(why)
        assert "10 % in 24 h" in told.sentence
        assert "150.00 USD" in told.sentence
        assert said(BUDGET, others=BUDGET * 4 // 10).verdict is Verdict.PASS
        beyond = said(BUDGET, others=BUDGET * 4 // 10 + 1)
        assert {r.code for r in beyond.reasons if r.verdict is not Verdict.PASS} == {"usual_cap"}
        assert "this would make them 150.00 USD" in next(
            r.sentence for r in beyond.reasons if r.code == "usual_cap"
        )
        faster = said(BUDGET, after=BUDGET * 111 // 100)
        assert {r.code for r in faster.reasons if r.verdict is not Verdict.PASS} == {"absent_source_raise"}
        assert said(None).verdict is Verdict.HOLD
        cut = change(after={"daily_budget_micros": BUDGET // 2})
        assert verdict(change=cut, activity=f.Activity(conversions=500, usual_daily_micros=1)) is Verdict.PASS

    def test_a_cap_that_somebody_set_takes_the_place_of_the_usual_day(self) -> None:
        activity = f.Activity(conversions=500, usual_daily_micros=1, usual_daily_conversions=5)
        capped = self.limits(max_daily_budget_micros=BUDGET * 11 // 10 * 7 // 4)
        decision = decide(replace(BASE, activity=activity, limits=capped))
        assert decision.verdict is Verdict.PASS
        assert "192.50 USD that is set" in next(
            r.sentence for r in decision.reasons if r.code == "grows_slowly"
        )

    @pytest.mark.parametrize("few", [None, 30.0, 400.0])
    def test_who_has_conversions_enough_grows_as_ever(self, few: float | None) -> None:
        activity = f.Activity(conversions=500, usual_daily_micros=1, usual_daily_conversions=few)
        assert (
            codes(activity=activity, change=change(after={"daily_budget_micros": BUDGET * 12 // 10})) == set()
        )

    def test_until_the_fourth_decider_nothing_grew_without_a_cap(self) -> None:
        facts = replace(
            BASE,
            health=health(absent=(Component.VARIANCE,)),
            activity=f.Activity(conversions=500, usual_daily_micros=BUDGET),
        )
        assert (decide(facts, "3").verdict, decide(facts).verdict) == (Verdict.HOLD, Verdict.PASS)

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
    assert msgspec.json.decode(f.encode(decision), type=f.GateDecision) == decision


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


@given(inputs, st.sampled_from([Origin.PERSON, Origin.STOP, Origin.KILL_SWITCH]))
def test_safety_passes_at_every_health_and_while_everything_is_frozen(
    facts: f.GateInput, who: Origin
) -> None:
    facts = replace(facts, change=PAUSE, ask=replace(facts.ask, origin=who))
    for frozen in (False, True):
        decision = decide(replace(facts, kill_switch=frozen))
        assert (decision.verdict, decision.risk) == (Verdict.PASS, RiskClass.SAFETY)
    unknown = replace(facts, health=None, policy=None, evaluated_with=None, kill_switch=True)
    assert decide(unknown).verdict is Verdict.PASS


@given(inputs, st.floats(0, 100))
def test_better_health_never_decides_worse(facts: f.GateInput, better: float) -> None:
    rank = [Verdict.PASS, Verdict.HOLD, Verdict.BLOCK]
    if facts.health is None or facts.health.score is None or better < facts.health.score:
        return
    improved = replace(facts, health=replace(facts.health, score=better))
    assert rank.index(decide(improved).verdict) <= rank.index(decide(facts).verdict)


def test_the_first_decider_still_decides_as_it_did() -> None:
    """The bytes of this decision are in ledgers: a change of behaviour is a new decider."""
    assert f.encode(decide(BASE, "1")).decode() == (
        '{"decider":"1","kind":"increase_budget","need":80.0,"reasons":[{"code":"healthy","sentence":'
        '"Signal health counts for 90.0; a high action needs 80.","verdict":"pass","violation":null}],'
        '"risk":"high","score":90,"verdict":"pass"}'
    )


@pytest.mark.parametrize("decider", ["2", "3", "4", "5", "6"])
def test_the_later_deciders_decide_as_they_do(decider: str) -> None:
    assert CURRENT == "6"
    first = f.encode(decide(BASE, "1"))
    assert f.encode(decide(BASE, decider)) == first.replace(
        b'"decider":"1"', f'"decider":"{decider}"'.encode()
    )


@given(inputs)
def test_until_the_fifth_decider_nobody_stopped_everything(facts: f.GateInput) -> None:
    """What it could be given is decided as ever: a stop stood in none of its inputs."""
    if facts.ask.origin is Origin.STOP:
        return
    for what in (
        facts.change,
        change({"status": "paused"}, {"status": "active"}),
        change({}, {"status": "paused"}),
    ):
        known = replace(facts, change=what)
        assert replace(decide(known), decider="5") == decide(known, "5")


def test_the_fifth_decider_knew_no_name_for_a_stop() -> None:
    facts = replace(BASE, change=PAUSE, ask=ask(Origin.STOP))
    assert (decide(facts).kind, decide(facts, "5").kind) == (ActionKind.PAUSE_ALL, ActionKind.PAUSE)


def test_a_named_person_may_create_what_is_paused_under_the_caps_since_the_third_decider() -> None:
    """A launch passed on a person's name, and its paused beginning waited for a score."""
    creation = change({}, {"status": "paused", "daily_budget_micros": BUDGET})
    facts = replace(BASE, change=creation, ask=ask(Origin.PERSON), health=None)
    assert (decide(facts).verdict, decide(facts, "2").verdict) == (Verdict.PASS, Verdict.BLOCK)
    assert "Ada" in decide(facts).reasons[0].sentence
    assert decide(replace(facts, ask=ask(Origin.API))).verdict is Verdict.BLOCK
    assert decide(replace(facts, kill_switch=True)).verdict is Verdict.BLOCK
    capped = f.Limits(level=1, mode=EnforcementMode.HARD_BLOCK, max_campaign_budget_micros=BUDGET)
    assert decide(replace(facts, limits=capped)).verdict is Verdict.BLOCK


def test_a_named_person_may_have_a_paused_ad_taken_away_again_since_the_fourth_decider() -> None:
    removal = change({"status": "paused"}, {"status": "deleted"}, "ad")
    facts = replace(BASE, change=removal, ask=ask(Origin.PERSON), health=None)
    assert (decide(facts).verdict, decide(facts, "3").verdict) == (Verdict.PASS, Verdict.BLOCK)
    assert decide(replace(facts, kill_switch=True)).verdict is Verdict.BLOCK
    for other in (
        change({"status": "active"}, {"status": "deleted"}, "ad"),
        change({"status": "paused"}, {"status": "deleted"}, "campaign"),
    ):
        assert classify(other, Origin.PERSON)[0] is ActionKind.UNKNOWN_CHANGE


@given(st.integers(1, 10**12), st.integers(1, 10**12), st.integers(0, 10**12), st.integers(1, 10**12))
def test_without_a_source_nothing_passes_beyond_a_tenth_or_the_cap(
    before: int, after: int, others: int, usual: int
) -> None:
    facts = replace(
        BASE,
        health=health(absent=(Component.VARIANCE,)),
        change=change({"daily_budget_micros": before}, {"daily_budget_micros": after}),
        activity=f.Activity(conversions=500, others_daily_micros=others, usual_daily_micros=usual),
    )
    within = after * 10 <= before * 11 and (after + others) * 2 <= usual * 3
    if after > before:
        assert (decide(facts).verdict is Verdict.PASS) == within


class TestStarting:
    """What starts raises by its whole budget, though its change names none: since the fifth decider."""

    START = change({"status": "paused"}, {"status": "active"})

    def facts(self, own: int | None = BUDGET, *, by: f.Ask | None = None, **limits: Any) -> f.GateInput:
        return replace(
            BASE,
            change=self.START,
            ask=by or ask(),
            activity=f.Activity(
                conversions=500, own_daily_micros=own, others_daily_micros=0, account_raised_24h_micros=0
            ),
            limits=f.Limits(**{"level": 1, "mode": EnforcementMode.HARD_BLOCK, **limits}),
        )

    def capped(self, cap: str, micros: int) -> f.GateInput:
        limits: dict[str, Any] = {cap: micros}
        return self.facts(**limits)

    def codes(self, facts: f.GateInput) -> set[str]:
        return {each.code for each in decide(facts).reasons if each.verdict is not Verdict.PASS}

    @pytest.mark.parametrize(
        ("cap", "code"),
        [
            ("max_campaign_budget_micros", "campaign_cap"),
            ("max_daily_budget_micros", "daily_cap"),
            ("max_daily_increase_micros", "increase_cap"),
        ],
    )
    def test_its_budget_at_worst_is_held_against_every_cap(self, cap: str, code: str) -> None:
        within, beyond = (self.capped(cap, worst_case(BUDGET, "meta") - less) for less in (0, 1))
        assert (self.codes(within), self.codes(beyond)) == (set(), {code})
        assert decide(beyond, "4").verdict is Verdict.PASS
        others = replace(
            within,
            activity=replace(within.activity, others_daily_micros=1, account_raised_24h_micros=1),
        )
        assert self.codes(others) == (set() if code == "campaign_cap" else {code})

    def test_by_automation_it_waits_where_its_budget_is_not_known(self) -> None:
        assert self.codes(self.facts(None)) == {"budget_unknown"}
        assert self.codes(self.facts(0)) == set()
        assert decide(self.facts(None), "4").verdict is Verdict.PASS
        assert (
            self.codes(
                replace(self.facts(None), change=change({"status": "paused"}, {"status": "active"}, "ad"))
            )
            == set()
        )

    def test_by_a_person_it_waits_only_where_a_cap_cannot_be_held_against_it(self) -> None:
        ada = ask(Origin.PERSON)
        assert decide(self.facts(None, by=ada)).verdict is Verdict.PASS
        assert self.codes(self.facts(None, by=ada, max_daily_budget_micros=1)) == {"budget_unknown"}
        warned = self.facts(None, by=ada, max_daily_budget_micros=1, mode=EnforcementMode.ADVISORY)
        assert decide(warned).verdict is Verdict.PASS

    def test_what_gives_back_our_own_stop_waits_for_nothing_and_raises_nothing(self) -> None:
        """As parts of a day ask for it: stopped at night, started in the morning."""
        soon = replace(self.facts().activity, last_change_at=NOW - timedelta(minutes=5), changes_24h=9)
        again = replace(self.facts(max_daily_increase_micros=1), activity=soon)
        given_back = replace(again, ask=ask(restores_micros=BUDGET, untouched_since=True))
        assert self.codes(again) == {"too_soon", "too_many_changes", "increase_cap"}
        assert self.codes(given_back) == set()
        touched = replace(given_back, ask=replace(given_back.ask, untouched_since=False))
        assert "increase_cap" in self.codes(touched)
        capped = replace(given_back, limits=replace(given_back.limits, max_campaign_budget_micros=BUDGET))
        assert self.codes(capped) == {"campaign_cap"}
        assert decide(replace(given_back, health=health(79))).verdict is Verdict.HOLD

    def test_a_person_who_starts_needs_no_rate_where_no_amount_is_limited(self) -> None:
        foreign = self.facts(by=ask(Origin.PERSON), currency="EUR", cpa_ceiling_micros=1)
        assert self.codes(foreign) == set()
        assert self.codes(self.facts(by=ask(Origin.PERSON), currency="EUR", max_daily_budget_micros=1)) == {
            "fx_unknown"
        }

    def test_a_person_starts_again_at_once_under_the_caps_and_automation_waits_its_hours(self) -> None:
        soon = replace(self.facts().activity, last_change_at=NOW - timedelta(minutes=5), lowest_24h_micros=1)
        program = replace(self.facts(), activity=soon)
        person = replace(program, ask=ask(Origin.PERSON))
        assert self.codes(program) == {"too_soon", "total_raise"}
        assert self.codes(person) == set()
        capped = replace(person, limits=replace(person.limits, max_campaign_budget_micros=BUDGET))
        assert decide(capped).verdict is Verdict.BLOCK
        assert decide(replace(person, health=health(79))).verdict is Verdict.HOLD, "a start needs its score"

    @given(
        st.integers(0, 10**12),
        st.integers(0, 10**12),
        st.integers(0, 10**12),
        st.sampled_from([Origin.RULE, Origin.PERSON]),
    )
    def test_nothing_starts_beyond_what_the_account_may_cost(
        self, own: int, others: int, cap: int, by: Origin
    ) -> None:
        facts = self.facts(own, by=ask(by), max_daily_budget_micros=cap)
        facts = replace(facts, activity=replace(facts.activity, others_daily_micros=others))
        within = own == 0 or worst_case(own + others, "meta") <= cap
        assert (decide(facts).verdict is Verdict.PASS) == within


@given(inputs)
def test_the_first_decider_reads_no_rate_and_no_move(facts: f.GateInput) -> None:
    """What it could be given it still decides as it did: neither a rate nor a move stood in its inputs."""
    first, second = decide(facts, "1"), decide(facts, "2")
    if facts.ask.justified_by or facts.ask.spend_only:
        assert first.verdict == second.verdict


class TestGrounds:
    """Who names no signal rests on all that a return is made of."""

    @pytest.mark.parametrize("signal", [Component.FRESHNESS, Component.VARIANCE, Component.EVENT_LOSS])
    @pytest.mark.parametrize("state", [SignalState.BAD, SignalState.UNKNOWN])
    @pytest.mark.parametrize("what", [change(), CUT])
    def test_a_change_that_names_nothing_is_held_by_a_bad_signal(
        self, signal: Component, state: SignalState, what: f.ChangeFacts
    ) -> None:
        sick = health(states={**dict.fromkeys(Component, SignalState.GOOD), signal: state})
        assert codes(change=what, health=sick) == {"signal"}
        assert decide(replace(BASE, change=what, health=sick), "1").verdict is Verdict.PASS

    def test_what_the_tenant_does_not_have_is_not_rested_on(self) -> None:
        known = {**dict.fromkeys(Component, SignalState.GOOD), Component.VARIANCE: SignalState.ABSENT}
        assert "signal" not in codes(health=health(states=known, absent=(Component.VARIANCE,)))
        assert "signal" in codes(
            health=health(states=known, absent=(Component.VARIANCE,)),
            ask=ask(justified_by=(Component.VARIANCE,)),
        )

    def test_other_signals_may_be_bad(self) -> None:
        sick = health(states={**dict.fromkeys(Component, SignalState.GOOD), Component.EMQ: SignalState.BAD})
        assert verdict(health=sick) is Verdict.PASS

    def test_a_cut_that_is_said_to_rest_on_spend_alone_still_passes(self) -> None:
        sick = health(states=dict.fromkeys(Component, SignalState.BAD), score=5)
        assert verdict(change=CUT, health=sick, ask=ask(spend_only=True)) is Verdict.PASS


FORINTS = f.PlatformFacts(account_currency="HUF")
EURO_CAP = f.Limits(level=1, currency="EUR", max_daily_budget_micros=10**15)


class TestExchange:
    def test_a_limit_without_a_rate_holds_and_says_which_is_needed(self) -> None:
        found = decide(replace(BASE, platform=FORINTS, limits=EURO_CAP))
        assert (found.verdict, found.reasons[0].code) == (Verdict.HOLD, "fx_unknown")
        assert found.reasons[0].sentence == "The limits need a rate from HUF to EUR, and none is recorded."

    @pytest.mark.parametrize(("hours", "expected"), [(48, Verdict.PASS), (48.01, Verdict.HOLD)])
    def test_a_rate_holds_for_48_hours(self, hours: float, expected: Verdict) -> None:
        platform = replace(
            FORINTS, fx_rate=Decimal("0.0025"), fx_at=NOW - timedelta(hours=hours), fx_source="ECB"
        )
        found = decide(replace(BASE, platform=platform, limits=EURO_CAP))
        assert found.verdict is expected
        if expected is Verdict.HOLD:
            assert found.reasons[0].sentence == "The rate from HUF to EUR is 48 h old (ECB): too old to use."

    def test_a_cost_per_conversion_that_cannot_be_converted_holds(self) -> None:
        limits = f.Limits(level=1, currency="EUR", cpa_ceiling_micros=1)
        over = {"platform": FORINTS, "limits": limits, "activity": f.Activity(conversions=500, cpa_micros=9)}
        assert codes(**over) == {"fx_unknown"}
        assert decide(replace(BASE, **over), "1").verdict is Verdict.PASS

    def test_cuts_and_safety_need_no_rate(self) -> None:
        assert verdict(change=CUT, platform=FORINTS, limits=EURO_CAP) is Verdict.PASS
        assert verdict(change=PAUSE, platform=FORINTS, limits=EURO_CAP) is Verdict.PASS

    @given(
        st.integers(1, 10**15),
        st.integers(1, 10**15),
        st.decimals("0.000000000001", "1000000", places=12, allow_nan=False),
    )
    def test_a_cap_is_met_to_the_last_micro(self, before: int, raised: int, rate: Decimal) -> None:
        """The most that fits passes, a micro less of a cap does not: no float loses a unit on the way."""
        after = before + raised
        spend = Fraction(worst_case(after, "meta")) * Fraction(rate)
        cap = math.ceil(spend)
        platform = replace(FORINTS, fx_rate=rate, fx_at=NOW)
        what = change({"daily_budget_micros": before}, {"daily_budget_micros": after})
        for limit, broken in ((cap, False), (cap - 1, True), (cap + 1, False)):
            limits = f.Limits(level=1, currency="EUR", max_campaign_budget_micros=limit)
            found = decide(replace(BASE, change=what, platform=platform, limits=limits))
            assert ("campaign_cap" in {each.code for each in found.reasons}) is broken

    @given(st.integers(0, 10**18), st.decimals("0.000000000001", "1000000", places=12, allow_nan=False))
    def test_a_converted_amount_is_the_next_whole_micro(self, micros: int, rate: Decimal) -> None:
        exact = Fraction(micros) * Fraction(rate)
        assert 0 <= in_limit_currency(micros, rate) - exact < 1

    @given(st.integers(0, 10**18))
    def test_an_amount_in_its_own_currency_stays_as_it_is(self, micros: int) -> None:
        assert in_limit_currency(micros, Decimal(1)) == micros

    def test_a_rate_outlives_the_ledger_to_its_last_digit(self) -> None:
        facts = replace(BASE, platform=replace(FORINTS, fx_rate=Decimal("0.002531645570"), fx_at=NOW))
        again = f.decode_input(f.encode(facts))
        assert again.platform.fx_rate == Decimal("0.002531645570")
        assert f.encode(f.decode_input(f.encode(again))) == f.encode(again)


def leg(what: f.ChangeFacts, **over: Any) -> f.Leg:
    facts: dict[str, Any] = {
        "account_name": "Northwind HUF",
        "change": what,
        "health": health(),
        "evaluated_with": 1,
        "limits": BASE.limits,
        "activity": BASE.activity,
        "platform": f.PlatformFacts(account_currency="HUF"),
    }
    return f.Leg(**{**facts, **over})


def move(*, roll_up: f.RollUpFacts | None = None, **over: Any) -> f.Move:
    together = f.RollUpFacts(score=90.0, coverage=1.0, mode=AutopilotMode.NORMAL)
    return f.Move(other=leg(CUT, **over), roll_up=roll_up or together)


def rolled(score: float | None, coverage: float = 1.0) -> f.Move:
    return move(roll_up=f.RollUpFacts(score=score, coverage=coverage, mode=AutopilotMode.NORMAL))


class TestMoves:
    """Money between two accounts rests on both of them, and on all accounts together."""

    def test_all_healthy_passes(self) -> None:
        assert verdict(move=move()) is Verdict.PASS

    @pytest.mark.parametrize(
        ("score", "coverage", "expected"),
        [
            (80.0, 1.0, Verdict.PASS),
            (79.9, 1.0, Verdict.HOLD),
            (39.9, 1.0, Verdict.BLOCK),
            (None, 1.0, Verdict.BLOCK),
            (95.0, 0.59, Verdict.HOLD),
            (95.0, 0.29, Verdict.BLOCK),
        ],
    )
    def test_the_roll_up_gates_it(self, score: float | None, coverage: float, expected: Verdict) -> None:
        assert verdict(move=rolled(score, coverage)) is expected
        assert verdict(move=None) is Verdict.PASS

    def test_the_other_account_gates_it_and_is_named(self) -> None:
        found = decide(replace(BASE, move=move(health=health(70))))
        assert found.verdict is Verdict.HOLD
        assert found.reasons[0].sentence.startswith("Northwind HUF: Signal health counts for 70.0")

    @pytest.mark.parametrize(
        "trouble",
        [
            {"health": None},
            {"evaluated_with": 2},
            {"platform": f.PlatformFacts(read_only=True)},
            {"platform": f.PlatformFacts(write_lease=False)},
            {"health": health(expires_at=NOW)},
        ],
    )
    def test_it_fails_closed_on_the_other_side_too(self, trouble: dict[str, Any]) -> None:
        assert verdict(move=move(**trouble)) is Verdict.BLOCK

    def test_a_freeze_or_a_foreign_hand_on_the_other_side_holds_it(self) -> None:
        freeze = f.CalendarEntry(
            kind=CalendarKind.CHANGE_FREEZE,
            name="Audit",
            starts_at=NOW - timedelta(hours=1),
            ends_at=NOW + timedelta(hours=1),
        )
        assert codes(move=move(calendar=(freeze,))) == {"change_freeze"}
        assert codes(move=move(untouched_since=False)) == {"edited_elsewhere"}

    def test_spend_alone_does_not_justify_half_a_move(self) -> None:
        """The cut of a move is no saving: it is spent elsewhere."""
        half = f.Move(other=leg(change()), roll_up=move().roll_up)
        sick = health(50)
        assert verdict(change=CUT, health=sick, ask=ask(spend_only=True)) is Verdict.PASS
        assert verdict(change=CUT, health=sick, ask=ask(spend_only=True), move=half) is Verdict.HOLD

    @given(inputs, scores, scores)
    def test_both_halves_are_told_the_same(
        self, facts: f.GateInput, theirs: float | None, together: float | None
    ) -> None:
        """Each half reads the other: neither passes alone."""
        roll_up = f.RollUpFacts(score=together, coverage=1.0, mode=AutopilotMode.NORMAL)
        other = leg(CUT, health=health(theirs))
        first = replace(
            facts,
            change=change(),
            ask=replace(facts.ask, restores_micros=None),
            move=f.Move(other=other, roll_up=roll_up),
        )
        mirrored = leg(
            first.change,
            health=first.health,
            evaluated_with=first.evaluated_with,
            limits=first.limits,
            activity=first.activity,
            platform=first.platform,
            untouched_since=first.ask.untouched_since,
            calendar=first.calendar,
        )
        second = replace(
            first,
            change=other.change,
            ask=replace(first.ask, untouched_since=other.untouched_since),
            health=other.health,
            evaluated_with=other.evaluated_with,
            limits=other.limits,
            activity=other.activity,
            platform=other.platform,
            calendar=other.calendar,
            move=f.Move(other=mirrored, roll_up=roll_up),
        )
        assert decide(first).verdict == decide(second).verdict
