"""An act of a person on the graph keeps which ids of profiles it ended and founded, so that its undo can give them back."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from alembic import op

revision = "ids_of_acts"
down_revision = "notifications"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("ended", "founded"):
        op.add_column("cdp_identity_edges", sa.Column(name, ARRAY(sa.Uuid()), nullable=True))
    op.create_index(
        "ix_cdp_identity_edges_ids",
        "cdp_identity_edges",
        ["tenant_id"],
        postgresql_where=sa.text("ended IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_cdp_identity_edges_ids", table_name="cdp_identity_edges")
    for name in ("founded", "ended"):
        op.drop_column("cdp_identity_edges", name)
