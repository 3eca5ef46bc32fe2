"""TikTok's objects in our words; what is not understood is told, not guessed."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.ports import ConversionSettings, PlatformError
from app.services.integrations.tiktok import mapping
from app.services.integrations.tiktok.money import NotMoney


def campaign(**facts: Any) -> dict[str, Any]:
    return {
        "advertiser_id": "7", "campaign_id": "18", "campaign_name": "A", "operation_status": "ENABLE",
        "secondary_status": "CAMPAIGN_STATUS_ENABLE", "budget": 50.5, "budget_mode": "BUDGET_MODE_DAY",
        "create_time": "2026-03-01 10:00:00",
    } | facts  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "daily", "lifetime"),
    [
        ({}, 50_500_000, None),
        ({"budget_mode": "BUDGET_MODE_DYNAMIC_DAILY_BUDGET", "budget": "60.00"}, 60_000_000, None),
        ({"budget_mode": "BUDGET_MODE_TOTAL", "budget": 900}, None, 900_000_000),
        ({"budget_mode": "BUDGET_MODE_INFINITE", "budget": 0}, None, None),
        ({"budget_mode": "BUDGET_MODE_INFINITE", "budget": 70}, None, None),
        ({"budget_mode": None, "budget": None}, None, None),
        ({"budget": 0.0}, None, None),
    ],
)
def test_a_budget_is_of_one_kind(facts: dict[str, Any], daily: int | None, lifetime: int | None) -> None:
    assert mapping.budgets(campaign(**facts), "USD") == (daily, lifetime)


def test_a_budget_of_an_unknown_kind_or_between_two_steps_is_not_guessed() -> None:
    """The campaign is shown all the same: one of a new kind hides no others."""
    new = mapping.entity("campaign", campaign(budget_mode="BUDGET_MODE_NEW"), account_id="7", currency="USD")
    assert (new.daily_budget_micros, new.lifetime_budget_micros, new.budget_level) == (None, None, "unknown")
    with pytest.raises(NotMoney):
        mapping.budgets(campaign(), "HUF")


@pytest.mark.parametrize(
    ("facts", "status", "effective"),
    [
        ({}, "active", "active"),
        ({"operation_status": "DISABLE", "secondary_status": "CAMPAIGN_STATUS_DISABLE"}, "paused", "paused"),
        ({"secondary_status": "CAMPAIGN_STATUS_DELETE"}, "deleted", "deleted"),
        ({"secondary_status": "CAMPAIGN_STATUS_BUDGET_EXCEED"}, "active", "budget_exceed"),
        ({"operation_status": "FROZEN", "secondary_status": None}, "frozen", "frozen"),
    ],
)
def test_what_a_person_set_and_what_delivers_are_two_things(
    facts: dict[str, Any], status: str, effective: str
) -> None:
    found = mapping.entity("campaign", campaign(**facts), account_id="7", currency="USD")
    assert (found.status, found.effective_status) == (status, effective)


def test_only_a_stop_and_a_start_are_ever_set() -> None:
    assert mapping.status_to_tiktok("paused") == "DISABLE"
    assert mapping.status_to_tiktok("active") == "ENABLE"
    with pytest.raises(PlatformError, match="not set by us"):
        mapping.status_to_tiktok("deleted")


@pytest.mark.parametrize(
    ("facts", "automated"),
    [
        ({}, False),
        ({"campaign_automation_type": "MANUAL"}, False),
        ({"campaign_automation_type": "UPGRADED_SMART_PLUS"}, True),
        ({"is_smart_performance_campaign": True}, True),
    ],
)
def test_a_smart_plus_campaign_is_known(facts: dict[str, Any], automated: bool) -> None:
    assert mapping.is_automated(facts) is automated


@pytest.mark.parametrize("days", [(7, 1), (28, 7), (1, 0), (0, 1), (14, 7)])
def test_tiktoks_windows_may_be_chosen(days: tuple[int, int]) -> None:
    assert mapping.windows(ConversionSettings(click_days=days[0], view_days=days[1]))


@pytest.mark.parametrize("days", [(0, 0), (30, 1), (7, 28), (3, 1)])
def test_others_may_not(days: tuple[int, int]) -> None:
    with pytest.raises(PlatformError, match=r"tiktok\.no"):
        mapping.windows(ConversionSettings(click_days=days[0], view_days=days[1]))


@given(first=st.dates(date(2020, 1, 1), date(2030, 1, 1)), length=st.integers(1, 400))
def test_the_pieces_of_a_range_are_the_range(first: date, length: int) -> None:
    last = first + timedelta(days=length - 1)
    pieces = mapping.spans(first, last)
    days = [a + timedelta(days=n) for a, b in pieces for n in range((b - a).days + 1)]
    assert days == [first + timedelta(days=n) for n in range(length)]
    assert all((b - a).days < mapping.MOST_DAYS for a, b in pieces)


def report_row(group: str, day: str, **facts: str) -> dict[str, Any]:
    told = {
        "campaign_id": "18", "spend": "1.10", "impressions": "5", "clicks": "2", "complete_payment": "1",
        "total_complete_payment_rate": "9.99",
    }  # fmt: skip
    return {"dimensions": {"adgroup_id": group, "stat_time_day": f"{day} 00:00:00"}, "metrics": told | facts}


def test_ad_groups_rows_are_summed_to_campaigns_days() -> None:
    rows = [
        report_row("1", "2026-03-01"),
        report_row("2", "2026-03-01", spend="2.20"),
        report_row("1", "2026-03-02"),
    ]
    reading = mapping.metrics(rows, currency="USD", conversion=ConversionSettings())
    first, second = reading.days
    assert (first.spend_micros, first.impressions, first.clicks, first.rows) == (3_300_000, 10, 4, 2)
    assert (first.conversions, first.conversion_value_micros) == (Decimal(2), 19_980_000)
    assert (second.day, second.rows) == (date(2026, 3, 2), 1)
    assert reading.ad_sets_by_day == {
        date(2026, 3, 1): frozenset({"1", "2"}),
        date(2026, 3, 2): frozenset({"1"}),
    }


@pytest.mark.parametrize("told", [{"spend": "-"}, {"impressions": "x"}, {"complete_payment": "-"}])
def test_a_figure_that_is_none_is_not_counted_as_nothing(told: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"no (amount|number)|invalid literal"):
        mapping.metrics(
            [report_row("1", "2026-03-01", **told)], currency="USD", conversion=ConversionSettings()
        )
