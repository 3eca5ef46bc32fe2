"""Times of day, by a company's clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.cdp.segments.schedule_rules import last_daily, minutes_of, next_daily, shown_time

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia")
]


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-01-10T04:59:59+00:00", "2026-01-10T05:00:00+00:00"),
        ("2026-01-10T05:00:00+00:00", "2026-01-11T05:00:00+00:00"),
        ("2026-07-10T04:00:00+00:00", "2026-07-11T04:00:00+00:00"),
        ("2026-03-28T20:00:00+00:00", "2026-03-29T04:00:00+00:00"),
    ],
)
def test_six_in_berlin_is_six_in_summer_and_in_winter(now: str, then: str) -> None:
    assert next_daily(360, BERLIN, datetime.fromisoformat(now)) == datetime.fromisoformat(then)


def test_a_time_that_the_clocks_skip_or_show_twice_comes_once_a_day() -> None:
    skipped = next_daily(150, BERLIN, datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert skipped == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    twice = next_daily(150, BERLIN, datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_daily(150, BERLIN, twice) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@given(
    minutes=st.integers(0, 24 * 60 - 1),
    zone=st.sampled_from(ZONES),
    now=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)),  # noqa: DTZ001  (made aware below)
)
def test_now_lies_between_the_last_time_and_the_next(minutes: int, zone: ZoneInfo, now: datetime) -> None:
    moment = now.replace(tzinfo=UTC)
    last, following = last_daily(minutes, zone, moment), next_daily(minutes, zone, moment)
    assert last <= moment < following
    assert timedelta(hours=22) <= following - last <= timedelta(hours=26)
    assert minutes_of(shown_time(minutes)) == minutes
