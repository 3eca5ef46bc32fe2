"""A tenant's rows cannot be reached from another tenant, nor from none."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from app.base_models import Base
from app.db.base import TenantKeyed, TenantOwned
from app.db.rls import APP_ROLE, GLOBAL_TABLES, tenant_tables
from app.db.session import open_scope
from tests.factories.access import Company

CALLABLE_AS_OWNER = {
    "cdp_consent_receipts_erase",
    "cdp_event_verdicts_expire",
    "cdp_events_bar",
    "cdp_events_erase",
    "cdp_events_expire",
    "cdp_segment_transitions_erase",
    "memberships_of",
    "readers_of_ad_account",
    "readers_of_crm",
    "readers_of_shop",
    "tell_tenants_of_platform_kill_switch",
}
"""What the application may have done as the owner: across tenants, to know where a person works and that everything is
stopped; and within the bound tenant, to delete what is append-only otherwise: an erased person's, and what is too old.
"""


async def test_every_table_with_a_tenant_forces_row_level_security(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        found = await connection.execute(
            text(
                "select c.relname, c.relforcerowsecurity and c.relrowsecurity as forced, "
                "exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' "
                "and not a.attisdropped) as has_tenant "
                "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                "where n.nspname = 'public' and c.relkind in ('r', 'p')"
            )
        )
        tables = {row.relname: row for row in found}
    unprotected = [
        name
        for name, row in tables.items()
        if name not in GLOBAL_TABLES and not (row.forced and row.has_tenant)
    ]
    assert unprotected == []
    assert {name for name, row in tables.items() if not row.forced} == GLOBAL_TABLES & tables.keys()


async def test_the_policy_of_every_table_compares_the_tenant(engine: AsyncEngine) -> None:
    """Forced security under a policy that is always true protects nothing: it is spelled out here."""
    async with engine.connect() as connection:
        policies = await connection.execute(
            text(
                "select tablename, cmd, permissive, qual, with_check from pg_policies "
                "where schemaname = 'public' and roles && cast(:roles as name[])"
            ),
            {"roles": ["public", APP_ROLE]},
        )
        found = sorted(tuple(row) for row in policies)
    whole = "(tenant_id = ( SELECT current_tenant() AS current_tenant))"
    assert found == [(table, "ALL", "PERMISSIVE", whole, whole) for table in tenant_tables()]


async def test_partitions_are_reached_through_their_parent_alone(engine: AsyncEngine) -> None:
    """They do not inherit its policies."""
    async with engine.connect() as connection:
        partitions = await connection.execute(
            text(
                "select relname, has_table_privilege(:role, oid, "
                "'select, insert, update, delete, truncate, references, trigger') as granted from pg_class "
                "where relnamespace = 'public'::regnamespace and relkind = 'r' "
                "and (relispartition or relname like '%\\_p\\_%')"
            ),
            {"role": APP_ROLE},
        )
        granted = {row.relname: row.granted for row in partitions}
    assert granted
    assert [name for name, is_granted in granted.items() if is_granted] == []


async def test_nothing_reads_rows_with_its_owners_eyes(engine: AsyncEngine) -> None:
    """A view, or a function that runs as its owner, sees past row-level security: each is known by name."""
    async with engine.connect() as connection:
        views = await connection.scalars(
            text(
                "select relname from pg_class "
                "where relnamespace = 'public'::regnamespace and relkind in ('v', 'm', 'f')"
            )
        )
        functions = await connection.execute(
            text(
                "select proname, has_function_privilege(:role, oid, 'execute') as callable, "
                "coalesce(array_to_string(proconfig, ','), '') like '%search_path=%' as is_pinned "
                "from pg_proc where pronamespace = 'public'::regnamespace and prosecdef"
            ),
            {"role": APP_ROLE},
        )
        definers = {row.proname: row for row in functions}
    assert views.all() == []
    assert {name for name, row in definers.items() if row.callable} == CALLABLE_AS_OWNER
    assert all(row.is_pinned for row in definers.values())


async def test_an_index_of_a_tenants_table_is_one_that_row_level_security_lets_be_used(
    engine: AsyncEngine,
) -> None:
    """The tenant is checked first, so that an index finds rows by leakproof comparisons of plain columns alone.

    One over an expression, or of another kind, costs each write and is used by nobody; unless it keeps rows unique.
    """
    async with engine.connect() as connection:
        found = await connection.execute(
            text(
                "select t.relname as of, i.relname as name from pg_index join pg_class i on i.oid = indexrelid "
                "join pg_class t on t.oid = indrelid join pg_am on pg_am.oid = i.relam "
                "where t.relnamespace = 'public'::regnamespace and not indisunique "
                "and (indexprs is not null or amname not in ('btree', 'hash', 'brin') or exists ("
                "  select from unnest(indclass) as c (id) join pg_opclass on pg_opclass.oid = c.id "
                "  join pg_amop on amopfamily = opcfamily and amoplefttype = opcintype and amoprighttype = opcintype "
                "  join pg_operator o on o.oid = amopopr join pg_proc p on p.oid = o.oprcode "
                "  where not p.proleakproof))"
            )
        )
        of = {row.name: row.of for row in found}
    assert {name for name, table in of.items() if table not in GLOBAL_TABLES} == set()


def test_every_model_is_either_a_tenants_or_on_the_global_list() -> None:
    for mapper in Base.registry.mappers:
        owned = issubclass(mapper.class_, TenantOwned | TenantKeyed)
        assert owned != (str(mapper.local_table) in GLOBAL_TABLES), mapper.class_


def test_a_tenants_keys_all_begin_with_the_tenant() -> None:
    for table in Base.metadata.tables.values():
        if table.name in GLOBAL_TABLES:
            continue
        assert "tenant_id" in table.primary_key.columns, table.name
        for constraint in table.foreign_key_constraints:
            target = constraint.referred_table.name
            assert target in GLOBAL_TABLES or "tenant_id" in constraint.column_keys, (table.name, target)


async def test_the_applications_role_owns_nothing_and_cannot_bypass(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        role = (
            await connection.execute(
                text(
                    "select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user"
                )
            )
        ).one()
        owned = await connection.scalar(
            # But for the temporary tables of its own connections, which nobody else sees.
            text(
                "select count(*) from pg_class "
                "where pg_get_userbyid(relowner) = :role and relpersistence <> 't'"
            ),
            {"role": APP_ROLE},
        )
        lent = await connection.scalar(
            text("select count(*) from pg_auth_members where member = cast(:role as regrole)"),
            {"role": APP_ROLE},
        )
    assert not any(role)
    assert (owned, lent) == (0, 0)


async def test_without_a_tenant_a_read_is_an_error(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        with pytest.raises(DBAPIError, match="no tenant is bound"):
            await session.execute(text("select * from memberships"))


async def test_a_pooled_connection_forgets_the_tenant(engine: AsyncEngine, acme: Company) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("select set_config('app.tenant_id', :t, true)"), {"t": str(acme.id)})
        await connection.commit()
        with pytest.raises(DBAPIError, match="no tenant is bound"):
            await connection.execute(text("select * from memberships"))


async def test_a_forgotten_filter_shows_only_ones_own(
    engine: AsyncEngine, acme: Company, globex: Company
) -> None:
    async with open_scope(engine, acme.id) as scope:
        seen = set(await scope.session.scalars(text("select tenant_id from memberships")))
    assert seen == {acme.id}
    assert globex.id != acme.id


async def test_writing_into_another_tenant_is_refused(
    engine: AsyncEngine, acme: Company, globex: Company
) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        async with open_scope(engine, acme.id) as scope:
            await scope.session.execute(
                text(
                    "insert into outbox (tenant_id, id, kind, name, payload) "
                    "values (:other, gen_random_uuid(), 'task', 'x', '{}')"
                ),
                {"other": globex.id},
            )


async def test_the_audit_trail_can_only_grow(engine: AsyncEngine, acme: Company) -> None:
    for statement in ("update audit_logs set action = 'x'", "delete from audit_logs", "truncate audit_logs"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with open_scope(engine, acme.id) as scope:
                await scope.session.execute(text(statement))


async def test_a_connection_that_the_database_closed_is_replaced(engine: AsyncEngine, acme: Company) -> None:
    async with open_scope(engine, acme.id) as scope:
        doomed = await scope.session.scalar(text("select pg_backend_pid()"))
    other = create_async_engine(engine.url)
    async with other.connect() as connection:
        await connection.execute(text("select pg_terminate_backend(:pid)"), {"pid": doomed})
    await other.dispose()
    await asyncio.sleep(0.05)
    async with open_scope(engine, acme.id) as scope:
        assert await scope.session.scalar(text("select 1")) == 1
