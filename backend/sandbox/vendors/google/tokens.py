"""Access tokens of an hour, refresh tokens that stand until they are revoked, and codes. They live in real time."""

from dataclasses import asdict, dataclass, replace
from hmac import compare_digest
from os import environ
from secrets import token_urlsafe
from time import time

from sandbox.chance import Chance
from sandbox.store import Store
from sandbox.vendors.google.constants import CLIENT_ID, SCOPES
from sandbox.vendors.google.errors import OAuthError, unauthenticated

_DOCUMENT = "google_tokens"
_CODE_SECONDS = 600
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person allowed: the refresh token of it, and whether it still stands."""

    refresh_token: str
    scopes: tuple[str, ...]
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    value: str
    grant: str
    expires_at: float | None


@dataclass(frozen=True, slots=True)
class _Code:
    redirect_uri: str
    scopes: tuple[str, ...]
    offline: bool
    expires_at: float


class Tokens:
    def __init__(self, seed: int, store: Store) -> None:
        self._store = store
        self._codes: dict[str, _Code] = {}
        self.client_secret = "GOCSPX-" + Chance(seed, "google-client-secret").hex(28)
        self.standing = environ.get("SANDBOX_GOOGLE_TOKEN") or (
            "ya29.S" + Chance(seed, "google-token").hex(40)
        )
        self.refresh_token = "1//0S" + Chance(seed, "google-refresh").hex(40)
        self._grants = {self.refresh_token: Grant(self.refresh_token, SCOPES)}
        self._access = {self.standing: Access(self.standing, self.refresh_token, None)}
        self._load()

    def check(self, authorization: str | None) -> Grant:
        """Whose bearer header this is; the refusals are Google's."""
        scheme, _, value = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not value:
            raise unauthenticated("OAUTH_TOKEN_HEADER_INVALID", "The OAuth token HTTP header is malformed.")
        return self.holder(value.strip())

    def holder(self, value: str) -> Grant:
        access = self._access.get(value)
        if access is None:
            raise unauthenticated("OAUTH_TOKEN_INVALID", "Oauth token in the header is not valid.")
        grant = self._grants[access.grant]
        if grant.revoked:
            raise unauthenticated("OAUTH_TOKEN_REVOKED", "Oauth token in the header has been revoked.")
        if access.expires_at is not None and access.expires_at <= time():
            raise unauthenticated("OAUTH_TOKEN_EXPIRED", "Oauth token in the header has expired.")
        return grant

    def seconds_left(self, value: str) -> int:
        access = self._access[value]
        return HOUR - 1 if access.expires_at is None else max(0, int(access.expires_at - time()))

    def is_client(self, client_id: str, secret: str) -> bool:
        return compare_digest(client_id.encode(), CLIENT_ID.encode()) and compare_digest(
            secret.encode(), self.client_secret.encode()
        )

    def grant_code(self, redirect_uri: str, scopes: tuple[str, ...], *, offline: bool) -> str:
        code = "4/0A" + token_urlsafe(40)
        self._codes[code] = _Code(redirect_uri, scopes, offline, time() + _CODE_SECONDS)
        return code

    def redeem(self, code: str, redirect_uri: str) -> tuple[Access, Grant, bool]:
        """Once, within ten minutes, for the address that it was issued to; whether a refresh token goes along."""
        granted = self._codes.pop(code, None)
        if granted is None or granted.expires_at <= time():
            raise OAuthError("invalid_grant", "Malformed auth code.")
        if granted.redirect_uri != redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "Bad Request")
        grant = Grant("1//0" + token_urlsafe(40), granted.scopes)
        self._grants[grant.refresh_token] = grant
        return self._issue(grant), grant, granted.offline

    def refresh(self, refresh_token: str) -> tuple[Access, Grant]:
        grant = self._grants.get(refresh_token)
        if grant is None or grant.revoked:
            raise OAuthError("invalid_grant", "Token has been expired or revoked.")
        return self._issue(grant), grant

    def revoke(self, value: str) -> bool:
        """By access or refresh token: the whole grant ends."""
        return self._set_revoked(value, revoked=True)

    def expire(self, value: str) -> bool:
        access = self._access.get(value)
        if access is None:
            return False
        self._access[value] = replace(access, expires_at=time())
        self._save()
        return True

    def restore(self, value: str) -> bool:
        access = self._access.get(value)
        if access is not None:
            self._access[value] = replace(access, expires_at=None)
        return self._set_revoked(value, revoked=False)

    def _set_revoked(self, value: str, *, revoked: bool) -> bool:
        access = self._access.get(value)
        grant = self._grants.get(access.grant if access else value)
        if grant is None:
            return False
        self._grants[grant.refresh_token] = replace(grant, revoked=revoked)
        self._save()
        return True

    def _issue(self, grant: Grant) -> Access:
        access = Access("ya29.a0" + token_urlsafe(60), grant.refresh_token, time() + HOUR)
        self._access[access.value] = access
        self._save()
        return access

    def _load(self) -> None:
        kept = self._store.document(_DOCUMENT)
        if kept is None:
            return
        for row in kept["grants"]:
            grant = Grant(**(row | {"scopes": tuple(row["scopes"])}))
            self._grants[grant.refresh_token] = grant
        for row in kept["access"]:
            self._access[row["value"]] = Access(**row)

    def _save(self) -> None:
        self._store.keep(
            _DOCUMENT,
            {
                "grants": [asdict(grant) for grant in self._grants.values()],
                "access": [asdict(access) for access in self._access.values()],
            },
        )
