"""What is asked of Google Ads, over the hour that a clock goes through twice."""

from datetime import UTC, datetime, timedelta

from app.services.integrations.google.queries import changes


def test_an_edit_before_the_clock_was_set_back_is_asked_for_after_it_too() -> None:
    """01:10 for the second time: what was changed at 01:50 for the first time is forty minutes old."""
    until = datetime(2026, 11, 1, 6, 10, tzinfo=UTC)
    asked = changes(until - timedelta(hours=1), until, "America/New_York")
    assert "change_date_time >= '2026-11-01 01:10:00'" in asked
    assert "change_date_time <= '2026-11-01 02:10:01'" in asked
    day = changes(until + timedelta(hours=5), until + timedelta(hours=6), "America/New_York")
    assert "change_date_time <= '2026-11-01 07:10:01'" in day
