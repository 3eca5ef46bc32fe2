"""Server events through the unmodified SDK: all or nothing, counted once in 48 hours, and felt by the match quality."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any

import pytest
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError

from tests.sandbox_process import US_PIXEL, Sandbox

DAY = 86400


def simulated_now(sandbox: Sandbox) -> int:
    return int(datetime.fromisoformat(sandbox.control("GET", "clock")["now"]).timestamp())


def purchase(at: int, event_id: str, **person: Any) -> dict[str, Any]:
    return {
        "event_name": "Purchase",
        "event_time": at,
        "event_id": event_id,
        "action_source": "website",
        "event_source_url": "https://shop.northwind.example/",
        "user_data": {"em": [sha256(b"ava@example.com").hexdigest()], "client_user_agent": "Firefox"}
        | person,
        "custom_data": {"value": 42.5, "currency": "USD"},
    }


def send(sandbox: Sandbox, *events: dict[str, Any], **options: Any) -> Any:
    return sandbox.graph("POST", f"{US_PIXEL}/events", data=json.dumps(events), **options).json()


def received(sandbox: Sandbox) -> tuple[int, int]:
    body = sandbox.control("GET", "meta/events")
    return body["received"], body["unique"]


def composite(sandbox: Sandbox) -> float:
    fields = "web{event_name,event_match_quality}"
    body = sandbox.graph("GET", "dataset_quality", dataset_id=US_PIXEL, fields=fields).json()
    return float(body["web"][0]["event_match_quality"]["composite_score"])


def test_the_sdk_sends_and_is_answered_in_its_own_terms(sdk: FacebookAdsApi, sandbox: Sandbox) -> None:
    event = Event(
        event_name="Purchase",
        event_time=simulated_now(sandbox) - 60,
        event_id="sdk-1",
        action_source=ActionSource.WEBSITE,
        event_source_url="https://shop.northwind.example/",
        user_data=UserData(
            emails=["Ava@Example.com"], phones=["+1 212 555 0142"], client_user_agent="Firefox"
        ),
        custom_data=CustomData(value=19.0, currency="USD"),
    )
    before = received(sandbox)
    answer = EventRequest(pixel_id=US_PIXEL, events=[event]).execute()
    assert (answer.events_received, answer.messages) == (1, [])
    assert answer.fbtrace_id
    assert received(sandbox) == (before[0] + 1, before[1] + 1)
    assert sandbox.control("GET", "meta/events")["events"][0]["event"]["event_id"] == "sdk-1"


def test_one_event_that_is_too_old_rejects_the_whole_request(sdk: FacebookAdsApi, sandbox: Sandbox) -> None:
    now, before = simulated_now(sandbox), received(sandbox)
    body = send(sandbox, purchase(now - 60, "fresh"), purchase(now - 7 * DAY - 60, "old"))
    assert (body["error"]["code"], body["error"]["error_subcode"]) == (100, 2804003)
    assert received(sandbox) == before
    assert send(sandbox, purchase(now - 7 * DAY + 600, "just in time"))["events_received"] == 1


def test_the_same_event_counts_once_within_48_hours(sandbox: Sandbox) -> None:
    now = simulated_now(sandbox)
    before = received(sandbox)
    assert send(sandbox, purchase(now, "same"), purchase(now, "same"))["events_received"] == 2
    assert received(sandbox) == (before[0] + 2, before[1] + 1)
    sandbox.advance(49)
    send(sandbox, purchase(now, "same"))
    assert received(sandbox) == (before[0] + 3, before[1] + 2)


@pytest.mark.parametrize(
    "spoil",
    [
        {"event_name": ""},
        {"event_time": "yesterday"},
        {"event_time": 4_000_000_000},
        {"action_source": "fax"},
        {"user_data": {}},
        {"user_data": {"em": ["ava@example.com"]}},
        {"user_data": {"client_user_agent": "Firefox"}},
        {"user_data": {"email": ["a" * 64]}},
        {"custom_data": {"value": "42.50", "currency": "USD"}},
        {"custom_data": {"value": 42.5}},
    ],
)
def test_an_event_that_is_not_in_order_is_refused(sandbox: Sandbox, spoil: dict[str, Any]) -> None:
    before = received(sandbox)
    body = send(sandbox, purchase(simulated_now(sandbox), "spoilt") | spoil)
    assert body["error"]["code"] == 100
    assert received(sandbox) == before


def test_a_thousand_events_are_the_most(sandbox: Sandbox) -> None:
    now = simulated_now(sandbox)
    assert "error" in send(sandbox, *[purchase(now, f"bulk-{n}") for n in range(1001)])


def test_test_events_are_answered_and_not_counted(sandbox: Sandbox) -> None:
    before = received(sandbox)
    assert (
        send(sandbox, purchase(simulated_now(sandbox), "trial"), test_event_code="TEST1")["events_received"]
        == 1
    )
    assert received(sandbox) == before


def test_a_token_that_may_only_read_cannot_send(sandbox: Sandbox) -> None:
    body = send(sandbox, purchase(simulated_now(sandbox), "x"), access_token=sandbox.read_only_token)
    assert body["error"]["code"] == 200


def test_an_unknown_pixel_is_an_unsupported_request(sdk: FacebookAdsApi, sandbox: Sandbox) -> None:
    event = Event(
        event_name="Purchase", event_time=simulated_now(sandbox), action_source=ActionSource.WEBSITE
    )
    with pytest.raises(FacebookRequestError) as refused:
        EventRequest(pixel_id="999", events=[event]).execute()
    assert refused.value.api_error_code() == 100


def test_the_match_quality_follows_the_identifiers_that_arrive(sandbox: Sandbox) -> None:
    sandbox.advance(72)
    by_pixel = composite(sandbox)
    now = simulated_now(sandbox)
    full = {
        "ph": "b" * 64, "fn": "c" * 64, "ln": "d" * 64, "external_id": "cust_1", "fbp": "fb.1.1.1", "fbc": "fb.1.1.2",
        "client_ip_address": "198.51.100.7", "country": "e" * 64, "zp": "f" * 64,
    }  # fmt: skip
    send(sandbox, *[purchase(now - n, f"rich-{n}", **full) for n in range(20)])
    rich = composite(sandbox)
    sandbox.advance(72)
    now = simulated_now(sandbox)
    send(sandbox, *[purchase(now - n, f"poor-{n}") | {"user_data": {"fbp": "fb.1.1.1"}} for n in range(20)])
    assert composite(sandbox) < by_pixel < rich


def test_browser_and_server_events_are_told_apart(sandbox: Sandbox) -> None:
    def count(source: str) -> int:
        rows = sandbox.graph("GET", f"{US_PIXEL}/stats", event_source=source, limit="100").json()["data"]
        return sum(entry["count"] for row in rows for entry in row["data"])

    before = count("SERVER_ONLY")
    now = simulated_now(sandbox)
    send(sandbox, *[purchase(now, f"stat-{n}") for n in range(5)])
    assert count("SERVER_ONLY") == before + 5
    assert count("WEB_ONLY") > 300
