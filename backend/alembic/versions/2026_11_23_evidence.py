"""Evidence: the platform's own match quality; and every tenant hears of the switch over all of them."""

import sqlalchemy as sa

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "evidence"
down_revision = "permits_once"
branch_labels = None
depends_on = None

_TELL = "tell_tenants_of_platform_kill_switch()"


def upgrade() -> None:
    op.add_column("ad_accounts", sa.Column("match_quality", sa.Numeric(4, 2), nullable=True))
    op.add_column("ad_accounts", sa.Column("match_quality_at", UtcDateTime(), nullable=True))
    _let_every_tenant_hear_of_the_switch()


def _let_every_tenant_hear_of_the_switch() -> None:
    """One live message to each active tenant, which says what the switch's row says: whoever calls adds nothing."""
    op.execute(f"GRANT SELECT ON platform_kill_switch TO {rls.LOOKUP_ROLE}")
    op.execute(f"GRANT INSERT (tenant_id, id, kind, name, payload) ON outbox TO {rls.LOOKUP_ROLE}")
    op.execute(
        f"CREATE POLICY kill_switch ON outbox FOR INSERT TO {rls.LOOKUP_ROLE} "
        "WITH CHECK (kind = 'live' AND name = 'autopilot_mode_change' AND payload ->> 'kill_switch' = 'platform')"
    )
    op.execute(
        f"""
        CREATE FUNCTION {_TELL} RETURNS void
        LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
          INSERT INTO outbox (tenant_id, id, kind, name, payload)
          SELECT t.id, gen_random_uuid(), 'live', 'autopilot_mode_change',
            jsonb_build_object('kill_switch', 'platform', 'engaged', s.engaged, 'reason', s.reason)
          FROM platform_kill_switch s CROSS JOIN tenants t
          WHERE t.is_active ORDER BY t.id
        $$
        """  # noqa: S608  (a constant)
    )
    op.execute(f"REVOKE ALL ON FUNCTION {_TELL} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_TELL} TO {rls.APP_ROLE}")
    op.execute(f"ALTER FUNCTION {_TELL} OWNER TO {rls.LOOKUP_ROLE}")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {_TELL}")
    op.execute("DROP POLICY kill_switch ON outbox")
    op.execute(f"REVOKE INSERT (tenant_id, id, kind, name, payload) ON outbox FROM {rls.LOOKUP_ROLE}")
    op.execute(f"REVOKE ALL ON platform_kill_switch FROM {rls.LOOKUP_ROLE}")
    op.drop_column("ad_accounts", "match_quality_at")
    op.drop_column("ad_accounts", "match_quality")
