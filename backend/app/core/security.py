"""Sealing of values at rest, keyed hashes for look-ups, random tokens.

Sealed bytes: version (1) | key id (4) | nonce (12) | AES-256-GCM ciphertext and tag. The purpose and the tenant
are authenticated with it, so a value moved to another column or tenant does not open. Keys are derived by
HKDF-SHA256 (RFC 5869) from `SECRET_KEY`, once per process. Hashes that are stored to be found again come from
`LOOKUP_KEY`, which a rotation of `SECRET_KEY` leaves alone (ADR 11).
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.core.config import settings
from app.core.errors import StratumError

_VERSION = b"\x01"
_NONCE_BYTES = 12
_HEADER_BYTES = 5


class Unsealable(StratumError):
    """A stored secret could not be opened with any known key."""

    code = "security.unsealable"


class KeyMissing(Unsealable):
    """A stored secret was sealed by a key that is not configured."""

    code = "security.key_missing"

    def __init__(self, key_id: str, *, purpose: str) -> None:
        super().__init__(
            f"A stored secret was sealed by the key {key_id}, which is not configured: "
            "put it back into PREVIOUS_SECRET_KEYS, until `stratum keys reseal` has left nothing under it.",
            key_id=key_id,
            purpose=purpose,
        )


@lru_cache(maxsize=4096)
def _derive(secret: str, info: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info.encode()).derive(secret.encode())


@lru_cache(maxsize=1)
def _sealing_keys() -> dict[bytes, AESGCM]:
    """Key id to cipher, the current key first."""
    ring = (settings.secret_key.get_secret_value(), *settings.previous_secret_keys)
    return {hashlib.sha256(_derive(s, "key-id")).digest()[:4]: AESGCM(_derive(s, "seal")) for s in ring}


def _bound_to(purpose: str, tenant_id: int | None) -> bytes:
    return f"{purpose}|{tenant_id}".encode()


def seal(text: str, *, purpose: str, tenant_id: int | None) -> bytes:
    key_id, cipher = next(iter(_sealing_keys().items()))
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + key_id + nonce + cipher.encrypt(nonce, text.encode(), _bound_to(purpose, tenant_id))


def unseal(sealed: bytes, *, purpose: str, tenant_id: int | None) -> str:
    """The text that was sealed; `Unsealable` when it was altered, moved, or its key is gone."""
    if sealed[:1] != _VERSION:
        raise Unsealable(purpose=purpose)
    cipher = _sealing_keys().get(sealed[1:_HEADER_BYTES])
    if cipher is None:
        raise KeyMissing(sealed[1:_HEADER_BYTES].hex(), purpose=purpose)
    nonce = sealed[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES]
    try:
        clear = cipher.decrypt(nonce, sealed[_HEADER_BYTES + _NONCE_BYTES :], _bound_to(purpose, tenant_id))
    except InvalidTag as error:
        raise Unsealable(purpose=purpose) from error
    return clear.decode()


def key_ids() -> tuple[str, ...]:
    """Names of the configured keys, the current one first: 8 hex digits that tell nothing of the key itself."""
    return tuple(key_id.hex() for key_id in _sealing_keys())


def reseal(sealed: bytes, *, purpose: str, tenant_id: int | None) -> bytes:
    """The same text sealed by the current key; `Unsealable` as `unseal` raises it."""
    return seal(unseal(sealed, purpose=purpose, tenant_id=tenant_id), purpose=purpose, tenant_id=tenant_id)


def keyed_hash(value: str, *, purpose: str, tenant_id: int | None) -> bytes:
    """HMAC-SHA256 under a key of the tenant and purpose: equal values meet, nobody can enumerate them.

    For what is stored and looked up: values of years ago must still meet, so its key outlives secret keys.
    """
    return _hmac(_lookup_key(), value, purpose, tenant_id)


def vouchers(value: str, *, purpose: str, tenant_id: int | None) -> Iterator[bytes]:
    """HMAC-SHA256 of what we hand out and recognise again: under the current secret key, then under older ones."""
    for secret in (settings.secret_key.get_secret_value(), *settings.previous_secret_keys):
        yield _hmac(secret, value, purpose, tenant_id)


def is_vouched_for(sent: str, value: str, *, purpose: str, tenant_id: int | None) -> bool:
    """Whether `sent`, in hex, is our voucher for the value."""
    mine = vouchers(value, purpose=purpose, tenant_id=tenant_id)
    return any(constant_time_equal(each.hex().encode(), sent.encode()) for each in mine)


def _hmac(secret: str, value: str, purpose: str, tenant_id: int | None) -> bytes:
    keyed = _keyed(secret, purpose, tenant_id).copy()
    keyed.update(value.encode())
    return keyed.digest()


@lru_cache(maxsize=4096)
def _keyed(secret: str, purpose: str, tenant_id: int | None) -> hmac.HMAC:
    """To be copied: a key is set up once for many values."""
    return hmac.new(_derive(secret, f"hash|{purpose}|{tenant_id}"), digestmod="sha256")


@lru_cache(maxsize=1)
def _lookup_key() -> str:
    """A setting of its own in production; elsewhere the oldest secret key, which is what it was before."""
    if settings.lookup_key is not None:
        return settings.lookup_key.get_secret_value()
    oldest = settings.previous_secret_keys[-1:]
    return oldest[0] if oldest else settings.secret_key.get_secret_value()


def token_hash(token: str) -> bytes:
    """For secrets of 128 random bits and more, where a plain digest cannot be guessed."""
    return hashlib.sha256(token.encode()).digest()


def random_token(nbytes: int = 32) -> str:
    return secrets.token_urlsafe(nbytes)


def constant_time_equal(left: bytes, right: bytes) -> bool:
    return hmac.compare_digest(left, right)


@lru_cache(maxsize=1)
def ledger_seed() -> bytes:
    """The Ed25519 seed that signs ledger heads: a setting of its own in production, derived elsewhere."""
    if settings.ledger_signing_key is not None:
        return bytes.fromhex(settings.ledger_signing_key.get_secret_value())
    return _derive(settings.secret_key.get_secret_value(), "ledger-signing-key")
