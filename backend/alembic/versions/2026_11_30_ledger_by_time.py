"""Decisions are found by their time. The ledger is long and always written to: no index locks it while it is made."""

from alembic import op

revision = "ledger_by_time"
down_revision = "moves_rest"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_trust_ledger_at": ["tenant_id", "kind", "at", "seq"],
    "ix_trust_ledger_account_at": ["tenant_id", "ad_account_id", "kind", "at", "seq"],
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, columns in _INDEXES.items():
            # One that was broken off stays behind, invalid, under its name.
            op.drop_index(name, "trust_ledger", postgresql_concurrently=True, if_exists=True)
            op.create_index(name, "trust_ledger", columns, postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in reversed(_INDEXES):
            op.drop_index(name, "trust_ledger", postgresql_concurrently=True, if_exists=True)
