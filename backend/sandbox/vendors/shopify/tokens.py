"""The app's tokens at the shop: an access token of an hour, and a refresh token that each use changes. In real time."""

from dataclasses import asdict, dataclass, replace
from hmac import compare_digest
from secrets import token_hex
from time import time

from sandbox.chance import Chance
from sandbox.store import Store
from sandbox.vendors.shopify.constants import CLIENT_ID, SCOPES
from sandbox.vendors.shopify.errors import OAuthError, bad_token

_DOCUMENT = "shopify_tokens"
_CODE_SECONDS = 600
ACCESS_SECONDS = 3600
REFRESH_SECONDS = 90 * 86_400


@dataclass(frozen=True, slots=True)
class Token:
    """`refresh` is redeemed for the next one; `previous` still is until this access token has been used once."""

    value: str
    scopes: tuple[str, ...]
    expires_at: float | None
    refresh: str = ""
    previous: str = ""
    ended: bool = False


class Tokens:
    def __init__(self, seed: int, store: Store) -> None:
        self._store = store
        self._codes: dict[str, tuple[tuple[str, ...], float]] = {}
        self.client_secret = "shpss_" + Chance(seed, "shopify-client-secret").hex(32)
        self.standing = "shpat_" + Chance(seed, "shopify-token").hex(32)
        """A custom app's: it does not end by itself."""
        self._tokens = {self.standing: Token(self.standing, SCOPES, None)}
        for row in store.document(_DOCUMENT) or []:
            token = Token(**(row | {"scopes": tuple(row["scopes"])}))
            self._tokens[token.value] = token

    def check(self, value: str | None) -> Token:
        token = self._tokens.get(value or "")
        if token is None or token.ended or (token.expires_at is not None and token.expires_at <= time()):
            raise bad_token()
        if token.previous:
            token = self._keep(replace(token, previous=""))
        return token

    def is_app(self, client_id: str, secret: str) -> bool:
        same = compare_digest(client_id.encode(), CLIENT_ID.encode())
        return same and compare_digest(secret.encode(), self.client_secret.encode())

    def grant_code(self, scopes: tuple[str, ...]) -> str:
        code = token_hex(16)
        self._codes[code] = (scopes, time() + _CODE_SECONDS)
        return code

    def redeem(self, code: str, *, expiring: bool) -> Token:
        """Once, within ten minutes."""
        scopes, until = self._codes.pop(code, ((), 0.0))
        if until <= time():
            raise OAuthError("invalid_request", "The authorization code was not found or was already used")
        return self._issue(scopes, expiring=expiring)

    def refresh(self, refresh: str) -> Token:
        """The old access token ends with it; the old refresh token is good until the new access token is used."""
        found = [t for t in self._tokens.values() if refresh and refresh in {t.refresh, t.previous}]
        live = next((token for token in found if not token.ended), None)
        if live is None:
            raise OAuthError("invalid_grant", "The refresh token is invalid, expired or was revoked")
        return self._issue(live.scopes, expiring=True, previous=refresh)

    def end_all(self) -> None:
        """The app is uninstalled: nothing of it is taken any more."""
        for value, token in self._tokens.items():
            self._tokens[value] = replace(token, ended=True)
        self._save()

    def end(self, value: str) -> bool:
        return self._changed(value, ended=True)

    def expire(self, value: str) -> bool:
        return self._changed(value, expires_at=time())

    def restore(self, value: str) -> bool:
        token = self._tokens.get(value)
        if token is None:
            return False
        until = None if value == self.standing else time() + ACCESS_SECONDS
        self._keep(replace(token, ended=False, expires_at=until))
        return True

    def expire_all(self) -> None:
        """Every access token of a sign-in has reached its end; the refresh tokens stay good."""
        for value, token in self._tokens.items():
            if token.expires_at is not None:
                self._tokens[value] = replace(token, expires_at=time())
        self._save()

    def _changed(self, value: str, *, ended: bool | None = None, expires_at: float | None = None) -> bool:
        token = self._tokens.get(value)
        if token is None:
            return False
        until = token.expires_at if expires_at is None else expires_at
        self._keep(replace(token, ended=token.ended if ended is None else ended, expires_at=until))
        return True

    def _issue(self, scopes: tuple[str, ...], *, expiring: bool, previous: str = "") -> Token:
        """Of the expiring ones only the newest is good: an app has one of a shop."""
        if expiring:
            for value, token in self._tokens.items():
                if token.expires_at is not None:
                    self._tokens[value] = replace(token, ended=True)
        until = time() + ACCESS_SECONDS if expiring else None
        refresh = "shprt_" + token_hex(16) if expiring else ""
        return self._keep(Token("shpat_" + token_hex(16), scopes, until, refresh, previous))

    def _keep(self, token: Token) -> Token:
        self._tokens[token.value] = token
        self._save()
        return token

    def _save(self) -> None:
        rows = [asdict(token) for token in self._tokens.values() if token.value != self.standing]
        self._store.keep(_DOCUMENT, rows)
