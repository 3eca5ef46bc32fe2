"""The web server flow: a page with its Allow button, codes that are bound to a secret of the asker, refresh tokens."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from hmac import digest
from html import escape
from time import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.vendors.salesforce import constants as sf
from sandbox.vendors.salesforce.errors import OAuthError, SalesforceError
from sandbox.vendors.salesforce.tokens import Token, Tokens

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Allow access? | sandbox</title>
<style>body{{font:16px/1.5 system-ui;max-width:34rem;margin:12vh auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1.25rem;margin-right:.5rem}}</style></head><body>
<h1>Allow Access?</h1>
<p>{app} is asking for <strong>{scopes}</strong>, as {user} of {org}, in the sandbox.</p>
<form method="post"><input type="hidden" name="answer" value="allow"><button>Allow</button></form>
<form method="post"><input type="hidden" name="answer" value="cancel"><button>Deny</button></form>
</body></html>"""


def _checked(params: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The redirect address and the scopes; without any named, all that the app has."""
    if params.get("client_id") != sf.CLIENT_ID:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    redirect = params.get("redirect_uri", "")
    if not _is_absolute(redirect):
        raise OAuthError("redirect_uri_missing", "redirect_uri is missing or not absolute")
    if params.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response type not supported")
    asked = tuple(params.get("scope", "").split()) or sf.SCOPES
    if any(scope not in sf.SCOPES for scope in asked):
        raise OAuthError("invalid_scope", "the requested scope is not allowed")
    return redirect, asked


def _is_absolute(address: str) -> bool:
    try:
        return urlsplit(address).scheme in {"http", "https"}
    except ValueError:
        return False


def dialog(params: Mapping[str, str]) -> str:
    _, scopes = _checked(params)
    words = {"app": sf.APP_NAME, "user": sf.USERNAME, "org": sf.ORG_NAME, "scopes": ", ".join(scopes)}
    return _PAGE.format(**{name: escape(value) for name, value in words.items()})


def decide(tokens: Tokens, params: Mapping[str, str], answer: str) -> str:
    """Where the browser goes next."""
    redirect, scopes = _checked(params)
    query = {"state": params["state"]} if "state" in params else {}
    challenge = params.get("code_challenge", "")
    if answer != "allow":
        query = {"error": "access_denied", "error_description": "end-user denied authorization"} | query
    elif not challenge:
        query = {"error": "invalid_request", "error_description": "missing required code challenge"} | query
    else:
        query = {"code": tokens.grant_code(redirect, scopes, challenge)} | query
    return f"{redirect}{'&' if urlsplit(redirect).query else '?'}{urlencode(query)}"


def exchange(tokens: Tokens, form: Mapping[str, str], url: str) -> dict[str, Any]:
    """A code, or a refresh token, for a session; when it ends is not said. `url` is where the org answers."""
    _demand_app(tokens, form)
    kind = form.get("grant_type")
    fresh: dict[str, str] = {}
    if kind == "authorization_code":
        code, redirect = _demanded(form, "code"), _demanded(form, "redirect_uri")
        token = tokens.redeem(code, redirect, _demanded(form, "code_verifier"))
        if {"refresh_token", "offline_access"} & set(token.scopes):
            fresh = {"refresh_token": token.grant}
    elif kind == "refresh_token":
        token = tokens.refresh(_demanded(form, "refresh_token"))
    else:
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    issued = str(int(token.issued_at * 1000))
    identity = f"{url}/id/{sf.ORG_ID}/{sf.USER_ID}"
    signed = digest(tokens.client_secret.encode(), (identity + issued).encode(), sha256)
    return {
        "access_token": token.value,
        **fresh,
        "signature": b64encode(signed).decode(),
        "scope": " ".join(token.scopes),
        "instance_url": url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued,
    }


def introspect(tokens: Tokens, form: Mapping[str, str], url: str) -> dict[str, Any]:
    """Whose a session is, and when it ends; one that has ended is inactive."""
    _demand_app(tokens, form)
    try:
        token = tokens.check(_demanded(form, "token"))
    except OAuthError:
        raise
    except SalesforceError:
        return {"active": False}
    ends = token.expires_at if token.expires_at is not None else time() + 7200
    return {
        "active": True,
        "scope": " ".join(token.scopes),
        "client_id": sf.CLIENT_ID,
        "username": sf.USERNAME,
        "sub": f"{url}/id/{sf.ORG_ID}/{sf.USER_ID}",
        "token_type": "access_token",
        "exp": int(ends),
        "iat": int(token.issued_at),
        "nbf": int(token.issued_at),
    }


def revoke(tokens: Tokens, form: Mapping[str, str]) -> None:
    if not tokens.end(_demanded(form, "token")):
        raise OAuthError("unsupported_token_type", "this token type is not supported")


def identity(token: Token, url: str) -> dict[str, Any]:
    """At the address that the token's answer names."""
    return {
        "id": f"{url}/id/{sf.ORG_ID}/{sf.USER_ID}",
        "asserted_user": True,
        "user_id": sf.USER_ID,
        "organization_id": sf.ORG_ID,
        "username": sf.USERNAME,
        "display_name": "Robin Vance",
        "email": sf.USERNAME,
        "scopes": list(token.scopes),
        "urls": {
            "rest": f"{url}/services/data/v{{version}}/",
            "sobjects": f"{url}/services/data/v{{version}}/sobjects/",
            "query": f"{url}/services/data/v{{version}}/query/",
        },
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
    }


def userinfo(url: str) -> dict[str, Any]:
    return {
        "sub": f"{url}/id/{sf.ORG_ID}/{sf.USER_ID}",
        "user_id": sf.USER_ID,
        "organization_id": sf.ORG_ID,
        "preferred_username": sf.USERNAME,
        "name": "Robin Vance",
        "email": sf.USERNAME,
        "email_verified": True,
        "active": True,
        "zoneinfo": "America/New_York",
    }


def _demand_app(tokens: Tokens, form: Mapping[str, str]) -> None:
    if form.get("client_id") != sf.CLIENT_ID:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not tokens.is_app(form["client_id"], form.get("client_secret", "")):
        raise OAuthError("invalid_client", "invalid client credentials")


def _demanded(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise OAuthError("invalid_request", f"missing required parameter: {name}")
    return form[name]
