"""Signing in at Meta, pasted tokens, and what a token reaches."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from app.services.integrations.meta import mapping
from app.services.integrations.meta.transport import PLATFORM, GraphTransport
from app.services.integrations.ports import Credentials, PlatformError, PlatformErrorKind, RemoteAccount

READ_SCOPES = ("ads_read", "public_profile")
WRITE_SCOPES = ("ads_management", "ads_read", "business_management", "public_profile")


class MetaSignIn:
    """Meta's web sign-in has no PKCE (ADR 13): the code is redeemed with the app's secret."""

    platform = PLATFORM

    def __init__(
        self,
        transport: GraphTransport,
        *,
        dialog_url: str,
        version: str,
        app_id: str | None,
        app_secret: str | None,
    ) -> None:
        self._transport = transport
        self._dialog = f"{dialog_url.rstrip('/')}/{version}/dialog/oauth"
        self._app_id = app_id
        self._app_secret = app_secret

    def authorize_url(self, *, redirect_uri: str, state: str, read_only: bool) -> str:
        app_id, _ = self._app()
        scopes = READ_SCOPES if read_only else WRITE_SCOPES
        query = {
            "client_id": app_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "scope": ",".join(scopes),
            "response_type": "code",
        }
        return f"{self._dialog}?{urlencode(query)}"

    async def exchange_code(self, code: str, *, redirect_uri: str) -> Credentials:
        return await self._token_for({"code": code, "redirect_uri": redirect_uri})

    async def refresh(self, token: str, refresh_token: str | None) -> Credentials:
        """A longer-lived token for one that still holds: Meta has no refresh token."""
        del refresh_token
        return await self._token_for({"grant_type": "fb_exchange_token", "fb_exchange_token": token})

    async def inspect(self, token: str) -> Credentials:
        asker = token
        if self._app_id and self._app_secret:
            asker = f"{self._app_id}|{self._app_secret}"
        body = await self._transport.read("inspect_token", "debug_token", {"input_token": token}, token=asker)
        data = body.get("data") or {}
        if data.get("is_valid") is not True:
            error = data.get("error") or {}
            raise PlatformError(
                PlatformErrorKind.AUTH,
                "meta.190",
                str(error.get("message") or "Meta does not know this token."),
            )
        person = await self._transport.read("who_am_i", "me", {"fields": "id,name"}, token=token)
        return Credentials(
            token=token,
            external_user_id=str(person["id"]),
            external_user_name=person.get("name"),
            app_id=str(data["app_id"]) if data.get("app_id") else None,
            scopes=tuple(str(scope) for scope in data.get("scopes") or ()),
            expires_at=_moment(data.get("expires_at")),
        )

    async def revoke(self, token: str, refresh_token: str | None) -> None:
        del refresh_token
        await self._transport.delete("revoke_token", "me/permissions", token=token)

    async def list_accounts(self, token: str) -> list[RemoteAccount]:
        rows = self._transport.pages(
            "list_accounts", "me/adaccounts", {"fields": mapping.ACCOUNT_FIELDS, "limit": "100"}, token=token
        )
        return [mapping.account(row, await self._pixels(str(row["account_id"]), token)) async for row in rows]

    async def _pixels(self, account: str, token: str) -> list[tuple[str, str]]:
        pages = self._transport.pages(
            "list_pixels", f"act_{account}/adspixels", {"fields": "id,name", "limit": "100"}, token=token
        )
        return [(str(row["id"]), str(row.get("name", ""))) async for row in pages]

    async def _token_for(self, grant: dict[str, str]) -> Credentials:
        app_id, app_secret = self._app()
        body = await self._transport.read(
            "exchange_token",
            "oauth/access_token",
            {"client_id": app_id, "client_secret": app_secret, **grant},
            token=None,
        )
        token = body.get("access_token")
        if not isinstance(token, str):
            raise PlatformError(PlatformErrorKind.TRANSIENT, "meta.malformed", "No token came back.")
        return await self.inspect(token)

    def _app(self) -> tuple[str, str]:
        if not self._app_id or not self._app_secret:
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED,
                "meta.no_app",
                "Set META_APP_ID and META_APP_SECRET, or paste a token.",
            )
        return self._app_id, self._app_secret


def _moment(seconds: Any) -> datetime | None:
    """Meta says 0 for a token that does not expire."""
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None
