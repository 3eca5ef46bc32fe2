"""What a permit rests on still holds when it is used: the policy, and the account's newest evaluation."""

import sqlalchemy as sa

from alembic import op

revision = "permits_rest"
down_revision = "rules_in_steps"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trust_permits", sa.Column("ad_account_id", sa.Uuid(), nullable=True))
    op.add_column("trust_permits", sa.Column("evaluation_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("trust_permits", "evaluation_id")
    op.drop_column("trust_permits", "ad_account_id")
