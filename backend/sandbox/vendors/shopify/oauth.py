"""The sign-in: a page with its Install button, a signed way back, and the exchange of codes and refresh tokens."""

import base64
import hmac
from collections.abc import Mapping
from html import escape
from time import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.vendors.shopify import constants as ids
from sandbox.vendors.shopify.errors import OAuthError
from sandbox.vendors.shopify.tokens import ACCESS_SECONDS, REFRESH_SECONDS, Tokens

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Install app | sandbox</title>
<style>body{{font:16px/1.5 system-ui;max-width:34rem;margin:12vh auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1.25rem;margin-right:.5rem}}</style></head><body>
<h1>Install {app}</h1>
<p>You are the owner of <strong>{shop}</strong>, in the sandbox. {app} asks for: <strong>{scopes}</strong>.</p>
<form method="post"><input type="hidden" name="answer" value="install"><button>Install</button></form>
<form method="post"><input type="hidden" name="answer" value="cancel"><button>Cancel</button></form>
</body></html>"""


def _checked(params: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The redirect address and the scopes that are asked for."""
    if params.get("client_id") != ids.CLIENT_ID:
        raise OAuthError("invalid_client", "Could not find Shopify API application with that api_key")
    redirect = params.get("redirect_uri", "")
    if not _is_absolute(redirect):
        raise OAuthError("invalid_request", "The redirect_uri is not whitelisted")
    asked = tuple(each.strip() for each in params.get("scope", "").split(",") if each.strip())
    if not asked or any(scope not in ids.SCOPES for scope in asked):
        raise OAuthError("invalid_scope", f"The scopes are: {','.join(ids.SCOPES)}")
    return redirect, asked


def _is_absolute(address: str) -> bool:
    try:
        return urlsplit(address).scheme in {"http", "https"}
    except ValueError:
        return False


def dialog(params: Mapping[str, str]) -> str:
    _, scopes = _checked(params)
    return _PAGE.format(app=ids.APP_NAME, shop=ids.SHOP, scopes=escape(", ".join(scopes)))


def decide(tokens: Tokens, params: Mapping[str, str], answer: str) -> str:
    """Where the browser goes next: back to the app with a signed query, or to the shop's own admin."""
    redirect, scopes = _checked(params)
    if answer != "install":
        return f"https://{ids.SHOP}/admin/apps"
    query = {
        "code": tokens.grant_code(scopes),
        "host": base64.b64encode(f"{ids.SHOP}/admin".encode()).decode().rstrip("="),
        "shop": ids.SHOP,
        "timestamp": str(int(time())),
    }
    if "state" in params:
        query["state"] = params["state"]
    query["hmac"] = signature(query, tokens.client_secret)
    return f"{redirect}{'&' if urlsplit(redirect).query else '?'}{urlencode(query)}"


def signature(query: Mapping[str, str], secret: str) -> str:
    """Over the parameters in the order of their names, without the signature itself."""
    text = "&".join(f"{name}={query[name]}" for name in sorted(query) if name != "hmac")
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()


def exchange(tokens: Tokens, form: Mapping[str, str]) -> dict[str, Any]:
    """A code, or a refresh token, for an access token: of an hour where `expiring` is asked for."""
    if not tokens.is_app(form.get("client_id", ""), form.get("client_secret", "")):
        raise OAuthError("invalid_client", "Client authentication failed")
    kind = form.get("grant_type", "authorization_code")
    if kind == "refresh_token":
        token = tokens.refresh(form.get("refresh_token", ""))
    elif kind == "authorization_code":
        token = tokens.redeem(form.get("code", ""), expiring=form.get("expiring") == "1")
    else:
        raise OAuthError("unsupported_grant_type", "The grant type is not supported")
    said: dict[str, Any] = {"access_token": token.value, "scope": ",".join(token.scopes)}
    if token.expires_at is not None:
        said |= {
            "expires_in": ACCESS_SECONDS,
            "refresh_token": token.refresh,
            "refresh_token_expires_in": REFRESH_SECONDS,
        }
    return said
