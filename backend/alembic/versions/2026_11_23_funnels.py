"""Funnels and retention reports that people saved."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "funnels"
down_revision = "erasure_by_keys"
branch_labels = None
depends_on = None

_TABLES = ("cdp_funnels", "cdp_retention_reports")


def upgrade() -> None:
    for table in _TABLES:
        op.create_table(
            table,
            sa.Column("name", sa.String(), nullable=False),
            sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
            sa.Column("created_by", sa.Uuid(), nullable=True),
            sa.Column("updated_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
            sa.Column("updated_by", sa.String(), nullable=True),
            sa.Column(
                "tenant_id",
                sa.Integer(),
                server_default=sa.text("current_tenant()"),
                autoincrement=False,
                nullable=False,
            ),
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
            sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
        )
        op.create_index(f"uq_{table}_name", table, ["tenant_id", sa.text("lower(name)")], unique=True)
        rls.protect(op, table)


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
