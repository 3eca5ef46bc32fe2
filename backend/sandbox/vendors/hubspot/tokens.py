"""Grants, the access tokens of half an hour that they yield, and codes. In real time: simulated time ends no token."""

from dataclasses import dataclass
from hmac import compare_digest
from secrets import token_hex
from time import time

from sandbox.chance import Chance
from sandbox.store import Store
from sandbox.vendors.grants import Grants, Token
from sandbox.vendors.hubspot.constants import CLIENT_ID, SCOPES
from sandbox.vendors.hubspot.errors import OAuthError, bad_token

_CODE_SECONDS = 600
ACCESS_SECONDS = 1800

__all__ = ["ACCESS_SECONDS", "Token", "Tokens"]


@dataclass(frozen=True, slots=True)
class _Code:
    redirect_uri: str
    scopes: tuple[str, ...]
    expires_at: float


class Tokens(Grants):
    """The standing one is a private app's."""

    def __init__(self, seed: int, store: Store) -> None:
        super().__init__(store, "hubspot_tokens", "pat-na1-" + Chance(seed, "hubspot-token").hex(32), SCOPES)
        self._codes: dict[str, _Code] = {}
        self.client_secret = Chance(seed, "hubspot-client-secret").hex(32)

    def check(self, value: str | None) -> Token:
        if not value:
            raise bad_token("missing")
        token, is_ended = self._found(value)
        if token is None or is_ended:
            raise bad_token("revoked" if token else "invalid")
        if token.expires_at is not None and token.expires_at <= time():
            raise bad_token("expired")
        return token

    def is_app(self, client_id: str, secret: str) -> bool:
        same = compare_digest(client_id.encode(), CLIENT_ID.encode())
        return same and compare_digest(secret.encode(), self.client_secret.encode())

    def grant_code(self, redirect_uri: str, scopes: tuple[str, ...]) -> str:
        code = token_hex(18)
        self._codes[code] = _Code(redirect_uri, scopes, time() + _CODE_SECONDS)
        return code

    def redeem(self, code: str, redirect_uri: str) -> Token:
        """Once, within ten minutes, for the address that it was issued to."""
        granted = self._codes.pop(code, None)
        if granted is None or granted.expires_at <= time():
            raise OAuthError("invalid_grant", "missing or unknown auth code")
        if granted.redirect_uri != redirect_uri:
            raise OAuthError("invalid_grant", "redirect_uri does not match the one of the authorization")
        grant = "na1-" + token_hex(18)
        self._granted(grant, granted.scopes)
        return self._issue(grant)

    def refresh(self, grant: str) -> Token:
        """As often as one likes: the refresh token is not changed for another."""
        if not self._is_good(grant):
            raise OAuthError("invalid_grant", "missing or invalid refresh token")
        return self._issue(grant)

    def _issue(self, grant: str) -> Token:
        return self._issued("na1-at-" + token_hex(24), grant, ACCESS_SECONDS)
