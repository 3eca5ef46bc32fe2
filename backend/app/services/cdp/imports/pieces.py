"""Rows of a file as they are kept: sealed, some hundreds together."""

from collections.abc import Sequence
from typing import Any

import msgspec

from app.core.security import seal, unseal
from app.services.cdp.imports.reading import Cells

PART_ROWS = 1_000
PART_CHARACTERS = 262_144
_PURPOSE = "cdp.imports.rows"
KeptRow = tuple[int, Cells]
Rejected = tuple[int, Cells, str]
"""A row's number, the row, and why it was not taken in."""

_rows = msgspec.json.Decoder(list[tuple[int, list[str] | str]])
_rejected = msgspec.json.Decoder(list[tuple[int, list[str] | str, str]])


def sealed_rows(rows: Sequence[KeptRow | Rejected], tenant_id: int) -> bytes:
    return seal(msgspec.json.encode(rows).decode(), purpose=_PURPOSE, tenant_id=tenant_id)


def opened_rows(sealed: bytes, tenant_id: int) -> list[KeptRow]:
    return [(row[0], row[1]) for row in _rows.decode(unseal(sealed, purpose=_PURPOSE, tenant_id=tenant_id))]


def opened_rejects(sealed: bytes, tenant_id: int) -> list[Rejected]:
    return list(_rejected.decode(unseal(sealed, purpose=_PURPOSE, tenant_id=tenant_id)))


def opened(sealed: bytes, tenant_id: int) -> list[Any]:
    """Rows of either kind."""
    rows: list[Any] = msgspec.json.decode(unseal(sealed, purpose=_PURPOSE, tenant_id=tenant_id))
    return rows
