"""The Events API 2.0: a request is taken whole or refused whole, and the same event counts once."""

import hashlib
from datetime import datetime
from typing import Any

import pytest

from tests.factories.tiktok import HU_PIXEL, US_PIXEL
from tests.sandbox.tiktok.conftest import Ask, told
from tests.sandbox_process import Sandbox

EMAIL = hashlib.sha256(b"a@b.example").hexdigest()


@pytest.fixture
def now(sandbox: Sandbox) -> int:
    return int(datetime.fromisoformat(sandbox.control("GET", "clock")["now"]).timestamp())


def event(number: str, now: int, **changes: Any) -> dict[str, Any]:
    return {
        "event": "Purchase", "event_time": now - 60, "event_id": number, "user": {"email": EMAIL, "ttclid": "E.C.P.x"},
        "properties": {"value": 12.34, "currency": "USD"},
    } | changes  # fmt: skip


def sent(post: Ask, *events: dict[str, Any], pixel: str = US_PIXEL, **more: Any) -> Any:
    return post("event/track", event_source="web", event_source_id=pixel, data=list(events), **more)


def arrived(sandbox: Sandbox, number: str, pixel: str = US_PIXEL) -> list[bool]:
    """Of every arrival of an event, the newest first, whether it was a duplicate."""
    rows = sandbox.control("GET", "tiktok/events", params={"pixel": pixel, "limit": 5_000})["events"]
    return [bool(row["duplicate"]) for row in rows if row["event_id"] == number]


def test_the_same_event_counts_once_per_pixel(sandbox: Sandbox, post: Ask, now: int) -> None:
    assert sent(post, event("once", now)) == {}
    assert sent(post, event("once", now), event("once", now, event="Lead")) == {}
    assert arrived(sandbox, "once") == [False, True, False]
    sent(post, event("once", now), pixel=HU_PIXEL)
    assert arrived(sandbox, "once", HU_PIXEL) == [False]


def test_a_test_event_is_not_kept(sandbox: Sandbox, post: Ask, now: int) -> None:
    assert sent(post, event("test", now), test_event_code="TEST1") == {}
    assert arrived(sandbox, "test") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"event": ""},
        {"event_time": "yesterday"},
        {"event_time": 1},
        {"event_time": 4_000_000_000},
        {"event_id": 7},
        {"user": {}},
        {"user": {"email": "a@b.example"}},
        {"user": {"email": EMAIL.upper()}},
        {"user": {"moon": "x"}},
        {"user": {"ttclid": 1}},
        {"properties": []},
        {"properties": {"value": "12"}},
        {"properties": {"currency": "dollars"}},
        {"moon": 1},
    ],
)
def test_one_bad_event_refuses_them_all(
    sandbox: Sandbox, post: Ask, now: int, changes: dict[str, Any]
) -> None:
    assert sent(post, event("good", now), event("bad", now) | changes)[0] == 40002
    assert arrived(sandbox, "good") == []


def test_what_may_not_be_sent_at_all(sandbox: Sandbox, post: Ask, now: int) -> None:
    assert sent(post)[0] == 40002
    assert sent(post, *[event("many", now)] * 1_001)[0] == 40002
    assert sent(post, event("x", now), pixel="CNONE")[0] == 40007
    body = {"event_source": "offline", "event_source_id": US_PIXEL, "data": [event("x", now)]}
    assert post("event/track", **body)[0] == 40002
    reader = sandbox.tiktok_facts["read_only_token"]
    answer = sandbox.tiktok("POST", "event/track", token=reader, **(body | {"event_source": "web"}))
    assert told(answer.json())[0] == 40001
