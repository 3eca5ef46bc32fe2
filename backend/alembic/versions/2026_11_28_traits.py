"""Computed traits: definitions, timers, how far they have followed, and the ranking of customers."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "traits"
down_revision = "funnels"
branch_labels = None
depends_on = None

_TABLES = ("cdp_trait_timers", "cdp_trait_cursors", "cdp_rfm", "cdp_traits")
_SEEN_BY_MAINTENANCE = ("cdp_rfm", "cdp_trait_cursors", "cdp_trait_timers")


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def _time(name: str, *, nullable: bool = True, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable, server_default=sa.text("now()") if now else None)


def upgrade() -> None:
    op.create_table(
        "cdp_traits",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("built_in", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _time("computing_since"),
        sa.Column("computing_after", sa.Uuid(), nullable=True),
        _time("computed_at"),
        _time("updated_at", nullable=False, now=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        _time("removed_at"),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("created_at", nullable=False, now=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_traits")),
    )
    op.create_index("uq_cdp_traits_name", "cdp_traits", ["tenant_id", "name"], unique=True)
    op.create_table(
        "cdp_trait_timers",
        _tenant(),
        sa.Column("trait_id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        _time("next_evaluation_at", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "trait_id"],
            ["cdp_traits.tenant_id", "cdp_traits.id"],
            name=op.f("fk_cdp_trait_timers_tenant_id_trait_id_cdp_traits"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "trait_id", "profile_id", name=op.f("pk_cdp_trait_timers")),
    )
    op.create_index("ix_cdp_trait_timers_due", "cdp_trait_timers", ["tenant_id", "next_evaluation_at"])
    op.create_table(
        "cdp_trait_cursors",
        _tenant(),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_cdp_trait_cursors")),
    )
    op.create_table(
        "cdp_rfm",
        _tenant(),
        _time("next_at", nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        _time("running_since"),
        _time("computed_at"),
        sa.Column(
            "summary",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_cdp_rfm")),
    )
    op.create_index("ix_cdp_rfm_due", "cdp_rfm", ["next_at"])
    op.create_index(
        "ix_cdp_profiles_rfm_cell",
        "cdp_profiles",
        ["tenant_id", sa.text("(computed #>> '{rfm,cell}')"), "created_at", "id"],
        postgresql_where=sa.text("(computed #>> '{rfm,cell}') IS NOT NULL"),
    )
    for table in _TABLES:
        rls.protect(op, table)
    _let_maintenance_see_who_waits()


def _let_maintenance_see_who_waits() -> None:
    for table in _SEEN_BY_MAINTENANCE:
        op.execute(f"CREATE POLICY traits_wait ON {table} FOR SELECT TO {rls.OWNER_ROLE} USING (true)")
    op.execute(
        """
        CREATE FUNCTION cdp_traits_waiting(at timestamptz) RETURNS SETOF integer
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
          SELECT c.tenant_id FROM cdp_trait_cursors AS c
          WHERE EXISTS (SELECT FROM cdp_profile_changes AS f WHERE f.tenant_id = c.tenant_id AND f.seq > c.seq)
            OR EXISTS (SELECT FROM cdp_trait_timers AS t
              WHERE t.tenant_id = c.tenant_id AND t.next_evaluation_at <= at)
          UNION
          SELECT r.tenant_id FROM cdp_rfm AS r WHERE r.next_at <= at
          UNION
          SELECT t.id FROM tenants AS t
          WHERE t.is_active AND NOT EXISTS (SELECT FROM cdp_trait_cursors AS c WHERE c.tenant_id = t.id)
            AND EXISTS (SELECT FROM cdp_profile_changes AS f WHERE f.tenant_id = t.id)
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION cdp_traits_waiting(timestamptz) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION cdp_traits_waiting(timestamptz) TO {rls.MAINTENANCE_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION cdp_traits_waiting(timestamptz)")
    op.drop_index("ix_cdp_profiles_rfm_cell", "cdp_profiles")
    for table in _TABLES:
        op.drop_table(table)
