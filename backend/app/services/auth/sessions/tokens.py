"""The refresh token of a session and the CSRF token that belongs to its cookie."""

import secrets
from collections.abc import Iterator
from uuid import UUID

from app.core.security import constant_time_equal, is_vouched_for, vouchers
from app.services.auth.sessions.rules import RefreshToken

_RANDOM_BYTES = 32
_SEAL_LENGTH = 32


def new_refresh_token(session_id: UUID) -> str:
    return _sealed(session_id, secrets.token_hex(_RANDOM_BYTES))


def successors(session_id: UUID, spent: str) -> Iterator[str]:
    """What a token is exchanged for, under the current secret key, then under older ones.

    It follows from the token that was spent, so that two tabs that spend it at once are given the same.
    """
    for voucher in vouchers(spent, purpose="refresh.next", tenant_id=None):
        yield _sealed(session_id, voucher.hex())


def was_issued_by_us(token: RefreshToken) -> bool:
    return any(constant_time_equal(each.encode(), token.seal.encode()) for each in _seals(token.body))


def csrf_token(session_id: UUID) -> str:
    return next(vouchers(session_id.hex, purpose="csrf", tenant_id=None)).hex()


def is_csrf_token(session_id: UUID, sent: str) -> bool:
    """Also one that an older secret key made: a rotation signs nobody out."""
    return is_vouched_for(sent, session_id.hex, purpose="csrf", tenant_id=None)


def _sealed(session_id: UUID, random: str) -> str:
    body = f"{session_id.hex}_{random}"
    return f"rt_{body}_{next(_seals(body))}"


def _seals(body: str) -> Iterator[str]:
    for voucher in vouchers(body, purpose="refresh", tenant_id=None):
        yield voucher.hex()[:_SEAL_LENGTH]
