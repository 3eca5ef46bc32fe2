"""The portal's consent page, the exchange of its code, and what a token is worth."""

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.vendors.tiktok.constants import APP_ID, APP_NAME, USER_NAME
from sandbox.vendors.tiktok.errors import missing, wrong
from sandbox.vendors.tiktok.tokens import Tokens

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>TikTok for Business | sandbox</title>
<style>body{{font:16px/1.5 system-ui;max-width:34rem;margin:12vh auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1.25rem;margin-right:.5rem}}</style></head><body>
<h1>Authorize {app}?</h1>
<p>You are <strong>{user}</strong>, in the sandbox. {app} asks to manage ads and to read reports of:</p>
<ul>{advertisers}</ul>
<form method="post"><input type="hidden" name="answer" value="allow"><button>Confirm</button></form>
<form method="post"><input type="hidden" name="answer" value="cancel"><button>Cancel</button></form>
</body></html>"""


def _redirect(params: Mapping[str, str]) -> str:
    if params.get("app_id") != APP_ID:
        raise wrong("app_id: There is no such app.")
    redirect = params.get("redirect_uri", "")
    if not redirect:
        raise missing("redirect_uri")
    if urlsplit(redirect).scheme not in {"http", "https"}:
        raise wrong("redirect_uri: Not a valid URL.")
    return redirect


def page(params: Mapping[str, str], advertisers: list[str]) -> str:
    _redirect(params)
    listed = "".join(f"<li>{escape(name)}</li>" for name in advertisers)
    return _PAGE.format(app=escape(APP_NAME), user=escape(USER_NAME), advertisers=listed)


def decide(tokens: Tokens, params: Mapping[str, str], answer: str) -> str:
    """Where the browser goes next; the code is called `auth_code` here."""
    redirect = _redirect(params)
    state = {"state": params["state"]} if "state" in params else {}
    query = {"auth_code": tokens.grant_code()} if answer == "allow" else {"error": "access_denied"}
    return f"{redirect}{'&' if urlsplit(redirect).query else '?'}{urlencode(query | state)}"


def exchange(tokens: Tokens, params: Mapping[str, Any], advertisers: list[str]) -> dict[str, Any]:
    _app(tokens, params)
    token = tokens.redeem(_given(params, "auth_code"))
    return {"access_token": token.value, "scope": list(token.scopes), "advertiser_ids": advertisers}


def revoke(tokens: Tokens, params: Mapping[str, Any], advertisers: list[str]) -> dict[str, Any]:
    _app(tokens, params)
    value = _given(params, "access_token")
    tokens.check(value)
    tokens.revoke(value)
    return {"app_id": APP_ID, "advertiser_ids": advertisers}


def _app(tokens: Tokens, params: Mapping[str, Any]) -> None:
    tokens.check_app(_given(params, "app_id"), _given(params, "secret"))


def _given(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    if value is None or value == "":
        raise missing(name)
    if not isinstance(value, str):
        raise wrong(f"{name}: Not a valid string.")
    return value
