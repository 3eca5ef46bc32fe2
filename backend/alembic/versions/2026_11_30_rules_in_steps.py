"""When an evaluation of a rule ended; what strategies and rules ask of past actions, by indexes."""

import sqlalchemy as sa

from alembic import op
from app.db.base import UtcDateTime

revision = "rules_in_steps"
down_revision = "crm_deals_written"
branch_labels = None
depends_on = None

_STATUSES, _STRATEGY = "ix_autopilot_actions_statuses", "ix_autopilot_actions_strategy"


def upgrade() -> None:
    # A constant default writes no row: all there are have ended.
    ended = sa.Column("ended_at", UtcDateTime(), nullable=True, server_default=sa.text("now()"))
    op.add_column("rule_evaluations", ended)
    op.alter_column("rule_evaluations", "ended_at", server_default=None)
    op.create_index(
        _STATUSES,
        "autopilot_actions",
        ["tenant_id", "applied_at"],
        postgresql_where=sa.text("operation = 'set_status'"),
    )
    op.create_index(
        _STRATEGY,
        "autopilot_actions",
        ["tenant_id", "strategy", "proposed_at"],
        postgresql_where=sa.text("strategy IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(_STRATEGY, "autopilot_actions")
    op.drop_index(_STATUSES, "autopilot_actions")
    op.drop_column("rule_evaluations", "ended_at")
