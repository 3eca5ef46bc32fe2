"""Shops: those that are connected, synchronisations, and orders with what of them was told."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "shops"
down_revision = "conversion_verdicts"
branch_labels = None
depends_on = None

_TABLES = ("shops", "shop_syncs", "shop_orders")


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def _uuid(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _time(name: str, *, nullable: bool = True, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable, server_default=sa.text("now()") if now else None)


def _flag(name: str, default: str = "false") -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text(default), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def _micros(name: str, *, nullable: bool = False, zero: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable, server_default=sa.text("0") if zero else None)


def _json(name: str, empty: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), server_default=sa.text(empty), nullable=False)


def _of_shop(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "shop_id"],
        ["shops.tenant_id", "shops.id"],
        name=op.f(f"fk_{table}_tenant_id_shop_id_shops"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.create_table(
        "shops",
        _uuid("connection_id"),
        _text("provider", nullable=False),
        _text("domain", nullable=False),
        _text("name", nullable=False),
        _text("currency", nullable=False),
        _flag("enabled", "true"),
        _text("order_reference", nullable=False),
        sa.Column("wait_minutes", sa.Integer(), nullable=False),
        _flag("customer_ids"),
        _time("read_until"),
        _json("reading", "'{}'"),
        _time("next_sync_at"),
        _time("last_synced_at"),
        _time("subscribed_at"),
        _time("last_webhook_at"),
        _text("error_code"),
        _text("error"),
        _tenant(),
        _uuid("id"),
        _time("created_at", nullable=False, now=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"],
            ["connections.tenant_id", "connections.id"],
            name=op.f("fk_shops_tenant_id_connection_id_connections"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_shops")),
        sa.UniqueConstraint(
            "tenant_id", "provider", "domain", name=op.f("uq_shops_tenant_id_provider_domain")
        ),
    )
    op.create_index("ix_shops_domain", "shops", ["provider", "domain"])
    op.create_table(
        "shop_syncs",
        _uuid("shop_id"),
        _time("started_at", nullable=False),
        _time("finished_at"),
        *(_count(name) for name in ("orders_read", "orders_told", "orders_covered", "orders_unnamed")),
        *(_count(name) for name in ("refunds_told", "rejected")),
        _text("error_code"),
        _text("error"),
        _tenant(),
        _uuid("id"),
        _time("created_at", nullable=False, now=True),
        _of_shop("shop_syncs"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_shop_syncs")),
    )
    op.create_index("ix_shop_syncs_newest", "shop_syncs", ["tenant_id", "shop_id", "started_at", "id"])
    op.create_table(
        "shop_orders",
        _uuid("shop_id"),
        _text("external_id", nullable=False),
        _text("name", nullable=False),
        _text("reference", nullable=False),
        _time("ordered_at", nullable=False),
        _time("updated_at", nullable=False),
        _time("cancelled_at"),
        _text("currency", nullable=False),
        *(_micros(name) for name in ("total_micros", "current_micros", "refunded_micros")),
        _text("state", nullable=False),
        _time("due_at"),
        _micros("told_micros", nullable=True),
        _micros("back_micros", zero=True),
        _micros("grown_micros", nullable=True),
        sa.Column("refunds", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        _count("tellings"),
        _text("consents"),
        _json("pending", "'[]'"),
        sa.Column("keys", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        _tenant(),
        _of_shop("shop_orders"),
        sa.PrimaryKeyConstraint("tenant_id", "shop_id", "external_id", name=op.f("pk_shop_orders")),
    )
    op.create_index(
        "ix_shop_orders_newest", "shop_orders", ["tenant_id", "shop_id", "updated_at", "external_id"]
    )
    op.create_index("ix_shop_orders_id", "shop_orders", ["tenant_id", "external_id"])
    op.create_index("ix_shop_orders_name", "shop_orders", ["tenant_id", "name"])
    op.create_index(
        "ix_shop_orders_due",
        "shop_orders",
        ["tenant_id", "shop_id", "due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_shop_orders_pending",
        "shop_orders",
        ["tenant_id", "shop_id"],
        postgresql_where=sa.text("pending <> '[]'"),
    )
    for table in _TABLES:
        rls.protect(op, table)
    _let_webhooks_find_shops()


def _let_webhooks_find_shops() -> None:
    """Before a tenant is known: who has a shop connected, by its host, and nothing else."""
    op.execute(f"CREATE POLICY lookup ON shops FOR SELECT TO {rls.LOOKUP_ROLE} USING (true)")
    op.execute(f"GRANT SELECT (tenant_id, id, provider, domain) ON shops TO {rls.LOOKUP_ROLE}")
    op.execute(
        """
        CREATE FUNCTION readers_of_shop(of_provider varchar, of_domain varchar)
        RETURNS TABLE (tenant_id integer, shop_id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
          SELECT s.tenant_id, s.id FROM shops s JOIN tenants t ON t.id = s.tenant_id
          WHERE s.provider = of_provider AND s.domain = of_domain AND t.is_active
          ORDER BY s.tenant_id, s.id
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION readers_of_shop(varchar, varchar) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION readers_of_shop(varchar, varchar) TO {rls.APP_ROLE}")
    op.execute(f"ALTER FUNCTION readers_of_shop(varchar, varchar) OWNER TO {rls.LOOKUP_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION readers_of_shop(varchar, varchar)")
    op.execute(f"REVOKE ALL ON shops FROM {rls.LOOKUP_ROLE}")
    op.execute("DROP POLICY lookup ON shops")
    for table in reversed(_TABLES):
        op.drop_table(table)
