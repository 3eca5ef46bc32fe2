"""An account at Snapchat, which has no lead, chooses the event that stands for one; so far it was the first of five."""

import sqlalchemy as sa

from alembic import op

revision = "lead_event"
down_revision = "crm"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ad_accounts", sa.Column("lead_event", sa.String(), nullable=True))
    op.execute("ALTER TABLE ad_accounts NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE ad_accounts SET lead_event = 'CUSTOM_EVENT_1' WHERE platform = 'snapchat' AND conversions_enabled"
    )
    op.execute("ALTER TABLE ad_accounts FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_column("ad_accounts", "lead_event")
