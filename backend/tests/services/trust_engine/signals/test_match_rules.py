"""What of the match quality fell: the identifier, the events of a source, and the hour in which it began."""

from datetime import UTC, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from app.services.trust_engine.signals.match_rules import (
    Lack,
    Sent,
    Usual,
    facts,
    fell_most,
    lack,
    mend,
    told,
    usual_of,
)
from app.services.trust_engine.signals.measurements import Fact
from app.services.trust_engine.signals.rules import IDENTIFIER_WEIGHTS

START = datetime(2026, 11, 28, tzinfo=UTC)


def evidence(score: float, **shares: float) -> dict[str, Fact]:
    every = {f"{name}_share": shares.get(name, 0.9) for name in IDENTIFIER_WEIGHTS}
    return {"local_score": score, **every}


def hours(event: str, source: str | None, sent: int, lacking: list[int]) -> list[Sent]:
    return [
        Sent(event, source, START + timedelta(hours=place), sent, each) for place, each in enumerate(lacking)
    ]


def test_the_usual_is_what_most_days_were() -> None:
    past = [evidence(95), evidence(96, email=0.5), evidence(20, email=0.1), evidence(94), evidence(95)]
    usual = usual_of(past)
    assert usual is not None
    assert (usual.score, usual.shares["email"], usual.shares["phone"]) == (95, 0.9, 0.9)
    assert usual_of([]) is None


def test_the_identifier_is_named_that_costs_most_points_and_none_for_a_little() -> None:
    usual = Usual(90, dict.fromkeys(IDENTIFIER_WEIGHTS, 0.9))
    assert fell_most(usual, evidence(70, browser_id=0.0, email=0.6)) == "email", "0.3 x 0.3 > 0.08 x 0.9"
    assert fell_most(usual, evidence(70, browser_id=0.0, email=0.85)) == "browser_id"
    assert fell_most(usual, evidence(85.1, email=0.0)) is None


def test_it_is_told_where_since_when_and_how_much() -> None:
    web = hours("Purchase", "web", 20, [2] * 14 + [17, 16, 17, 17])
    server = hours("Purchase", "server", 40, [4] * 18)
    found = lack("browser_id", 0.1, web + server)
    assert found == Lack("browser_id", "Purchase", "web", START + timedelta(hours=14), 67 / 80, 0.1)
    said = told(21.0, found)
    assert said == (
        "It fell by 2.1 of 10 since 2026-11-28 14:00 UTC: the browser id is missing on 84 % of Purchase from "
        "source web, usually on 10 %."
    )
    assert mend(facts(21.0, found)) == (
        "Send the browser id with Purchase from source web again: see what changed there at 2026-11-28 14:00 UTC."
    )


def test_what_was_so_for_as_long_as_was_looked_has_no_beginning() -> None:
    found = lack("email", 0.1, hours("Lead", None, 20, [18] * 10))
    assert found is not None
    assert (found.since, found.source, found.share) == (None, None, 0.9)
    assert " since " not in told(10, found)
    assert mend(facts(10, found)) == "Send the e-mail with Lead again: see what changed there."


def test_nothing_is_named_where_nothing_lacks_more_than_usual() -> None:
    assert lack("email", 0.5, hours("Purchase", "web", 20, [10] * 10)) is None
    assert lack("email", 0.1, hours("Purchase", "web", 2, [2] * 3)) is None, "too few to tell"
    assert mend({"events": 5}) is None


@given(
    st.integers(6, 40),
    st.integers(2, 30),
    st.floats(0.0, 0.3),
    st.floats(0.8, 1.0),
    st.integers(20, 60),
)
def test_a_clear_break_is_found_at_its_hour(
    before: int, after: int, usual: float, share: float, sent: int
) -> None:
    assume(after * sent >= 120)
    cells = [round(usual * sent)] * before + [round(share * sent)] * after
    found = lack("email", usual, hours("Purchase", "web", sent, cells))
    assert found is not None
    assert found.since == START + timedelta(hours=before)
    assert abs(found.share - round(share * sent) / sent) < 1e-9
