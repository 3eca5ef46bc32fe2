"""What is sent of a conversion, and what stays out because it would have its whole request refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.google.conversions import EVENTS, prepare, request
from app.services.integrations.ports import ConversionEvent, EventRefused, PreparedEvent

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
ORDER = ConversionEvent(
    dedupe_key="m-1",
    name="purchase",
    at=NOW - timedelta(hours=1),
    identifiers={"email": "alexz@example.com", "gclid": "Cj0KCQ_x"},
    value_micros=12_340_000,
    currency="usd",
    order_id="O-7",
)


def taken(event: ConversionEvent) -> PreparedEvent:
    found = prepare(event, NOW)
    assert isinstance(found, PreparedEvent)
    return found


def test_an_order_in_googles_form() -> None:
    found = taken(ORDER)
    assert found.match_keys == ("emailAddress", "gclid")
    assert found.body == {
        "category": "PURCHASE",
        "event": {
            "transactionId": "O-7",
            "eventTimestamp": "2026-03-20T11:00:00Z",
            "eventSource": "WEB",
            "consent": {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"},
            "userData": {
                "userIdentifiers": [
                    {"emailAddress": "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a"}
                ]
            },
            "adIdentifiers": {"gclid": "Cj0KCQ_x"},
            "conversionValue": 12.34,
            "currency": "USD",
        },
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "search"}, "no_such_event"),
        ({"at": NOW - timedelta(days=90)}, "older_than_ninety_days"),
        ({"at": NOW + timedelta(minutes=6)}, "in_the_future"),
        ({"identifiers": {"first_name": "A", "zip": "1", "user_agent": "x"}}, "nobody_to_match"),
        ({"value_micros": None}, "purchase_without_value"),
        ({"currency": None}, "purchase_without_value"),
    ],
)
def test_what_would_be_refused_stays_out(changes: dict[str, Any], reason: str) -> None:
    assert prepare(replace(ORDER, **changes), NOW) == EventRefused(reason)


def test_who_asks_for_limited_use_is_not_personalised() -> None:
    consent = taken(replace(ORDER, limited_data_use=True)).body["event"]["consent"]
    assert consent == {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_DENIED"}


def test_without_an_order_the_events_own_id_is_the_transaction() -> None:
    assert taken(replace(ORDER, name="lead", order_id=None)).body["event"]["transactionId"] == "m-1"


@given(micros=st.integers(0, 8_000_000_000_000_000))
def test_a_value_arrives_to_the_last_micro(micros: int) -> None:
    value = taken(replace(ORDER, value_micros=micros)).body["event"]["conversionValue"]
    assert round(value * 1_000_000) == micros


def test_each_event_goes_to_the_action_of_its_category() -> None:
    events = [taken(ORDER), taken(replace(ORDER, name="add_to_cart"))]
    actions = {"PURCHASE": "1", "ADD_TO_CART": "2"}
    body = request(events, actions, account="4441115552", manager="4441115550")
    assert [(one["reference"], one["productDestinationId"]) for one in body["destinations"]] == [
        ("ADD_TO_CART", "2"),
        ("PURCHASE", "1"),
    ]
    assert {one["loginAccount"]["accountId"] for one in body["destinations"]} == {"4441115550"}
    assert [one["destinationReferences"] for one in body["events"]] == [["PURCHASE"], ["ADD_TO_CART"]]
    assert body["encoding"] == "HEX"


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_that_is_offered_can_be_prepared(name: str) -> None:
    assert isinstance(prepare(replace(ORDER, name=name), NOW), PreparedEvent)
