"""Time-based one-time passwords (RFC 6238: SHA-1, six digits, 30 s) and backup codes."""

import base64
import secrets
from datetime import datetime
from uuid import UUID

import pyotp
import segno

from app.core.security import constant_time_equal, seal, token_hash, unseal

_STEP_SECONDS = 30
_DRIFT_STEPS = 1
_BACKUP_CODES = 10
_BACKUP_BYTES = 10
_GROUP = 4


def new_secret() -> str:
    return pyotp.random_base32()


def seal_secret(secret: str, user_id: UUID) -> bytes:
    return seal(secret, purpose=f"users.mfa_secret|{user_id}", tenant_id=None)


def open_secret(sealed: bytes, user_id: UUID) -> str:
    return unseal(sealed, purpose=f"users.mfa_secret|{user_id}", tenant_id=None)


def otpauth_uri(secret: str, *, account: str, issuer: str) -> str:
    uri: str = pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)
    return uri


def qr_svg(uri: str) -> str:
    svg: str = segno.make(uri, error="m").svg_inline(scale=4, border=2, dark="#000", light="#fff")
    return svg


def step_of(at: datetime) -> int:
    return int(at.timestamp()) // _STEP_SECONDS


def matching_step(secret: str, code: str, at: datetime, *, after: int | None) -> int | None:
    """The time step that `code` belongs to, one step of drift allowed; never `after` or an earlier one."""
    totp, now, found = pyotp.TOTP(secret), step_of(at), None
    for step in range(now - _DRIFT_STEPS, now + _DRIFT_STEPS + 1):
        expected: str = totp.generate_otp(step)
        if constant_time_equal(expected.encode(), code.encode()) and (after is None or step > after):
            found = step
    return found


def new_backup_codes() -> list[str]:
    """Eighty random bits each, in groups that can be read out."""
    return [
        _grouped(base64.b32encode(secrets.token_bytes(_BACKUP_BYTES)).decode()) for _ in range(_BACKUP_CODES)
    ]


def backup_hash(code: str, user_id: UUID) -> bytes:
    return token_hash(f"{user_id}|{code.replace('-', '').replace(' ', '').upper()}")


def _grouped(code: str) -> str:
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))
