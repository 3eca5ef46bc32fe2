"""Which days a synchronisation reads, and in which runs."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.ad_accounts.rules import pieces


@given(days=st.integers(0, 90), rows_a_day=st.integers(0, 300), most=st.integers(1, 1_000))
def test_every_day_is_in_one_run_and_no_run_holds_more_than_it_may(
    days: int, rows_a_day: int, most: int
) -> None:
    since = date(2026, 2, 20)
    until = since + timedelta(days=days)
    runs = list(pieces(since, until, rows_a_day=rows_a_day, most=most))
    read = [first + timedelta(days=n) for first, last in runs for n in range((last - first).days + 1)]
    assert read == [since + timedelta(days=n) for n in range(days + 1)]
    assert all(first == last or ((last - first).days + 1) * rows_a_day <= most for first, last in runs)
