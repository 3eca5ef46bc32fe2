"""The door for hot reads: one statement, one tenant, no write, and nothing left behind."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy import ARRAY, Text, any_, bindparam, column, func, select, table, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.base_models import Base
from app.core.clock import SystemClock
from app.core.config import Settings
from app.db.base import TenantKeyed, TenantOwned, UtcDateTime
from app.db.readers import Readers, TenantReader, bound
from app.db.session import plain_url
from app.models.campaigns import Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.integrations.ad_accounts import AdAccount
from app.models.tenants import Membership
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.signals import TrustSignal
from app.services.trust_engine.health.service import HealthService
from tests.factories.access import Company
from tests.factories.trust import make_account

_MEMBERS = select(Membership.tenant_id).distinct()
_PROCESS = select(func.pg_backend_pid())
_ROLES = (
    select(Membership.role)
    .where(Membership.role == any_(bindparam("roles", type_=ARRAY(Text))))
    .order_by(Membership.role.desc())
    .limit(bindparam("limit"))
)
_ACCOUNT = select(AdAccount).where(AdAccount.id == bindparam("id"))
_MOMENT = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
_SAMPLES: dict[type, Any] = {
    str: "Zoë's \\ 50 % $1",
    int: -7,
    bool: True,
    float: 0.1,
    bytes: b"\x00\xff",
    date: date(2026, 2, 28),
    UtcDateTime: _MOMENT,
    Decimal: Decimal("1.2300"),
    UUID: UUID(int=7),
    JSONB: {"a": [1, None, {"b": "ü"}], "c": 1.5},
}
"""A value of each type that a column may have, by SQLAlchemy's where Python's does not tell."""


def _reader(app: FastAPI, company: Company) -> TenantReader:
    return TenantReader(app.state.readers, company.id, app.state.clock)


async def _process(reader: TenantReader) -> int:
    [(process,)] = await reader.rows(_PROCESS)
    return int(process)


async def test_a_read_sees_one_tenant(app: FastAPI, acme: Company, globex: Company) -> None:
    for company in (acme, globex, acme):
        assert await _reader(app, company).rows(_MEMBERS) == [(company.id,)]


async def test_another_tenants_row_is_not_found(app: FastAPI, acme: Company, globex: Company) -> None:
    account = await make_account(acme.scopes)
    [(found,)] = await _reader(app, acme).rows(_ACCOUNT, id=account.id)
    assert found.id == account.id
    assert await _reader(app, globex).rows(_ACCOUNT, id=account.id) == []


_TYPES = {repr(column.type): column.type for table in Base.metadata.tables.values() for column in table.c}


@pytest.mark.parametrize("name", sorted(_TYPES))
async def test_every_type_of_our_columns_reads_as_in_a_session(
    app: FastAPI, acme: Company, name: str
) -> None:
    kind = _TYPES[name]
    inner = kind.item_type if isinstance(kind, ARRAY) else kind
    sample = _SAMPLES[type(inner) if type(inner) in _SAMPLES else inner.python_type]
    value = [sample, sample] if isinstance(kind, ARRAY) else sample
    statement = select(bindparam("value", type_=kind).label("value"))
    for given in (value, None):
        [(ours,)] = await _reader(app, acme).rows(statement, value=given)
        async with acme.scopes() as scope:
            [(theirs,)] = await scope.rows(statement, value=given)
        assert ours == theirs == given
        assert type(ours) is type(theirs)
        assert getattr(ours, "tzinfo", None) is getattr(theirs, "tzinfo", None)


async def test_every_model_reads_as_in_a_session(app: FastAPI, acme: Company) -> None:
    await make_account(acme.scopes)
    async with acme.scopes() as scope:
        await HealthService(scope).evaluate_all()
    filled = set()
    for mapper in Base.registry.mappers:
        if not issubclass(mapper.class_, TenantOwned | TenantKeyed):
            continue
        statement = select(mapper.class_).order_by(*mapper.primary_key).limit(5)
        async with acme.scopes() as scope:
            theirs = await scope.rows(statement)
        ours = await _reader(app, acme).rows(statement)
        names = [each.key for each in mapper.column_attrs]
        assert [_shown(row, names) for (row,) in ours] == [_shown(row, names) for (row,) in theirs]
        filled |= {mapper.class_} if ours else set()
    assert filled >= {AdAccount, Campaign, CampaignMetricsDay, TrustEvaluation, TrustSignal}


def _shown(row: object, names: list[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


async def test_an_entity_that_an_outer_join_does_not_find_is_none(app: FastAPI, acme: Company) -> None:
    account = await make_account(acme.scopes)
    statement = select(AdAccount, TrustEvaluation).outerjoin(
        TrustEvaluation, TrustEvaluation.ad_account_id == AdAccount.id
    )
    [(found, *others)] = await _reader(app, acme).rows(statement)
    assert found.id == account.id
    assert not any(others)


async def test_a_parameter_without_its_value_is_refused(app: FastAPI, acme: Company) -> None:
    with pytest.raises(InvalidRequestError, match="limit"):
        await _reader(app, acme).rows(_ROLES, roles=["viewer"])


async def test_a_list_of_unknown_length_is_refused(app: FastAPI, acme: Company) -> None:
    with pytest.raises(TypeError, match="any_"):
        await _reader(app, acme).rows(select(Membership.id).where(Membership.role.in_(["viewer"])))


async def test_reads_of_two_tenants_at_once_never_mix(app: FastAPI, acme: Company, globex: Company) -> None:
    companies = [acme, globex] * 50
    answers = await asyncio.gather(*(_reader(app, each).rows(_MEMBERS) for each in companies))
    assert answers == [[(each.id,)] for each in companies]


async def test_a_read_takes_parameters_and_keeps_its_order(app: FastAPI, acme: Company) -> None:
    rows = await _reader(app, acme).rows(_ROLES, roles=["viewer", "analyst", "manager"], limit=2)
    assert rows == [("viewer",), ("manager",)]
    assert await _reader(app, acme).rows(_ROLES, roles=["nobody"], limit=2) == []


async def test_a_read_cannot_write(app: FastAPI, acme: Company) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await _reader(app, acme).rows(select(func.lo_create(0)))


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
    members = "select distinct tenant_id from memberships"
    connection = await asyncpg.connect(plain_url(settings.database_url.get_secret_value()))
    try:
        rows = await connection.fetch(bound(members, 0), str(acme.id))
        assert [row["tenant_id"] for row in rows] == [acme.id]
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no tenant is bound"):
            await connection.fetch(members)
    finally:
        await connection.close()


async def test_a_connection_that_failed_or_was_left_is_not_lent_again(
    settings: Settings, acme: Company, globex: Company
) -> None:
    readers = Readers(settings)
    reader = TenantReader(readers, acme.id, SystemClock())
    seen = [await _process(reader)]
    with pytest.raises(asyncpg.UndefinedTableError):
        await reader.rows(select(column("it")).select_from(table("nowhere")))
    seen += [await _process(reader)]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await reader.rows(select(func.pg_sleep(2)))
    seen += [await _process(TenantReader(readers, globex.id, SystemClock()))]
    assert len(set(seen)) == 3
    await readers.close()


async def test_a_connection_that_the_database_closed_is_replaced(
    settings: Settings, engine: AsyncEngine, acme: Company
) -> None:
    readers = Readers(settings)
    reader = TenantReader(readers, acme.id, SystemClock())
    doomed = await _process(reader)
    async with engine.connect() as connection:
        await connection.execute(text("select pg_terminate_backend(:pid)"), {"pid": doomed})
    await asyncio.sleep(0.05)
    assert await _process(reader) != doomed
    await readers.close()


async def test_more_readers_than_connections_wait_their_turn(settings: Settings, acme: Company) -> None:
    readers = Readers(settings)
    reader = TenantReader(readers, acme.id, SystemClock())
    answers = await asyncio.gather(
        *(reader.rows(select(func.pg_backend_pid(), func.pg_sleep(0.02))) for _ in range(40))
    )
    assert len({rows[0][0] for rows in answers}) <= 8
    await readers.close()
