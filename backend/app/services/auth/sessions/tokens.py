"""The refresh token of a session and the CSRF token that belongs to its cookie."""

import secrets
from uuid import UUID

from app.core.security import constant_time_equal, keyed_hash
from app.services.auth.sessions.rules import RefreshToken

_RANDOM_BYTES = 32
_SEAL_LENGTH = 32


def new_refresh_token(session_id: UUID) -> str:
    body = f"{session_id.hex}_{secrets.token_hex(_RANDOM_BYTES)}"
    return f"rt_{body}_{_seal(body)}"


def was_issued_by_us(token: RefreshToken) -> bool:
    return constant_time_equal(_seal(token.body).encode(), token.seal.encode())


def csrf_token(session_id: UUID) -> str:
    return keyed_hash(session_id.hex, purpose="csrf", tenant_id=None).hex()


def _seal(body: str) -> str:
    return keyed_hash(body, purpose="refresh", tenant_id=None).hex()[:_SEAL_LENGTH]
