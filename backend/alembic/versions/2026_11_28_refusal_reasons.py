"""Refused links by identifier and time, where the reason may be overruled by an earlier assertion that arrives late."""

import sqlalchemy as sa

from alembic import op

revision = "refusal_reasons"
down_revision = "feed_pruning"
branch_labels = None
depends_on = None

_OVERRULABLE = "reason IN ('type_limit', 'too_many_identifiers', 'too_many_merges')"


def upgrade() -> None:
    for side in ("a", "b"):
        op.create_index(
            f"ix_cdp_identity_edges_overrulable_{side}",
            "cdp_identity_edges",
            ["tenant_id", f"{side}_key", "asserted_at"],
            postgresql_where=sa.text(_OVERRULABLE),
        )


def downgrade() -> None:
    for side in ("b", "a"):
        op.drop_index(f"ix_cdp_identity_edges_overrulable_{side}", table_name="cdp_identity_edges")
