"""Signing in at a shop: a code for a token of an hour, and a refresh token that each use changes."""

import hmac
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from app.core.clock import real_now
from app.services.integrations.ports import Credentials, PlatformError, PlatformErrorKind
from app.services.integrations.shopify.transport import ShopifyTransport, malformed

SCOPES = ("read_orders", "read_customers")
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\.myshopify\.com", re.ASCII)
_LONGEST = 86_400 * 365


def shop_domain(text: str) -> str | None:
    """The shop's own host, or None for what is none.

    >>> shop_domain("Northwind.myshopify.com"), shop_domain("northwind.myshopify.com.evil.example")
    ('northwind.myshopify.com', None)
    """
    plain = text.strip(" ").lower()
    return plain if _DOMAIN.fullmatch(plain) else None


def is_signed(query: Sequence[tuple[str, str]], secret: str) -> bool:
    """Whether `hmac` is Shopify's over the other parameters, each once, in the order of their names."""
    held = dict(query)
    given = held.pop("hmac", "")
    if len(held) + 1 != len(query):
        return False
    text = "&".join(f"{name}={held[name]}" for name in sorted(held))
    mine = hmac.digest(secret.encode(), text.encode(), "sha256").hex()
    return hmac.compare_digest(mine.encode(), given.encode())


class ShopifySignIn:
    """Only rights to read are asked for: nothing of the shop's is written."""

    def __init__(
        self, transport: ShopifyTransport, *, client_id: str | None, client_secret: str | None
    ) -> None:
        self._transport = transport
        self._client_id = client_id
        self._client_secret = client_secret

    def authorize_url(self, *, redirect_uri: str, state: str) -> str:
        client_id, _ = self._app()
        query = {
            "client_id": client_id,
            "scope": ",".join(SCOPES),
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{self._transport.base_url.rstrip('/')}/admin/oauth/authorize?{urlencode(query)}"

    async def exchange_code(self, code: str, *, redirect_uri: str) -> Credentials:
        del redirect_uri
        return self._credentials(await self._grant({"code": code, "expiring": "1"}, may_repeat=False))

    async def refresh(self, token: str, refresh_token: str | None) -> Credentials:
        """A lost answer may be asked for again: the old refresh token is good until the new token is used."""
        del token
        if refresh_token is None:
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED,
                "shopify.no_refresh_token",
                "Nothing can be exchanged for a token.",
            )
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._credentials(await self._grant(form, may_repeat=True))

    async def revoke(self, token: str) -> None:
        await ShopifyTransport(self._transport.line, self._transport.base_url, token).give_up()

    async def _grant(self, form: dict[str, str], *, may_repeat: bool) -> dict[str, Any]:
        client_id, secret = self._app()
        whole = {"client_id": client_id, "client_secret": secret, **form}
        return await self._transport.exchange(whole, may_repeat=may_repeat)

    def _credentials(self, granted: dict[str, Any]) -> Credentials:
        token, fresh, seconds = (granted.get(n) for n in ("access_token", "refresh_token", "expires_in"))
        if not isinstance(token, str) or not token:
            raise malformed("No token came back.")
        ends = None
        if isinstance(seconds, int) and not isinstance(seconds, bool):
            ends = real_now() + timedelta(seconds=max(0, min(seconds, _LONGEST)))
        scopes = granted.get("scope")
        return Credentials(
            token=token,
            refresh_token=fresh if isinstance(fresh, str) and fresh else None,
            external_user_id="",
            external_user_name=None,
            app_id=self._client_id,
            scopes=tuple(scopes.split(",")) if isinstance(scopes, str) else SCOPES,
            expires_at=ends,
        )

    def _app(self) -> tuple[str, str]:
        if not self._client_id or not self._client_secret:
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED,
                "shopify.no_app",
                "Set SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET.",
            )
        return self._client_id, self._client_secret
