"""What each synchronisation newly told of, by the age of the day that it told of."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "account_tellings"
down_revision = "crm_outbound"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_tellings",
        sa.Column("ad_account_id", sa.Uuid(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=False),
        sa.Column("conversions", postgresql.ARRAY(sa.Numeric(precision=18, scale=4)), nullable=False),
        sa.Column("value_micros", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("lost_value_micros", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("spend_up_micros", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("spend_down_micros", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column(
            "tenant_id",
            sa.Integer(),
            server_default=sa.text("current_tenant()"),
            autoincrement=False,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ad_account_id"],
            ["ad_accounts.tenant_id", "ad_accounts.id"],
            name=op.f("fk_account_tellings_tenant_id_ad_account_id_ad_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("ad_account_id", "told_at", "tenant_id", name=op.f("pk_account_tellings")),
    )
    rls.protect(op, "account_tellings")


def downgrade() -> None:
    op.drop_table("account_tellings")
