"""Events that are set aside are found by the identifier that they are anchored to."""

import sqlalchemy as sa

from alembic import op

revision = "quarantine_anchor"
down_revision = "usable_indexes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cdp_identity_quarantine", sa.Column("person_key", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_cdp_identity_quarantine_person_key", "cdp_identity_quarantine", ["tenant_id", "person_key"]
    )


def downgrade() -> None:
    op.drop_index("ix_cdp_identity_quarantine_person_key", "cdp_identity_quarantine")
    op.drop_column("cdp_identity_quarantine", "person_key")
