"""Login for the sandbox: the dialog with its Allow button, the code exchange and `/debug_token`."""

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.vendors.meta.constants import APP_ID, APP_NAME, SCOPES, USER_NAME
from sandbox.vendors.meta.errors import GraphError, missing_parameter
from sandbox.vendors.meta.tokens import LONG_LIVED, Token, Tokens

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Log in | sandbox</title>
<style>body{{font:16px/1.5 system-ui;max-width:34rem;margin:12vh auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1.25rem;margin-right:.5rem}}</style></head><body>
<h1>Allow {app}?</h1>
<p>You are <strong>{user}</strong>, in the sandbox. {app} asks for: <strong>{scopes}</strong>.</p>
<form method="post"><input type="hidden" name="answer" value="allow"><button>Allow</button></form>
<form method="post"><input type="hidden" name="answer" value="cancel"><button>Cancel</button></form>
</body></html>"""


def _checked(params: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The redirect address and the scopes that were asked for."""
    if params.get("client_id") != APP_ID:
        raise GraphError("Invalid App ID: The provided app ID does not look like a valid app ID.", 101)
    redirect = params.get("redirect_uri", "")
    if urlsplit(redirect).scheme not in {"http", "https"}:
        raise GraphError("The redirect_uri URL must be absolute", 191)
    asked = tuple(s for s in params.get("scope", "").replace(" ", ",").split(",") if s) or ("public_profile",)
    unknown = [scope for scope in asked if scope not in SCOPES]
    if unknown:
        raise GraphError(f"Invalid Scopes: {', '.join(unknown)}", 100)
    return redirect, asked


def dialog(params: Mapping[str, str]) -> str:
    _, scopes = _checked(params)
    return _PAGE.format(app=escape(APP_NAME), user=escape(USER_NAME), scopes=escape(", ".join(scopes)))


def decide(tokens: Tokens, params: Mapping[str, str], answer: str) -> str:
    """Where the browser goes next."""
    redirect, scopes = _checked(params)
    state = {"state": params["state"]} if "state" in params else {}
    if answer == "allow":
        query = {"code": tokens.grant_code(redirect, scopes)} | state
    else:
        query = {
            "error": "access_denied",
            "error_code": "200",
            "error_description": "Permissions error",
            "error_reason": "user_denied",
        } | state
    return f"{redirect}{'&' if urlsplit(redirect).query else '?'}{urlencode(query)}"


def exchange(tokens: Tokens, params: Mapping[str, str]) -> dict[str, Any]:
    """`/oauth/access_token`: a code for a token, or a token for a longer-lived one."""
    for name in ("client_id", "client_secret"):
        if not params.get(name):
            raise GraphError(f"Missing {name} parameter.", 101)
    if not tokens.is_app(params["client_id"], params["client_secret"]):
        raise GraphError("Error validating client secret.", 1)
    if params.get("grant_type") == "fb_exchange_token":
        old = tokens.check(params.get("fb_exchange_token"))
        return _issued(tokens.issue(old.scopes, LONG_LIVED))
    if params.get("grant_type", "authorization_code") != "authorization_code":
        raise GraphError("(#100) grant_type is not supported by this sandbox", 100)
    for name in ("code", "redirect_uri"):
        if not params.get(name):
            raise missing_parameter(name)
    return _issued(tokens.redeem(params["code"], params["redirect_uri"]))


def _issued(token: Token) -> dict[str, Any]:
    return {"access_token": token.value, "token_type": "bearer", "expires_in": LONG_LIVED}


def debug(tokens: Tokens, params: Mapping[str, str]) -> dict[str, Any]:
    """What a token is worth, valid or not; asked with the app's own `id|secret` or with any valid token."""
    asker = params.get("access_token", "")
    app, _, secret = asker.partition("|")
    if not tokens.is_app(app, secret):
        tokens.check(asker)
    wanted = params.get("input_token")
    if not wanted:
        raise missing_parameter("input_token")
    found = tokens.find(wanted)
    if found is None:
        error = {"code": 190, "message": "Invalid OAuth access token."}
        return {"data": {"error": error, "is_valid": False, "scopes": []}}
    data: dict[str, Any] = {
        "app_id": APP_ID,
        "type": found.kind,
        "application": APP_NAME,
        "data_access_expires_at": 0,
        "expires_at": int(found.expires_at or 0),
        "is_valid": True,
        "issued_at": int(found.issued_at),
        "scopes": list(found.scopes),
        "user_id": found.user_id,
    }
    try:
        tokens.check(wanted)
    except GraphError as reason:
        shown = {"code": reason.code, "message": reason.message, "subcode": reason.subcode}
        data |= {"is_valid": False, "error": shown}
    return {"data": data}
