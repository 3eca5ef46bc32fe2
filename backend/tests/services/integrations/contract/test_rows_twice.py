"""A row that comes twice, as in a list that moved while it was read, is one row: nothing is spent twice by it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from app.models.integrations.kinds import Platform
from app.services.integrations.google import mapping as google
from app.services.integrations.meta import mapping as meta
from app.services.integrations.ports import ConversionSettings, MetricsReading
from app.services.integrations.snapchat import mapping as snapchat
from app.services.integrations.tiktok import mapping as tiktok
from app.services.integrations.vendors import VENDORS

PURCHASES = ConversionSettings()
DAY = "2026-03-01"


def of_meta(ad_set: str, count: Any) -> dict[str, Any]:
    actions, values = (
        [{"action_type": "offsite_conversion.fb_pixel_purchase", "7d_click": each}]
        for each in (str(count), "7")
    )
    return {
        "campaign_id": "1", "adset_id": ad_set, "date_start": DAY, "spend": "5", "impressions": "3", "clicks": "2",
        "actions": actions, "action_values": values,
    }  # fmt: skip


def of_google(ad_set: str, count: Any) -> dict[str, Any]:
    return {
        "campaign": {"id": "1"}, "adGroup": {"id": ad_set}, "segments": {"date": DAY},
        "metrics": {
            "costMicros": "5000000", "impressions": "3", "clicks": "2", "conversions": count,
            "conversionsValue": 7,
        },
    }  # fmt: skip


def of_tiktok(ad_set: str, count: Any) -> dict[str, Any]:
    return {
        "dimensions": {"adgroup_id": ad_set, "stat_time_day": f"{DAY} 00:00:00"},
        "metrics": {
            "campaign_id": "1", "spend": "5", "impressions": "3", "clicks": "2", "complete_payment": str(count),
            "total_complete_payment_rate": "7",
        },
    }  # fmt: skip


def of_snapchat(ad_set: str, count: Any) -> tuple[str, dict[str, Any]]:
    stats = {
        "spend": 5_000_000, "impressions": 3, "swipes": 2, "conversion_purchases": count,
        "conversion_purchases_value": 7_000_000,
    }  # fmt: skip
    return "1", {"id": ad_set, "timeseries": [{"start_time": f"{DAY}T00:00:00.000-05:00", "stats": stats}]}


READ: dict[Platform, tuple[Callable[[str, Any], Any], Callable[[list[Any]], MetricsReading]]] = {
    Platform.META: (of_meta, lambda rows: meta.metrics(rows, currency="USD", conversion=PURCHASES)),
    Platform.GOOGLE: (of_google, lambda rows: google.metrics(rows[:1], rows[:1], rows, currency="USD")),
    Platform.TIKTOK: (of_tiktok, lambda rows: tiktok.metrics(rows, currency="USD", conversion=PURCHASES)),
    Platform.SNAPCHAT: (
        of_snapchat,
        lambda rows: snapchat.metrics(
            rows, currency="USD", timezone="America/New_York", conversion=PURCHASES
        ),
    ),
}


@pytest.mark.parametrize("platform", VENDORS)
def test_a_row_that_comes_twice_counts_once(platform: Platform) -> None:
    row, read = READ[platform]
    once = read([row("7", 1), row("8", 1)])
    assert read([row("7", 1), row("8", 1), row("7", 1), row("8", 1)]) == once
    (day,) = once.days
    assert (day.day, day.rows) == (date(2026, 3, 1), 2)


@pytest.mark.parametrize("told", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("platform", VENDORS)
def test_what_is_no_number_is_none(platform: Platform, told: str) -> None:
    row, read = READ[platform]
    with pytest.raises((ValueError, ArithmeticError)):
        read([row("7", told)])
