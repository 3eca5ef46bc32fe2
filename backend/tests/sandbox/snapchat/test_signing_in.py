"""OAuth over HTTP: the page, codes for one use, tokens of an hour, refresh tokens for many, tokens that end."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.sandbox_process import HTTP, Sandbox

REDIRECT = "http://127.0.0.1:9/callback"
SCOPE = "snapchat-marketing-api snapchat-offline-conversions-api"


def dialog(snap: Sandbox, **changes: str) -> tuple[str, dict[str, str]]:
    params = {
        "client_id": snap.snapchat_facts["app_id"],
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": SCOPE,
        "state": "s t&te",
    }
    return f"{snap.url}/snapchat/login/oauth2/authorize", params | changes


def allowed(snap: Sandbox, answer: str = "allow", **changes: str) -> dict[str, list[str]]:
    url, params = dialog(snap, **changes)
    sent = HTTP.post(url, params=params, data={"answer": answer}, follow_redirects=False)
    assert sent.status_code == 302
    assert sent.headers["location"].startswith(REDIRECT)
    return parse_qs(urlsplit(sent.headers["location"]).query)


def exchange(snap: Sandbox, **form: str) -> httpx2.Response:
    app = {"client_id": snap.snapchat_facts["app_id"], "client_secret": snap.snapchat_facts["app_secret"]}
    return HTTP.post(f"{snap.url}/snapchat/login/oauth2/access_token", data=app | form)


def granted(snap: Sandbox, **changes: str) -> dict[str, Any]:
    code = allowed(snap, **changes)["code"][0]
    answer = exchange(snap, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_the_page_names_who_asks_and_for_what(snap: Sandbox) -> None:
    url, params = dialog(snap)
    page = HTTP.get(url, params=params).text
    assert "Allow" in page
    assert "snapchat-marketing-api" in page


def test_a_code_buys_one_token_and_a_refresh_token_many(snap: Sandbox) -> None:
    answer = allowed(snap)
    assert answer["state"] == ["s t&te"]
    form = {"grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": REDIRECT}
    first = exchange(snap, **form).json()
    assert (first["token_type"], first["expires_in"], first["scope"]) == ("Bearer", 3600, SCOPE)
    assert snap.snapchat("GET", "me", token=first["access_token"]).status_code == 200
    again = exchange(snap, **form)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    for _ in range(2):
        fresh = exchange(snap, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
        assert fresh["access_token"] != first["access_token"]
        assert snap.snapchat("GET", "me", token=fresh["access_token"]).status_code == 200


def test_a_person_may_say_no(snap: Sandbox) -> None:
    assert allowed(snap, "cancel")["error"] == ["access_denied"]


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "x"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "client_secret": "wrong"}, 401, "invalid_client"),
    ],
)
def test_what_buys_nothing_says_why(form: dict[str, str], status: int, error: str, *, snap: Sandbox) -> None:
    answer = exchange(snap, **form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "x"},
        {"redirect_uri": "/here"},
        {"response_type": "token"},
        {"scope": "everything"},
        {"scope": ""},
    ],
)
def test_a_dialog_that_is_asked_wrongly_is_refused(snap: Sandbox, changes: dict[str, str]) -> None:
    url, params = dialog(snap, **changes)
    assert "error" in HTTP.get(url, params=params).json()


def test_scopes_hold(snap: Sandbox) -> None:
    token = granted(snap, scope="snapchat-profile-api")["access_token"]
    answer = snap.snapchat("GET", "me", token=token)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "E3002")


@pytest.mark.parametrize(("action", "word"), [("revoke", "revoked"), ("expire", "expired")])
def test_a_token_that_has_ended_is_told_so(snap: Sandbox, action: str, word: str) -> None:
    token = granted(snap)["access_token"]
    snap.control("POST", "snapchat/tokens", json={"action": action, "token": token})
    answer = snap.snapchat("GET", "me", token=token)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert word in answer.json()["debug_message"]
    snap.control("POST", "snapchat/tokens", json={"action": "restore", "token": token})
    assert snap.snapchat("GET", "me", token=token).status_code == 200


def test_an_app_that_is_taken_away_loses_every_token(snap: Sandbox) -> None:
    first = granted(snap)
    snap.control("POST", "snapchat/tokens", json={"action": "revoke", "token": first["refresh_token"]})
    assert snap.snapchat("GET", "me", token=first["access_token"]).status_code == 401
    gone = exchange(snap, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert gone.json()["error"] == "invalid_grant"
    assert snap.snapchat("GET", "me").status_code == 200


@pytest.mark.parametrize("kind", ["token_expired", "token_revoked", "rate_limit", "server_error"])
def test_ordered_faults_speak_as_each_of_its_hosts(snap: Sandbox, kind: str) -> None:
    snap.control("POST", "faults", json={"kind": kind, "vendor": "snapchat"})
    assert snap.snapchat("GET", "me").json()["request_status"] == "ERROR"
    pixel = next(iter(snap.snapchat_facts["pixels"].values()))
    sent = HTTP.post(f"{snap.url}/snapchat/v3/{pixel}/events", json={"data": []})
    assert sent.json()["status"] == "INVALID"
    assert snap.graph("GET", "me").status_code == 200
