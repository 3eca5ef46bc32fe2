"""The sign-in: a page with its Allow button, and the exchange of codes and refresh tokens."""

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.vendors.snapchat.constants import APP_ID, APP_NAME, SCOPES, USER_NAME
from sandbox.vendors.snapchat.errors import OAuthError
from sandbox.vendors.snapchat.tokens import ACCESS_SECONDS, Tokens

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Authorize | sandbox</title>
<style>body{{font:16px/1.5 system-ui;max-width:34rem;margin:12vh auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1.25rem;margin-right:.5rem}}</style></head><body>
<h1>Let {app} use your Snapchat business?</h1>
<p>You are <strong>{user}</strong>, in the sandbox. {app} asks for: <strong>{scopes}</strong>.</p>
<form method="post"><input type="hidden" name="answer" value="allow"><button>Allow</button></form>
<form method="post"><input type="hidden" name="answer" value="cancel"><button>Cancel</button></form>
</body></html>"""


def _checked(params: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The redirect address and the scopes that were asked for."""
    if params.get("client_id") != APP_ID:
        raise OAuthError("invalid_client", "The client is not known.", status=401)
    redirect = params.get("redirect_uri", "")
    if not _is_absolute(redirect):
        raise OAuthError("invalid_request", "The redirect_uri is missing or not absolute.")
    if params.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", 'The response_type must be "code".')
    asked = tuple(params.get("scope", "").split())
    if not asked or any(scope not in SCOPES for scope in asked):
        raise OAuthError("invalid_scope", f"The scopes are: {' '.join(SCOPES)}.")
    return redirect, asked


def _is_absolute(address: str) -> bool:
    try:
        return urlsplit(address).scheme in {"http", "https"}
    except ValueError:
        return False


def dialog(params: Mapping[str, str]) -> str:
    _, scopes = _checked(params)
    return _PAGE.format(app=escape(APP_NAME), user=escape(USER_NAME), scopes=escape(", ".join(scopes)))


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
    """A code, or a refresh token, for an access token of an hour."""
    if not tokens.is_app(form.get("client_id", ""), form.get("client_secret", "")):
        raise OAuthError("invalid_client", "The client or its secret is wrong.", status=401)
    kind = form.get("grant_type")
    if kind == "authorization_code":
        token = tokens.redeem(_demanded(form, "code"), _demanded(form, "redirect_uri"))
    elif kind == "refresh_token":
        token = tokens.refresh(_demanded(form, "refresh_token"))
    else:
        raise OAuthError("unsupported_grant_type", "The grant_type is not supported.")
    return {
        "access_token": token.value,
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
        "refresh_token": token.grant,
        "scope": " ".join(token.scopes),
    }


def _demanded(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise OAuthError("invalid_request", f"The parameter {name} is missing.")
    return form[name]
