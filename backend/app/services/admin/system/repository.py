"""What the database says of itself, asked on a connection of its own and of no tenant."""

import asyncpg

from app.db.rls import RELAY_ROLE
from app.db.session import plain_url
from app.services.admin.system.rules import DatabaseFacts, RoleFacts, Silence, Why

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
_RELAY = """
select exists (select from pg_stat_activity where usename = $1 and datname = current_database())
"""


class DatabaseSilent(Exception):
    """The database does not take us in."""

    def __init__(self, silence: Silence) -> None:
        super().__init__(silence.says)
        self.silence = silence


def _why(error: Exception) -> Why:
    match error:
        case asyncpg.InvalidAuthorizationSpecificationError():
            return Why.WHO
        case asyncpg.InvalidCatalogNameError():
            return Why.NO_SUCH_DATABASE
        case asyncpg.TooManyConnectionsError():
            return Why.FULL
    return Why.SILENT


async def _connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    try:
        return await asyncpg.connect(plain_url(url), timeout=_TIMEOUT_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, ValueError) as error:
        raise DatabaseSilent(Silence(_why(error), str(error) or type(error).__name__)) from None


async def silence_of(url: str) -> Silence | None:
    """Why the database does not take in who this address names; None where it does."""
    try:
        connection = await _connect(url)
    except DatabaseSilent as error:
        return error.silence
    await connection.close()
    return None


async def has_relay(url: str) -> bool:
    """Whether a relay is connected: who is connected is for every role to see, what they do is not."""
    connection = await _connect(url)
    try:
        return bool(await connection.fetchval(_RELAY, RELAY_ROLE))
    finally:
        await connection.close()


async def database_facts(url: str, *, global_tables: frozenset[str]) -> DatabaseFacts:
    connection = await _connect(url)
    try:
        server = await connection.fetchrow(_SERVER)
        role = await connection.fetchrow(_ROLE)
        tables = await connection.fetch(_OPEN_TABLES, sorted(global_tables))
    finally:
        await connection.close()
    if server is None or role is None:
        raise DatabaseSilent(Silence(Why.SILENT, "it hides its catalogue"))
    return DatabaseFacts(
        **dict(server), role=RoleFacts(**dict(role)), open_tables=tuple(row["relname"] for row in tables)
    )
