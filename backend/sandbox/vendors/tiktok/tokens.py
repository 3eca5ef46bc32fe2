"""Long-term access tokens and authorization codes. They live in real time, until somebody revokes them."""

from dataclasses import asdict, dataclass, replace
from hmac import compare_digest
from os import environ
from secrets import token_hex
from time import time
from typing import Any

from sandbox.chance import Chance
from sandbox.store import Store
from sandbox.vendors.tiktok.constants import APP_ID, READ_SCOPES, SCOPES
from sandbox.vendors.tiktok.errors import (
    BAD_CODE,
    NO_SUCH_APP,
    NO_TOKEN,
    TikTokError,
    bad_token,
    expired_token,
)

_DOCUMENT = "tiktok_tokens"
_CODE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    scopes: tuple[int, ...]
    revoked: bool = False
    expired: bool = False

    def may(self, scope: int) -> bool:
        return scope in self.scopes


class Tokens:
    def __init__(self, seed: int, store: Store) -> None:
        self._store = store
        self._codes: dict[str, float] = {}
        self.app_secret = Chance(seed, "tiktok-app-secret").hex(40)
        self.standing = environ.get("SANDBOX_TIKTOK_TOKEN") or Chance(seed, "tiktok-token").hex(40)
        self.read_only = Chance(seed, "tiktok-read-token").hex(40)
        self._tokens = {
            self.standing: Token(self.standing, SCOPES),
            self.read_only: Token(self.read_only, READ_SCOPES),
        }
        for row in store.document(_DOCUMENT) or []:
            kept = Token(**(row | {"scopes": tuple(row["scopes"])}))
            self._tokens[kept.value] = kept

    def check(self, value: str | None) -> Token:
        if not value:
            raise TikTokError(NO_TOKEN, "Access token is empty.")
        token = self._tokens.get(value)
        if token is None or token.revoked:
            raise bad_token()
        if token.expired:
            raise expired_token()
        return token

    def check_app(self, app_id: str, secret: str) -> None:
        known = compare_digest(app_id.encode(), APP_ID.encode())
        if not known or not compare_digest(secret.encode(), self.app_secret.encode()):
            raise TikTokError(NO_SUCH_APP, "App id or secret is incorrect.")

    def grant_code(self) -> str:
        code = token_hex(20)
        self._codes[code] = time() + _CODE_SECONDS
        return code

    def redeem(self, code: str) -> Token:
        """Once, within the hour."""
        ends = self._codes.pop(code, None)
        if ends is None or ends <= time():
            raise TikTokError(BAD_CODE, "Auth_code is invalid, has been used or has expired.")
        return self._put(Token(token_hex(20), SCOPES))

    def revoke(self, value: str) -> bool:
        return self._change(value, revoked=True)

    def expire(self, value: str) -> bool:
        return self._change(value, expired=True)

    def restore(self, value: str) -> bool:
        return self._change(value, revoked=False, expired=False)

    def _change(self, value: str, **facts: Any) -> bool:
        token = self._tokens.get(value)
        if token is None:
            return False
        self._put(replace(token, **facts))
        return True

    def _put(self, token: Token) -> Token:
        self._tokens[token.value] = token
        self._store.keep(_DOCUMENT, [asdict(each) for each in self._tokens.values()])
        return token
