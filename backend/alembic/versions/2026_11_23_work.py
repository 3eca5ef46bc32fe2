"""Work: tasks keep their outbox row until they are done; dead letters."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "work"
down_revision = "platforms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "outbox",
        sa.Column(
            "context",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    for counter in ("handovers", "starts"):
        op.add_column("outbox", sa.Column(counter, sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.execute(f"GRANT UPDATE, DELETE ON outbox TO {rls.APP_ROLE}")
    op.create_table(
        "dead_letters",
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("context", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("enqueued_at", UtcDateTime(), nullable=False),
        sa.Column("replayed_at", UtcDateTime(), nullable=True),
        sa.Column("replayed_as", sa.Uuid(), nullable=True),
        sa.Column("discarded_at", UtcDateTime(), nullable=True),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_dead_letters")),
    )
    op.create_index("ix_dead_letters_newest", "dead_letters", ["tenant_id", "created_at", "id"])
    rls.protect(op, "dead_letters", privileges="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("dead_letters")
    op.execute(f"REVOKE UPDATE, DELETE ON outbox FROM {rls.APP_ROLE}")
    op.drop_column("outbox", "starts")
    op.drop_column("outbox", "handovers")
    op.drop_column("outbox", "context")
