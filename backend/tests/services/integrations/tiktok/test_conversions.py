"""Conversions in TikTok's form, and which ones TikTok would refuse and with them the whole request."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.services.integrations.ports import ConversionEvent, EventRefused, PreparedEvent
from app.services.integrations.tiktok.conversions import prepare

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
PURCHASE = ConversionEvent(
    name="purchase",
    dedupe_key="purchase.1",
    at=NOW - timedelta(hours=1),
    value_micros=12_340_000,
    currency="usd",
    order_id="1",
    url="https://shop.example/thanks",
    contents=({"id": "P1", "quantity": 2}, {"quantity": 1}),
    identifiers={"email": "a@b.example", "ttclid": "E.C.P.x", "ip": "8.8.8.8"},
    limited_data_use=False,
)


def prepared(event: ConversionEvent) -> dict[str, Any]:
    found = prepare(event, NOW)
    assert isinstance(found, PreparedEvent)
    return dict(found.body)


def test_a_purchase_is_written_as_tiktok_wants_it() -> None:
    body = prepared(PURCHASE)
    assert (body["event"], body["event_id"]) == ("Purchase", "purchase.1")
    assert body["event_time"] == int(PURCHASE.at.timestamp())
    assert body["properties"] == {
        "value": 12.34, "currency": "USD", "order_id": "1", "content_type": "product",
        "contents": [{"content_id": "P1", "quantity": 2}],
    }  # fmt: skip
    assert body["page"] == {"url": "https://shop.example/thanks"}
    assert set(body["user"]) == {"email", "ttclid", "ip"}
    assert "limited_data_use" not in body
    assert prepared(replace(PURCHASE, limited_data_use=True))["limited_data_use"] is True


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "moonwalk"}, "no_such_event"),
        ({"at": NOW - timedelta(days=29)}, "older_than_28_days"),
        ({"at": NOW + timedelta(hours=1)}, "in_the_future"),
        ({"identifiers": {"ip": "8.8.8.8"}}, "nobody_to_match"),
        ({"identifiers": {}}, "nobody_to_match"),
        ({"value_micros": None}, "purchase_without_value"),
        ({"currency": "XXX"}, "purchase_without_value"),
    ],
)
def test_what_tiktok_would_refuse_stays_here(changes: dict[str, Any], reason: str) -> None:
    assert prepare(replace(PURCHASE, **changes), NOW) == EventRefused(reason)


def test_a_device_alone_is_enough_and_any_event_but_a_purchase_needs_no_value() -> None:
    body = prepared(
        replace(
            PURCHASE,
            name="search",
            value_micros=None,
            contents=(),
            identifiers={"ip": "8.8.8.8", "user_agent": "Mozilla/5.0"},
        )
    )
    assert body["event"] == "Search"
    assert body["properties"] == {"order_id": "1"}
