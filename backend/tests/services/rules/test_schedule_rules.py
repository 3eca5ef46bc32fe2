"""When a rule is evaluated, whatever the clocks of its time zone do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.schemas.rules.definition import RuleSchedule, read_schedule
from app.services.rules.schedule_rules import moments_of, next_time

_START = datetime(2026, 1, 1, tzinfo=UTC)
_AT = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30]))
_PART = st.fixed_dictionaries(
    {
        "days": st.lists(st.integers(0, 6), min_size=1, max_size=3, unique=True),
        "since": st.sampled_from(["00:00", "02:00", "09:30"]),
        "until": st.sampled_from(["10:00", "17:45", "24:00"]),
    }
)
_SCHEDULE = st.fixed_dictionaries(
    {
        "every_minutes": st.sampled_from([15, 60, 360, 1440]),
        "at": _AT,
        "timezone": st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
        "parts": st.one_of(st.just([]), st.lists(_PART, min_size=1, max_size=2)),
    }
)


def _once_a_day(zone: str) -> RuleSchedule:
    return read_schedule({"every_minutes": 1440, "at": "02:30", "timezone": zone})


def test_parts_of_the_day_leave_the_rest_of_the_week_out() -> None:
    office = read_schedule(
        {
            "every_minutes": 60,
            "timezone": "Europe/Berlin",
            "parts": [{"days": [0, 1, 2, 3, 4], "since": "08:00", "until": "18:00"}],
        }
    )
    friday_evening = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
    assert next_time(office, friday_evening) == datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
    assert moments_of(office, friday_evening.date())[-1] == datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


def test_a_time_that_the_clocks_skip_or_show_twice_is_one_time() -> None:
    berlin = _once_a_day("Europe/Berlin")
    spring, autumn = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
    assert next_time(berlin, spring) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert next_time(berlin, autumn) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_time(berlin, datetime(2026, 10, 25, 1, 0, tzinfo=UTC)).date() == datetime(2026, 10, 26).date()  # noqa: DTZ001


@given(
    drawn=_SCHEDULE, after=st.integers(0, 525_600).map(lambda minutes: _START + timedelta(minutes=minutes))
)
def test_the_next_time_is_the_first_one_after_now(drawn: dict[str, object], after: datetime) -> None:
    try:
        schedule = read_schedule(drawn)
    except ValidationError as error:
        assert "no_time" in str(error)  # noqa: PT017
        return
    found = next_time(schedule, after)
    assert after < found <= after + timedelta(days=9)
    day = after.astimezone(ZoneInfo(schedule.timezone)).date() - timedelta(days=1)
    every = [moment for n in range(11) for moment in moments_of(schedule, day + timedelta(days=n))]
    assert found == min(moment for moment in every if moment > after)


@pytest.mark.parametrize(
    "wrong",
    [
        {"every_minutes": 1440, "at": "07:00", "parts": [{"days": [0], "since": "08:00", "until": "09:00"}]},
        {"every_minutes": 60, "parts": [{"days": [0], "since": "08:00", "until": "08:00"}]},
        {"every_minutes": 60, "timezone": "Mars/Olympus"},
    ],
)
def test_a_schedule_without_a_time_is_none(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        read_schedule(wrong)
