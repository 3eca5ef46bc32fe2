"""What traits hear of, the cells of three scores, and how long a growing number fits."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.schemas.cdp.traits import TraitDefinition
from app.services.cdp.traits.rules import (
    CELLS,
    Stretch,
    cell,
    cells_by_scores,
    churn,
    concerns,
    exactly,
    is_known,
    whole_days,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reason", "names", "heard"),
    [
        ("events", ["Bought", "Viewed"], True),
        ("events", ["Viewed"], False),
        ("graph", [], True),
        ("ended", [], True),
        ("unheard_of", [], True),
        ("computed", [], False),
        ("lifecycle", [], False),
    ],
)
def test_a_trait_hears_of_its_event_and_of_whatever_it_does_not_know(
    reason: str, names: list[str], *, heard: bool
) -> None:
    assert concerns(TraitDefinition(event="Bought", kind="count"), reason, names) is heard


@pytest.mark.parametrize(
    ("scores", "name"),
    [
        ((5, 5, 5), "Champions"),
        ((4, 4, 4), "Champions"),
        ((3, 5, 5), "Loyal"),
        ((4, 3, 4), "Loyal"),
        ((4, 2, 2), "Potential Loyalist"),
        ((3, 1, 1), "Potential Loyalist"),
        ((4, 1, 2), "New"),
        ((5, 1, 1), "New"),
        ((2, 3, 3), "At Risk"),
        ((1, 5, 5), "At Risk"),
        ((2, 2, 3), "Hibernating"),
        ((1, 1, 1), "Hibernating"),
    ],
)
def test_three_scores_lead_to_a_cell(scores: tuple[int, int, int], name: str) -> None:
    assert cell(*scores) == name


def test_every_score_has_a_cell_and_every_cell_a_score() -> None:
    assert len(cells_by_scores()) == 125
    assert set(cells_by_scores().values()) == set(CELLS)


def test_the_ratio_is_the_time_since_the_last_order_over_the_median_gap() -> None:
    stored = {"orders": 4, "last_order_at": (NOW - timedelta(days=45)).isoformat(), "median_gap_days": 30}
    found = churn(stored, NOW)
    assert (found.days_since_last_order, found.ratio) == (45, 1.5)
    assert churn({**stored, "median_gap_days": 0}, NOW).ratio is None
    del stored["median_gap_days"]
    assert churn(stored, NOW).ratio is None


@pytest.mark.parametrize("name", ["plan_count", "rfm", "rfm.cell", "churn.ratio"])
def test_what_is_computed_is_known(name: str) -> None:
    assert is_known(name, {"plan_count", "rfm", "churn"})


@pytest.mark.parametrize("name", ["plan", "plan_count.x", "rfm.score", "churn.", ""])
def test_what_is_not_computed_is_not_known(name: str) -> None:
    assert not is_known(name, {"plan_count", "rfm", "churn"})


def test_days_are_counted_whole() -> None:
    assert whole_days("at_least", Decimal("1.5")) == Stretch(Decimal(2), None)
    assert whole_days("at_most", Decimal("1.5")) == Stretch(None, Decimal(2))
    assert whole_days("more_than", Decimal(1)) == Stretch(Decimal(2), None)
    assert whole_days("equals", Decimal(3)) == Stretch(Decimal(3), Decimal(4))
    assert whole_days("equals", Decimal("3.5")) is None


def test_a_ratio_passes_its_border_a_moment_after_it_reaches_it() -> None:
    assert exactly("at_least", Decimal(2)) == Stretch(Decimal(2), None)
    assert exactly("more_than", Decimal(2)) == Stretch(Decimal(2), None, after_since=True)
    assert exactly("equals", Decimal(2)) == Stretch(Decimal(2), Decimal(2), after_until=True)
