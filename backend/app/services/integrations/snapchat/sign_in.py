"""Signing in at Snapchat, tokens of an hour, and what they reach."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from app.core.clock import real_now
from app.services.integrations.ports import Credentials, PlatformError, PlatformErrorKind, RemoteAccount
from app.services.integrations.snapchat import mapping
from app.services.integrations.snapchat.transport import PLATFORM, SnapchatTransport, rows

MARKETING = "snapchat-marketing-api"
SCOPES = (MARKETING, "snapchat-offline-conversions-api")


class SnapchatSignIn:
    """Snapchat has no right to read alone: what a person may do there, a token may."""

    platform = PLATFORM

    def __init__(
        self, transport: SnapchatTransport, *, accounts_url: str, app_id: str | None, app_secret: str | None
    ) -> None:
        self._transport = transport
        self._dialog = f"{accounts_url.rstrip('/')}/login/oauth2/authorize"
        self._app_id = app_id
        self._app_secret = app_secret

    def authorize_url(self, *, redirect_uri: str, state: str, read_only: bool) -> str:
        del read_only
        app_id, _ = self._app()
        query = {
            "client_id": app_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": " ".join(SCOPES),
            "state": state,
        }
        return f"{self._dialog}?{urlencode(query)}"

    async def exchange_code(self, code: str, *, redirect_uri: str) -> Credentials:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        granted = await self._grant(form, may_repeat=False)
        return _credentials(granted, self._app()[0], me=await self._me(granted["access_token"]))

    async def refresh(self, token: str, refresh_token: str | None) -> Credentials:
        """The refresh token stays good unless a new one comes along. Who it is, is not asked again."""
        del token
        if refresh_token is None:
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED,
                "snapchat.no_refresh_token",
                "This token was not signed in for.",
            )
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return _credentials(await self._grant(form, may_repeat=True), self._app()[0], me={})

    async def inspect(self, token: str) -> Credentials:
        """A pasted token ends within the hour, at a time that it does not tell."""
        me = await self._me(token)
        return Credentials(
            token=token,
            external_user_id=str(me["id"]),
            external_user_name=_name(me),
            app_id=None,
            scopes=(MARKETING,),
            expires_at=None,
        )

    async def revoke(self, token: str, refresh_token: str | None) -> None:
        del token, refresh_token
        raise PlatformError(
            PlatformErrorKind.UNSUPPORTED,
            "snapchat.no_revocation",
            "Snapchat has no call that takes a token back: a person removes the app in the business settings.",
        )

    async def list_accounts(self, token: str) -> list[RemoteAccount]:
        body = await self._transport.read(
            "list_accounts", "me/organizations", {"with_ad_accounts": "true"}, token=token
        )
        found = [
            row
            for organization in rows(body, "organizations", "organization")
            for row in organization.get("ad_accounts") or ()
        ]
        try:
            return [mapping.account(row, await self._pixels(str(row["id"]), token)) for row in found]
        except KeyError as error:
            raise _malformed(f"An ad account came without {error}.") from error

    async def _pixels(self, account: str, token: str) -> list[tuple[str, str]]:
        body = await self._transport.read("list_pixels", f"adaccounts/{account}/pixels", token=token)
        return [(str(row["id"]), str(row.get("name", ""))) for row in rows(body, "pixels", "pixel")]

    async def _me(self, token: str) -> dict[str, Any]:
        me = (await self._transport.read("who_am_i", "me", token=token)).get("me")
        if not isinstance(me, dict) or "id" not in me:
            raise _malformed("Nobody came back.")
        return me

    async def _grant(self, form: dict[str, str], *, may_repeat: bool) -> dict[str, Any]:
        app_id, app_secret = self._app()
        whole = {"client_id": app_id, "client_secret": app_secret, **form}
        body = await self._transport.exchange(whole, may_repeat=may_repeat)
        if not isinstance(body.get("access_token"), str):
            raise _malformed("No token came back.")
        return body

    def _app(self) -> tuple[str, str]:
        if not self._app_id or not self._app_secret:
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED,
                "snapchat.no_app",
                "Set SNAPCHAT_APP_ID and SNAPCHAT_APP_SECRET, or paste a token.",
            )
        return self._app_id, self._app_secret


def _credentials(granted: dict[str, Any], app_id: str, *, me: dict[str, Any]) -> Credentials:
    fresh = granted.get("refresh_token")
    return Credentials(
        token=granted["access_token"],
        refresh_token=fresh if isinstance(fresh, str) and fresh else None,
        external_user_id=str(me.get("id", "")),
        external_user_name=_name(me),
        app_id=app_id,
        # RFC 6749: without a word, what was asked for was granted.
        scopes=tuple(str(granted.get("scope") or " ".join(SCOPES)).replace(",", " ").split()),
        expires_at=_end(granted.get("expires_in")),
    )


def _end(seconds: Any) -> datetime | None:
    try:
        return real_now() + timedelta(seconds=int(seconds))
    except (TypeError, ValueError, OverflowError) as error:
        raise _malformed("A token came without its end.") from error


def _name(me: dict[str, Any]) -> str | None:
    found = me.get("display_name") or me.get("email")
    return str(found) if found else None


def _malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "snapchat.malformed", message)
