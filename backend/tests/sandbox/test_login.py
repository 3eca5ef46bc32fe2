"""OAuth as at Meta: a dialog, a code for one use, tokens that can be debugged, revoked and expired."""

import hmac
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi

from tests.sandbox_process import HTTP, US_ACCOUNT, Sandbox

REDIRECT = "http://127.0.0.1:9/callback"


def dialog_url(sandbox: Sandbox, **changes: str) -> tuple[str, dict[str, str]]:
    params = {
        "client_id": sandbox.app_id,
        "redirect_uri": REDIRECT,
        "state": "s t&te",
        "scope": "ads_read",
        "response_type": "code",
    }
    return f"{sandbox.url}/v25.0/dialog/oauth", params | changes


def allowed(sandbox: Sandbox, answer: str = "allow") -> dict[str, list[str]]:
    url, params = dialog_url(sandbox)
    sent = HTTP.post(url, params=params, data={"answer": answer}, follow_redirects=False)
    assert sent.status_code == 302
    assert sent.headers["location"].startswith(REDIRECT)
    return parse_qs(urlsplit(sent.headers["location"]).query)


def exchange(sandbox: Sandbox, **params: str) -> Any:
    secrets = {"client_id": sandbox.app_id, "client_secret": sandbox.app_secret}
    return HTTP.get(f"{sandbox.url}/v25.0/oauth/access_token", params=secrets | params).json()


def test_the_dialog_names_who_asks_and_for_what(sandbox: Sandbox) -> None:
    url, params = dialog_url(sandbox)
    page = HTTP.get(url, params=params).text
    assert "Allow" in page
    assert "ads_read" in page


def test_a_code_buys_one_token_that_reads_and_does_not_write(sandbox: Sandbox) -> None:
    answer = allowed(sandbox)
    assert answer["state"] == ["s t&te"]
    code = answer["code"][0]
    token = exchange(sandbox, code=code, redirect_uri=REDIRECT)
    assert token["token_type"] == "bearer"
    assert (
        sandbox.graph("GET", US_ACCOUNT, fields="name", access_token=token["access_token"]).status_code == 200
    )
    written = sandbox.graph("POST", "120210000010100001", name="x", access_token=token["access_token"])
    assert written.json()["error"]["code"] == 200
    assert exchange(sandbox, code=code, redirect_uri=REDIRECT)["error"]["code"] == 100


def test_a_code_is_bound_to_its_address_and_to_the_app(sandbox: Sandbox) -> None:
    code = allowed(sandbox)["code"][0]
    assert (
        exchange(sandbox, code=code, redirect_uri="http://evil.example/")["error"]["error_subcode"] == 36008
    )
    code = allowed(sandbox)["code"][0]
    wrong = exchange(sandbox, code=code, redirect_uri=REDIRECT, client_secret="0" * 32)
    assert wrong["error"]["code"] == 1


def test_a_person_can_say_no(sandbox: Sandbox) -> None:
    answer = allowed(sandbox, "cancel")
    assert (answer["error"], answer["error_reason"]) == (["access_denied"], ["user_denied"])


@pytest.mark.parametrize(
    "changes", [{"client_id": "1"}, {"redirect_uri": "callback"}, {"scope": "everything"}]
)
def test_a_dialog_that_is_asked_wrongly_is_refused(sandbox: Sandbox, changes: dict[str, str]) -> None:
    url, params = dialog_url(sandbox, **changes)
    assert HTTP.get(url, params=params).status_code == 400


def test_a_longer_lived_token_replaces_a_short_one(sandbox: Sandbox) -> None:
    longer = exchange(sandbox, grant_type="fb_exchange_token", fb_exchange_token=sandbox.read_only_token)
    assert longer["expires_in"] > 50 * 86400
    assert sandbox.graph("GET", "me", access_token=longer["access_token"]).json()["id"]


def test_debugging_a_token_tells_its_scopes_and_its_end(sandbox: Sandbox) -> None:
    def debug(token: str) -> Any:
        asker = f"{sandbox.app_id}|{sandbox.app_secret}"
        return sandbox.graph("GET", "debug_token", input_token=token, access_token=asker).json()["data"]

    assert debug(sandbox.meta_token)["is_valid"]
    assert debug(sandbox.read_only_token)["scopes"] == ["ads_read", "public_profile"]
    assert not debug("nonsense")["is_valid"]
    token = exchange(sandbox, code=allowed(sandbox)["code"][0], redirect_uri=REDIRECT)["access_token"]
    sandbox.graph("DELETE", "me/permissions", access_token=token)
    assert not debug(token)["is_valid"]


@pytest.mark.parametrize(("action", "subcode"), [("revoke", 460), ("expire", 463)])
def test_a_token_that_has_ended_is_refused_until_it_is_restored(
    sandbox: Sandbox, action: str, subcode: int
) -> None:
    sandbox.control("POST", "meta/tokens", json={"action": action})
    answer = sandbox.graph("GET", "me")
    assert answer.status_code == 401
    assert (answer.json()["error"]["code"], answer.json()["error"]["error_subcode"]) == (190, subcode)
    sandbox.control("POST", "meta/tokens", json={"action": "restore"})
    assert sandbox.graph("GET", "me").status_code == 200


def test_an_app_secret_proof_is_checked(sandbox: Sandbox) -> None:
    proof = hmac.new(sandbox.app_secret.encode(), sandbox.meta_token.encode(), "sha256").hexdigest()
    assert sandbox.graph("GET", "me", appsecret_proof=proof).status_code == 200
    assert sandbox.graph("GET", "me", appsecret_proof="0" * 64).json()["error"]["code"] == 100


def test_the_sdk_signs_with_the_app_secret(sdk: FacebookAdsApi, sandbox: Sandbox) -> None:
    signed = FacebookAdsApi.init(sandbox.app_id, sandbox.app_secret, sandbox.meta_token, crash_log=False)
    assert User("me", api=signed).api_get(fields=["name"])["name"] == "Robin Vance"
    signed._session.requests.close()
