"""What CRMs say by themselves: notifications, who is gone there, and what told orders are worth since."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "crm_inbound"
down_revision = "crm_mends"
branch_labels = None
depends_on = None

_TABLES = (
    "crm_departures",
    "crm_notices",
    "crm_webhooks",
    "conversion_values",
    "conversion_adjustments",
)


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def _tally(name: str, start: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text(start), nullable=False)


def _micros(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False)


def _of(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}_{target}"),
        ondelete="CASCADE",
    )


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, "tenant_id", name=op.f(f"pk_{table}"))


def upgrade() -> None:
    op.add_column("crm_accounts", _json("gone_until"))
    op.add_column("crm_accounts", _time("next_sweep_at"))
    op.add_column("crm_syncs", _count("contacts_gone"))
    op.add_column("crm_syncs", _count("deals_gone"))
    op.add_column("crm_deals", _time("gone_at"))
    op.create_table(
        "crm_departures",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _text("external_id", nullable=False),
        _text("why", nullable=False),
        _text("merged_into"),
        _time("gone_at", nullable=False),
        _time("noticed_at", nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.Uuid()), nullable=False),
        _json("fields"),
        _tenant(),
        _of("crm_departures", "account_id", "crm_accounts"),
        _key("crm_departures", "account_id", "external_id"),
    )
    op.create_index("ix_crm_departures_newest", "crm_departures", ["tenant_id", "account_id", "noticed_at"])
    op.create_table(
        "crm_notices",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _text("kind", nullable=False),
        _text("external_id", nullable=False),
        _text("merged_into"),
        sa.Column("privacy", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _time("occurred_at", nullable=False),
        _tally("version", "1"),
        _count("attempts"),
        _time("next_at", nullable=False),
        _tenant(),
        _of("crm_notices", "account_id", "crm_accounts"),
        _key("crm_notices", "account_id", "kind", "external_id"),
    )
    op.create_index("ix_crm_notices_due", "crm_notices", ["tenant_id", "account_id", "next_at"])
    op.create_table(
        "crm_webhooks",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _time("last_at"),
        _tally("taken"),
        _tally("refused"),
        _time("refused_at"),
        _text("refused_why"),
        _tenant(),
        _of("crm_webhooks", "account_id", "crm_accounts"),
        _key("crm_webhooks", "account_id"),
    )
    op.create_table(
        "conversion_values",
        _text("dedupe_key", nullable=False),
        _micros("value_micros"),
        _text("currency", nullable=False),
        _micros("told_micros"),
        _text("told_currency", nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        _time("changed_at", nullable=False),
        _tenant(),
        _key("conversion_values", "dedupe_key"),
    )
    op.create_table(
        "conversion_adjustments",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("status", nullable=False),
        _text("reason"),
        _micros("reported_micros"),
        _text("reported_currency", nullable=False),
        sa.Column("asked_micros", sa.BigInteger(), nullable=True),
        _text("asked_currency"),
        _count("attempts"),
        _time("next_at"),
        sa.Column("receipts", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        _time("adjusted_at"),
        _tenant(),
        _of("conversion_adjustments", "delivery_id", "conversion_deliveries"),
        _key("conversion_adjustments", "delivery_id"),
    )
    op.create_index("ix_conversion_deliveries_key", "conversion_deliveries", ["tenant_id", "dedupe_key"])
    for table in _TABLES:
        rls.protect(op, table)
    _let_webhooks_find_accounts()


def _let_webhooks_find_accounts() -> None:
    """Before a tenant is known: who has a CRM's account connected, by its id there, and nothing else."""
    op.create_index("ix_crm_accounts_external", "crm_accounts", ["provider", "external_id"])
    op.execute(f"CREATE POLICY lookup ON crm_accounts FOR SELECT TO {rls.LOOKUP_ROLE} USING (true)")
    op.execute(f"GRANT SELECT (tenant_id, id, provider, external_id) ON crm_accounts TO {rls.LOOKUP_ROLE}")
    op.execute(
        """
        CREATE FUNCTION readers_of_crm(of_provider varchar, of_accounts varchar[])
        RETURNS TABLE (tenant_id integer, account_id uuid, external_id varchar)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
          SELECT a.tenant_id, a.id, a.external_id FROM crm_accounts a JOIN tenants t ON t.id = a.tenant_id
          WHERE a.provider = of_provider AND a.external_id = ANY(of_accounts) AND t.is_active
          ORDER BY a.tenant_id, a.id
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION readers_of_crm(varchar, varchar[]) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION readers_of_crm(varchar, varchar[]) TO {rls.APP_ROLE}")
    op.execute(f"ALTER FUNCTION readers_of_crm(varchar, varchar[]) OWNER TO {rls.LOOKUP_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION readers_of_crm(varchar, varchar[])")
    op.execute(f"REVOKE ALL ON crm_accounts FROM {rls.LOOKUP_ROLE}")
    op.execute("DROP POLICY lookup ON crm_accounts")
    op.drop_index("ix_crm_accounts_external", "crm_accounts")
    op.drop_index("ix_conversion_deliveries_key", "conversion_deliveries")
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_column("crm_deals", "gone_at")
    op.drop_column("crm_syncs", "deals_gone")
    op.drop_column("crm_syncs", "contacts_gone")
    op.drop_column("crm_accounts", "next_sweep_at")
    op.drop_column("crm_accounts", "gone_until")
