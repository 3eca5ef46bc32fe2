"""JSON Web Tokens: HS256 only, a key id in the header, older keys accepted until their tokens expire."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt

from app.core.clock import real_now
from app.core.config import Settings, settings
from app.core.errors import Unauthorized
from app.core.ids import uuid7

_ALGORITHM = "HS256"
_ISSUER = "stratum"
_LEEWAY = timedelta(seconds=5)
ACCESS = "access"
MFA = "mfa"


class InvalidToken(Unauthorized):
    """The token is not valid: sign in again."""

    code = "auth.invalid_token"


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says: who, in which tenant, under which session, until when."""

    user_id: UUID
    tenant_id: int
    session_id: UUID
    expires_at: datetime


def key_id(secret: str) -> str:
    return hashlib.sha256(b"kid|" + secret.encode()).hexdigest()[:12]


@lru_cache(maxsize=8)
def _keys(current: str, previous: tuple[str, ...]) -> dict[str, str]:
    return {key_id(secret): secret for secret in (*previous, current)}


def _key_ring(config: Settings) -> dict[str, str]:
    return _keys(config.jwt_secret_key.get_secret_value(), config.previous_jwt_secret_keys)


def encode(claims: dict[str, Any], *, kind: str, lifetime: timedelta, config: Settings = settings) -> str:
    secret = config.jwt_secret_key.get_secret_value()
    now = real_now()
    body = {"iss": _ISSUER, "typ": kind, "iat": now, "exp": now + lifetime, "jti": str(uuid7()), **claims}
    return jwt.encode(body, secret, algorithm=_ALGORITHM, headers={"kid": key_id(secret)})


def decode(token: str, *, kind: str, config: Settings = settings) -> dict[str, Any]:
    """The claims of a token of this `kind`; `InvalidToken` for any other, expired or altered one."""
    try:
        secret = _key_ring(config).get(str(jwt.get_unverified_header(token).get("kid")))
        if secret is None:
            raise InvalidToken
        claims: dict[str, Any] = jwt.decode(
            token, secret, algorithms=[_ALGORITHM], issuer=_ISSUER, leeway=_LEEWAY,
            options={"require": ["exp", "iat", "iss", "jti", "typ"]},
        )  # fmt: skip
    except jwt.PyJWTError as error:
        raise InvalidToken from error
    if claims["typ"] != kind:
        raise InvalidToken
    return claims


def create_access_token(user_id: UUID, tenant_id: int, session_id: UUID, config: Settings = settings) -> str:
    return encode(
        {"sub": str(user_id), "tid": tenant_id, "sid": str(session_id)},
        kind=ACCESS,
        lifetime=timedelta(minutes=config.access_token_minutes),
        config=config,
    )


def read_access_token(token: str, config: Settings = settings) -> AccessClaims:
    claims = decode(token, kind=ACCESS, config=config)
    try:
        return AccessClaims(
            UUID(claims["sub"]),
            int(claims["tid"]),
            UUID(claims["sid"]),
            datetime.fromtimestamp(claims["exp"], tz=real_now().tzinfo),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidToken from error
