"""Grants, the access tokens that they yield, and OAuth codes. In real time: simulated time ends no token."""

from dataclasses import asdict, dataclass, replace
from hmac import compare_digest
from secrets import token_hex
from time import time

from sandbox.chance import Chance
from sandbox.store import Store
from sandbox.vendors.snapchat.constants import APP_ID, SCOPES
from sandbox.vendors.snapchat.errors import OAuthError, bad_token

_DOCUMENT = "snapchat_tokens"
_CODE_SECONDS = 600
ACCESS_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `grant` is the refresh token behind it, which lives until a person takes the app away."""

    value: str
    grant: str
    scopes: tuple[str, ...]
    expires_at: float | None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class _Code:
    redirect_uri: str
    scopes: tuple[str, ...]
    expires_at: float


class Tokens:
    def __init__(self, seed: int, store: Store) -> None:
        self._store = store
        self._codes: dict[str, _Code] = {}
        self.app_secret = Chance(seed, "snapchat-app-secret").hex(40)
        self.standing = "snap-" + Chance(seed, "snapchat-token").hex(48)
        """A convenience of the sandbox's: it does not end by itself."""
        self.standing_grant = "snapr-" + Chance(seed, "snapchat-refresh").hex(48)
        kept = store.document(_DOCUMENT) or {"grants": [], "tokens": []}
        self._grants: dict[str, tuple[str, ...]] = {self.standing_grant: SCOPES}
        self._ended: set[str] = set()
        self._tokens = {self.standing: Token(self.standing, self.standing_grant, SCOPES, None)}
        for row in kept["grants"]:
            self._grants[row["value"]] = tuple(row["scopes"])
            if row["ended"]:
                self._ended.add(row["value"])
        for row in kept["tokens"]:
            token = Token(**(row | {"scopes": tuple(row["scopes"])}))
            self._tokens[token.value] = token

    def check(self, value: str | None) -> Token:
        token = self._tokens.get(value or "")
        if token is None:
            raise bad_token("malformed or invalid")
        if token.revoked or token.grant in self._ended:
            raise bad_token("revoked")
        if token.expires_at is not None and token.expires_at <= time():
            raise bad_token("expired")
        return token

    def is_app(self, client_id: str, secret: str) -> bool:
        return compare_digest(client_id.encode(), APP_ID.encode()) and compare_digest(
            secret.encode(), self.app_secret.encode()
        )

    def grant_code(self, redirect_uri: str, scopes: tuple[str, ...]) -> str:
        code = "snapc-" + token_hex(24)
        self._codes[code] = _Code(redirect_uri, scopes, time() + _CODE_SECONDS)
        return code

    def redeem(self, code: str, redirect_uri: str) -> Token:
        """Once, within ten minutes, for the address that it was issued to."""
        granted = self._codes.pop(code, None)
        if granted is None or granted.expires_at <= time() or granted.redirect_uri != redirect_uri:
            raise OAuthError("invalid_grant", "The authorization code is invalid, used or expired.")
        grant = "snapr-" + token_hex(24)
        self._grants[grant] = granted.scopes
        return self._issue(grant)

    def refresh(self, grant: str) -> Token:
        """As often as one likes: the refresh token is not changed for another."""
        if grant not in self._grants or grant in self._ended:
            raise OAuthError("invalid_grant", "The refresh token is invalid or revoked.")
        return self._issue(grant)

    def revoke(self, value: str) -> bool:
        """An access token alone, or by its refresh token all that the grant ever yielded."""
        if value in self._grants:
            self._ended.add(value)
            self._save()
            return True
        return self._change(value, revoked=True)

    def expire(self, value: str) -> bool:
        return self._change(value, expires_at=time())

    def restore(self, value: str) -> bool:
        if value in self._grants:
            self._ended.discard(value)
            self._save()
            return True
        return self._change(value, revoked=False, expires_at=None)

    def _issue(self, grant: str) -> Token:
        token = Token("snap-" + token_hex(24), grant, self._grants[grant], time() + ACCESS_SECONDS)
        self._tokens[token.value] = token
        self._save()
        return token

    def _change(self, value: str, **facts: float | bool | None) -> bool:
        token = self._tokens.get(value)
        if token is None:
            return False
        self._tokens[value] = replace(token, **facts)  # type: ignore[arg-type]
        self._save()
        return True

    def _save(self) -> None:
        grants = [
            {"value": value, "scopes": scopes, "ended": value in self._ended}
            for value, scopes in self._grants.items()
        ]
        tokens = [asdict(token) for token in self._tokens.values()]
        self._store.keep(_DOCUMENT, {"grants": grants, "tokens": tokens})
