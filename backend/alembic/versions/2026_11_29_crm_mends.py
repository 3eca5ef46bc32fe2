"""As what a value of ours stands at a CRM, of a contact that waits to be emptied there."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "crm_mends"
down_revision = "ads_asked_again"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "crm_writes",
        sa.Column("standing", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("crm_writes", "standing")
