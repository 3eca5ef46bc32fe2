"""Signing in at Google: the consent page, the token endpoint, revoking, and what a token is."""

from collections.abc import Mapping
from html import escape
from time import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.vendors.google.constants import CLIENT_ID, SCOPES, USER_EMAIL, USER_ID
from sandbox.vendors.google.errors import AdsError, OAuthError
from sandbox.vendors.google.tokens import HOUR, Access, Grant, Tokens

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in | sandbox</title>
<style>body{{font:16px/1.5 system-ui;max-width:34rem;margin:12vh auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1.25rem;margin-right:.5rem}}</style></head><body>
<h1>Stratum wants access to your Google account</h1>
<p>You are <strong>{user}</strong>, in the sandbox. It asks for: <strong>{scopes}</strong>.</p>
<form method="post"><input type="hidden" name="answer" value="allow"><button>Allow</button></form>
<form method="post"><input type="hidden" name="answer" value="cancel"><button>Cancel</button></form>
</body></html>"""


def _checked(params: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The redirect address and the scopes that were asked for."""
    if params.get("client_id") != CLIENT_ID:
        raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
    redirect = params.get("redirect_uri", "")
    if urlsplit(redirect).scheme not in {"http", "https"}:
        raise OAuthError("redirect_uri_mismatch", "The redirect URI in the request is not an address.")
    if params.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "Only response_type=code is emulated.")
    asked = tuple(params.get("scope", "").split())
    unknown = [scope for scope in asked if scope not in SCOPES]
    if unknown or not asked:
        raise OAuthError("invalid_scope", f"Some requested scopes were invalid. {{invalid={unknown}}}")
    return redirect, asked


def dialog(params: Mapping[str, str]) -> str:
    _, scopes = _checked(params)
    return _PAGE.format(user=escape(USER_EMAIL), scopes=escape(", ".join(scopes)))


def decide(tokens: Tokens, params: Mapping[str, str], answer: str) -> str:
    """Where the browser goes next. A refresh token comes with `access_type=offline` alone."""
    redirect, scopes = _checked(params)
    state = {"state": params["state"]} if "state" in params else {}
    query = {"error": "access_denied"} | state
    if answer == "allow":
        code = tokens.grant_code(redirect, scopes, offline=params.get("access_type") == "offline")
        query = state | {"code": code, "scope": " ".join(scopes)}
    return f"{redirect}{'&' if urlsplit(redirect).query else '?'}{urlencode(query)}"


def exchange(tokens: Tokens, params: Mapping[str, str]) -> dict[str, Any]:
    """`POST /token`."""
    if not tokens.is_client(params.get("client_id", ""), params.get("client_secret", "")):
        raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
    kind = params.get("grant_type")
    if kind == "refresh_token":
        access, grant = tokens.refresh(params.get("refresh_token", ""))
        return _issued(tokens, access, grant, offline=False)
    if kind != "authorization_code":
        raise OAuthError("unsupported_grant_type", f"Invalid grant_type: {kind}")
    return _issued(tokens, *tokens.redeem(params.get("code", ""), params.get("redirect_uri", "")))


def _issued(tokens: Tokens, access: Access, grant: Grant, offline: bool) -> dict[str, Any]:  # noqa: FBT001
    body = {
        "access_token": access.value,
        "expires_in": min(HOUR - 1, tokens.seconds_left(access.value)),
        "scope": " ".join(grant.scopes),
        "token_type": "Bearer",
    }
    return body | ({"refresh_token": grant.refresh_token} if offline else {})


def revoke(tokens: Tokens, params: Mapping[str, str]) -> dict[str, Any]:
    """`POST /revoke`, by access or refresh token."""
    if not tokens.revoke(params.get("token", "")):
        raise OAuthError("invalid_token", "Token expired or revoked")
    return {}


def token_info(tokens: Tokens, params: Mapping[str, str]) -> dict[str, Any]:
    """`GET /tokeninfo?access_token=`; numbers are texts there."""
    value = params.get("access_token", "")
    try:
        grant = tokens.holder(value)
    except AdsError as error:
        raise OAuthError("invalid_token", "Invalid Value") from error
    left = tokens.seconds_left(value)
    return {
        "azp": CLIENT_ID,
        "aud": CLIENT_ID,
        "sub": USER_ID,
        "scope": " ".join(grant.scopes),
        "exp": str(int(time()) + left),
        "expires_in": str(left),
        "email": USER_EMAIL,
        "email_verified": "true",
        "access_type": "offline",
    }
