"""How traits that name a person are kept: sealed, and found by a keyed hash."""

import base64
from typing import Any

import msgspec

from app.core.security import keyed_hash, seal
from app.services.cdp.profiles.rules import HASH_KEY, SEALED_KEY

IDENTIFIER_PURPOSE = "cdp.identifiers"
TRAIT_PURPOSE = "cdp.traits"


def sealed_trait(name: str, value: Any, tenant_id: int) -> dict[str, str]:
    """What stands for the value in a register."""
    sealed = seal(msgspec.json.encode(value).decode(), purpose=TRAIT_PURPOSE, tenant_id=tenant_id)
    return {SEALED_KEY: base64.b64encode(sealed).decode(), HASH_KEY: trait_hash(name, value, tenant_id)}


def trait_hash(name: str, value: Any, tenant_id: int) -> str:
    """What a sealed trait is found by: its text without case and outer spaces."""
    text = value.strip().lower() if isinstance(value, str) else msgspec.json.encode(value).decode()
    return keyed_hash(f"{name}={text}", purpose=TRAIT_PURPOSE, tenant_id=tenant_id)[:16].hex()
