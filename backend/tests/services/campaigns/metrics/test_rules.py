"""An account's days and how complete they are, across every change of the clocks."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.campaigns.metrics.rules import account_day, day_begins, day_ends, maturity

ZONES = sorted(available_timezones() - {"localtime", "Factory"})


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 3, 8), "America/New_York", 23),
        (date(2026, 11, 1), "America/New_York", 25),
        (date(2026, 3, 29), "Europe/Budapest", 23),
        (date(2026, 10, 25), "Europe/Budapest", 25),
        (date(2026, 3, 8), "Asia/Tokyo", 24),
        # Clocks go forward at midnight: the day begins at one.
        (date(2018, 11, 4), "America/Sao_Paulo", 23),
    ],
)
def test_a_day_of_a_clock_change_is_shorter_or_longer(day: date, zone: str, hours: int) -> None:
    assert day_ends(day, zone) - day_begins(day, zone) == timedelta(hours=hours)


@given(
    moment=st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  (hypothesis adds the zone)
    zone=st.sampled_from(["America/New_York", "Europe/Budapest", "America/Sao_Paulo", "Asia/Kolkata", "UTC"]),
)
def test_every_moment_lies_within_its_accounts_day(moment: datetime, zone: str) -> None:
    day = account_day(moment, zone)
    assert day_begins(day, zone) <= moment < day_ends(day, zone)


def test_a_quarter_past_ten_in_new_york_is_still_yesterday_there() -> None:
    assert account_day(datetime(2026, 3, 9, 2, 15, tzinfo=UTC), "America/New_York") == date(2026, 3, 8)
    assert account_day(datetime(2026, 3, 9, 2, 15, tzinfo=UTC), "Europe/Budapest") == date(2026, 3, 9)


def test_a_day_matures_over_its_window_and_no_sooner() -> None:
    day, zone = date(2026, 3, 7), "America/New_York"
    ended = day_ends(day, zone)
    read = [
        maturity(day, zone, observed_at=ended + timedelta(days=days), window_days=7)
        for days in (-1, 0, 2, 3.5, 6.9999, 7, 30)
    ]
    assert read == [Decimal(each) for each in ("0", "0", "0.28", "0.5", "0.99", "1", "1")]
