"""Standing envelopes, and the actions that have their yes."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "envelopes"
down_revision = "stops"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "autopilot_envelopes",
        sa.Column("ad_account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "campaign_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("most_daily_micros", sa.BigInteger(), nullable=True),
        sa.Column("most_raised_micros", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=True),
        sa.Column("given_label", sa.String(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_label", sa.String(), nullable=True),
        sa.Column("revoked_reason", sa.String(), nullable=True),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ad_account_id"],
            ["ad_accounts.tenant_id", "ad_accounts.id"],
            name=op.f("fk_autopilot_envelopes_tenant_id_ad_account_id_ad_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_autopilot_envelopes")),
        sa.UniqueConstraint(
            "tenant_id", "idempotency_key", name=op.f("uq_autopilot_envelopes_tenant_id_idempotency_key")
        ),
    )
    op.create_index("ix_autopilot_envelopes_newest", "autopilot_envelopes", ["tenant_id", "given_at", "id"])
    op.create_index(
        "ix_autopilot_envelopes_live",
        "autopilot_envelopes",
        ["tenant_id", "ad_account_id", "ends_at"],
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    # The owner too is bound by row-level security: a new constraint reads every tenant's rows.
    op.execute("ALTER TABLE autopilot_actions NO FORCE ROW LEVEL SECURITY")
    op.add_column("autopilot_actions", sa.Column("envelope_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_autopilot_actions_tenant_id_envelope_id_autopilot_envelopes"),
        "autopilot_actions",
        "autopilot_envelopes",
        ["tenant_id", "envelope_id"],
        ["tenant_id", "id"],
    )
    op.execute("ALTER TABLE autopilot_actions FORCE ROW LEVEL SECURITY")
    rls.protect(op, "autopilot_envelopes")
    op.create_index(
        "ix_autopilot_actions_envelope",
        "autopilot_actions",
        ["tenant_id", "envelope_id"],
        postgresql_where=sa.text("envelope_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_autopilot_actions_envelope", "autopilot_actions")
    op.drop_column("autopilot_actions", "envelope_id")
    op.drop_table("autopilot_envelopes")
