"""Incidents."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "incidents"
down_revision = "cdp"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trust_incidents",
        sa.Column("ad_account_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("mend", sa.String(), nullable=True),
        sa.Column(
            "evidence",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "timeline",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
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
            name=op.f("fk_trust_incidents_tenant_id_ad_account_id_ad_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_trust_incidents")),
    )
    op.create_index(
        "ix_trust_incidents_newest", "trust_incidents", ["tenant_id", "opened_at", "id"], unique=False
    )
    op.create_index(
        "uq_trust_incidents_live",
        "trust_incidents",
        ["tenant_id", "ad_account_id", "kind", "subject"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    rls.protect(op, "trust_incidents", privileges="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_index(
        "uq_trust_incidents_live",
        table_name="trust_incidents",
        postgresql_where=sa.text("closed_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index("ix_trust_incidents_newest", table_name="trust_incidents")
    op.drop_table("trust_incidents")
