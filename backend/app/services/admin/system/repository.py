"""What the database says of itself, asked on a connection of its own and of no tenant."""

import asyncpg

from app.db.session import plain_url
from app.services.admin.system.rules import DatabaseFacts, RoleFacts

_TIMEOUT_SECONDS = 5.0
_SERVER = """
select current_setting('server_version') as version,
       current_setting('server_version_num')::int as version_number,
       pg_encoding_to_char(encoding) as encoding,
       clock_timestamp() as now
  from pg_database where datname = current_database()
"""
_ROLE = """
select rolname as name, rolsuper as is_superuser, rolbypassrls as bypasses_rls, rolcreaterole as creates_roles,
       (select count(*) from pg_class where relowner = pg_roles.oid and relkind in ('r', 'p')
           and relnamespace = 'public'::regnamespace) as owned_tables
  from pg_roles where rolname = current_user
"""
_OPEN_TABLES = """
select relname from pg_class
 where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
   and not (relrowsecurity and relforcerowsecurity)
   and relname <> all($1::text[])
   and exists (select from pg_attribute where attrelid = pg_class.oid and attname = 'tenant_id' and not attisdropped)
 order by relname
"""


class DatabaseSilent(Exception):
    """The database does not take us in; the message says why."""


async def database_facts(url: str, *, global_tables: frozenset[str]) -> DatabaseFacts:
    try:
        connection = await asyncpg.connect(plain_url(url), timeout=_TIMEOUT_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise DatabaseSilent(str(error) or type(error).__name__) from None
    try:
        server = await connection.fetchrow(_SERVER)
        role = await connection.fetchrow(_ROLE)
        tables = await connection.fetch(_OPEN_TABLES, sorted(global_tables))
    finally:
        await connection.close()
    if server is None or role is None:
        raise DatabaseSilent("it hides its catalogue")
    return DatabaseFacts(
        **dict(server), role=RoleFacts(**dict(role)), open_tables=tuple(row["relname"] for row in tables)
    )
