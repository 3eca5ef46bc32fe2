"""Signing in at TikTok, pasted tokens, and what a token reaches."""

from typing import Any
from urllib.parse import urlencode

from app.services.integrations.ports import Credentials, PlatformError, PlatformErrorKind, RemoteAccount
from app.services.integrations.tiktok import mapping
from app.services.integrations.tiktok.transport import PLATFORM, BusinessTransport, data_of

AUTHORIZED = "authorized"
"""What the person granted stands in TikTok's own numbers, which it does not explain to programs: whether a token may
write is learned by writing, and told by TikTok's refusal."""
_MOST_ACCOUNTS = 100
_MOST_PIXELS = 20


class TikTokSignIn:
    """What an app may do is set in TikTok's portal, so the page asks for no scopes; a token lives until revoked."""

    platform = PLATFORM

    def __init__(
        self,
        transport: BusinessTransport,
        *,
        portal_url: str,
        app_id: str | None,
        app_secret: str | None,
    ) -> None:
        self._transport = transport
        self._portal = f"{portal_url.rstrip('/')}/portal/auth"
        self._app_id = app_id
        self._app_secret = app_secret

    def authorize_url(self, *, redirect_uri: str, state: str, read_only: bool) -> str:
        """TikTok's page knows no read-only: that a connection is one is upheld by us."""
        del read_only
        app_id, _ = self._app()
        query = {"app_id": app_id, "state": state, "redirect_uri": redirect_uri}
        return f"{self._portal}?{urlencode(query)}"

    async def exchange_code(self, code: str, *, redirect_uri: str) -> Credentials:
        del redirect_uri
        app_id, secret = self._app()
        body = await self._transport.post(
            "exchange_token",
            "oauth2/access_token",
            {"app_id": app_id, "secret": secret, "auth_code": code},
            token=None,
        )
        data = data_of(body)
        token = data.get("access_token")
        if not isinstance(token, str) or not token:
            raise PlatformError(PlatformErrorKind.TRANSIENT, "tiktok.malformed", "No token came back.")
        granted = data.get("scope")
        numbers = tuple(str(each) for each in granted) if isinstance(granted, list) else ()
        return await self._whose(token, (AUTHORIZED, *numbers))

    async def inspect(self, token: str) -> Credentials:
        return await self._whose(token, (AUTHORIZED,))

    async def refresh(self, token: str, refresh_token: str | None) -> Credentials:
        del token, refresh_token
        raise PlatformError(
            PlatformErrorKind.UNSUPPORTED, "tiktok.no_refresh", "TikTok's tokens hold until they are revoked."
        )

    async def revoke(self, token: str, refresh_token: str | None) -> None:
        del refresh_token
        app_id, secret = self._app()
        body = {"app_id": app_id, "secret": secret, "access_token": token}
        await self._transport.post("revoke_token", "oauth2/revoke_token", body, token=token)

    async def list_accounts(self, token: str) -> list[RemoteAccount]:
        app_id, secret = self._app()
        listed = await self._transport.read(
            "list_accounts", "oauth2/advertiser/get", {"app_id": app_id, "secret": secret}, token=token
        )
        ids = [str(row["advertiser_id"]) for row in _rows(listed)]
        found = []
        for start in range(0, len(ids), _MOST_ACCOUNTS):
            params = {
                "advertiser_ids": ids[start : start + _MOST_ACCOUNTS],
                "fields": list(mapping.ACCOUNT_FIELDS),
            }
            told = await self._transport.read("read_accounts", "advertiser/info", params, token=token)
            found += [
                mapping.account(row, await self._pixels(str(row["advertiser_id"]), token))
                for row in _rows(told)
            ]
        return found

    async def _pixels(self, account: str, token: str) -> list[tuple[str, str]]:
        """By their codes, which is what events are sent to."""
        pages = self._transport.pages(
            "list_pixels",
            "pixel/list",
            {"advertiser_id": account, "page_size": _MOST_PIXELS},
            token=token,
            key="pixels",
        )
        return [(str(row["pixel_code"]), str(row.get("pixel_name", ""))) async for row in pages]

    async def _whose(self, token: str, scopes: tuple[str, ...]) -> Credentials:
        person = await self._transport.read("read_user", "user/info", {}, token=token)
        if not person.get("core_user_id"):
            raise PlatformError(
                PlatformErrorKind.TRANSIENT, "tiktok.malformed", "A person came without an id."
            )
        return Credentials(
            token=token,
            external_user_id=str(person["core_user_id"]),
            external_user_name=person.get("display_name"),
            app_id=self._app_id,
            scopes=scopes,
            expires_at=None,
        )

    def _app(self) -> tuple[str, str]:
        if not self._app_id or not self._app_secret:
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED,
                "tiktok.no_app",
                "Set TIKTOK_APP_ID and TIKTOK_APP_SECRET: TikTok tells an app alone what its tokens reach.",
            )
        return self._app_id, self._app_secret


def _rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    rows = data.get("list")
    if not isinstance(rows, list):
        raise PlatformError(PlatformErrorKind.TRANSIENT, "tiktok.malformed", "A list came without its rows.")
    return rows
