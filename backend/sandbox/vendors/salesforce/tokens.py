"""Grants, the sessions that they yield, and codes. In real time: simulated time ends no session."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex
from time import time

from sandbox.chance import Chance
from sandbox.store import Store
from sandbox.vendors.grants import Grants, Token
from sandbox.vendors.salesforce.constants import CLIENT_ID, ORG_ID, SCOPES
from sandbox.vendors.salesforce.errors import OAuthError, bad_session

_CODE_SECONDS = 900
SESSION_SECONDS = 7200
_SHORT = 15

__all__ = ["SESSION_SECONDS", "Token", "Tokens"]


@dataclass(frozen=True, slots=True)
class _Code:
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    expires_at: float


class Tokens(Grants):
    """The standing one is an integration user's session."""

    def __init__(self, seed: int, store: Store) -> None:
        standing = f"{ORG_ID[:_SHORT]}!AQ{Chance(seed, 'salesforce-token').hex(40)}"
        super().__init__(store, "salesforce_tokens", standing, SCOPES)
        self._codes: dict[str, _Code] = {}
        self.client_secret = Chance(seed, "salesforce-client-secret").hex(64).upper()

    def check(self, value: str | None) -> Token:
        """One answer for all that does not hold: Salesforce tells no reason."""
        token, is_ended = self._found(value)
        if token is None or is_ended:
            raise bad_session()
        if token.expires_at is not None and token.expires_at <= time():
            raise bad_session()
        return token

    def is_app(self, client_id: str, secret: str) -> bool:
        same = compare_digest(client_id.encode(), CLIENT_ID.encode())
        return same and compare_digest(secret.encode(), self.client_secret.encode())

    def grant_code(self, redirect_uri: str, scopes: tuple[str, ...], challenge: str) -> str:
        code = "aPrx" + token_hex(30) + "=="
        self._codes[code] = _Code(redirect_uri, scopes, challenge, time() + _CODE_SECONDS)
        return code

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> Token:
        """Once, within a quarter of an hour, for the address and by the secret that it was asked with."""
        granted = self._codes.pop(code, None)
        if granted is None or granted.expires_at <= time():
            raise OAuthError("invalid_grant", "expired authorization code")
        if granted.redirect_uri != redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if not compare_digest(digest.encode(), granted.challenge.encode()):
            raise OAuthError("invalid_grant", "invalid code verifier")
        grant = "5Aep" + token_hex(40)
        self._granted(grant, granted.scopes)
        return self._issue(grant)

    def refresh(self, grant: str) -> Token:
        """As often as one likes: the refresh token is not changed for another."""
        if not self._is_good(grant):
            raise OAuthError("invalid_grant", "expired access/refresh token")
        return self._issue(grant)

    def _issue(self, grant: str) -> Token:
        return self._issued(f"{ORG_ID[:_SHORT]}!AQ{token_hex(46)}", grant, SESSION_SECONDS)
