"""Signing in at HubSpot: a code for tokens of half an hour, and a refresh token that stays."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from app.core.clock import real_now
from app.services.integrations.crm.ports import Kind
from app.services.integrations.hubspot.client import malformed
from app.services.integrations.hubspot.transport import HubSpotTransport
from app.services.integrations.ports import Credentials, PlatformError, PlatformErrorKind

SCOPES = (
    "oauth",
    "crm.objects.contacts.read",
    "crm.objects.deals.read",
    "crm.schemas.contacts.read",
)
WRITING_SCOPES: Mapping[Kind, str] = {
    "contacts": "crm.objects.contacts.write",
    "deals": "crm.objects.deals.write",
}
_DEALS_SCHEMA = "crm.schemas.deals.read"


class HubSpotSignIn:
    """Rights to read are asked for, and to write what somebody wants written: no others, for an app may lack them."""

    def __init__(
        self,
        transport: HubSpotTransport,
        *,
        app_url: str,
        client_id: str | None,
        client_secret: str | None,
        writes: Sequence[Kind] = (),
    ) -> None:
        self._transport = transport
        self._dialog = f"{app_url.rstrip('/')}/oauth/authorize"
        self._client_id = client_id
        self._client_secret = client_secret
        schema = (_DEALS_SCHEMA,) if "deals" in writes else ()
        self._scopes = (*SCOPES, *(WRITING_SCOPES[each] for each in writes), *schema)

    def authorize_url(self, *, redirect_uri: str, state: str, attempt: UUID) -> str:
        del attempt
        client_id, _ = self._app()
        query = {
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._scopes),
            "state": state,
        }
        return f"{self._dialog}?{urlencode(query)}"

    async def exchange_code(self, code: str, *, redirect_uri: str, attempt: UUID) -> Credentials:
        del attempt
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return self._credentials(await self._grant(form, may_repeat=False))

    async def refresh(self, token: str, refresh_token: str | None) -> Credentials:
        del token
        if refresh_token is None:
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED,
                "hubspot.no_refresh_token",
                "Nothing can be exchanged for a token.",
            )
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._credentials(await self._grant(form, may_repeat=True))

    async def revoke(self, token: str, refresh_token: str | None) -> None:
        """The refresh token's end is that of all its access tokens."""
        client_id, secret = self._app()
        form = {"client_id": client_id, "client_secret": secret, "token": refresh_token or token}
        await self._transport.give_up(form)

    async def _grant(self, form: dict[str, str], *, may_repeat: bool) -> dict[str, Any]:
        client_id, secret = self._app()
        whole = {"client_id": client_id, "client_secret": secret, **form}
        return await self._transport.exchange(whole, may_repeat=may_repeat)

    def _credentials(self, granted: dict[str, Any]) -> Credentials:
        token, fresh, seconds = (granted.get(n) for n in ("access_token", "refresh_token", "expires_in"))
        if not isinstance(token, str) or not isinstance(seconds, int) or isinstance(seconds, bool):
            raise malformed("No token came back, or one without its end.")
        scopes = granted.get("scopes")
        return Credentials(
            token=token,
            refresh_token=fresh if isinstance(fresh, str) and fresh else None,
            external_user_id=str(granted.get("hub_id") or ""),
            external_user_name=None,
            app_id=self._client_id,
            scopes=tuple(str(each) for each in scopes) if isinstance(scopes, list) else self._scopes,
            expires_at=real_now() + timedelta(seconds=max(0, min(seconds, 86_400 * 365))),
        )

    def _app(self) -> tuple[str, str]:
        if not self._client_id or not self._client_secret:
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED,
                "hubspot.no_app",
                "Set HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET.",
            )
        return self._client_id, self._client_secret
