"""Where files wait to be taken in or written, without a look at every tenant."""

from alembic import op
from app.db import rls

revision = "files_waiting"
down_revision = "refusal_reasons"
branch_labels = None
depends_on = None

_KINDS = ("imports", "exports")


def upgrade() -> None:
    for kind in _KINDS:
        op.execute(f"CREATE POLICY files_wait ON cdp_{kind} FOR SELECT TO {rls.OWNER_ROLE} USING (true)")
        op.execute(
            f"""
            CREATE FUNCTION cdp_{kind}_waiting() RETURNS SETOF integer
            LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
              SELECT DISTINCT waiting.tenant_id FROM cdp_{kind} AS waiting JOIN tenants AS t ON t.id = waiting.tenant_id
              WHERE waiting.status IN ('queued', 'running') AND t.is_active
            $$
            """  # noqa: S608  (a constant)
        )
        op.execute(f"REVOKE ALL ON FUNCTION cdp_{kind}_waiting() FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION cdp_{kind}_waiting() TO {rls.MAINTENANCE_ROLE}")


def downgrade() -> None:
    for kind in reversed(_KINDS):
        op.execute(f"DROP FUNCTION cdp_{kind}_waiting()")
        op.execute(f"DROP POLICY files_wait ON cdp_{kind}")
