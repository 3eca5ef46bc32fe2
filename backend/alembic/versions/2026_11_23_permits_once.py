"""Of a permit the application may write one thing, once: that it was used."""

from alembic import op
from app.db import rls

revision = "permits_once"
down_revision = "trust_health"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(f"REVOKE UPDATE ON trust_permits FROM {rls.APP_ROLE}")
    op.execute(f"GRANT UPDATE (used_at) ON trust_permits TO {rls.APP_ROLE}")
    op.execute(
        """
        CREATE FUNCTION trust_permits_used_once() RETURNS trigger
        LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
        BEGIN
          RAISE EXCEPTION 'a permit is used once' USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER used_once BEFORE UPDATE ON trust_permits FOR EACH ROW "
        "WHEN (old.used_at IS NOT NULL) EXECUTE FUNCTION trust_permits_used_once()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER used_once ON trust_permits")
    op.execute("DROP FUNCTION trust_permits_used_once()")
    op.execute(f"REVOKE UPDATE (used_at) ON trust_permits FROM {rls.APP_ROLE}")
    op.execute(f"GRANT UPDATE ON trust_permits TO {rls.APP_ROLE}")
