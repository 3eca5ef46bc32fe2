"""A backup holds every tenant's rows, and a restored database is walled as the first one was."""

import asyncio
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from app.core.config import Settings
from app.db.roles import owner_dsn
from app.db.session import plain_url
from launcher.backup import BackupError, backup, connection_environment, restore
from tests.factories.access import Company

_BACKEND = Path(__file__).parents[2]

# What a restored database must have in common with the first: owners, powers, walls, functions, the schema's state.
_SHAPE = """
select 'table', relname::text, pg_get_userbyid(relowner)::text, coalesce(relacl, acldefault('r', relowner))::text,
       relrowsecurity::text || relforcerowsecurity::text || relkind::text
  from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'S', 'v')
union all
select 'policy', polname || ' on ' || polrelid::regclass::text, polcmd::text,
       coalesce(pg_get_expr(polqual, polrelid), ''), coalesce(pg_get_expr(polwithcheck, polrelid), '')
  from pg_policy
union all
select 'function', oid::regprocedure::text, pg_get_userbyid(proowner)::text,
  coalesce(proacl, acldefault('f', proowner))::text, prosecdef::text
  from pg_proc where pronamespace = 'public'::regnamespace
union all
select 'constraint', conrelid::regclass::text || '.' || conname, '', pg_get_constraintdef(oid), ''
  from pg_constraint where connamespace = 'public'::regnamespace
union all
select 'index', indexrelid::regclass::text, '', pg_get_indexdef(indexrelid), '' from pg_index
  where indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
union all
select 'schema', nspname::text, '', coalesce(nspacl::text, ''), '' from pg_namespace where nspname = 'public'
order by 1, 2
"""


_CASTS = re.compile(r"::(text|character varying)(\[\])?|[()]")


async def _shape(url: str) -> list[tuple[str, ...]]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(_SHAPE)
        # Read back from its own text, an expression's casts and parentheses stand elsewhere and mean the same.
        return [tuple(_CASTS.sub("", value) for value in row.values()) for row in rows]
    finally:
        await connection.close()


async def _contents(url: str) -> dict[str, tuple[int, str]]:
    """Each table's number of rows and their digest, the ledger's among them."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "select oid::regclass::text as name from pg_class "
            "where relnamespace = 'public'::regnamespace and relkind = 'r'"
        )
        contents = {}
        for (name,) in tables:
            rows = sorted(row[0] for row in await connection.fetch(f"select t::text from {name} t"))  # noqa: S608  (a name of ours)
            contents[name] = len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest()
        return contents
    finally:
        await connection.close()


def _stratum(owner_url: str, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd=_BACKEND,
        env={**os.environ, "DATABASE_OWNER_URL": owner_url},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
async def empty(settings: Settings) -> str:
    """Another database on the same server, with nothing in it."""
    name = f"restored_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(owner_dsn(settings))
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"{owner_dsn(settings).rpartition('/')[0]}/{name}"


async def test_what_is_restored_is_what_was_backed_up(
    settings: Settings, acme: Company, globex: Company, empty: str, tmp_path: Path
) -> None:
    first, file = owner_dsn(settings), tmp_path / "backups" / "stratum.dump"
    done = await asyncio.to_thread(_stratum, first, "backup", str(file))
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    done = await asyncio.to_thread(_stratum, empty, "restore", str(file))
    assert done.returncode == 0, done.stderr
    assert await _contents(empty) == await _contents(first)
    assert await _shape(empty) == await _shape(first)
    application = (
        f"{plain_url(settings.database_url.get_secret_value()).rpartition('/')[0]}/{empty.rpartition('/')[2]}"
    )
    connection = await asyncpg.connect(application)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from memberships")
        async with connection.transaction():
            await connection.execute("select set_config('app.tenant_id', $1, true)", str(acme.id))
            seen = await connection.fetch("select distinct tenant_id from memberships")
        assert [row["tenant_id"] for row in seen] == [acme.id]
    finally:
        await connection.close()


async def test_a_database_that_holds_something_is_not_overwritten_unless_asked(
    settings: Settings, acme: Company, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "stratum.dump"
    await asyncio.to_thread(backup, owner_dsn(settings), file)
    connection = await asyncpg.connect(empty)
    await connection.execute("CREATE TABLE precious AS SELECT 7 AS seven")
    with pytest.raises(BackupError, match="not empty"):
        await asyncio.to_thread(restore, empty, file, replace=False)
    assert await connection.fetchval("SELECT seven FROM precious") == 7
    await asyncio.to_thread(restore, empty, file, replace=True)
    assert await connection.fetchval("SELECT to_regclass('precious')") is None
    await connection.close()
    assert await _contents(empty) == await _contents(owner_dsn(settings))


async def test_a_damaged_backup_changes_nothing(settings: Settings, empty: str, tmp_path: Path) -> None:
    file = tmp_path / "stratum.dump"
    await asyncio.to_thread(backup, owner_dsn(settings), file)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    connection = await asyncpg.connect(empty)
    await connection.execute("CREATE TABLE precious AS SELECT 7 AS seven")
    with pytest.raises(BackupError, match="pg_restore failed"):
        await asyncio.to_thread(restore, empty, file, replace=True)
    assert await connection.fetchval("SELECT seven FROM precious") == 7
    await connection.close()


async def test_a_role_that_row_level_security_binds_takes_no_empty_backup(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "stratum.dump"
    application = plain_url(settings.database_url.get_secret_value())
    with pytest.raises(BackupError, match="stratum_backup"):
        await asyncio.to_thread(backup, application, file)
    assert not file.exists()


def test_a_password_reaches_the_programs_by_their_environment() -> None:
    found = connection_environment("postgresql://me:p%40ss@db.example:6432/stratum?sslmode=verify-full")
    assert found["PGPASSWORD"] == "p@ss"
    assert found["PGHOST"] == "db.example"
    assert found["PGPORT"] == "6432"
    assert found["PGDATABASE"] == "stratum"
    assert found["PGSSLMODE"] == "verify-full"
