"""The migrations and the models tell of one schema."""

import asyncio
import os

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from alembic import command
from app.base_models import Base
from app.core.config import Settings
from app.db.migrations import alembic_config, expected_heads, upgrade
from app.db.roles import ensure_roles, owner_dsn
from app.db.session import async_url


def _is_partition(table: str) -> bool:
    return "_p_" in table


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "include_object": lambda _item, name, kind, _reflected, _to: (
                not (kind == "table" and _is_partition(str(name)))
            ),
        },
    )
    return list(compare_metadata(context, Base.metadata))


async def test_the_models_are_what_the_migrations_make(settings: Settings) -> None:
    engine = create_async_engine(async_url(owner_dsn(settings)))
    async with engine.connect() as connection:
        differences = await connection.run_sync(_differences)
    await engine.dispose()
    assert differences == []


def test_there_is_one_head() -> None:
    assert len(expected_heads()) == 1


@pytest.fixture
async def scratch(settings: Settings) -> Settings:
    """An empty database of its own."""
    name = f"scratch_{os.getpid()}"
    admin = owner_dsn(settings)
    connection = await asyncpg.connect(admin)
    await connection.execute(f"DROP DATABASE IF EXISTS {name}")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    url = type(settings.database_url)(f"{admin.rpartition('/')[0]}/{name}")
    scratch = settings.model_copy(update={"database_owner_url": url})
    await ensure_roles(scratch)
    return scratch


async def test_every_migration_can_be_taken_back_and_made_again(scratch: Settings) -> None:
    await asyncio.to_thread(upgrade, scratch)
    await asyncio.to_thread(command.downgrade, alembic_config(owner_dsn(scratch)), "base")
    connection = await asyncpg.connect(owner_dsn(scratch))
    left = await connection.fetch(
        "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where nspname = 'public' and relkind in ('r', 'p', 'v', 'S') and relname <> 'alembic_version'"
    )
    functions = await connection.fetch(
        "select proname from pg_proc where pronamespace = 'public'::regnamespace"
    )
    await connection.close()
    assert [row["relname"] for row in left] == []
    assert [row["proname"] for row in functions] == []
    await asyncio.to_thread(upgrade, scratch)
