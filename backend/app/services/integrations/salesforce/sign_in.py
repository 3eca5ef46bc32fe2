"""Signing in at Salesforce: a code, bound to a secret of ours, for a session, and a refresh token that stays."""

import hmac
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from app.core.config import Settings
from app.services.integrations.ports import Credentials, PlatformError, PlatformErrorKind
from app.services.integrations.salesforce.hosts import instance_of
from app.services.integrations.salesforce.ids import malformed, whole_id
from app.services.integrations.salesforce.transport import SalesforceTransport

SCOPES = ("api", "refresh_token")
_LATEST = 4_102_444_800
"""The year 2100: an end beyond it is none."""


class SalesforceSignIn:
    """Salesforce knows no right to read alone: what may be done is what the person who signs in may do."""

    def __init__(self, transport: SalesforceTransport, settings: Settings) -> None:
        self._transport = transport
        self._settings = settings

    def authorize_url(self, *, redirect_uri: str, state: str, attempt: UUID) -> str:
        client_id, secret = self._app()
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(SCOPES),
            "state": state,
            "code_challenge": _plain(sha256(_verifier(secret, attempt).encode()).digest()),
            "code_challenge_method": "S256",
        }
        return f"{self._transport.base_url.rstrip('/')}/services/oauth2/authorize?{urlencode(query)}"

    async def exchange_code(self, code: str, *, redirect_uri: str, attempt: UUID) -> Credentials:
        _, secret = self._app()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": _verifier(secret, attempt),
        }
        return await self._credentials(await self._grant(form, may_repeat=False))

    async def refresh(self, token: str, refresh_token: str | None) -> Credentials:
        del token
        if refresh_token is None:
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED,
                "salesforce.no_refresh_token",
                "Nothing can be exchanged for a token.",
            )
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self._credentials(await self._grant(form, may_repeat=True))

    async def revoke(self, token: str, refresh_token: str | None) -> None:
        """The refresh token's end is that of all its sessions."""
        await self._transport.give_up({"token": refresh_token or token})

    async def _grant(self, form: dict[str, str], *, may_repeat: bool) -> dict[str, Any]:
        client_id, secret = self._app()
        whole = {"client_id": client_id, "client_secret": secret, **form}
        return await self._transport.exchange(whole, may_repeat=may_repeat)

    async def _credentials(self, granted: dict[str, Any]) -> Credentials:
        token, fresh, scopes = (granted.get(name) for name in ("access_token", "refresh_token", "scope"))
        if not isinstance(token, str) or not token:
            raise malformed("No token came back.")
        return Credentials(
            token=token,
            refresh_token=fresh if isinstance(fresh, str) and fresh else None,
            external_user_id=_org_of(granted.get("id")),
            external_user_name=None,
            app_id=self._settings.salesforce_client_id,
            scopes=tuple(scopes.split()) if isinstance(scopes, str) else SCOPES,
            expires_at=await self._end_of(token),
            host=instance_of(granted.get("instance_url"), self._settings),
        )

    async def _end_of(self, token: str) -> datetime | None:
        """A token's answer does not say how long its session lasts, which each company decides for itself.

        None where Salesforce does not say it either: then its refusal ends it.
        """
        client_id, secret = self._app()
        form = {
            "client_id": client_id,
            "client_secret": secret,
            "token": token,
            "token_type_hint": "access_token",
        }
        try:
            ends = (await self._transport.look_at(form)).get("exp")
        except PlatformError:
            return None
        if not isinstance(ends, int) or isinstance(ends, bool) or not 0 < ends < _LATEST:
            return None
        return datetime.fromtimestamp(ends, UTC)

    def _app(self) -> tuple[str, str]:
        client_id, secret = self._settings.salesforce_client_id, self._settings.salesforce_client_secret
        if not client_id or secret is None or not secret.get_secret_value():
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED,
                "salesforce.no_app",
                "Set SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET.",
            )
        return client_id, secret.get_secret_value()


def _verifier(secret: str, attempt: UUID) -> str:
    """PKCE's: one for each attempt, and kept nowhere; who does not know our app's secret cannot make it."""
    return _plain(hmac.digest(secret.encode(), b"pkce" + attempt.bytes, "sha256"))


def _plain(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _org_of(identity: object) -> str:
    """The org in the address of whoever signed in: `https://login.salesforce.com/id/00D…/005…`."""
    parts = urlsplit(identity).path.split("/") if isinstance(identity, str) else []
    return whole_id(parts[-2] if len(parts) > 1 else None)
