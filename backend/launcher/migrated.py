"""Whether a start may skip migrating: the code that migrates is the same as last time, and so is the database."""

import hashlib
import json
from pathlib import Path

import asyncpg

from launcher.database import Addresses
from launcher.home import BACKEND
from launcher.system import write_private


def _digest(addresses: Addresses) -> str:
    """Of every migration, of what makes the roles, and of the roles' addresses."""
    digest = hashlib.sha256(repr(addresses).encode())
    for file in sorted([*(BACKEND / "alembic").rglob("*.py"), *(BACKEND / "app" / "db").glob("*.py")]):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


async def _revisions(owner_url: str) -> list[str]:
    connection = await asyncpg.connect(owner_url, timeout=15)
    try:
        rows = await connection.fetch("SELECT version_num FROM alembic_version ORDER BY version_num")
    except asyncpg.UndefinedTableError:
        return []
    finally:
        await connection.close()
    return [str(row["version_num"]) for row in rows]


def _read(stamp: Path) -> object:
    try:
        return json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


async def is_migrated(stamp: Path, addresses: Addresses) -> bool:
    """Return whether what `remember` wrote still holds."""
    kept = _read(stamp)
    if kept is None or addresses.owner is None:
        return False
    return bool(kept == {"code": _digest(addresses), "revisions": await _revisions(addresses.owner)})


async def remember(stamp: Path, addresses: Addresses) -> None:
    if addresses.owner is not None:
        facts = {"code": _digest(addresses), "revisions": await _revisions(addresses.owner)}
        write_private(stamp, json.dumps(facts) + "\n")
