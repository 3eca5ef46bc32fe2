"""What the gate decides upon besides health: the calendar, rates of exchange, and the grounds of an action."""

import sqlalchemy as sa

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "calendar_and_rates"
down_revision = "identity"
branch_labels = None
depends_on = None


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def upgrade() -> None:
    op.create_table(
        "trust_calendar",
        sa.Column("ad_account_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_trust_calendar_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ad_account_id"],
            ["ad_accounts.tenant_id", "ad_accounts.id"],
            name=op.f("fk_trust_calendar_tenant_id_ad_account_id_ad_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_trust_calendar")),
    )
    op.create_index("ix_trust_calendar_ends", "trust_calendar", ["tenant_id", "ends_at"])
    rls.protect(op, "trust_calendar")
    op.create_table(
        "trust_fx_rates",
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("rate", sa.Numeric(28, 12), nullable=False),
        sa.Column("as_of", UtcDateTime(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("rate > 0", name=op.f("ck_trust_fx_rates_positive")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_trust_fx_rates")),
    )
    op.create_index(
        "ix_trust_fx_rates_newest", "trust_fx_rates", ["tenant_id", "base", "quote", "as_of", "id"]
    )
    rls.protect(op, "trust_fx_rates", privileges=rls.APPEND_ONLY)
    op.add_column(
        "autopilot_actions",
        sa.Column("spend_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    # The owner too is bound by row-level security: what follows reads every tenant's rows.
    op.execute("ALTER TABLE autopilot_actions NO FORCE ROW LEVEL SECURITY")
    # Until now an action that named no signal was taken to need nothing but what was spent.
    op.execute("UPDATE autopilot_actions SET spend_only = cardinality(justified_by) = 0")
    op.add_column("autopilot_actions", sa.Column("approved_at", UtcDateTime(), nullable=True))
    op.add_column("autopilot_actions", sa.Column("other_half", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_autopilot_actions_tenant_id_other_half_autopilot_actions"),
        "autopilot_actions",
        "autopilot_actions",
        ["tenant_id", "other_half"],
        ["tenant_id", "id"],
    )
    op.execute("ALTER TABLE autopilot_actions FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_constraint(
        "fk_autopilot_actions_tenant_id_other_half_autopilot_actions", "autopilot_actions", type_="foreignkey"
    )
    for column in ("other_half", "approved_at", "spend_only"):
        op.drop_column("autopilot_actions", column)
    op.drop_table("trust_fx_rates")
    op.drop_table("trust_calendar")
