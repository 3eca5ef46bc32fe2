"""What the database's schema is at, and what the code expects."""

from functools import lru_cache
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from alembic import command
from app.core.config import Settings
from app.db.roles import owner_dsn

_BACKEND = Path(__file__).resolve().parents[2]


def alembic_config(owner_url: str | None = None) -> Config:
    config = Config(_BACKEND / "alembic.ini")
    config.set_main_option("script_location", str(_BACKEND / "alembic"))
    if owner_url:
        config.attributes["owner_url"] = owner_url
    return config


@lru_cache(maxsize=1)
def expected_heads() -> frozenset[str]:
    return frozenset(ScriptDirectory.from_config(alembic_config()).get_heads())


async def pending_migrations(engine: AsyncEngine) -> bool:
    """True while the schema is not the one that this code was written for."""
    try:
        async with engine.connect() as connection:
            found = await connection.execute(text("select version_num from alembic_version"))
            return frozenset(found.scalars()) != expected_heads()
    except (SQLAlchemyError, OSError, TimeoutError):
        return True


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Bring the schema to `revision`, as the owner's role."""
    command.upgrade(alembic_config(owner_dsn(settings)), revision)
