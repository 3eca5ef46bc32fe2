"""What a CRM refuses, and who is created there."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "crm_outbound"
down_revision = "crm_inbound"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "crm_accounts",
        sa.Column("refused", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("crm_accounts", sa.Column("create_segment_id", sa.Uuid(), nullable=True))
    op.add_column(
        "crm_accounts",
        sa.Column("create_as", sa.Text(), server_default=sa.text("'contact'"), nullable=False),
    )
    op.add_column(
        "crm_accounts",
        sa.Column("create_per_day", sa.Integer(), server_default=sa.text("100"), nullable=False),
    )
    op.add_column(
        "crm_pushes", sa.Column("created", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.create_table(
        "crm_creations",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["crm_accounts.tenant_id", "crm_accounts.id"],
            name=op.f("fk_crm_creations_tenant_id_account_id_crm_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "key", name=op.f("pk_crm_creations")),
    )
    op.create_index("ix_crm_creations_made", "crm_creations", ["tenant_id", "account_id", "at"])
    rls.protect(op, "crm_creations")


def downgrade() -> None:
    op.drop_table("crm_creations")
    op.drop_column("crm_pushes", "created")
    for name in ("create_per_day", "create_as", "create_segment_id", "refused"):
        op.drop_column("crm_accounts", name)
