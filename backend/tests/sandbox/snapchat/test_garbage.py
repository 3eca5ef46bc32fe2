"""Whatever is sent: an answer in Snapchat's form, and never a failure of the server's."""

import json
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.snapchat import BRAND, PROSPECTING, US_ACCOUNT, US_PIXEL
from tests.sandbox.snapchat.conftest import one, settable
from tests.sandbox_process import HTTP, Sandbox

FANS = "5a9c0003-0001-4000-8000-000000000040"
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["\ud800", "9" * 400]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner)
)


def sent(snap: Sandbox, method: str, path: str, body: Any, **query: str) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {snap.snapchat_facts['access_token']}"}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HTTP.request(
        method, f"{snap.url}/snapchat/{path}", content=content, params=query, headers=headers, timeout=60
    )


@MANY
@given(
    name=st.sampled_from(["name", "status", "start_time", "end_time", "daily_budget_micro", "id", "x"]),
    value=VALUES,
)
def test_a_campaign_with_anything_in_it_has_a_verdict(snap: Sandbox, name: str, value: Any) -> None:
    row = settable(one(snap, "campaigns", BRAND)) | {name: value}
    answer = sent(snap, "PUT", f"v1/adaccounts/{US_ACCOUNT}/campaigns", {"campaigns": [row]})
    assert answer.status_code in {200, 400}
    assert answer.json()["request_status"] in {"SUCCESS", "ERROR"}
    assert one(snap, "campaigns", BRAND)["id"] == BRAND


@MANY
@given(
    name=st.sampled_from(["targeting", "bid_strategy", "bid_micro", "campaign_id", "pixel_id"]), value=VALUES
)
def test_an_ad_squad_with_anything_in_it_has_a_verdict(snap: Sandbox, name: str, value: Any) -> None:
    row = settable(one(snap, "adsquads", FANS)) | {name: value}
    answer = sent(snap, "PUT", f"v1/campaigns/{BRAND}/adsquads", {"adsquads": [row]})
    assert answer.status_code in {200, 400}
    assert answer.json()["request_status"] in {"SUCCESS", "ERROR"}


@MANY
@given(
    name=st.sampled_from(
        ["event_name", "event_time", "event_id", "user_data", "custom_data", "action_source"]
    ),
    value=VALUES,
    way=st.sampled_from(["", "/validate"]),
)
def test_an_event_with_anything_in_it_has_a_verdict(snap: Sandbox, name: str, value: Any, way: str) -> None:
    event = {
        "event_name": "SIGN_UP",
        "event_time": 1_772_460_000,
        "action_source": "OFFLINE",
        "user_data": {"em": "0" * 64},
        name: value,
    }
    answer = sent(snap, "POST", f"v3/{US_PIXEL}/events{way}", {"data": [event]})
    assert answer.status_code in {200, 400}
    assert answer.json()["status"] in {"VALID", "INVALID"}


@MANY
@given(
    name=st.sampled_from(
        ["start_time", "end_time", "granularity", "fields", "breakdown", "omit_empty", "limit"]
    ),
    value=st.one_of(st.text(st.characters(codec="utf-8"), max_size=12), st.datetimes().map(str)),
)
def test_a_question_with_anything_in_it_has_an_answer(snap: Sandbox, name: str, value: str) -> None:
    query = {
        "granularity": "TOTAL",
        "start_time": "2026-02-20T00:00:00",
        "end_time": "2026-02-21T00:00:00",
        name: value,
    }
    answer = sent(snap, "GET", f"v1/campaigns/{PROSPECTING}/stats", b"", **query)
    assert answer.status_code in {200, 400}
    listed = sent(snap, "GET", f"v1/adaccounts/{US_ACCOUNT}/ads", b"", limit=value, cursor=value)
    assert listed.status_code in {200, 400}


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"campaigns": [NaN]}', b"\xff", b'{"campaigns": [{"name": "\\ud800"}]}']
)
def test_what_is_no_json_is_refused(snap: Sandbox, body: bytes) -> None:
    answer = sent(snap, "POST", f"v1/adaccounts/{US_ACCOUNT}/campaigns", body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "E1001")


@pytest.mark.parametrize("redirect", ["http://[", "javascript:1", "", "//x"])
def test_an_address_that_is_none_is_refused(snap: Sandbox, redirect: str) -> None:
    query = {
        "client_id": snap.snapchat_facts["app_id"],
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": "snapchat-marketing-api",
    }
    answer = HTTP.get(f"{snap.url}/snapchat/login/oauth2/authorize", params=query)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
