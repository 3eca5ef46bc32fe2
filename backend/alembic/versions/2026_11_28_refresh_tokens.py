"""Tokens that live for minutes are exchanged by a refresh token, by one at a time."""

import sqlalchemy as sa

from alembic import op

revision = "refresh_tokens"
down_revision = "quarantine_anchor"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connections", sa.Column("refresh_token_sealed", sa.LargeBinary(), nullable=True))
    op.add_column(
        "connections", sa.Column("refresh_claimed_until", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("connections", "refresh_claimed_until")
    op.drop_column("connections", "refresh_token_sealed")
