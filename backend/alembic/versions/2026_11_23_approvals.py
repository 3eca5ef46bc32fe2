"""Why a person approved: a limit that asks for a confirmation reads it."""

import sqlalchemy as sa

from alembic import op

revision = "approvals"
down_revision = "evidence"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("autopilot_actions", sa.Column("approval_reason", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("autopilot_actions", "approval_reason")
