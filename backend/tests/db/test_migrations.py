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


_OVERRIDES: list[tuple[str, str | None, str, str, str | None, str | None, int]] = [
    # what, company's, account's own, layer, of the account's layer, of its own, what is left of 7
    ("the company's own currency", "EUR", "USD", "account", None, "EUR", 7),
    ("no currency is the company's", "EUR", "USD", "account", None, None, 7),
    ("another than the company's", "EUR", "USD", "account", None, "USD", 0),
    ("the account's own, where the company has none", None, "USD", "account", None, "USD", 7),
    ("neither has that of the account", None, "USD", "account", None, "JPY", 0),
    ("no currency at all", None, "USD", "account", None, None, 7),
    ("a campaign in the account's own", None, "USD", "campaign", None, "USD", 7),
    ("a campaign in another", None, "USD", "campaign", None, "JPY", 0),
    ("a campaign in what its account was limited in", None, "USD", "campaign", "JPY", None, 0),
    ("a campaign in its own word, not its account's", None, "USD", "campaign", "JPY", "USD", 7),
]


async def test_old_limits_in_several_currencies_are_kept_or_stop_every_raise(scratch: Settings) -> None:
    """None is ever read in a currency that it was not set in."""
    url = owner_dsn(scratch)
    await asyncio.to_thread(command.upgrade, alembic_config(url), "segments")
    connection = await asyncpg.connect(url)
    wanted = {}
    for number, (what, company, own, layer, of_account, said, left) in enumerate(_OVERRIDES):
        tenant = await connection.fetchval(
            "INSERT INTO tenants (name, slug) VALUES ($1, $2) RETURNING id", what, f"old-{number}"
        )
        account, campaign = await _an_account(connection, tenant, own)
        layers = [("tenant", None, company, 9), (layer, account if layer == "account" else campaign, said, 7)]
        if of_account:
            layers.append(("account", account, of_account, 5))
        await connection.executemany(
            "INSERT INTO autopilot_settings (tenant_id, id, applies_to, entity_id, currency, level, roas_floor,"
            " max_daily_budget_micros, max_campaign_budget_micros, cpa_ceiling_micros, updated_by)"
            " VALUES ($1, gen_random_uuid(), $2, $3, $4, 1, 1.5, $5, NULL, $5, 'Dana')",
            [(tenant, *each) for each in layers],
        )
        wanted[what] = (company, left)
    await asyncio.to_thread(command.upgrade, alembic_config(url), "head")
    rows = await connection.fetch(
        "SELECT t.name, s.* FROM autopilot_settings s JOIN tenants t ON t.id = s.tenant_id"
    )
    forced = await connection.fetchval(
        "SELECT bool_and(relforcerowsecurity) FROM pg_class"
        " WHERE oid IN ('autopilot_settings'::regclass, 'ad_accounts'::regclass, 'campaigns'::regclass)"
    )
    await connection.close()
    layer_of = {what: layer for what, _, _, layer, *_ in _OVERRIDES}
    found = {row["name"]: row for row in rows if row["applies_to"] == layer_of[row["name"]]}
    companies = {row["name"]: row for row in rows if row["applies_to"] == "tenant"}
    assert {
        what: (companies[what]["currency"], row["max_daily_budget_micros"]) for what, row in found.items()
    } == wanted
    for row in found.values():
        assert row["currency"] is None
        assert row["max_campaign_budget_micros"] is None, "what was not limited is not limited now"
        assert row["cpa_ceiling_micros"] == row["max_daily_budget_micros"]
        assert (row["level"], row["roas_floor"]) == (1, 1.5)
    assert {row["max_daily_budget_micros"] for row in companies.values()} == {9}
    assert forced


async def _an_account(connection: asyncpg.Connection, tenant: int, currency: str) -> tuple[UUID, UUID]:
    """An account and a campaign of it."""
    made = await connection.fetchval(
        "INSERT INTO connections (tenant_id, id, platform, status, external_user_id, scopes)"
        " VALUES ($1, gen_random_uuid(), 'meta', 'active', gen_random_uuid()::text, '{}') RETURNING id",
        tenant,
    )
    account: UUID = await connection.fetchval(
        "INSERT INTO ad_accounts (tenant_id, id, connection_id, platform, external_id, name, currency, timezone,"
        " status) VALUES ($1, gen_random_uuid(), $2, 'meta', gen_random_uuid()::text, 'a', $3, 'UTC', 'active')"
        " RETURNING id",
        tenant,
        made,
        currency,
    )
    campaign: UUID = await connection.fetchval(
        "INSERT INTO campaigns (tenant_id, id, ad_account_id, platform, external_id, name, status,"
        " effective_status, budget_level, currency, synced_at) VALUES ($1, gen_random_uuid(), $2, 'meta', 'c', 'c',"
        " 'active', 'active', 'campaign', $3, now()) RETURNING id",
        tenant,
        account,
        currency,
    )
    return account, campaign
