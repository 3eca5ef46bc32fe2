"""Signing in at Google, pasted tokens, and which accounts a token reaches."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from app.core.clock import real_now
from app.core.logging import get_logger
from app.services.integrations.google import mapping, queries
from app.services.integrations.google.errors import PLATFORM
from app.services.integrations.google.transport import GoogleTransport
from app.services.integrations.ports import Credentials, PlatformError, PlatformErrorKind, RemoteAccount

log = get_logger(__name__)

ADS_SCOPE = "https://www.googleapis.com/auth/adwords"
EVENTS_SCOPE = "https://www.googleapis.com/auth/datamanager"
READ_SCOPES = ("openid", "email", ADS_SCOPE)
WRITE_SCOPES = (*READ_SCOPES, EVENTS_SCOPE)
"""Google has no scope to read alone: a connection that may only read is held to it by us, and sends no events."""
_REFRESH_MARK = "1//"
"""What refresh tokens begin with: a person may paste one."""


class GoogleSignIn:
    """The code is redeemed with the app's secret. A token lasts an hour: one to refresh it with is always asked for."""

    platform = PLATFORM

    def __init__(
        self, transport: GoogleTransport, *, dialog_url: str, client_id: str | None, client_secret: str | None
    ) -> None:
        self._transport = transport
        self._dialog = f"{dialog_url.rstrip('/')}/o/oauth2/v2/auth"
        self._client_id = client_id
        self._client_secret = client_secret

    def authorize_url(self, *, redirect_uri: str, state: str, read_only: bool) -> str:
        client_id, _ = self._client()
        query = {
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": " ".join(READ_SCOPES if read_only else WRITE_SCOPES),
            "access_type": "offline",
            "prompt": "consent",
            "state": state,
        }
        return f"{self._dialog}?{urlencode(query)}"

    async def exchange_code(self, code: str, *, redirect_uri: str) -> Credentials:
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        body = await self._token_for("exchange_token", grant)
        refresh_token = body.get("refresh_token")
        if not isinstance(refresh_token, str):
            raise PlatformError(
                PlatformErrorKind.INVALID,
                f"{PLATFORM}.no_refresh_token",
                "Google gave no refresh token: sign in again and allow access while you are away.",
            )
        return await self._inspected(str(body["access_token"]), refresh_token)

    async def refresh(self, token: str, refresh_token: str | None) -> Credentials:
        del token
        if refresh_token is None:
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED,
                f"{PLATFORM}.nothing_to_redeem",
                "An access token of Google's cannot be made to last.",
            )
        client_id, _ = self._client()
        body = await self._refreshed(refresh_token)
        fresh = body.get("refresh_token")
        return Credentials(
            token=str(body["access_token"]),
            refresh_token=fresh if isinstance(fresh, str) else None,
            external_user_id="",
            external_user_name=None,
            app_id=client_id,
            scopes=tuple(str(body.get("scope", "")).split()),
            expires_at=_ends(body.get("expires_in")),
        )

    async def inspect(self, token: str) -> Credentials:
        """A pasted access token, which ends within the hour, or a refresh token of our own app's."""
        if token.startswith(_REFRESH_MARK):
            body = await self._refreshed(token)
            return await self._inspected(str(body["access_token"]), token)
        return await self._inspected(token, None)

    async def revoke(self, token: str, refresh_token: str | None) -> None:
        await self._transport.sign_in("revoke_token", "revoke", {"token": refresh_token or token})

    async def list_accounts(self, token: str) -> list[RemoteAccount]:
        """The accounts that the person reaches, directly or through a manager; each once."""
        found: dict[str, RemoteAccount] = {}
        managers: list[str] = []
        for customer in await self._transport.accessible(token=token):
            row = await self._read(customer, token)
            if row is None:
                continue
            if row["customer"].get("manager"):
                managers.append(customer)
            else:
                pixels = await self._actions(customer, None, token)
                found[customer] = mapping.account(row, "customer", pixels)
        for manager in managers:
            for row in await self._transport.rows_by(
                "list_accounts", manager, queries.CLIENTS, token=token, manager=manager
            ):
                customer = str(row["customerClient"]["id"])
                if customer not in found:
                    pixels = await self._actions(customer, manager, token)
                    found[customer] = mapping.account(row, "customerClient", pixels)
        return list(found.values())

    async def _read(self, customer: str, token: str) -> dict[str, Any] | None:
        """None for an account that is closed to us: one of many must not hide the others."""
        try:
            rows = await self._transport.rows_by(
                "read_account", customer, queries.ACCOUNT, token=token, manager=None
            )
        except PlatformError as error:
            if error.kind is not PlatformErrorKind.PERMISSION or error.code.endswith("_for_production"):
                raise
            log.info("integrations.google.account_not_readable", code=error.code)
            return None
        return rows[0] if rows else None

    async def _actions(self, customer: str, manager: str | None, token: str) -> list[tuple[str, str]]:
        """The conversion actions that take events, as (id, name)."""
        try:
            rows = await self._transport.rows_by(
                "list_conversion_actions", customer, queries.ACTIONS, token=token, manager=manager
            )
        except PlatformError as error:
            if error.kind is not PlatformErrorKind.PERMISSION:
                raise
            log.info("integrations.google.actions_not_readable", code=error.code)
            return []
        return [mapping.action(row) for row in rows]

    async def _inspected(self, token: str, refresh_token: str | None) -> Credentials:
        told = await self._transport.token_info(token)
        scopes = tuple(str(told.get("scope", "")).split())
        if ADS_SCOPE not in scopes:
            raise PlatformError(
                PlatformErrorKind.PERMISSION,
                f"{PLATFORM}.no_ads_scope",
                "This token may not use Google Ads: allow it when you sign in.",
            )
        return Credentials(
            token=token,
            refresh_token=refresh_token,
            external_user_id=str(told.get("sub") or told.get("azp")),
            external_user_name=told.get("email"),
            app_id=str(told["azp"]) if told.get("azp") else None,
            scopes=scopes,
            expires_at=_ends(told.get("expires_in")),
        )

    async def _refreshed(self, refresh_token: str) -> Mapping[str, Any]:
        return await self._token_for(
            "exchange_token", {"grant_type": "refresh_token", "refresh_token": refresh_token}
        )

    async def _token_for(self, operation: str, grant: Mapping[str, str]) -> Mapping[str, Any]:
        client_id, client_secret = self._client()
        body = await self._transport.sign_in(
            operation, "token", {"client_id": client_id, "client_secret": client_secret, **grant}
        )
        if not isinstance(body.get("access_token"), str):
            raise PlatformError(PlatformErrorKind.TRANSIENT, f"{PLATFORM}.malformed", "No token came back.")
        return body

    def _client(self) -> tuple[str, str]:
        if not self._client_id or not self._client_secret:
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED,
                f"{PLATFORM}.no_app",
                "Set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET, or paste an access token.",
            )
        return self._client_id, self._client_secret


def _ends(seconds: Any) -> datetime | None:
    """Google counts from its answer; a text in one place, a number in the other."""
    try:
        return (real_now() + timedelta(seconds=int(seconds))).astimezone(UTC)
    except (TypeError, ValueError):
        return None
