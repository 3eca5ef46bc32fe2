"""Segments as audiences at a platform: who may be there, every run, every batch."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "audience_sync"
down_revision = "refresh_tokens"
branch_labels = None
depends_on = None

_TABLES = ("cdp_audiences", "cdp_audience_members", "cdp_audience_runs", "cdp_audience_batches")


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


def _uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _flag(name: str, default: str = "false") -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text(default), nullable=False)


def _int(name: str, *, nullable: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=True)


def _bytes(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def _keys(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, postgresql.ARRAY(sa.Uuid()), nullable=nullable)


def _belongs(table: str, column: str, target: str, *, cascade: bool = True) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}_{target}"),
        ondelete="CASCADE" if cascade else None,
    )


def upgrade() -> None:
    _audiences()
    _members()
    _runs()
    for table in _TABLES:
        rls.protect(op, table)


def _audiences() -> None:
    op.create_table(
        "cdp_audiences",
        _text("name", nullable=False),
        _uuid("segment_id"),
        _uuid("ad_account_id"),
        _text("platform", nullable=False),
        sa.Column("identifiers", postgresql.ARRAY(sa.Text()), nullable=False),
        _count("holdout_percent"),
        _int("interval_minutes"),
        _int("resend_days"),
        _flag("enabled", "true"),
        _flag("ending"),
        _text("external_id"),
        _flag("replace_asked"),
        _int("waiting_leaving"),
        _int("waiting_of"),
        _time("waiting_since"),
        _int("approved_leaving"),
        _text("approved_by"),
        _time("last_run_at"),
        _time("next_run_at"),
        _count("attempts"),
        _time("next_attempt_at"),
        _text("error_code"),
        _text("error"),
        _text("remote_status"),
        _big("size_lower"),
        _big("size_upper"),
        _time("size_at"),
        _text("created_by", nullable=False),
        _time("updated_at", nullable=False, now=True),
        _tenant(),
        _uuid("id"),
        _time("created_at", nullable=False, now=True),
        _belongs("cdp_audiences", "segment_id", "cdp_segments", cascade=False),
        _belongs("cdp_audiences", "ad_account_id", "ad_accounts"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_audiences")),
    )
    op.create_index(
        "uq_cdp_audiences_name", "cdp_audiences", ["tenant_id", sa.text("lower(name)")], unique=True
    )


def _members() -> None:
    op.create_table(
        "cdp_audience_members",
        _uuid("audience_id"),
        _uuid("profile_id"),
        _text("state", nullable=False),
        _text("reason"),
        _bytes("sealed"),
        _keys("keys"),
        _bytes("fingerprint"),
        _bytes("next_sealed", nullable=True),
        _keys("next_keys", nullable=True),
        _bytes("next_fingerprint", nullable=True),
        _int("profile_version", nullable=False),
        _time("profile_at", nullable=False),
        _text("country"),
        _text("because", nullable=False),
        _time("consent_at"),
        _time("queued_at", nullable=False),
        _time("tried_at"),
        _time("sent_at"),
        _uuid("run_id", nullable=True),
        _tenant(),
        _belongs("cdp_audience_members", "audience_id", "cdp_audiences"),
        sa.PrimaryKeyConstraint(
            "tenant_id", "audience_id", "profile_id", name=op.f("pk_cdp_audience_members")
        ),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("ix_cdp_audience_members_profile", "cdp_audience_members", ["tenant_id", "profile_id"])
    op.create_index(
        "ix_cdp_audience_members_waiting",
        "cdp_audience_members",
        ["tenant_id", "audience_id", "state", "profile_id"],
        postgresql_where=sa.text("state <> 'there'"),
    )


def _runs() -> None:
    op.create_table(
        "cdp_audience_runs",
        _uuid("audience_id"),
        _text("kind", nullable=False),
        _text("status", nullable=False),
        _time("started_at", nullable=False),
        _time("finished_at"),
        _count("added"),
        _count("removed"),
        _count("left_segment"),
        _flag("approved"),
        _count("held_back"),
        sa.Column("withheld", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        _count("received"),
        _count("invalid"),
        _big("session"),
        _int("matched"),
        _int("match_of"),
        _text("error_code"),
        _text("error"),
        _tenant(),
        _uuid("id"),
        _belongs("cdp_audience_runs", "audience_id", "cdp_audiences"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_audience_runs")),
    )
    op.create_index(
        "ix_cdp_audience_runs_newest",
        "cdp_audience_runs",
        ["tenant_id", "audience_id", "started_at", "id"],
    )
    op.create_table(
        "cdp_audience_batches",
        _uuid("run_id"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        _text("action", nullable=False),
        _int("people", nullable=False),
        _int("entries", nullable=False),
        _time("begun_at", nullable=False),
        _time("answered_at"),
        _int("received"),
        _int("invalid"),
        _text("error_code"),
        _tenant(),
        _belongs("cdp_audience_batches", "run_id", "cdp_audience_runs"),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "number", name=op.f("pk_cdp_audience_batches")),
    )


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
