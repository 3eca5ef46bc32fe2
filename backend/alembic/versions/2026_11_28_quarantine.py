"""Events that could not be resolved stand apart, so that those behind them are."""

import sqlalchemy as sa

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "quarantine"
down_revision = "sources_and_privacy"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cdp_identity_quarantine",
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("quarantined_at", UtcDateTime(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_identity_quarantine")),
    )
    op.create_index(
        "ix_cdp_identity_quarantine_newest", "cdp_identity_quarantine", ["tenant_id", "quarantined_at", "id"]
    )
    rls.protect(op, "cdp_identity_quarantine")


def downgrade() -> None:
    op.drop_table("cdp_identity_quarantine")
