"""Row-level security: how a migration protects a tenant's table, and how tests see that it did.

`current_tenant()` raises while no tenant is bound: a forgotten scope is an error, not an empty answer.
"""

from typing import Protocol

from app.db.base import Base

OWNER_ROLE = "stratum_owner"
APP_ROLE = "stratum_app"
RELAY_ROLE = "stratum_relay"
MAINTENANCE_ROLE = "stratum_maintenance"
LOOKUP_ROLE = "stratum_lookup"
BACKUP_ROLE = "stratum_backup"

READ_WRITE = "SELECT, INSERT, UPDATE, DELETE"
APPEND_ONLY = "SELECT, INSERT"

CURRENT_TENANT = """
CREATE OR REPLACE FUNCTION current_tenant() RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE bound text := current_setting('app.tenant_id', true);
BEGIN
  IF bound IS NULL OR bound = '' THEN
    RAISE EXCEPTION 'no tenant is bound to this transaction' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN bound::integer;
END $$
"""


class Executes(Protocol):
    """Alembic's `op`, or anything that runs a statement."""

    def execute(self, sql: str) -> object: ...


def protect(op: Executes, table: str, *, privileges: str = READ_WRITE) -> None:
    """Force row-level security on `table` and grant the application's role `privileges` on it."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} "
        "USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()))"
    )
    op.execute(f"GRANT {privileges} ON {table} TO {APP_ROLE}")


def protect_partition(op: Executes, table: str) -> None:
    """A partition does not inherit its parent's policies: nobody but through the parent reaches it."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"REVOKE ALL ON {table} FROM {APP_ROLE}")


def open_to_app(op: Executes, table: str, *, privileges: str = READ_WRITE) -> None:
    """Grant the application a global table: one that stands in `GLOBAL_TABLES` on purpose."""
    op.execute(f"GRANT {privileges} ON {table} TO {APP_ROLE}")


GLOBAL_TABLES = frozenset(
    {
        "alembic_version",
        "tenants",
        "users",
        "user_sessions",
        "one_time_tokens",
        "platform_kill_switch",
        "platform_write_leases",
    }
)
"""Tables that belong to no tenant; everything else has `tenant_id` and forced row-level security."""


def tenant_tables() -> list[str]:
    return sorted(name for name in Base.metadata.tables if name not in GLOBAL_TABLES)
