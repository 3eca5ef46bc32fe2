"""When reading an account's ads met the platform's limit, and which ads were missed in a listing that was empty."""

import sqlalchemy as sa

from alembic import op
from app.db.base import UtcDateTime

revision = "ads_asked_again"
down_revision = "campaign_assets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ad_accounts", sa.Column("ads_limited_at", UtcDateTime(), nullable=True))
    op.add_column("ads", sa.Column("missed", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    op.drop_column("ads", "missed")
    op.drop_column("ad_accounts", "ads_limited_at")
