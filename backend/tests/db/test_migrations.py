"""The migrations and the models tell of one schema."""

import asyncio
import os
from uuid import UUID

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
from app.services.cdp.events.identifiers import anonymous_key


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


async def test_events_from_before_identity_are_anchored_and_queued_once(scratch: Settings) -> None:
    url = owner_dsn(scratch)
    await asyncio.to_thread(command.upgrade, alembic_config(url), "event_counts")
    connection = await asyncpg.connect(url)
    tenant = await connection.fetchval("INSERT INTO tenants (name, slug) VALUES ('Old', 'old') RETURNING id")
    hashed = bytes(range(32))
    await connection.executemany(
        "INSERT INTO cdp_events (tenant_id, received_at, id, message_id, event_type, event_name, event_time,"
        " anonymous_id, user_id_hash, properties, context, is_order, is_refund, match_keys)"
        " VALUES ($1, now(), gen_random_uuid(), $2, 'track', 'e', now(), $3, $4, '{}', '{}', false, false, 0)",
        [
            (tenant, "known", "a-1", hashed),
            (tenant, "visitor", "a-1", None),
            (tenant, "nobody", "undefined", None),
        ],
    )
    await asyncio.to_thread(command.upgrade, alembic_config(url), "anchored_events")
    rows = await connection.fetch("SELECT message_id, person_key, id FROM cdp_events")
    queued = await connection.fetchval("SELECT array_agg(x) FROM cdp_identity_queue, unnest(event_ids) AS x")
    await connection.close()
    keys = {row["message_id"]: row["person_key"] for row in rows}
    assert keys == {"known": UUID(bytes=hashed[:16]), "visitor": anonymous_key("a-1", tenant), "nobody": None}
    assert sorted(queued) == sorted(row["id"] for row in rows if row["message_id"] != "nobody")
