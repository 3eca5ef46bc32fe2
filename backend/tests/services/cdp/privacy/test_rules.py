"""By when a request has to be answered."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.cdp.privacy.rules import Law, due, law_of


@pytest.mark.parametrize(
    ("asked", "until"),
    [((2026, 11, 28), (2026, 12, 28)), ((2026, 12, 5), (2027, 1, 5)), ((2027, 1, 31), (2027, 2, 28)),
     ((2028, 1, 30), (2028, 2, 29)), ((2026, 10, 31), (2026, 11, 30))],
)  # fmt: skip
def test_a_month_ends_on_the_same_day_or_the_last_one(
    asked: tuple[int, int, int], until: tuple[int, int, int]
) -> None:
    assert due(Law.GDPR, datetime(*asked, 9, 30, tzinfo=UTC)) == datetime(*until, 9, 30, tzinfo=UTC)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_no_law_gives_less_than_four_weeks_or_more_than_its_time(at: datetime) -> None:
    assert timedelta(days=28) <= due(Law.GDPR, at) - at <= timedelta(days=31)
    assert due(Law.CCPA, at) - at == timedelta(days=45)


@pytest.mark.parametrize(("country", "law"), [("US", "ccpa"), ("DE", "gdpr"), ("BR", "gdpr"), (None, "gdpr")])
def test_where_no_law_is_known_the_strictest_time_counts(country: str | None, law: str) -> None:
    assert law_of(country) == law
