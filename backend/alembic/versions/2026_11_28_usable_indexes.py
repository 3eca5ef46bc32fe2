"""Indexes that row-level security lets nobody use go; the cell of a customer's ranking is a column that one may use."""

import sqlalchemy as sa

from alembic import op

revision = "usable_indexes"
down_revision = "files_waiting"
branch_labels = None
depends_on = None

_CELL = "computed #>> '{rfm,cell}'"


def upgrade() -> None:
    for column in ("traits", "trait_hashes"):
        op.drop_index(f"ix_cdp_profiles_{column}", "cdp_profiles")
    op.drop_index("ix_cdp_privacy_requests_subject_keys", "cdp_privacy_requests")
    op.drop_index("ix_cdp_profiles_rfm_cell", "cdp_profiles")
    op.add_column("cdp_profiles", sa.Column("rfm_cell", sa.Text(), sa.Computed(_CELL, persisted=True)))
    op.create_index(
        "ix_cdp_profiles_rfm_cell",
        "cdp_profiles",
        ["tenant_id", "rfm_cell", "created_at", "id"],
        postgresql_where=sa.text("rfm_cell IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_cdp_profiles_rfm_cell", "cdp_profiles")
    op.drop_column("cdp_profiles", "rfm_cell")
    op.create_index(
        "ix_cdp_profiles_rfm_cell",
        "cdp_profiles",
        ["tenant_id", sa.text(f"({_CELL})"), "created_at", "id"],
        postgresql_where=sa.text(f"({_CELL}) IS NOT NULL"),
    )
    op.create_index(
        "ix_cdp_privacy_requests_subject_keys",
        "cdp_privacy_requests",
        ["subject_keys"],
        postgresql_using="gin",
    )
    for column in ("trait_hashes", "traits"):
        op.create_index(
            f"ix_cdp_profiles_{column}",
            "cdp_profiles",
            [column],
            postgresql_using="gin",
            postgresql_ops={column: "jsonb_path_ops"},
        )
