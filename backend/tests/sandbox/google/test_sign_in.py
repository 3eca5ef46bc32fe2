"""Signing in at Google: the consent page, tokens of an hour, refreshing, revoking."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.sandbox.google.conftest import Api, code_of
from tests.sandbox_process import HTTP, Sandbox

BACK = "https://stratum.example/back"
ADS = "https://www.googleapis.com/auth/adwords"
ACCOUNTS = "/v26/customers:listAccessibleCustomers"


def allow(api: Api, answer: str = "allow", **changes: str) -> dict[str, list[str]]:
    params = {
        "client_id": api.client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": f"openid email {ADS}",
        "access_type": "offline",
        "state": "s-1",
    } | changes
    page = HTTP.get(f"{api.url}/o/oauth2/v2/auth", params=params)
    assert page.status_code == 200, page.text
    assert "robin@northwind.example" in page.text
    sent = HTTP.post(f"{api.url}/o/oauth2/v2/auth", params=params, data={"answer": answer})
    assert sent.status_code == 302
    assert sent.headers["location"].startswith(BACK)
    return parse_qs(urlsplit(sent.headers["location"]).query)


def redeem(api: Api, code: str, **changes: str) -> httpx2.Response:
    values = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "client_id": api.client_id,
        "client_secret": api.client_secret,
    } | changes
    return api.form("/token", **values)


def refresh(api: Api, token: str) -> httpx2.Response:
    return api.form(
        "/token",
        grant_type="refresh_token",
        refresh_token=token,
        client_id=api.client_id,
        client_secret=api.client_secret,
    )


def test_the_whole_way_round(api: Api) -> None:
    back = allow(api)
    assert back["state"] == ["s-1"]
    issued = redeem(api, back["code"][0]).json()
    assert issued["token_type"] == "Bearer"
    assert 3500 < issued["expires_in"] < 3600
    told = api.form("/tokeninfo", access_token=issued["access_token"]).json()
    assert (told["azp"], told["email"]) == (api.client_id, "robin@northwind.example")
    assert ADS in told["scope"].split()
    answer = api.call("GET", ACCOUNTS, token=issued["access_token"])
    assert answer.json() == {"resourceNames": ["customers/4441115550", "customers/4441115551"]}
    fresh = refresh(api, issued["refresh_token"]).json()
    assert "refresh_token" not in fresh
    assert api.call("GET", ACCOUNTS, token=fresh["access_token"]).status_code == 200
    assert api.form("/revoke", token=issued["refresh_token"]).json() == {}
    for token in (issued["access_token"], fresh["access_token"]):
        answer = api.call("GET", ACCOUNTS, token=token)
        assert code_of(answer) == (401, "authenticationError", "OAUTH_TOKEN_REVOKED")
    ended = refresh(api, issued["refresh_token"])
    assert (ended.status_code, ended.json()["error"]) == (400, "invalid_grant")


def test_who_says_no_gives_no_code(api: Api) -> None:
    assert allow(api, "cancel") == {"error": ["access_denied"], "state": ["s-1"]}


def test_a_refresh_token_comes_for_offline_access_alone(api: Api) -> None:
    code = allow(api, access_type="online")["code"][0]
    assert "refresh_token" not in redeem(api, code).json()


def test_a_code_is_good_once_and_for_its_own_address(api: Api) -> None:
    code = allow(api)["code"][0]
    assert redeem(api, code).status_code == 200
    assert redeem(api, code).json()["error"] == "invalid_grant"
    other = redeem(api, allow(api)["code"][0], redirect_uri="https://elsewhere.example/")
    assert other.json()["error"] == "redirect_uri_mismatch"


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"client_id": "x"}, "invalid_client"), ({"scope": "all"}, "invalid_scope"),
     ({"response_type": "token"}, "unsupported_response_type"), ({"redirect_uri": "x"}, "redirect_uri_mismatch")],
)  # fmt: skip
def test_a_consent_page_that_cannot_be_shown(api: Api, changes: dict[str, str], error: str) -> None:
    params = {
        "client_id": api.client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": ADS,
    } | changes
    answer = HTTP.get(f"{api.url}/o/oauth2/v2/auth", params=params)
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] == error


def test_the_wrong_secret(api: Api) -> None:
    answer = redeem(api, "x", client_secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_token_without_the_scope_may_not_use_ads(api: Api) -> None:
    token = redeem(api, allow(api, scope="openid email")["code"][0]).json()["access_token"]
    answer = api.call("GET", ACCOUNTS, token=token)
    assert code_of(answer) == (403, "authorizationError", "AUTHORIZATION_ERROR")


def test_an_ended_token_and_none_at_all(api: Api, sandbox: Sandbox) -> None:
    token = redeem(api, allow(api)["code"][0]).json()["access_token"]
    sandbox.control("POST", "google/tokens", json={"action": "expire", "token": token})
    answer = api.call("GET", ACCOUNTS, token=token)
    assert code_of(answer) == (401, "authenticationError", "OAUTH_TOKEN_EXPIRED")
    assert api.form("/tokeninfo", access_token=token).json()["error"] == "invalid_token"
    unknown = api.call("GET", ACCOUNTS, token="ya29.nobody")
    assert code_of(unknown) == (401, "authenticationError", "OAUTH_TOKEN_INVALID")
    bare = HTTP.get(f"{api.url}{ACCOUNTS}")
    assert code_of(bare) == (401, "authenticationError", "OAUTH_TOKEN_HEADER_INVALID")
