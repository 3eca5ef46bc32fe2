"""Links by which a file is fetched without signing in: who may, for which file and until when, under our signature."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.core.security import is_vouched_for, vouchers
from app.services.cdp.exports.errors import LinkInvalid

_PURPOSE = "cdp.exports.link"
_PATH = "/cdp/exports/download?token="
_PARTS = 4
_MOST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Link:
    """`path` stands below the API's own prefix."""

    path: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    tenant_id: int
    export_id: UUID
    expires_at: datetime


def token_for(export_id: UUID, tenant_id: int, expires_at: datetime) -> Link:
    until = int(expires_at.timestamp())
    voucher = next(vouchers(f"{export_id.hex}|{until}", purpose=_PURPOSE, tenant_id=tenant_id))
    return Link(
        f"{_PATH}{tenant_id}.{export_id.hex}.{until}.{voucher.hex()}", datetime.fromtimestamp(until, UTC)
    )


def read_token(token: str) -> Token:
    """What the link is for; `LinkInvalid` where we have not signed it. Whether it has expired, its reader asks."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        raise LinkInvalid
    tenant, export, until, voucher = parts
    numbers = all(
        each.isascii() and each.isdecimal() and len(each) <= _MOST_DIGITS for each in (tenant, until)
    )
    if not numbers or not token.isascii():
        raise LinkInvalid
    if not is_vouched_for(voucher, f"{export}|{until}", purpose=_PURPOSE, tenant_id=int(tenant)):
        raise LinkInvalid
    return Token(int(tenant), UUID(hex=export), datetime.fromtimestamp(int(until), UTC))
