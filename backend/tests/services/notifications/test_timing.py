"""When a message leaves, by the clocks of whoever gets it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.notifications.kinds import Digest, HeldFor
from app.services.notifications.timing_rules import Habits, due, is_quiet, next_time

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  (made aware)
minutes = st.integers(0, 1439)
zones = st.sampled_from(ZONES)


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


NIGHT = Habits(zone="Europe/Berlin", quiet_from=22 * 60, quiet_until=7 * 60)


def test_at_night_a_message_waits_for_the_morning() -> None:
    held = due(at("2026-11-28T23:30"), NIGHT, critical=False)
    assert (held.at, held.held_for) == (at("2026-11-29T07:00"), HeldFor.QUIET_HOURS)


def test_what_is_critical_wakes_people() -> None:
    now = at("2026-11-28T23:30")
    assert due(now, NIGHT, critical=True).at == now
    daily = Habits(zone="Europe/Berlin", digest=Digest.DAILY)
    assert due(now, daily, critical=True).at == now


def test_by_day_it_leaves_at_once() -> None:
    now = at("2026-11-28T07:00")
    assert due(now, NIGHT, critical=False).held_for is None
    assert due(now, NIGHT, critical=False).at == now


def test_a_digest_leaves_at_its_hour_of_the_persons_day() -> None:
    habits = Habits(zone="America/New_York", digest=Digest.DAILY, digest_minute=8 * 60)
    held = due(at("2026-11-28T08:00", "America/New_York"), habits, critical=False)
    assert (held.at, held.held_for) == (at("2026-11-29T08:00", "America/New_York"), HeldFor.DIGEST)


@pytest.mark.parametrize(
    ("now", "minute", "wanted"),
    [
        ("2026-03-28T12:00", 2 * 60 + 30, "2026-03-29T03:30"),
        ("2026-10-24T12:00", 2 * 60 + 30, "2026-10-25T02:30"),
    ],
)
def test_when_clocks_change_the_hour_is_met_once(now: str, minute: int, wanted: str) -> None:
    """Half past two is skipped in spring, and comes twice in autumn."""
    assert next_time(at(now), minute, "Europe/Berlin") == at(wanted)


@given(moments, minutes, zones)
def test_the_next_time_is_ahead_within_a_day_and_shows_its_minute(
    now: datetime, minute: int, zone: str
) -> None:
    then = next_time(now, minute, zone)
    assert now < then <= now + timedelta(hours=49)
    local = then.astimezone(ZoneInfo(zone))
    shown = local.hour * 60 + local.minute
    exists = local.replace(tzinfo=None) == local.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(
        tzinfo=None
    )
    assert exists
    assert shown == minute or 0 < (shown - minute) % 1440 <= 60, "only where clocks skip it is it another one"


@given(moments, minutes, minutes, zones)
def test_no_message_leaves_while_it_is_quiet(now: datetime, start: int, end: int, zone: str) -> None:
    habits = Habits(zone=zone, quiet_from=start, quiet_until=end)
    held = due(now, habits, critical=False)
    assert held.at >= now
    assert not is_quiet(held.at, habits) or _skipped(held.at, zone)


def _skipped(moment: datetime, zone: str) -> bool:
    """Clocks were put forward a moment before: the quiet hours' end was among what they skipped."""
    place = ZoneInfo(zone)
    return (
        moment.astimezone(place).utcoffset() != (moment - timedelta(hours=24)).astimezone(place).utcoffset()
    )
