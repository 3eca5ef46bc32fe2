"""The door for hot reads: one statement, one tenant, no write, and nothing left behind."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings
from app.db.readers import Readers, TenantReader, bound
from app.db.session import plain_url
from tests.factories.access import Company

_MEMBERS = "select distinct tenant_id from memberships"
_PROCESS = "select pg_backend_pid() as id"


def _reader(app: FastAPI, company: Company) -> TenantReader:
    return TenantReader(app.state.readers, company.id)


async def test_a_read_sees_one_tenant(app: FastAPI, acme: Company, globex: Company) -> None:
    for company in (acme, globex, acme):
        assert [row["tenant_id"] for row in await _reader(app, company).rows(_MEMBERS)] == [company.id]


async def test_reads_of_two_tenants_at_once_never_mix(app: FastAPI, acme: Company, globex: Company) -> None:
    companies = [acme, globex] * 50
    answers = await asyncio.gather(*(_reader(app, each).rows(_MEMBERS) for each in companies))
    assert [[row["tenant_id"] for row in rows] for rows in answers] == [[each.id] for each in companies]


async def test_a_read_takes_parameters_and_keeps_its_order(app: FastAPI, acme: Company) -> None:
    rows = await _reader(app, acme).rows(
        "select role from memberships where role = any($1) order by role desc limit $2",
        ["viewer", "analyst", "manager"],
        2,
    )
    assert [row["role"] for row in rows] == ["viewer", "manager"]


async def test_a_read_of_nothing_is_nothing(app: FastAPI, acme: Company) -> None:
    assert await _reader(app, acme).row("select id from memberships where role = $1", "nobody") is None


async def test_a_read_cannot_write(app: FastAPI, acme: Company) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await _reader(app, acme).rows("update memberships set role = 'admin' returning 1")
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await _reader(app, acme).rows("select lo_create(0)")


async def test_between_reads_a_connection_holds_neither_transaction_nor_tenant(
    app: FastAPI, engine: AsyncEngine, acme: Company
) -> None:
    await _reader(app, acme).rows(_MEMBERS)
    states: Sequence[str] = []
    async with (
        asyncio.timeout(10),
        engine.execution_options(isolation_level="AUTOCOMMIT").connect() as looking,
    ):
        # PostgreSQL tells of the end of a statement a moment after its client has the rows.
        while states != ["idle"]:
            found = await looking.scalars(
                text(
                    "select distinct state from pg_stat_activity "
                    "where application_name = 'stratum-reader' and datname = current_database()"
                )
            )
            states = found.all()


async def test_a_connection_forgets_the_tenant_with_the_statement(settings: Settings, acme: Company) -> None:
    connection = await asyncpg.connect(plain_url(settings.database_url.get_secret_value()))
    try:
        rows = await connection.fetch(bound(_MEMBERS, 0), str(acme.id))
        assert [row["tenant_id"] for row in rows] == [acme.id]
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no tenant is bound"):
            await connection.fetch(_MEMBERS)
    finally:
        await connection.close()


async def test_a_connection_that_failed_or_was_left_is_not_lent_again(
    settings: Settings, acme: Company, globex: Company
) -> None:
    readers = Readers(settings)
    reader = TenantReader(readers, acme.id)
    seen = [(await reader.rows(_PROCESS))[0]["id"]]
    with pytest.raises(asyncpg.UndefinedTableError):
        await reader.rows("select * from nowhere")
    seen += [(await reader.rows(_PROCESS))[0]["id"]]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await reader.rows("select pg_sleep(20)")
    seen += [(await TenantReader(readers, globex.id).rows(_PROCESS))[0]["id"]]
    assert len(set(seen)) == 3
    await readers.close()


async def test_a_connection_that_the_database_closed_is_replaced(
    settings: Settings, engine: AsyncEngine, acme: Company
) -> None:
    readers = Readers(settings)
    reader = TenantReader(readers, acme.id)
    doomed = (await reader.rows(_PROCESS))[0]["id"]
    async with engine.connect() as connection:
        await connection.execute(text("select pg_terminate_backend(:pid)"), {"pid": doomed})
    await asyncio.sleep(0.05)
    assert (await reader.rows(_PROCESS))[0]["id"] != doomed
    await readers.close()


async def test_more_readers_than_connections_wait_their_turn(settings: Settings, acme: Company) -> None:
    readers = Readers(settings)
    reader = TenantReader(readers, acme.id)
    answers = await asyncio.gather(
        *(reader.rows("select pg_backend_pid() as id, pg_sleep(0.02)") for _ in range(40))
    )
    assert len({rows[0]["id"] for rows in answers}) <= 8
    await readers.close()
