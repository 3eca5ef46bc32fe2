"""Access tokens and OAuth codes. They live in real time: simulated time never expires a token."""

from dataclasses import asdict, dataclass, replace
from hmac import compare_digest
from hmac import new as new_hmac
from os import environ
from secrets import token_hex
from time import time

from sandbox.chance import Chance
from sandbox.store import Store
from sandbox.vendors.meta.constants import APP_ID, READ_SCOPES, SCOPES, USER_ID
from sandbox.vendors.meta.errors import GraphError, bad_token

_DOCUMENT = "meta_tokens"
_CODE_SECONDS = 600
LONG_LIVED = 60 * 86400


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    scopes: tuple[str, ...]
    issued_at: float
    expires_at: float | None
    kind: str = "USER"
    user_id: str = USER_ID
    revoked: bool = False

    def may(self, *scopes: str) -> bool:
        return any(scope in self.scopes for scope in scopes)


@dataclass(frozen=True, slots=True)
class _Code:
    redirect_uri: str
    scopes: tuple[str, ...]
    expires_at: float


class Tokens:
    def __init__(self, seed: int, store: Store) -> None:
        self._store = store
        self._codes: dict[str, _Code] = {}
        self.app_secret = Chance(seed, "meta-app-secret").hex(32)
        given = environ.get("SANDBOX_META_TOKEN")
        self.standing = given or "EAAS" + Chance(seed, "meta-token").hex(44)
        self.read_only = "EAAR" + Chance(seed, "meta-read-token").hex(44)
        self._tokens = {
            self.standing: Token(self.standing, SCOPES, time(), None, "SYSTEM_USER"),
            self.read_only: Token(self.read_only, READ_SCOPES, time(), None, "SYSTEM_USER"),
        }
        for row in store.document(_DOCUMENT) or []:
            kept = Token(**(row | {"scopes": tuple(row["scopes"])}))
            self._tokens[kept.value] = kept

    def check(self, value: str | None, proof: str | None = None) -> Token:
        if not value:
            raise GraphError("An access token is required to request this resource.", 104)
        token = self._tokens.get(value)
        if token is None:
            raise bad_token("Invalid OAuth access token - Cannot parse access token", status=400)
        if token.revoked:
            raise bad_token(
                "Error validating access token: The session has been invalidated because the user "
                "changed their password or Facebook has changed the session for security reasons.",
                460,
            )
        if token.expires_at is not None and token.expires_at <= time():
            raise bad_token("Error validating access token: Session has expired.", 463)
        if proof is not None and not compare_digest(self.proof(value).encode(), proof.encode()):
            raise GraphError(
                "Invalid appsecret_proof provided in the API argument", 100, type="GraphMethodException"
            )
        return token

    def find(self, value: str) -> Token | None:
        return self._tokens.get(value)

    def proof(self, value: str) -> str:
        return new_hmac(self.app_secret.encode(), value.encode(), "sha256").hexdigest()

    def is_app(self, client_id: str, secret: str) -> bool:
        return compare_digest(client_id.encode(), APP_ID.encode()) and compare_digest(
            secret.encode(), self.app_secret.encode()
        )

    def issue(self, scopes: tuple[str, ...], seconds: float | None) -> Token:
        token = Token("EAAU" + token_hex(28), scopes, time(), None if seconds is None else time() + seconds)
        self._tokens[token.value] = token
        self._save()
        return token

    def revoke(self, value: str) -> bool:
        return self._change(value, revoked=True)

    def expire(self, value: str) -> bool:
        token = self._tokens.get(value)
        return token is not None and self._replace(replace(token, expires_at=time()))

    def restore(self, value: str) -> bool:
        token = self._tokens.get(value)
        return token is not None and self._replace(replace(token, revoked=False, expires_at=None))

    def grant_code(self, redirect_uri: str, scopes: tuple[str, ...]) -> str:
        code = "AQ" + token_hex(40)
        self._codes[code] = _Code(redirect_uri, scopes, time() + _CODE_SECONDS)
        return code

    def redeem(self, code: str, redirect_uri: str) -> Token:
        """Once, within ten minutes, for the address that it was issued to."""
        granted = self._codes.pop(code, None)
        if granted is None:
            raise GraphError("This authorization code has been used.", 100, subcode=36009)
        if granted.expires_at <= time():
            raise GraphError("This authorization code has expired.", 100, subcode=36007)
        if granted.redirect_uri != redirect_uri:
            text = "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request"  # noqa: E501 - Meta's sentence, whole
            raise GraphError(text, 100, subcode=36008)
        return self.issue(granted.scopes, LONG_LIVED)

    def _change(self, value: str, *, revoked: bool) -> bool:
        token = self._tokens.get(value)
        return token is not None and self._replace(replace(token, revoked=revoked))

    def _replace(self, token: Token) -> bool:
        self._tokens[token.value] = token
        self._save()
        return True

    def _save(self) -> None:
        self._store.keep(_DOCUMENT, [asdict(token) for token in self._tokens.values()])
