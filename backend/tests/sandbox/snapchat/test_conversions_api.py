"""The Conversions API v3 over HTTP: what it takes, what it refuses, what it counts twice, and its tests."""

import hashlib
from typing import Any

import httpx2
import pytest

from tests.factories.snapchat import US_PIXEL
from tests.sandbox_process import HTTP, Sandbox

NOW = 1_772_463_600  # 2026-03-02T15:00:00Z
EMAIL = hashlib.sha256(b"ada@example.com").hexdigest()


def event(**changes: Any) -> dict[str, Any]:
    return {
        "event_name": "PURCHASE",
        "event_time": NOW - 3600,
        "event_id": "order-1",
        "action_source": "WEB",
        "event_source_url": "https://shop.northwind.example/thanks",
        "user_data": {"em": [EMAIL]},
        "custom_data": {"value": 42.5, "currency": "USD"},
        **changes,
    }


def send(
    snap: Sandbox, *events: Any, way: str = "", token: str | None = None, pixel: str = US_PIXEL
) -> httpx2.Response:
    query = {"access_token": token if token is not None else snap.snapchat_facts["access_token"]}
    return HTTP.post(f"{snap.url}/snapchat/v3/{pixel}/events{way}", params=query, json={"data": list(events)})


def received(snap: Sandbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = snap.control("GET", "snapchat/events", params={"pixel": US_PIXEL})["events"]
    return found


def test_events_are_taken_and_those_of_one_id_are_one(snap: Sandbox) -> None:
    answer = send(snap, event(event_id="twice"), event(event_id="twice", event_time=(NOW - 60) * 1000))
    assert answer.json() == {"status": "VALID", "reason": "Events have been processed successfully."}
    send(snap, event(event_id="twice", event_name="SIGN_UP"))
    mine = [(one["event_name"], one["duplicate"]) for one in received(snap) if one["event_id"] == "twice"]
    assert mine == [("SIGN_UP", 0), ("PURCHASE", 1), ("PURCHASE", 0)]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"event_name": "BUY"}, "event_name is missing or unknown"),
        ({"event_time": NOW - 38 * 86_400}, "Timestamp invalid or out of range"),
        ({"event_time": NOW + 40 * 86_400}, "Timestamp invalid or out of range"),
        ({"event_time": "yesterday"}, "Timestamp invalid or out of range"),
        ({"action_source": "website"}, "action_source must be one of"),
        ({"event_source_url": None}, "event_source_url is required"),
        ({"user_data": {"em": ["ada@example.com"]}}, "Unhashed PII: user_data.em"),
        ({"user_data": {"em": [EMAIL.upper()]}}, "Unhashed PII: user_data.em"),
        ({"user_data": {"client_ip_address": "8.8.8.8"}}, "Insufficient PII"),
        ({"user_data": {"em": EMAIL, "shoe_size": "9"}}, "user_data.shoe_size is unknown"),
        ({"user_data": None}, "user_data is required"),
        ({"custom_data": {"currency": "USD"}}, "Missing price"),
        ({"custom_data": {"value": 5}}, "Missing currency"),
    ],
)
def test_one_bad_event_has_the_whole_request_refused(
    snap: Sandbox, changes: dict[str, Any], says: str
) -> None:
    good, bad = event(event_id=f"good-{says}"), event(event_id="bad", **changes)
    answer = send(snap, good, bad)
    body = answer.json()
    assert (answer.status_code, body["status"], body["event"]) == (400, "INVALID", 1)
    assert body["reason"].startswith(says)
    assert body["errors"]["codes"]
    assert f"good-{says}" not in {one["event_id"] for one in received(snap)}


@pytest.mark.parametrize(
    "person", [{"ph": EMAIL}, {"client_ip_address": "8.8.8.8", "client_user_agent": "A/1"}]
)
def test_anyone_who_can_be_matched_is_enough(snap: Sandbox, person: dict[str, str]) -> None:
    assert send(snap, event(user_data=person, event_id=str(person))).status_code == 200


def test_a_test_counts_nothing_and_tells_each_verdict(snap: Sandbox) -> None:
    query = {"access_token": snap.snapchat_facts["access_token"]}
    base = f"{snap.url}/snapchat/v3/{US_PIXEL}/events/validate"

    def counted() -> dict[str, int]:
        stats = HTTP.get(f"{base}/stats", params=query).json()["stats"]
        return {name: stats[name]["event_count_past_hour"] for name in ("test", "live")}

    before = counted()
    answer = send(snap, event(event_id="tested"), event(event_name="BUY"), way="/validate")
    body = answer.json()
    assert (answer.status_code, body["status"], body["test_event"]) == (400, "INVALID", True)
    assert [log["status"] for log in body["event_logs"]] == ["VALID", "INVALID"]
    assert "tested" not in {one["event_id"] for one in received(snap)}
    logs = HTTP.get(f"{base}/logs", params=query).json()
    assert {(log["event_name"], log["status"]) for log in logs["logs"]} >= {
        ("PURCHASE", "VALID"),
        ("BUY", "INVALID"),
    }
    assert counted() == {"test": before["test"] + 2, "live": before["live"]}


@pytest.mark.parametrize(
    ("facts", "status"),
    [({"token": "nobody"}, 401), ({"token": ""}, 401), ({"pixel": "nowhere"}, 403), ({"way": "/x"}, 404)],
)
def test_who_may_not_send_is_told(snap: Sandbox, facts: dict[str, str], status: int) -> None:
    answer = send(snap, event(), **facts)
    assert (answer.status_code, answer.json()["status"]) == (status, "INVALID")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": {}}', b'{"data": []}', b'{"data": [1]}'])
def test_no_body_is_answered_with_a_failure_of_the_servers(snap: Sandbox, body: bytes) -> None:
    query = {"access_token": snap.snapchat_facts["access_token"]}
    answer = HTTP.post(f"{snap.url}/snapchat/v3/{US_PIXEL}/events", params=query, content=body)
    assert (answer.status_code, answer.json()["status"]) == (400, "INVALID")


def test_too_many_events_are_refused(snap: Sandbox) -> None:
    assert send(snap, *[event() for _ in range(2001)]).status_code == 400
