"""Segments: rules and lists, who is in, what moved, and when time may move more."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "segments"
down_revision = "anchored_events"
branch_labels = None
depends_on = None

_TABLES = (
    "cdp_segment_cursors",
    "cdp_segment_list_entries",
    "cdp_segment_timers",
    "cdp_segment_transitions",
    "cdp_segment_members",
    "cdp_segments",
)
_SEEN_BY_MAINTENANCE = (
    "cdp_profile_changes",
    "cdp_segment_cursors",
    "cdp_segment_timers",
    "cdp_segments",
)


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def _of_segment(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "segment_id"],
        ["cdp_segments.tenant_id", "cdp_segments.id"],
        name=op.f(f"fk_{table}_tenant_id_segment_id_cdp_segments"),
    )


def _time(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable, server_default=sa.text("now()") if now else None)


def _uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _names(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)


def _flag(name: str, *, default: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text(default), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "cdp_segments",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text(), none_as_null=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        _flag("live", default="true"),
        _names("reads_events"),
        _names("reads_traits"),
        _flag("reads_all", default="false"),
        _flag("reads_lifecycle", default="false"),
        _flag("reads_absence", default="false"),
        _count("member_count"),
        _count("announced_count"),
        _time("computing_since", nullable=True),
        _time("computed_at", nullable=True),
        sa.Column("computed_version", sa.Integer(), nullable=True),
        _time("updated_at", now=True),
        _uuid("created_by", nullable=True),
        _time("archived_at", nullable=True),
        _tenant(),
        _uuid("id"),
        _time("created_at", now=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_segments")),
    )
    op.create_index(
        "uq_cdp_segments_name",
        "cdp_segments",
        ["tenant_id", sa.text("lower(name)")],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    _membership()
    op.create_table(
        "cdp_segment_list_entries",
        _tenant(),
        _uuid("segment_id"),
        _uuid("key"),
        _of_segment("cdp_segment_list_entries"),
        sa.PrimaryKeyConstraint("tenant_id", "segment_id", "key", name=op.f("pk_cdp_segment_list_entries")),
    )
    op.create_table(
        "cdp_segment_cursors",
        _tenant(),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        _time("announced_at"),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_cdp_segment_cursors")),
    )
    for table in _TABLES:
        rls.protect(
            op, table, privileges=rls.APPEND_ONLY if table == "cdp_segment_transitions" else rls.READ_WRITE
        )
    _let_maintenance_see_who_waits()


def _membership() -> None:
    op.create_table(
        "cdp_segment_members",
        _tenant(),
        _uuid("segment_id"),
        _uuid("profile_id"),
        _time("entered_at"),
        _of_segment("cdp_segment_members"),
        sa.PrimaryKeyConstraint("tenant_id", "segment_id", "profile_id", name=op.f("pk_cdp_segment_members")),
    )
    op.create_index(
        "ix_cdp_segment_members_newest",
        "cdp_segment_members",
        ["tenant_id", "segment_id", "entered_at", "profile_id"],
    )
    op.create_index("ix_cdp_segment_members_profile", "cdp_segment_members", ["tenant_id", "profile_id"])
    op.create_table(
        "cdp_segment_transitions",
        _tenant(),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _uuid("segment_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        _uuid("profile_id"),
        sa.Column("entered", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        _time("at"),
        _of_segment("cdp_segment_transitions"),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name=op.f("pk_cdp_segment_transitions")),
    )
    op.create_index(
        "ix_cdp_segment_transitions_segment", "cdp_segment_transitions", ["tenant_id", "segment_id", "seq"]
    )
    op.create_index(
        "ix_cdp_segment_transitions_profile", "cdp_segment_transitions", ["tenant_id", "profile_id", "seq"]
    )
    op.create_table(
        "cdp_segment_timers",
        _tenant(),
        _uuid("segment_id"),
        _uuid("profile_id"),
        _time("next_evaluation_at"),
        _of_segment("cdp_segment_timers"),
        sa.PrimaryKeyConstraint("tenant_id", "segment_id", "profile_id", name=op.f("pk_cdp_segment_timers")),
    )
    op.create_index("ix_cdp_segment_timers_due", "cdp_segment_timers", ["tenant_id", "next_evaluation_at"])


def _let_maintenance_see_who_waits() -> None:
    for table in _SEEN_BY_MAINTENANCE:
        op.execute(f"CREATE POLICY segments_wait ON {table} FOR SELECT TO {rls.OWNER_ROLE} USING (true)")
    op.execute(
        """
        CREATE FUNCTION cdp_segments_waiting(at timestamptz) RETURNS SETOF integer
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
          SELECT c.tenant_id FROM cdp_segment_cursors AS c
          WHERE EXISTS (SELECT FROM cdp_profile_changes AS f WHERE f.tenant_id = c.tenant_id AND f.seq > c.seq)
            OR EXISTS (SELECT FROM cdp_segment_timers AS t
              WHERE t.tenant_id = c.tenant_id AND t.next_evaluation_at <= at)
            OR EXISTS (SELECT FROM cdp_segments AS s
              WHERE s.tenant_id = c.tenant_id AND s.announced_count <> s.member_count)
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION cdp_segments_waiting(timestamptz) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION cdp_segments_waiting(timestamptz) TO {rls.MAINTENANCE_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION cdp_segments_waiting(timestamptz)")
    op.execute("DROP POLICY segments_wait ON cdp_profile_changes")
    for table in _TABLES:
        op.drop_table(table)
