"""Files that are handed in and taken away: imports and exports."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "transfers"
down_revision = "segment_schedules"
branch_labels = None
depends_on = None

_ZERO = sa.text("0")
_EMPTY = sa.text("'{}'")
_WAITING = sa.text("status IN ('queued', 'running')")


def _tenant() -> sa.Column[int]:
    current = sa.text("current_tenant()")
    return sa.Column("tenant_id", sa.Integer(), server_default=current, autoincrement=False, nullable=False)


def _number(name: str, kind: type[sa.Integer] = sa.Integer) -> sa.Column[int]:
    return sa.Column(name, kind(), server_default=_ZERO, nullable=False)


def _time(name: str) -> sa.Column[sa.DateTime]:
    return sa.Column(name, UtcDateTime(), nullable=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _made() -> sa.Column[sa.DateTime]:
    return sa.Column("created_at", UtcDateTime(), server_default=sa.text("now()"), nullable=False)


def _pieces(table: str, parent: str, column: str, *more: sa.Column[object]) -> None:
    """A table of a file's sealed pieces."""
    op.create_table(
        table,
        _tenant(),
        sa.Column(column, sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        *more,
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", column, "number", name=op.f(f"pk_{table}")),
        _owned(table, parent, column),
    )
    rls.protect(op, table)


def _owned(table: str, parent: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{parent}.tenant_id", f"{parent}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}_{parent}"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    _imports()
    _exports()
    op.alter_column("cdp_privacy_export_parts", "number", type_=sa.Integer(), existing_type=sa.SmallInteger())


def _imports() -> None:
    op.create_table(
        "cdp_imports",
        *(_text(name) for name in ("name", "kind", "format", "status")),
        sa.Column("columns", postgresql.ARRAY(sa.Text()), server_default=_EMPTY, nullable=False),
        sa.Column("plan", postgresql.JSONB(), server_default=_EMPTY, nullable=False),
        _number("size_bytes", sa.BigInteger),
        *(_number(name) for name in ("rows_total", "rows_read", "accepted", "duplicates", "rejected")),
        *(_number(name) for name in ("parts_total", "parts_done", "attempts")),
        _text("error", nullable=True),
        _text("created_by"),
        _time("started_at"),
        _text("started_by", nullable=True),
        *(_time(name) for name in ("chunk_from", "progressed_at", "finished_at", "expires_at")),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        _made(),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_imports")),
    )
    op.create_index("ix_cdp_imports_newest", "cdp_imports", ["tenant_id", "created_at", "id"])
    op.create_index(
        "ix_cdp_imports_waiting", "cdp_imports", ["tenant_id", "started_at"], postgresql_where=_WAITING
    )
    rls.protect(op, "cdp_imports")
    _pieces("cdp_import_parts", "cdp_imports", "import_id")
    _pieces("cdp_import_rejects", "cdp_imports", "import_id")


def _exports() -> None:
    op.create_table(
        "cdp_exports",
        *(_text(name) for name in ("name", "what", "format", "status")),
        sa.Column("columns", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("selection", postgresql.JSONB(), server_default=_EMPTY, nullable=False),
        _text("purpose", nullable=True),
        sa.Column("raw", sa.Boolean(), nullable=False),
        _text("reason", nullable=True),
        sa.Column("keep_days", sa.Integer(), nullable=False),
        _text("created_by"),
        _time("point"),
        sa.Column("place", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("rows_total", sa.Integer(), nullable=True),
        *(_number(name, sa.BigInteger) for name in ("rows_read", "rows_written", "size_bytes")),
        *(_number(name) for name in ("parts", "downloads", "attempts")),
        _text("error", nullable=True),
        _time("finished_at"),
        _time("expires_at"),
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        _made(),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cdp_exports")),
    )
    op.create_index("ix_cdp_exports_newest", "cdp_exports", ["tenant_id", "created_at", "id"])
    op.create_index(
        "ix_cdp_exports_waiting", "cdp_exports", ["tenant_id", "created_at"], postgresql_where=_WAITING
    )
    rls.protect(op, "cdp_exports")
    op.create_table(
        "cdp_export_subjects",
        _tenant(),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "export_id", "profile_id", name=op.f("pk_cdp_export_subjects")),
        _owned("cdp_export_subjects", "cdp_exports", "export_id"),
    )
    rls.protect(op, "cdp_export_subjects")
    people = sa.Column("person_keys", postgresql.ARRAY(sa.Uuid()), server_default=_EMPTY, nullable=False)
    _pieces("cdp_export_parts", "cdp_exports", "export_id", people)


def downgrade() -> None:
    op.alter_column("cdp_privacy_export_parts", "number", type_=sa.SmallInteger(), existing_type=sa.Integer())
    for table in (
        *("cdp_export_parts", "cdp_export_subjects", "cdp_exports"),
        *("cdp_import_rejects", "cdp_import_parts", "cdp_imports"),
    ):
        op.drop_table(table)
