"""Which properties a CRM takes no value of."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "crm_outbound"
down_revision = "crm_mends"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "crm_accounts",
        sa.Column("refused", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("crm_accounts", "refused")
