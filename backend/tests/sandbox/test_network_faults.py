"""Faults of the wire: each reaches the client as the field would show it, within its limits."""

import json
from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest
from facebook_business.adobjects.campaign import Campaign
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError

from tests.sandbox_process import HTTP, US_ACCOUNT, Sandbox

BROAD = "120210000010100001"


@pytest.fixture(autouse=True)
def _healthy(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.repair()
    sandbox.control("POST", "meta/quota", json={"calls_per_hour": 100_000})


def inject(sandbox: Sandbox, kind: str, **facts: Any) -> Any:
    return sandbox.control("POST", "faults", json={"kind": kind} | facts)


def budget(sandbox: Sandbox) -> str:
    found: str = sandbox.graph("GET", BROAD, fields="daily_budget").json()["daily_budget"]
    return found


@pytest.mark.parametrize(
    ("code", "status"), [(4, 403), (17, 400), (32, 400), (613, 400), (80000, 400), (80004, 400)]
)
def test_a_rate_limit_speaks_in_the_vendors_own_codes(
    sdk: FacebookAdsApi, sandbox: Sandbox, code: int, status: int
) -> None:
    inject(sandbox, "rate_limit", code=code, seconds=600)
    with pytest.raises(FacebookRequestError) as refused:
        Campaign(BROAD, api=sdk).api_get(fields=["name"])
    assert (refused.value.api_error_code(), refused.value.http_status()) == (code, status)
    usage = json.loads(refused.value.http_headers()["x-business-use-case-usage"])
    assert next(iter(usage.values()))[0]["estimated_time_to_regain_access"] == 10


def test_a_limit_can_be_a_429(sandbox: Sandbox) -> None:
    inject(sandbox, "rate_limit", status=429)
    assert sandbox.graph("GET", "me").status_code == 429


def test_the_quota_of_an_account_runs_out_by_itself(sandbox: Sandbox) -> None:
    sandbox.control("POST", "meta/quota", json={"calls_per_hour": 5})
    answers = [sandbox.graph("GET", f"{US_ACCOUNT}/campaigns") for _ in range(40)]
    codes = [a.json().get("error", {}).get("code") for a in answers]
    assert codes[-1] == 80004
    usage = json.loads(answers[-1].headers["x-business-use-case-usage"])
    entry = next(iter(usage.values()))[0]
    assert entry["call_count"] == 100
    assert entry["estimated_time_to_regain_access"] >= 1
    assert sandbox.graph("GET", "me").status_code == 200


def test_a_count_limits_a_fault(sandbox: Sandbox) -> None:
    inject(sandbox, "server_error", status=503, count=2, path=f"/{US_ACCOUNT}")
    statuses = [sandbox.graph("GET", f"{US_ACCOUNT}/campaigns").status_code for _ in range(4)]
    assert statuses == [503, 503, 200, 200]


def test_a_fault_keeps_to_its_path_and_method(sandbox: Sandbox) -> None:
    inject(sandbox, "server_error", path=f"/{BROAD}", method="POST")
    assert sandbox.graph("GET", BROAD).status_code == 200
    assert sandbox.graph("POST", BROAD, name="x").status_code == 500
    assert sandbox.graph("GET", US_ACCOUNT).status_code == 200
    assert sandbox.graph("GET", BROAD, fields="name").json()["name"] == "Prospecting | Broad"


def test_half_a_chance_breaks_about_half(sandbox: Sandbox) -> None:
    inject(sandbox, "server_error", probability=0.5, path="/me")
    broken = sum(sandbox.graph("GET", "me").status_code == 500 for _ in range(60))
    assert 15 <= broken <= 45


def test_a_reset_is_a_reset(sandbox: Sandbox) -> None:
    before = budget(sandbox)
    inject(sandbox, "connection_reset", method="POST")
    with pytest.raises(httpx2.TransportError):
        sandbox.graph("POST", BROAD, daily_budget="64000")
    assert budget(sandbox) == before


def test_a_dropped_response_leaves_the_change_applied(sandbox: Sandbox) -> None:
    inject(sandbox, "drop_response", method="POST", count=1)
    with pytest.raises(httpx2.TransportError):
        sandbox.graph("POST", BROAD, daily_budget="65000")
    assert budget(sandbox) == "65000"


def test_a_hanging_request_outlasts_the_clients_patience(sandbox: Sandbox) -> None:
    inject(sandbox, "timeout", seconds=5)
    with pytest.raises(httpx2.TimeoutException):
        HTTP.get(f"{sandbox.url}/v25.0/me", params={"access_token": sandbox.meta_token}, timeout=0.5)


def test_latency_delays_and_then_answers(sandbox: Sandbox) -> None:
    inject(sandbox, "latency", seconds=0.4)
    start = monotonic()
    assert sandbox.graph("GET", "me").status_code == 200
    assert monotonic() - start >= 0.4


def test_a_broken_body_does_not_parse(sandbox: Sandbox) -> None:
    inject(sandbox, "malformed_json")
    answer = sandbox.graph("GET", f"{US_ACCOUNT}/campaigns")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"EOF|Unterminated|Expecting"):
        answer.json()


@pytest.mark.parametrize(("kind", "subcode"), [("token_expired", 463), ("token_revoked", 460)])
def test_a_token_can_seem_to_have_ended(sandbox: Sandbox, kind: str, subcode: int) -> None:
    inject(sandbox, kind, count=1)
    answer = sandbox.graph("GET", "me")
    assert (answer.status_code, answer.json()["error"]["error_subcode"]) == (401, subcode)
    assert sandbox.graph("GET", "me").status_code == 200


def test_the_control_api_is_never_broken(sandbox: Sandbox) -> None:
    fault = inject(sandbox, "connection_reset", path="/")
    assert sandbox.control("GET", "health")["status"] == "ok"
    assert sandbox.control("DELETE", f"faults/{fault['id']}")["repaired"]


def test_what_came_whole_is_done_though_its_sender_has_gone_and_stands_in_the_log_of_calls(
    sandbox: Sandbox,
) -> None:
    newest = sandbox.control("GET", "calls", params={"after": 10**12})["newest"]
    wanted = str(int(budget(sandbox)) + 100)
    inject(sandbox, "latency", path=f"/{BROAD}", method="POST", seconds=0.6)
    values = {"access_token": sandbox.meta_token, "daily_budget": wanted}
    with pytest.raises(httpx2.ReadTimeout):
        HTTP.post(f"{sandbox.url}/v25.0/{BROAD}", data=values, timeout=0.3)

    def write() -> Any:
        calls = sandbox.control("GET", "calls", params={"after": newest})["calls"]
        (found,) = [each for each in calls if each["method"] == "POST"]
        return found

    assert (write()["vendor"], write()["path"]) == ("meta", f"/v25.0/{BROAD}")
    deadline = monotonic() + 30
    while write()["ended_at"] is None and monotonic() < deadline:
        sleep(0.05)
    assert write()["ended_at"] - write()["began_at"] >= 0.6
    assert budget(sandbox) == wanted
