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
    op.add_column("rule_evaluations", sa.Column("ended_at", UtcDateTime(), nullable=True))
    op.execute("ALTER TABLE rule_evaluations NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE rule_evaluations SET ended_at = evaluated_at")
    op.execute("ALTER TABLE rule_evaluations FORCE ROW LEVEL SECURITY")
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
