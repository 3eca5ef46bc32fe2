"""Identity as a ledger of edges, and the profiles that it leads to."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "identity"
down_revision = "approvals"
branch_labels = None
depends_on = None

_TABLES = (
    "cdp_identity_settings",
    "cdp_profile_changes",
    "cdp_identity_queue",
    "cdp_identity_edges",
    "cdp_profiles",
    "cdp_identifiers",
)


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def _time(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[object]:
    server_default = sa.text(default) if default else None
    return sa.Column(name, UtcDateTime(), server_default=server_default, nullable=nullable)


def _count(name: str, kind: type[sa.Integer] = sa.Integer, *, default: str | None = None) -> sa.Column[int]:
    server_default = sa.text(default) if default else None
    return sa.Column(name, kind(), server_default=server_default, nullable=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(
        name, postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
    )


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def upgrade() -> None:
    op.add_column("cdp_events", sa.Column("person_key", sa.Uuid(), nullable=True))
    op.create_index("ix_cdp_events_person", "cdp_events", ["tenant_id", "person_key", "event_time"])
    _identifiers()
    _profiles()
    _ledger()
    _work()
    for table in _TABLES:
        rls.protect(op, table)
    _let_maintenance_see_who_waits()


def _identifiers() -> None:
    op.create_table(
        "cdp_identifiers",
        _tenant(),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        _time("first_seen_at"),
        sa.Column("first_message_id", sa.String(), nullable=False),
        sa.Column("last_seen_on", sa.Date(), nullable=False),
        _count("event_count", sa.BigInteger, default="0"),
        _count("order_count", default="0"),
        _count("refund_count", default="0"),
        _json("revenue"),
        _json("refunded"),
        _time("first_event_at", nullable=True),
        _time("last_event_at", nullable=True),
        _time("first_order_at", nullable=True),
        _time("last_order_at", nullable=True),
        _json("traits"),
        _json("click_ids"),
        _time("created_at", default="now()"),
        sa.PrimaryKeyConstraint("tenant_id", "key", name=op.f("pk_cdp_identifiers")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("ix_cdp_identifiers_profile", "cdp_identifiers", ["tenant_id", "profile_id"])


def _profiles() -> None:
    op.create_table(
        "cdp_profiles",
        sa.Column("lifecycle", sa.String(), nullable=False),
        _time("first_seen_at"),
        _time("last_seen_at"),
        _time("first_order_at", nullable=True),
        _time("last_order_at", nullable=True),
        _count("event_count", sa.BigInteger),
        _count("order_count"),
        _count("refund_count"),
        _json("revenue"),
        _json("refunded"),
        _json("traits"),
        _json("sealed_traits"),
        _json("trait_hashes"),
        _json("click_ids"),
        _json("computed"),
        _flag("has_user_id"),
        _flag("has_email"),
        _flag("has_phone"),
        _count("identifier_count"),
        _count("version", default="1"),
        _time("updated_at", default="now()"),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("created_at", default="now()"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_profiles")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("ix_cdp_profiles_newest", "cdp_profiles", ["tenant_id", "created_at", "id"])
    for column in ("traits", "trait_hashes"):
        op.create_index(
            f"ix_cdp_profiles_{column}",
            "cdp_profiles",
            [column],
            postgresql_using="gin",
            postgresql_ops={column: "jsonb_path_ops"},
        )


def _ledger() -> None:
    op.create_table(
        "cdp_identity_edges",
        _tenant(),
        sa.Column("assertion", sa.Uuid(), nullable=False),
        sa.Column("place", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("a_key", sa.Uuid(), nullable=False),
        sa.Column("b_key", sa.Uuid(), nullable=False),
        _time("asserted_at"),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        _time("received_at", nullable=True),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("asserted_by", sa.String(), nullable=True),
        sa.Column("joined", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        _time("decided_at"),
        _time("removed_at", nullable=True),
        sa.Column("removed_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "assertion", "place", name=op.f("pk_cdp_identity_edges")),
    )
    op.create_index("ix_cdp_identity_edges_a", "cdp_identity_edges", ["tenant_id", "a_key"])
    op.create_index("ix_cdp_identity_edges_b", "cdp_identity_edges", ["tenant_id", "b_key"])
    op.create_index(
        "ix_cdp_identity_edges_refused",
        "cdp_identity_edges",
        ["tenant_id", "decided_at"],
        postgresql_where=sa.text("reason IS NOT NULL"),
    )
    op.create_index(
        "ix_cdp_identity_edges_by_hand",
        "cdp_identity_edges",
        ["tenant_id", "kind"],
        postgresql_where=sa.text("kind <> 'observed'"),
    )
    op.create_table(
        "cdp_identity_settings",
        _tenant(),
        _json("rules"),
        _count("version", default="1"),
        _time("updated_at", default="now()"),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_cdp_identity_settings")),
    )


def _work() -> None:
    op.create_table(
        "cdp_identity_queue",
        _time("queued_at", default="clock_timestamp()"),
        sa.Column("received_at", sa.ARRAY(UtcDateTime()), nullable=False),
        sa.Column("event_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_identity_queue")),
    )
    op.create_table(
        "cdp_profile_changes",
        _tenant(),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _time("at"),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("profile_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("event_names", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("traits", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name=op.f("pk_cdp_profile_changes")),
    )
    op.create_index(
        "ix_cdp_profile_changes_at", "cdp_profile_changes", ["at"], unique=False, postgresql_using="brin"
    )


def _let_maintenance_see_who_waits() -> None:
    op.execute(f"CREATE POLICY owner ON cdp_identity_queue TO {rls.OWNER_ROLE} USING (true)")
    op.execute(
        """
        CREATE FUNCTION cdp_identity_waiting(since timestamptz) RETURNS SETOF integer
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
          SELECT DISTINCT tenant_id FROM cdp_identity_queue WHERE queued_at < since
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION cdp_identity_waiting(timestamptz) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION cdp_identity_waiting(timestamptz) TO {rls.MAINTENANCE_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION cdp_identity_waiting(timestamptz)")
    for table in _TABLES:
        op.drop_table(table)
    op.drop_index("ix_cdp_events_person", table_name="cdp_events")
    op.drop_column("cdp_events", "person_key")
