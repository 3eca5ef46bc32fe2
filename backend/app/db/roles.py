"""The database's roles. Who owns may not serve, who serves owns nothing and cannot bypass row-level security."""

import asyncpg
import stamina
from sqlalchemy import make_url

from app.core.config import Settings
from app.core.errors import StratumError
from app.db.rls import APP_ROLE, BACKUP_ROLE, LOOKUP_ROLE, MAINTENANCE_ROLE, OWNER_ROLE, RELAY_ROLE
from app.db.session import plain_url

_LOCK = 7_203_114  # any constant: two starts at once must not both create a role


class OwnerUrlMissing(StratumError):
    """Set DATABASE_OWNER_URL: an address whose role may create roles and tables."""

    code = "db.owner_url_missing"


def owner_dsn(settings: Settings) -> str:
    if settings.database_owner_url is None:
        raise OwnerUrlMissing
    return plain_url(settings.database_owner_url.get_secret_value())


# Roles belong to the server, and a lock to one database: two databases' starts can still meet in the catalogue.
_MET = (asyncpg.InternalServerError, asyncpg.UniqueViolationError, asyncpg.DuplicateObjectError)


@stamina.retry(on=_MET, attempts=8, wait_initial=0.05, wait_max=1)
async def ensure_roles(settings: Settings) -> None:
    """Create or mend the five roles, with the passwords that the settings' addresses carry.

    Needs the owner's address: a superuser, or a role with CREATEROLE that owns the database.
    """
    logins = {APP_ROLE: settings.database_url}
    if settings.database_relay_url is not None:
        logins[RELAY_ROLE] = settings.database_relay_url
    if settings.database_maintenance_url is not None:
        logins[MAINTENANCE_ROLE] = settings.database_maintenance_url
    connection = await asyncpg.connect(owner_dsn(settings), timeout=15)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            for role in (OWNER_ROLE, APP_ROLE, RELAY_ROLE, MAINTENANCE_ROLE, LOOKUP_ROLE):
                if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                    await connection.execute(f"CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS")
            for role, url in logins.items():
                parsed = make_url(url.get_secret_value())
                if parsed.username == role and parsed.password:
                    quoted = await connection.fetchval("SELECT quote_literal($1)", parsed.password)
                    await connection.execute(f"ALTER ROLE {role} LOGIN PASSWORD {quoted}")
            for granted in (OWNER_ROLE, LOOKUP_ROLE):
                await connection.execute(f"GRANT {granted} TO CURRENT_USER")
            await connection.execute(f"GRANT {LOOKUP_ROLE}, {MAINTENANCE_ROLE} TO {OWNER_ROLE}")
            database = await connection.fetchval("SELECT quote_ident(current_database())")
            await connection.execute(f"GRANT CREATE ON DATABASE {database} TO {OWNER_ROLE}")
            await connection.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER_ROLE}, {LOOKUP_ROLE}")
            await connection.execute(
                f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}, {RELAY_ROLE}, {MAINTENANCE_ROLE}"
            )
            await connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            await _ensure_backup_role(connection)
    finally:
        await connection.close()


async def _ensure_backup_role(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """A backup reads every tenant's rows and writes none: a role for that alone, which nobody can log in as.

    Only a superuser can make it; elsewhere `stratum backup` says what to ask for.
    """
    if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        return
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", BACKUP_ROLE):
        await connection.execute(f"CREATE ROLE {BACKUP_ROLE} NOLOGIN NOSUPERUSER BYPASSRLS")
    await connection.execute(f"GRANT pg_read_all_data TO {BACKUP_ROLE}")
    await connection.execute(f"GRANT {BACKUP_ROLE} TO CURRENT_USER")
