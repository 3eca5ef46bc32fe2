"""A bad component is told of with the mend of its own fault, with what it was before, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from app.models.integrations.kinds import CallOutcome
from app.models.trust_engine.kinds import Component, SignalState
from app.services.trust_engine.signals import measurements as measured
from app.services.trust_engine.signals import rules
from app.services.trust_engine.signals.grading_rules import fallen, scored
from app.services.trust_engine.signals.measurements import Fact, Ratio, RatioSeries, Share, Signal
from app.services.trust_engine.signals.mending_rules import OF_BROKEN, mend

NOW = datetime(2026, 11, 30, 14, tzinfo=UTC)


def series(now: float) -> RatioSeries:
    return RatioSeries(
        now=Ratio(now * 1_000, 1_000, 1_000), past=tuple(Ratio(1_000, 1_000, 1_000) for _ in range(14))
    )


def signal(component: Component, score: float | None, at: datetime = NOW) -> Signal:
    if score is None:
        return Signal(
            component=component, state=SignalState.UNKNOWN, score=None, observed_at=at, reason="", evidence={}
        )
    return scored(component, score, at, "It is so.", {})


def test_every_component_and_every_invariant_has_a_mend() -> None:
    for component in Component:
        assert mend(signal(component, 10)).endswith("."), component
    every = {**_checks(first_party=True), **_checks(first_party=False)}
    assert set(every) == set(OF_BROKEN)
    for name in every:
        broken = scored(Component.INVARIANTS, 0, NOW, "It is so.", {name: "broken"})
        assert mend(broken) == OF_BROKEN[name]


def _checks(*, first_party: bool) -> dict[str, Fact]:
    return rules.invariants(measured.Invariants(first_party=first_party), NOW).evidence


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (rules.variance(measured.Variance(series=series(0.1)), NOW), "the tag still fires"),
        (rules.variance(measured.Variance(series=series(4)), NOW), "one event id"),
        (
            rules.variance(
                measured.Variance(
                    series=series(1),
                    fall=measured.Fall(held=9, last=3, days=6, share=0.4, accuses=True),
                ),
                NOW,
            ),
            "about 6 days ago",
        ),
        (
            rules.variance(
                measured.Variance(
                    series=series(9),
                    fall=measured.Fall(held=9, last=3, days=6, share=0.4, accuses=True),
                ),
                NOW,
            ),
            "one event id",
        ),
        (
            rules.invariants(
                measured.Invariants(duplicates=Share(40, 100), value_per_conversion=series(100)), NOW
            ),
            "one event id",
        ),
        (
            rules.event_loss(measured.EventLoss(acknowledged=Share(20, 100), failed_with="meta.100"), NOW),
            "words for meta.100",
        ),
        (
            rules.event_loss(
                measured.EventLoss(
                    acknowledged=Share(998, 1_000), browser_over_server=series(0.1), failed_with="meta.2"
                ),
                NOW,
            ),
            "the tag still fires",
        ),
        (
            rules.event_loss(
                measured.EventLoss(acknowledged=Share(100, 100), browser_over_server=series(9)), NOW
            ),
            "the server's source",
        ),
        (
            rules.api_health(
                measured.ApiHealth(
                    calls=10, failures=9, throttled=0, p95_ms=None, circuit="open",
                    failed_with="meta.190", failed_as=CallOutcome.AUTH,
                ),
                NOW,
            ),
            "Sign in at the platform again, under Connect: it refuses our access (meta.190)",
        ),
        (
            rules.api_health(
                measured.ApiHealth(calls=10, failures=1, throttled=8, p95_ms=None, circuit="closed"), NOW
            ),
            "limits our calls",
        ),
        (
            rules.cdp_quality(measured.CdpQuality(resolved=Share(10, 100), complete=Share(90, 100)), NOW),
            "Send e-mail",
        ),
        (
            rules.cdp_quality(measured.CdpQuality(resolved=Share(90, 100), complete=Share(10, 100)), NOW),
            "Send an order id",
        ),
    ],
)  # fmt: skip
def test_the_mend_is_of_the_fault_that_the_evidence_shows(found: Signal, says: str) -> None:
    assert found.score is not None
    assert found.score < 100
    assert says in mend(found)


def test_the_older_source_is_the_one_to_look_at() -> None:
    def aged(metrics: float, events: float, *, rhythm: float = 1) -> Signal:
        at = {name: NOW - timedelta(hours=hours) for name, hours in (("m", metrics), ("e", events))}
        return rules.freshness(
            measured.Freshness(
                metrics_at=at["m"], events_at=at["e"], metrics_cadence_hours=1, events_cadence_hours=rhythm
            ),
            NOW,
        )

    assert "Synchronise" in mend(aged(40, 1))
    assert "the shop still sends events" in mend(aged(1, 40))
    assert "Synchronise" in mend(aged(40, 41, rhythm=30)), "the one that costs the score"


def test_a_fall_says_what_it_was_and_until_when_as_long_as_it_lasts() -> None:
    good = signal(Component.EVENT_LOSS, 98, NOW - timedelta(hours=2))
    first = fallen(signal(Component.EVENT_LOSS, 31, NOW - timedelta(hours=1)), good)
    assert first.reason == "It is so. It was 98 of 100 until 2026-11-30 12:00 UTC."
    second = fallen(signal(Component.EVENT_LOSS, 20), first)
    assert second.reason.endswith("It was 98 of 100 until 2026-11-30 12:00 UTC.")
    assert second.evidence["score_before"] == 98
    again = signal(Component.EVENT_LOSS, 90)
    assert fallen(again, second) is again, "what is good again needs no past"


def test_what_was_never_known_to_be_good_is_not_said_to_have_fallen() -> None:
    bad = signal(Component.EVENT_LOSS, 31)
    for before in (None, signal(Component.EVENT_LOSS, None), signal(Component.EVENT_LOSS, 30)):
        assert fallen(bad, before) is bad
