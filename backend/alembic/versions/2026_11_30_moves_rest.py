"""A permit of a move across accounts rests on every evaluation that its decision read; actions that were halted."""

import sqlalchemy as sa

from alembic import op

revision = "moves_rest"
down_revision = "permits_rest"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trust_permits", sa.Column("evaluation_ids", sa.ARRAY(sa.Uuid()), nullable=True))
    op.add_column("autopilot_actions", sa.Column("halted", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("autopilot_actions", "halted")
    op.drop_column("trust_permits", "evaluation_ids")
