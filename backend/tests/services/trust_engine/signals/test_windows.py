"""A small account's window is longer; a fallen account's is not."""

from datetime import timedelta

import pytest

from app.services.trust_engine.signals.flow import ratios, usual_share
from app.services.trust_engine.signals.windows import DAY, long_enough
from tests.services.trust_engine.signals.test_tellings import day_at, days


@pytest.mark.parametrize(
    ("a_day", "last_day", "window", "holds"),
    [
        (400, 400, 1, 400),
        (30, 30, 1, 30),
        (15, 15, 3, 45),
        (5, 5, 7, 35),
        (2, 2, 28, 56),
        (1, 1, 1, 1),
        (40, 22, 3, 102),
        (400, 10, 1, 10),
    ],
)
async def test_the_shortest_that_holds_enough(a_day: int, last_day: int, window: int, holds: int) -> None:
    """Forty a day and half of them today is a quiet day; four hundred and ten is what there is to see."""

    async def count(asked: timedelta) -> int:
        return a_day * (asked // DAY - 1) + last_day

    assert await long_enough(count, lambda found: found) == (window * DAY, holds)


def test_a_week_is_held_against_weeks() -> None:
    """Each begins a day after the other, and every one of them holds seven days."""
    shop = [(day.day, 10, 500) for day in days()]
    daily = ratios(days(), shop, lambda told, _, value: (told.value_micros, value, told.conversions))
    weekly = ratios(days(), shop, lambda told, count, value: (told.value_micros, value, count), pool=7)
    assert len(daily) == len(weekly) == 28
    assert {ratio.denominator for ratio in weekly} == {7 * 500.0}
    assert {ratio.events for ratio in weekly} == {70}
    assert weekly[-1].numerator == pytest.approx(sum(ratio.numerator for ratio in daily[-7:]))


def test_the_usual_share_is_of_settled_days() -> None:
    assert usual_share(days(), [(day_at(back), 800, 1) for back in range(60)]) == 0.5
    assert usual_share(days(), []) == 0
    assert usual_share([], [(day_at(20), 800, 1)]) == 0
