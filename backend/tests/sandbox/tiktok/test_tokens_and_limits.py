"""Who may speak and how often: the portal, codes, tokens, quotas, and faults in TikTok's words."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.factories.tiktok import US_ADVERTISER
from tests.sandbox.tiktok.conftest import Ask, told
from tests.sandbox_process import HTTP, Sandbox

BACK = "https://app.example/callback?x=1"


def portal(sandbox: Sandbox, **changes: str) -> str:
    query = {"app_id": sandbox.tiktok_facts["app_id"], "state": "s", "redirect_uri": BACK} | changes
    return str(httpx2.URL(f"{sandbox.url}/tiktok/portal/auth", params=query))


def code_of(sandbox: Sandbox) -> str:
    answer = HTTP.post(portal(sandbox), data={"answer": "allow"})
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (query["x"], query["state"]) == (["1"], ["s"])
    return query["auth_code"][0]


def app(sandbox: Sandbox) -> dict[str, str]:
    return {"app_id": sandbox.tiktok_facts["app_id"], "secret": sandbox.tiktok_facts["app_secret"]}


def test_a_person_decides_at_the_portal(sandbox: Sandbox) -> None:
    page = HTTP.get(portal(sandbox))
    assert "Authorize Stratum" in page.text
    assert "Northwind Outfitters US" in page.text
    refused = HTTP.post(portal(sandbox), data={"answer": "cancel"})
    assert "auth_code" not in refused.headers["location"]
    assert HTTP.get(portal(sandbox, app_id="1")).json()["code"] == 40002
    assert HTTP.post(portal(sandbox, redirect_uri="javascript:1"), data={}).json()["code"] == 40002


def test_a_code_is_worth_one_token_and_a_revoked_token_nothing(sandbox: Sandbox, post: Ask) -> None:
    code = code_of(sandbox)
    assert post("oauth2/access_token", **(app(sandbox) | {"secret": "x"}), auth_code=code)[0] == 40101
    made = post("oauth2/access_token", **app(sandbox), auth_code=code)
    assert made["scope"]
    assert US_ADVERTISER in made["advertiser_ids"]
    assert post("oauth2/access_token", **app(sandbox), auth_code=code)[0] == 40110
    token = made["access_token"]
    assert sandbox.tiktok("GET", "user/info", token=token).json()["code"] == 0
    assert post("oauth2/revoke_token", **app(sandbox), access_token=token)["app_id"]
    answer = sandbox.tiktok("GET", "user/info", token=token)
    assert told(answer.json()) == (40105, "Access token is incorrect or has been revoked.")


def test_tokens_end_and_come_back(sandbox: Sandbox, get: Ask) -> None:
    assert told(sandbox.tiktok("GET", "user/info", token="no").json())[0] == 40105
    assert told(sandbox.tiktok("GET", "user/info", token="").json())[0] == 40104
    for action, code in (("expire", 40102), ("restore", None), ("revoke", 40105), ("restore", None)):
        sandbox.control("POST", "tiktok/tokens", json={"action": action})
        answer = get("user/info")
        assert (answer[0] if isinstance(answer, tuple) else None) == code


def test_an_app_that_asks_too_often_is_told_so(sandbox: Sandbox, get: Ask) -> None:
    sandbox.control("POST", "tiktok/quota", json={"calls_per_minute": 1})
    get("user/info")
    assert get("user/info") == (40100, "Too many requests. Please retry in some time.")
    sandbox.control("POST", "tiktok/quota", json={"calls_per_minute": 100_000})
    assert get("user/info")["core_user_id"]


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [
        ({"kind": "rate_limit"}, 200, 40100),
        ({"kind": "rate_limit", "status": 429, "seconds": 7}, 429, 40100),
        ({"kind": "server_error"}, 500, 50000),
        ({"kind": "token_expired"}, 200, 40102),
        ({"kind": "token_revoked"}, 200, 40105),
        ({"kind": "platform_outage"}, 200, 50000),
    ],
)
def test_faults_speak_tiktoks_words(
    sandbox: Sandbox, order: dict[str, object], status: int, code: int
) -> None:
    sandbox.control("POST", "faults", json={"vendor": "tiktok"} | order)
    answer = sandbox.tiktok("GET", "campaign/get", advertiser_id=US_ADVERTISER)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if "seconds" in order:
        assert answer.headers["retry-after"] == "7"
    assert sandbox.graph("GET", "me").status_code == 200


def test_a_broken_body_is_broken(sandbox: Sandbox) -> None:
    order = {"kind": "malformed_json", "vendor": "tiktok", "path": "/campaign/get"}
    sandbox.control("POST", "faults", json=order)
    answer = sandbox.tiktok("GET", "campaign/get", advertiser_id=US_ADVERTISER)
    with pytest.raises(ValueError, match=r"Unterminated|delimiter"):
        answer.json()
    assert sandbox.tiktok("GET", "adgroup/get", advertiser_id=US_ADVERTISER).json()["code"] == 0
