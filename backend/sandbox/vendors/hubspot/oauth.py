"""The sign-in: a page with its Connect button, and the exchange of codes and refresh tokens."""

from collections.abc import Mapping
from html import escape
from time import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.vendors.hubspot import constants as ids
from sandbox.vendors.hubspot.errors import HubError, OAuthError
from sandbox.vendors.hubspot.tokens import ACCESS_SECONDS, Token, Tokens

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Connect app | sandbox</title>
<style>body{{font:16px/1.5 system-ui;max-width:34rem;margin:12vh auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1.25rem;margin-right:.5rem}}</style></head><body>
<h1>Connect {app} to HubSpot</h1>
<p>You are <strong>{user}</strong> in account {portal}, in the sandbox. {app} asks for: <strong>{scopes}</strong>.</p>
<form method="post"><input type="hidden" name="answer" value="allow"><button>Connect app</button></form>
<form method="post"><input type="hidden" name="answer" value="cancel"><button>Cancel</button></form>
</body></html>"""


def _checked(params: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The redirect address and the scopes that are granted: all required ones, and the optional ones."""
    if params.get("client_id") != ids.CLIENT_ID:
        raise OAuthError("invalid_client", "The client id is not known.")
    redirect = params.get("redirect_uri", "")
    if not _is_absolute(redirect):
        raise OAuthError("invalid_request", "The redirect_uri is missing or not absolute.")
    asked = tuple(f"{params.get('scope', '')} {params.get('optional_scope', '')}".split())
    if not asked or any(scope not in ids.SCOPES for scope in asked):
        raise OAuthError("invalid_scope", f"The scopes are: {' '.join(ids.SCOPES)}.")
    return redirect, asked


def _is_absolute(address: str) -> bool:
    try:
        return urlsplit(address).scheme in {"http", "https"}
    except ValueError:
        return False


def dialog(params: Mapping[str, str]) -> str:
    _, scopes = _checked(params)
    words = {"app": ids.APP_NAME, "user": ids.USER, "scopes": ", ".join(scopes)}
    return _PAGE.format(portal=ids.PORTAL, **{name: escape(value) for name, value in words.items()})


def decide(tokens: Tokens, params: Mapping[str, str], answer: str) -> str:
    """Where the browser goes next."""
    redirect, scopes = _checked(params)
    query = {"state": params["state"]} if "state" in params else {}
    if answer == "allow":
        query = {"code": tokens.grant_code(redirect, scopes)} | query
    else:
        query = {"error": "access_denied", "error_description": "The user denied the request."} | query
    return f"{redirect}{'&' if urlsplit(redirect).query else '?'}{urlencode(query)}"


def exchange(tokens: Tokens, form: Mapping[str, str]) -> dict[str, Any]:
    """A code, or a refresh token, for an access token of half an hour."""
    _demand_app(tokens, form)
    kind = form.get("grant_type")
    if kind == "authorization_code":
        token = tokens.redeem(_demanded(form, "code"), _demanded(form, "redirect_uri"))
    elif kind == "refresh_token":
        token = tokens.refresh(_demanded(form, "refresh_token"))
    else:
        raise OAuthError("unsupported_grant_type", "unknown grant_type")
    return {
        "access_token": token.value,
        "refresh_token": token.grant,
        "expires_in": ACCESS_SECONDS,
        "token_type": "bearer",
        "token_use": "access_token",
        "hub_id": ids.PORTAL,
        "user_id": ids.USER_ID,
        "scopes": list(token.scopes),
    }


def introspect(tokens: Tokens, form: Mapping[str, str]) -> dict[str, Any]:
    """Whose an access token is; one that has ended is inactive."""
    _demand_app(tokens, form)
    value = _demanded(form, "token")
    try:
        token = tokens.check(value)
    except HubError:
        return {"active": False, "token_use": "access_token", "token": value}
    left = ACCESS_SECONDS if token.expires_at is None else int(token.expires_at - time())
    return told(token) | {"active": True, "client_id": ids.CLIENT_ID, "expires_in": left}


def told(token: Token) -> dict[str, Any]:
    return {
        "token": token.value,
        "app_id": ids.APP_ID,
        "hub_id": ids.PORTAL,
        "hub_domain": "northwind.example",
        "is_private_distribution": False,
        "scopes": list(token.scopes),
        "signed_access_token": {},
        "token_type": "access",
        "token_use": "access_token",
        "user": ids.USER,
        "user_id": ids.USER_ID,
    }


def revoke(tokens: Tokens, form: Mapping[str, str]) -> None:
    _demand_app(tokens, form)
    tokens.end(_demanded(form, "token"))


def _demand_app(tokens: Tokens, form: Mapping[str, str]) -> None:
    if not tokens.is_app(form.get("client_id", ""), form.get("client_secret", "")):
        raise OAuthError("invalid_client", "missing or invalid client id or secret")


def _demanded(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise OAuthError("invalid_request", f"missing or invalid {name}")
    return form[name]
